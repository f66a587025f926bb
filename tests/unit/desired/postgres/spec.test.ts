import { describe, expect, test } from 'vitest';
import type { TenantPlan } from '../../../../src/api/tenant-plan.ts';
import { databaseComment, describeMark, isOurs, parseMark, roleComment } from '../../../../src/desired/postgres/marks.ts';
import { tenantDatabaseSpec } from '../../../../src/desired/postgres/spec.ts';
import { aTenant } from '../../../support/a-tenant.ts';

const plan = { spec: { database: { connectionLimit: 20, settings: { work_mem: '4MB', TimeZone: 'UTC' } } } } as unknown as TenantPlan;
const row = { id: 42, uid: '1111-2222', databaseOid: undefined };

describe('what should exist', () => {
  test("is the plan's where the tenant says nothing, and the tenant's where it does", () => {
    expect(tenantDatabaseSpec(aTenant(), plan, row, 'this')).toMatchObject({
      databaseName: 'studio_42_db',
      provisionalName: 'studio_prov_11112222',
      connectionLimit: 20,
      settings: { work_mem: '4MB', timezone: 'UTC' },
      keepOtherSettings: false,
      suspended: false,
    });
    const own = aTenant({ spec: { database: { extensions: ['hstore'], connectionLimit: 3, settings: { work_mem: '8MB' } } } });
    expect(tenantDatabaseSpec(own, plan, row, 'this')).toMatchObject({
      connectionLimit: 3,
      settings: { work_mem: '8MB', timezone: 'UTC' },
      extensions: ['hstore'],
    });
  });

  test('is as found where the plan is gone, but for what the tenant asks for itself', () => {
    const own = aTenant({ spec: { database: { extensions: [], settings: { work_mem: '8MB' } } } });
    expect(tenantDatabaseSpec(own, undefined, row, 'this')).toMatchObject({
      connectionLimit: undefined,
      settings: { work_mem: '8MB' },
      keepOtherSettings: true,
    });
  });

  test('is suspended by the spec or by the annotation', () => {
    const incident = aTenant({ metadata: { annotations: { 'studio-platform.io/suspend': 'incident 7' } } });
    expect(tenantDatabaseSpec(incident, plan, row, 'this').suspended).toBe(true);
    expect(tenantDatabaseSpec(aTenant({ spec: { suspended: true } }), plan, row, 'this').suspended).toBe(true);
  });
});

describe('a mark', () => {
  const identity = { uid: 'u', installation: 'this' };
  test('is read as it was written', () => {
    expect(parseMark(databaseComment(identity, false))).toEqual({ ...identity, init: false });
    expect(parseMark(roleComment(identity))).toEqual(identity);
  });
  test.each([null, '', 'a comment', '{', '{}', '[]', '{"uid":1,"installation":"this"}', '{"uid":"u"}'])('%j is none', (comment) => {
    expect(parseMark(comment)).toBeUndefined();
  });
  test('is ours only with both uid and installation', () => {
    expect(isOurs(identity, identity)).toBe(true);
    expect(isOurs({ ...identity, uid: 'v' }, identity)).toBe(false);
    expect(isOurs({ ...identity, installation: 'that' }, identity)).toBe(false);
    expect(describeMark({ ...identity, installation: 'that' }, identity)).toContain('"that"');
  });
});
