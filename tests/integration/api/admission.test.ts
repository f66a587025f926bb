// What the API server takes, fills in and refuses, tried on the real one. Creation is a dry run: validated, not stored.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshNamespace, type TestNamespace } from '../../support/kube.ts';
import { type ApiGroup, applyDefinition, checkedInDefinitions, freshApiGroup } from './api-group.ts';
import { type ApiAnswer, call } from './api-server.ts';
import { type Kind, KINDS, RELEASE, SERVER, type Spec, TENANT, withValue } from './manifests.ts';
import { REFUSALS } from './refusals.ts';

interface Cause {
  readonly field: string;
  readonly message: string;
}

/** Where the API server says what it could not check because of the other causes. */
const NOWHERE = '<nil>';

let group: ApiGroup;
let namespace: TestNamespace;

beforeAll(async () => {
  [group, namespace] = await Promise.all([freshApiGroup(), freshNamespace('api')]);
});

afterAll(async () => {
  await Promise.all([group[Symbol.asyncDispose](), namespace[Symbol.asyncDispose]()]);
});

async function tryToCreate(kind: Kind, spec: Spec, name = 'my-object'): Promise<ApiAnswer> {
  const path = group.path(kind.plural, kind.namespaced ? namespace.name : undefined);
  const body = { apiVersion: group.apiVersion, kind: kind.kind, metadata: { name }, ...(spec === undefined ? {} : { spec }) };
  return await call({ method: 'POST', path: `${path}?dryRun=All&fieldValidation=Strict`, body });
}

function causesOf(answer: ApiAnswer): readonly Cause[] {
  const causes = (answer.body.details?.causes ?? []) as readonly Cause[];
  return causes.filter(({ field }) => field !== NOWHERE).map(({ field, message }) => ({ field, message }));
}

it('takes the definitions as they are checked in', async () => {
  const definitions = checkedInDefinitions();
  const lists = await Promise.all(definitions.map(applyDefinition));
  expect(lists.map(({ kind }) => kind)).toEqual(['PostgresServerList', 'SchemaReleaseList', 'StudioTenantList', 'TenantPlanList']);
});

describe.each(KINDS)('$kind', (kind) => {
  it('is accepted with every field set', async () => {
    const { code, body } = await tryToCreate(kind, kind.full);
    expect({ code, message: body.message }).toEqual({ code: 201, message: undefined });
    expect(body.spec).toMatchObject(kind.full);
  });

  it('is filled up with its defaults', async () => {
    const { body } = await tryToCreate(kind, kind.least);
    expect(body.spec).toEqual(kind.defaulted);
  });

  it('counts as seen by nobody from the start', async () => {
    const { body } = await tryToCreate(kind, kind.least);
    expect(body.status).toEqual({ observedGeneration: -1 });
  });

  it('is refused with a field that does not exist', async () => {
    const { code, body } = await tryToCreate(kind, { ...kind.full, surprise: true });
    expect(code).toBe(400);
    expect(body.message).toContain('unknown field "spec.surprise"');
  });

  it.each(['a.b', 'a'.repeat(41)])('is refused under the name %s', async (name) => {
    const answer = await tryToCreate(kind, kind.full, name);
    expect(causesOf(answer)).toEqual([
      {
        field: 'metadata.name',
        message: expect.stringContaining(
          'a name has at most 40 lower-case letters, digits and hyphens, and begins and ends with a letter or digit: names of Jobs and Services are made from it',
        ),
      },
    ]);
  });

  it('may have a name of 40 characters', async () => {
    expect(await tryToCreate(kind, kind.full, 'a'.repeat(40))).toMatchObject({ code: 201 });
  });
});

describe('a refusal is one sentence, at the field', () => {
  const cases = REFUSALS.map((refusal) => [`${refusal.kind.kind} ${refusal.path} = ${JSON.stringify(refusal.value)}`, refusal] as const);

  it.each(cases)('%s', async (_, { kind, path, value, field, sentence }) => {
    const answer = await tryToCreate(kind, withValue(kind.full, path, value));
    expect(answer.code).toBe(422);
    const causes = causesOf(answer);
    expect(causes.map((cause) => cause.field)).toEqual([field]);
    expect(causes[0]?.message).toContain(sentence);
  });
});

it.each([
  ['subdomain', 'a'.repeat(63)],
  ['subdomain', '247'],
  ['ingress.customDomains', ['xn--bcher-kva.example']],
  ['database.extensions', ['pg_trgm', 'uuid-ossp']],
  ['database.connectionLimit', 1000],
  ['aiCredits.monthlyAllowance', 0],
  ['database.settings', {}],
  ['database.settings', { statement_timeout: '24d', work_mem: '99GB', timezone: 'America/Argentina/Buenos_Aires' }],
])('takes a tenant whose %s is %j', async (path, value) => {
  expect(await tryToCreate(TENANT, withValue(TENANT.full, path, value))).toMatchObject({ code: 201 });
});

it.each([
  [TENANT, 'ingress.tls.issuer', { name: 'letsencrypt' }, { name: 'letsencrypt', kind: 'ClusterIssuer' }],
  [SERVER, 'tls', {}, { mode: 'require' }],
  [RELEASE, 'env', [{ name: 'EMPTY' }], [{ name: 'EMPTY', value: '' }]],
])('fills up what $kind says in part', async (kind, path, given, expected) => {
  const { body } = await tryToCreate(kind, withValue(kind.full, path, given));
  expect(path.split('.').reduce((node, key) => node[key], body.spec)).toEqual(expected);
});
