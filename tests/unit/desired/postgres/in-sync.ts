// A tenant's spec and the facts of a server on which all is as asked: tests change one thing and see what is to be done about it.

import type { DatabaseFacts, Grant, Membership, RoleFacts, TenantFacts } from '../../../../src/desired/postgres/facts.ts';
import type { TenantDatabaseSpec } from '../../../../src/desired/postgres/spec.ts';

export const spec: TenantDatabaseSpec = {
  n: 142,
  uid: 'the-uid',
  installation: 'this',
  databaseName: 'studio_142_db',
  provisionalName: 'studio_prov_theuid',
  connectionLimit: 10,
  settings: { work_mem: '8MB' },
  keepOtherSettings: false,
  extensions: [],
  suspended: false,
  databaseOid: '5000',
};

const mark = { uid: spec.uid, installation: spec.installation };
const none = { allowed: {}, others: [] };

export function membership(role: string, member: string, more: Partial<Membership> = {}): Membership {
  return { role, member, grantor: 'studio_creator_1', admin: false, inherit: true, set: false, ...more };
}

export function grant(grantee: string, privilege: string, more: Partial<Grant> = {}): Grant {
  return { grantee, grantor: 'op', privilege, grantable: false, ...more };
}

export function role(name: string, more: Partial<RoleFacts> = {}): RoleFacts {
  return {
    name,
    oid: '1',
    canLogin: false,
    connectionLimit: -1,
    powers: [],
    validUntil: undefined,
    mark,
    memberOf: [],
    members: [],
    settings: none,
    settingsInDatabase: none,
    sessions: 0,
    ...more,
  };
}

/** What PostgreSQL gives whoever makes a role. */
const implicit = (name: string): Membership => membership(name, 'studio_creator_1', { grantor: 'postgres', admin: true, inherit: false });

export const owner = role('studio_142_db_owner', {
  members: [implicit('studio_142_db_owner'), membership('studio_142_db_owner', 'studio_creator_1')],
});

export const login = role('studio_142_db', {
  canLogin: true,
  connectionLimit: 10,
  memberOf: [membership('studio_tenant', 'studio_142_db')],
  members: [implicit('studio_142_db')],
});

export const slotB = role('studio_142_db_b', {
  canLogin: true,
  connectionLimit: 10,
  memberOf: [membership('studio_142_db', 'studio_142_db_b')],
});

export const database: DatabaseFacts = {
  name: 'studio_142_db',
  oid: '5000',
  owner: 'op',
  allowConnections: true,
  connectionLimit: 25,
  mark: { ...mark, init: true },
  grants: [
    grant('op', 'CONNECT'),
    grant('op', 'CREATE'),
    grant('op', 'TEMPORARY'),
    grant('studio_142_db', 'CONNECT'),
    grant('studio_142_db_owner', 'CREATE'),
  ],
  settings: { allowed: { work_mem: '8MB' }, others: [] },
};

export function facts(more: Partial<Omit<TenantFacts, 'roles'>> & { readonly roles?: Partial<TenantFacts['roles']> } = {}): TenantFacts {
  const roles = { owner, tenant: login, slotB: undefined, migrator: undefined, ...more.roles };
  return { n: 142, operatorRole: 'op', database, provisional: undefined, ...more, roles };
}

export const nothing = facts({ database: undefined, roles: { owner: undefined, tenant: undefined } });
