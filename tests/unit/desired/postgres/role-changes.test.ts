import { describe, expect, test } from 'vitest';
import { needsVerifier, roleStatements } from '../../../../src/desired/postgres/role-change.ts';
import { rolesChanges } from '../../../../src/desired/postgres/role-changes.ts';
import { facts, login, membership, nothing, owner, role, slotB, spec } from './in-sync.ts';

const VERIFIER = 'SCRAM-SHA-256$4096:verifier';

const statements = (found = facts(), wanted = spec, setPassword = false): readonly string[] => {
  const decision = rolesChanges(wanted, found, setPassword);
  if (decision.kind !== 'outOfSync') throw new Error(decision.kind);
  return roleStatements(wanted, decision.change, needsVerifier(decision.change) ? VERIFIER : undefined);
};

test('nothing is to be done where all is as asked', () => {
  expect(rolesChanges(spec, facts(), false)).toEqual({ kind: 'inSync' });
  expect(rolesChanges(spec, facts({ roles: { slotB, tenant: { ...login, members: slotB.memberOf } } }), false)).toEqual({ kind: 'inSync' });
});

test('a fresh tenant gets both roles with their marks and memberships in one transaction', () => {
  expect(statements(nothing)).toEqual([
    'CREATE ROLE "studio_142_db_owner" NOLOGIN',
    `COMMENT ON ROLE "studio_142_db_owner" IS '{"uid":"the-uid","installation":"this"}'`,
    'GRANT "studio_142_db_owner" TO "studio_creator_1" WITH INHERIT TRUE, SET FALSE',
    `CREATE ROLE "studio_142_db" LOGIN CONNECTION LIMIT 10 PASSWORD '${VERIFIER}'`,
    `COMMENT ON ROLE "studio_142_db" IS '{"uid":"the-uid","installation":"this"}'`,
    'GRANT "studio_tenant" TO "studio_142_db" WITH INHERIT TRUE, SET FALSE',
  ]);
});

test('a suspended tenant is made without LOGIN', () => {
  expect(statements(nothing, { ...spec, suspended: true })[3]).toContain('"studio_142_db" NOLOGIN');
});

test('a login without a verifier is never made', () => {
  const decision = rolesChanges(spec, nothing, false);
  expect(() => roleStatements(spec, decision.kind === 'outOfSync' ? decision.change : [], undefined)).toThrow('no verifier');
});

test('suspending takes LOGIN from both slots, ends their sessions, and resuming gives it to slot a only', () => {
  const roles = { slotB: { ...slotB, sessions: 1 }, tenant: { ...login, members: slotB.memberOf, sessions: 2 } };
  const decision = rolesChanges({ ...spec, suspended: true }, facts({ roles }), false);
  expect(decision).toMatchObject({
    change: [
      { kind: 'alter', role: 'studio_142_db', canLogin: false },
      { kind: 'alter', role: 'studio_142_db_b', canLogin: false },
      { kind: 'endSessions', role: 'studio_142_db' },
      { kind: 'endSessions', role: 'studio_142_db_b' },
    ],
  });
  const closed = { slotB: { ...slotB, canLogin: false }, tenant: { ...login, members: slotB.memberOf, canLogin: false } };
  expect(statements(facts({ roles: closed }))).toEqual([`ALTER ROLE "studio_142_db" LOGIN CONNECTION LIMIT 10 VALID UNTIL 'infinity'`]);
});

test('a new password in the Secret is set', () => {
  expect(statements(facts(), spec, true)).toEqual([`ALTER ROLE "studio_142_db" PASSWORD '${VERIFIER}'`]);
});

test('without a plan the limit that is there stays', () => {
  expect(
    rolesChanges({ ...spec, connectionLimit: undefined }, facts({ roles: { tenant: { ...login, connectionLimit: 3 } } }), false).kind,
  ).toBe('inSync');
});

test('settings are taken back all at once, and allowed ones are set again', () => {
  const settings = { allowed: { work_mem: "16'MB" }, others: ['search_path'] };
  expect(statements(facts({ roles: { tenant: { ...login, settings, settingsInDatabase: settings } } }))).toEqual([
    'ALTER ROLE "studio_142_db" RESET ALL',
    `ALTER ROLE "studio_142_db" SET "work_mem" = '16''MB'`,
    'ALTER ROLE "studio_142_db" IN DATABASE "studio_142_db" RESET ALL',
    `ALTER ROLE "studio_142_db" IN DATABASE "studio_142_db" SET "work_mem" = '16''MB'`,
  ]);
});

test('the owner role keeps no settings at all', () => {
  const settings = { allowed: { work_mem: '16MB' }, others: [] };
  expect(statements(facts({ roles: { owner: { ...owner, settings } } }))).toEqual(['ALTER ROLE "studio_142_db_owner" RESET ALL']);
});

describe('memberships', () => {
  test('of a migration login are its own business', () => {
    const migrator = role('studio_142_db_migrator', {
      canLogin: true,
      memberOf: [
        membership('studio_142_db_owner', 'studio_142_db_migrator', { inherit: false, set: true }),
        membership('studio_142_db', 'studio_142_db_migrator', { inherit: false }),
      ],
    });
    expect(rolesChanges(spec, facts({ roles: { migrator } }), false).kind).toBe('inSync');
  });

  test('with other options are granted again', () => {
    const loose = { ...slotB, memberOf: [membership('studio_142_db', 'studio_142_db_b', { set: true })] };
    const found = facts({ roles: { slotB: loose, tenant: { ...login, members: loose.memberOf } } });
    expect(statements(found)).toEqual(['GRANT "studio_142_db" TO "studio_142_db_b" WITH INHERIT TRUE, SET FALSE']);
  });

  test('that the shard granted and nobody wants are revoked', () => {
    const members = [...login.members, membership('studio_142_db', 'op'), membership('studio_142_db', 'studio_creator_1')];
    expect(statements(facts({ roles: { tenant: { ...login, members } } }))).toEqual([
      'REVOKE "studio_142_db" FROM "op" CASCADE',
      'REVOKE "studio_142_db" FROM "studio_creator_1" CASCADE',
    ]);
  });

  test('that somebody else granted need a superuser', () => {
    const members = [...login.members, membership('studio_142_db', 'out"sider', { grantor: 'postgres' })];
    expect(rolesChanges(spec, facts({ roles: { tenant: { ...login, members } } }), false)).toMatchObject({
      kind: 'failed',
      reason: 'ForeignMembership',
      blocks: false,
      message: expect.stringContaining('REVOKE "studio_142_db" FROM "out""sider" GRANTED BY "postgres" CASCADE;'),
    });
  });
});

describe('a role that is not ours', () => {
  test.each([
    ['without a mark', undefined, 'no mark'],
    ['of another installation', { uid: 'the-uid', installation: 'that' }, 'installation "that"'],
    ['of another tenant', { uid: 'another', installation: 'this' }, 'uid another'],
  ])('%s stops everything', (_what, mark, said) => {
    const found = facts({ roles: { owner: undefined, tenant: { ...login, mark } } });
    expect(rolesChanges(spec, found, false)).toMatchObject({
      reason: 'RoleConflict',
      blocks: true,
      message: expect.stringContaining(said),
    });
  });
});
