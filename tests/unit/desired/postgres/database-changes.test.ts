import { describe, expect, test } from 'vitest';
import { databaseChanges } from '../../../../src/desired/postgres/database-changes.ts';
import { claimDatabase, createDatabase, openDatabase, setUpInside } from '../../../../src/desired/postgres/database-statements.ts';
import { PUBLIC_GRANTEE, type DatabaseFacts } from '../../../../src/desired/postgres/facts.ts';
import { database, facts, grant, nothing, role, spec } from './in-sync.ts';

const unrecorded = { ...spec, databaseOid: undefined };
const D = 'DATABASE "studio_142_db"';

const repair = (change: Partial<DatabaseFacts>, wanted = spec): readonly string[] => {
  const decision = databaseChanges(wanted, facts({ database: { ...database, ...change } }));
  if (decision.kind !== 'outOfSync' || decision.change.kind !== 'repair') throw new Error(JSON.stringify(decision));
  return decision.change.statements;
};

test('nothing is to be done where all is as asked', () => {
  expect(databaseChanges(spec, facts())).toEqual({ kind: 'inSync' });
});

describe('making it goes on from where it was left', () => {
  const provisional = { ...database, name: spec.provisionalName, mark: undefined };
  test.each([
    ['nothing', nothing],
    ['provisional', { ...nothing, provisional }],
    ['claimed', facts({ database: { ...database, mark: { uid: spec.uid, installation: spec.installation, init: false } } })],
  ])('%s', (from, found) => {
    expect(databaseChanges(unrecorded, found)).toEqual({ kind: 'outOfSync', change: { kind: 'make', from } });
  });

  test('a provisional database of somebody else is left alone', () => {
    const found = { ...nothing, provisional: { ...provisional, owner: 'postgres' } };
    expect(databaseChanges(unrecorded, found)).toMatchObject({ reason: 'DatabaseConflict', blocks: true });
  });

  test('a database that is complete and not recorded is recorded', () => {
    expect(databaseChanges(unrecorded, facts())).toEqual({ kind: 'outOfSync', change: { kind: 'record', oid: '5000' } });
  });
});

describe('never an empty database in the place of data', () => {
  test('one that was recorded and is gone is lost, also where a provisional one stands', () => {
    const provisional = { ...database, name: spec.provisionalName };
    expect(databaseChanges(spec, { ...nothing, provisional })).toMatchObject({ reason: 'DatabaseLost', blocks: true });
  });

  test('another one in its place is not taken for it', () => {
    const found = facts({ database: { ...database, oid: '6000' } });
    expect(databaseChanges(spec, found)).toMatchObject({
      reason: 'DatabaseReplaced',
      message: expect.stringContaining('database_oid = 6000 WHERE id = 142'),
    });
  });
});

describe('repairs', () => {
  test.each<[string, Partial<DatabaseFacts>, readonly string[]]>([
    ['closed', { allowConnections: false }, [`ALTER ${D} ALLOW_CONNECTIONS true`]],
    ['a limit', { connectionLimit: -1 }, [`ALTER ${D} CONNECTION LIMIT 25`]],
    [
      'a setting',
      { settings: { allowed: { work_mem: '1GB', timezone: 'UTC' }, others: ['log_statement'] } },
      [`ALTER ${D} RESET "timezone"`, `ALTER ${D} SET "work_mem" = '8MB'`],
    ],
    ['PUBLIC', { grants: [...database.grants, grant(PUBLIC_GRANTEE, 'CONNECT')] }, [`REVOKE ALL ON ${D} FROM PUBLIC CASCADE`]],
    [
      'a missing grant',
      { grants: database.grants.filter(({ privilege }) => privilege !== 'CREATE') },
      [`GRANT CREATE ON ${D} TO "studio_142_db_owner"`],
    ],
    [
      'what was passed on: first who could pass it on',
      { grants: [...database.grants, grant(PUBLIC_GRANTEE, 'CONNECT', { grantor: 'x' }), grant('x', 'CONNECT', { grantable: true })] },
      [`REVOKE ALL ON ${D} FROM "x" CASCADE`, `REVOKE ALL ON ${D} FROM PUBLIC CASCADE`],
    ],
    [
      'too much for the tenant',
      { grants: [...database.grants, grant('studio_142_db', 'TEMPORARY')] },
      [`REVOKE ALL ON ${D} FROM "studio_142_db" CASCADE`, `GRANT CONNECT ON ${D} TO "studio_142_db"`],
    ],
  ])('%s', (_what, change, statements) => {
    expect(repair(change)).toEqual(statements);
  });

  test('without a plan only what the tenant asks for itself', () => {
    const wanted = { ...spec, connectionLimit: undefined, keepOtherSettings: true };
    const change = { connectionLimit: 3, settings: { allowed: { timezone: 'UTC', work_mem: '1MB' }, others: [] } };
    expect(repair(change, wanted)).toEqual([`ALTER ${D} SET "work_mem" = '8MB'`]);
  });

  test('a migration login keeps its CONNECT', () => {
    const migrator = role('studio_142_db_migrator');
    const grants = [...database.grants, grant('studio_142_db_migrator', 'CONNECT')];
    expect(databaseChanges(spec, facts({ roles: { migrator }, database: { ...database, grants } }))).toEqual({ kind: 'inSync' });
    expect(repair({ grants })).toEqual([`REVOKE ALL ON ${D} FROM "studio_142_db_migrator" CASCADE`]);
  });

  test('an owner that is a role of its own is taken back, any other needs a superuser', () => {
    const ownedBy = (owner: string) => databaseChanges(spec, facts({ database: { ...database, owner } }));
    expect(ownedBy('studio_142_db')).toMatchObject({ change: { kind: 'takeBack', owner: 'studio_142_db' } });
    expect(ownedBy('postgres')).toMatchObject({
      reason: 'OwnerChanged',
      message: expect.stringContaining('ALTER DATABASE "studio_142_db" OWNER TO "op";'),
    });
  });
});

describe('the statements that make it', () => {
  test('nobody can connect before the last of them', () => {
    expect(createDatabase(spec).text).toBe(
      'CREATE DATABASE "studio_prov_theuid" TEMPLATE template0 ALLOW_CONNECTIONS false CONNECTION LIMIT 25',
    );
    const claim = claimDatabase(spec).text.split(';\n');
    expect(claim.findIndex((statement) => statement.startsWith('REVOKE'))).toBeLessThan(
      claim.findIndex((statement) => statement.includes('ALLOW_CONNECTIONS')),
    );
    expect(claim.filter((statement) => statement.startsWith('GRANT'))).toEqual([]);
    const open = openDatabase(spec, facts(), { ...database, grants: [], settings: { allowed: {}, others: [] } }).text.split(';\n');
    expect(open).toEqual([
      `GRANT CONNECT ON ${D} TO "studio_142_db"`,
      `GRANT CREATE ON ${D} TO "studio_142_db_owner"`,
      `ALTER ${D} SET "work_mem" = '8MB'`,
      `COMMENT ON ${D} IS '{"uid":"the-uid","installation":"this","init":true}'`,
    ]);
  });

  test('inside, extensions come last and the default privileges are set by the shard', () => {
    const inside = setUpInside(spec, ['CREATE EXTENSION x']).text.split(';\n');
    expect(inside.at(-1)).toBe('CREATE EXTENSION x');
    expect(inside).toContain('SET ROLE "studio_creator_1"');
    expect(inside).toContain('RESET ROLE');
  });
});
