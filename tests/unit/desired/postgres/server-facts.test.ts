import { expect, test } from 'vitest';
import {
  groupProblem,
  identityProblem,
  operatorRoleProblem,
  publicConnectProblem,
  rightsProblem,
  type ServerFacts,
  versionProblem,
} from '../../../../src/desired/postgres/server-facts.ts';

const facts: ServerFacts = {
  role: 'op',
  version: '18.4',
  versionNumber: 180_004,
  isSuperuser: false,
  canCreateDatabases: true,
  canCreateRoles: true,
  canEndSessions: true,
  maintenanceDatabase: 'postgres',
  publicDatabases: [],
  databases: 0,
  group: null,
};
const COMMENT = '{"installation":"this"}';

test('a server that has everything has no problem', () => {
  expect([versionProblem(facts), rightsProblem(facts), groupProblem(facts, COMMENT), publicConnectProblem(facts)]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('16 is the oldest', () => {
  expect(versionProblem({ ...facts, version: '15.9', versionNumber: 150_009 })?.reason).toBe('VersionTooOld');
  expect(versionProblem({ ...facts, version: '16.0', versionNumber: 160_000 })).toBeUndefined();
});

test('missing rights come with the SQL that grants exactly them', () => {
  const message = rightsProblem({ ...facts, role: 'o"p', canCreateDatabases: false, canEndSessions: false })?.message;
  expect(message).toContain('ALTER ROLE "o""p" CREATEDB; GRANT pg_signal_backend TO "o""p";');
  expect(message).not.toContain('CREATEROLE');
});

test('a role that has become a superuser is not worked with', () => {
  const problem = rightsProblem({ ...facts, isSuperuser: true });
  expect(problem?.reason).toBe('Superuser');
  expect(problem?.message).toContain('ALTER ROLE "op" NOSUPERUSER');
});

test("the operator's own CONNECT is granted before PUBLIC loses it", () => {
  expect(publicConnectProblem({ ...facts, publicDatabases: ['app', 'postgres'] })?.message).toContain(
    'REVOKE ALL ON DATABASE "app" FROM PUBLIC; GRANT CONNECT ON DATABASE "postgres" TO "op"; REVOKE ALL ON DATABASE "postgres" FROM PUBLIC;',
  );
});

test('the group must be this installation’s, and ours to grant', () => {
  const group = { comment: '{"installation":"this","server":"x"}', isOurs: true };
  expect(groupProblem({ ...facts, group }, COMMENT)).toBeUndefined();
  expect(groupProblem({ ...facts, group: { ...group, isOurs: false } }, COMMENT)?.message).toContain(
    'GRANT "studio_tenant" TO "op" WITH ADMIN OPTION;',
  );
  expect(groupProblem({ ...facts, group: { ...group, comment: '{"installation":"that"}' } }, COMMENT)?.reason).toBe('InstallationConflict');
  expect(groupProblem({ ...facts, group: { ...group, comment: '{"installation":"thistle"}' } }, COMMENT)?.reason).toBe(
    'InstallationConflict',
  );
  expect(groupProblem({ ...facts, group: { ...group, comment: null } }, COMMENT)?.reason).toBe('InstallationConflict');
});

test('another server at the address is noticed; the first one is taken as it is', () => {
  const recorded = { identity: 'system:1', operatorRole: undefined };
  expect(identityProblem('system:1', recorded, 'main')).toBeUndefined();
  expect(identityProblem('system:2', { ...recorded, identity: undefined }, 'main')).toBeUndefined();
  expect(identityProblem('system:2', recorded, 'main')?.reason).toBe('IdentityChanged');
});

test('another role is noticed, but one that was renamed is right', () => {
  const recorded = { identity: undefined, operatorRole: 'before' };
  expect(operatorRoleProblem('before', recorded, true)).toBeUndefined();
  expect(operatorRoleProblem('after', recorded, false)).toBeUndefined();
  expect(operatorRoleProblem('after', recorded, true)?.message).toContain('DROP ROLE "after"; ALTER ROLE "before" RENAME TO "after";');
});
