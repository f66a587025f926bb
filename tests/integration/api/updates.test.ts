// What may change once an object is there, and what an object may keep that today's rules would refuse.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { freshNamespace, type TestNamespace } from '../../support/kube.ts';
import { type ApiGroup, type Definition, freshApiGroup } from './api-group.ts';
import { APPLY_PATCH, type ApiAnswer, call, MERGE_PATCH, succeed } from './api-server.ts';
import { type Kind, RELEASE, type Spec, TENANT, withValue } from './manifests.ts';

let group: ApiGroup;
let namespace: TestNamespace;

beforeAll(async () => {
  [group, namespace] = await Promise.all([freshApiGroup(), freshNamespace('api')]);
});

afterAll(async () => {
  await Promise.all([group[Symbol.asyncDispose](), namespace[Symbol.asyncDispose]()]);
});

/** Creates an object and gives the path it has. */
async function create(kind: Kind, spec: Spec): Promise<string> {
  const path = group.path(kind.plural, kind.namespaced ? namespace.name : undefined);
  const name = `object-${randomBytes(4).toString('hex')}`;
  await succeed({ method: 'POST', path, body: { apiVersion: group.apiVersion, kind: kind.kind, metadata: { name }, spec } });
  return `${path}/${name}`;
}

async function merge(path: string, body: unknown): Promise<ApiAnswer> {
  return await call({ method: 'PATCH', path, body, contentType: MERGE_PATCH });
}

async function replaceSpec(path: string, edit: (spec: Spec) => Spec): Promise<ApiAnswer> {
  const object = await succeed({ method: 'GET', path });
  return await call({ method: 'PUT', path, body: { ...object, spec: edit(object.spec) } });
}

describe('a SchemaRelease', () => {
  it.each([
    ['version', 8],
    ['image', 'registry.example/other:1'],
    ['image', undefined],
    ['command', ['other']],
    ['command', undefined],
    ['args', []],
    ['args', undefined],
    ['env', [{ name: 'LOG_LEVEL', value: 'info' }]],
    ['env', undefined],
  ])('keeps its %s when it should become %j', async (field, value) => {
    const path = await create(RELEASE, RELEASE.full);
    const { code, body } = await replaceSpec(path, (spec) => withValue(spec, field, value));
    expect(code).toBe(422);
    expect(body.details.causes).toEqual([
      expect.objectContaining({ field: `spec.${field}`, message: `Forbidden: ${field} cannot be changed; make a new object instead` }),
    ]);
  });

  it('cannot be given an image later', async () => {
    const path = await create(RELEASE, RELEASE.least);
    const { body } = await merge(path, { spec: { image: 'registry.example/other:1' } });
    expect(body.message).toContain('spec.image: Forbidden: image cannot be changed; make a new object instead');
  });

  it('takes the same environment in another order for the same', async () => {
    const path = await create(RELEASE, RELEASE.full);
    expect(await replaceSpec(path, (spec) => ({ ...spec, env: spec.env.toReversed() }))).toMatchObject({ code: 200 });
  });

  it.each([
    ['resources', { limits: { memory: '1Gi' } }],
    ['backoffLimit', 5],
    ['activeDeadlineSeconds', 1200],
    ['lockTimeout', '1m'],
    ['imagePullSecrets', []],
    ['paused', false],
    ['maxFailures', 10],
  ])('may change its %s', async (field, value) => {
    const path = await create(RELEASE, RELEASE.full);
    expect(await replaceSpec(path, (spec) => withValue(spec, field, value))).toMatchObject({ code: 200 });
  });
});

describe('a StudioTenant', () => {
  it('may name the server it was placed on, and leave it out again', async () => {
    const path = await create(TENANT, TENANT.least);
    expect(await merge(path, { spec: { database: { server: 'main' } } })).toMatchObject({ code: 200 });
    expect(await merge(path, { spec: { database: { server: null } } })).toMatchObject({ code: 200 });
  });

  it.each([
    ['subdomain', 'another-studio'],
    ['plan', 'pro'],
    ['deletionPolicy', 'Delete'],
    ['suspended', true],
    ['release', 'studio-7'],
  ])('may change its %s', async (field, value) => {
    const path = await create(TENANT, TENANT.least);
    expect(await merge(path, { spec: { [field]: value } })).toMatchObject({ code: 200 });
  });

  it('cannot change to what it could not have been created with', async () => {
    const path = await create(TENANT, TENANT.least);
    const { code, body } = await merge(path, { spec: { subdomain: 'www' } });
    expect(code).toBe(422);
    expect(body.message).toContain('this subdomain is reserved for the platform');
  });

  it('keeps one condition per type, whoever applies it', async () => {
    const path = await create(TENANT, TENANT.least);
    const condition = (type: string, reason: string) => ({
      type,
      status: 'True',
      reason,
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    });
    const apply = async (manager: string, ...conditions: readonly object[]) =>
      await succeed({
        method: 'PATCH',
        path: `${path}/status?fieldManager=${manager}&force=true`,
        contentType: APPLY_PATCH,
        body: { apiVersion: group.apiVersion, kind: TENANT.kind, status: { conditions } },
      });
    await apply('one', condition('Ready', 'A'));
    const { status } = await apply('two', condition('Ready', 'B'), condition('Routed', 'C'));
    expect(status.conditions.map(({ type, reason }: { type: string; reason: string }) => [type, reason])).toEqual([
      ['Ready', 'B'],
      ['Routed', 'C'],
    ]);
  });

  it('does not take a spec through its status', async () => {
    const path = await create(TENANT, TENANT.least);
    await succeed({
      method: 'PATCH',
      path: `${path}/status`,
      contentType: MERGE_PATCH,
      body: { spec: { plan: 'pro' }, status: { phase: 'Ready' } },
    });
    const { spec, status } = await succeed({ method: 'GET', path });
    expect([spec.plan, status.phase]).toEqual(['free', 'Ready']);
  });
});

describe('a StudioTenant from before a rule', () => {
  const specOf = (definition: Definition): Spec => definition.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties;
  const OLD: Spec = {
    ...TENANT.least,
    subdomain: 'www',
    displayName: 'x'.repeat(200),
    database: { settings: { search_path: 'x' }, connectionLimit: 5000 },
    ingress: { customDomains: ['localhost', 'a.example'] },
  };
  let path: string;

  beforeAll(async () => {
    await group.redefine('studiotenants', (definition) => {
      const spec = specOf(definition);
      delete spec.subdomain['x-kubernetes-validations'];
      delete spec.displayName.maxLength;
      delete spec.database.properties.settings['x-kubernetes-validations'];
      delete spec.database.properties.connectionLimit.maximum;
      delete spec.ingress.properties.customDomains.items['x-kubernetes-validations'];
    });
    path = await eventually(async () => await create(TENANT, OLD));
    await group.redefine('studiotenants');
    // A changed definition reaches the handlers a moment later.
    await eventually(
      async () =>
        (await call({ method: 'PATCH', path: `${path}?dryRun=All`, contentType: MERGE_PATCH, body: { spec: { subdomain: 'api' } } }))
          .code === 422,
    );
  });

  it('can still be reported on', async () => {
    expect(await merge(`${path}/status`, { status: { phase: 'Ready', observedGeneration: 1 } })).toMatchObject({ code: 200 });
  });

  it('can still get and lose a finalizer', async () => {
    expect(await merge(path, { metadata: { finalizers: ['example.com/hold'] } })).toMatchObject({ code: 200 });
    expect(await merge(path, { metadata: { finalizers: null } })).toMatchObject({ code: 200 });
  });

  it('can still be changed elsewhere', async () => {
    expect(await merge(path, { spec: { plan: 'pro' } })).toMatchObject({ code: 200 });
  });

  it('is held to the rule once the value itself changes', async () => {
    const { body } = await merge(path, { spec: { subdomain: 'mail' } });
    expect(body.message).toContain('this subdomain is reserved for the platform');
  });
});
