/**
 * manifests/ on a real API server: everything installs, the operator's rights are the ones it needs and no others, every
 * sample is accepted and everything in refused/ is refused with its sentence. What others could stumble over is a dry run.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

import { INSTALLATION } from '../../dev/install/names.ts';
import { type AnyObject, deleteObject } from '../support/kube.ts';
import { eventually } from '../support/eventually.ts';
import { type ApiAnswer, APPLY_PATCH, call, succeed } from './api/api-server.ts';

const MANIFESTS = new URL('../../manifests/', import.meta.url);
const { name: OPERATOR, namespace: SYSTEM, tenantNamespace: TENANTS } = INSTALLATION;

function documentsOf(path: string): readonly AnyObject[] {
  return parseAllDocuments(readFileSync(new URL(path, MANIFESTS), 'utf8')).map((document) => document.toJS() as AnyObject);
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(new URL(folder, MANIFESTS)).map((file) => `${folder}${file}`);
}

const installed = documentsOf('install.yaml');
const deployment = installed.find(({ kind }) => kind === 'Deployment');

/** Where an object is served, as the API server's own discovery says. */
async function pathOf(object: AnyObject): Promise<string> {
  const base = object.apiVersion.includes('/') ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
  const { resources } = await succeed({ method: 'GET', path: base });
  const resource = resources.find((one: { kind: string; name: string }) => one.kind === object.kind && !one.name.includes('/'));
  const namespace = resource.namespaced === true ? `/namespaces/${object.metadata.namespace}` : '';
  return `${base}${namespace}/${resource.name}`;
}

/** As kubectl apply --server-side does it; the generated client would lose every x-kubernetes-… field of a definition. */
async function apply(object: AnyObject, options = ''): Promise<ApiAnswer> {
  const path = `${await pathOf(object)}/${object.metadata.name}?fieldManager=test&force=true&fieldValidation=Strict${options}`;
  return await call({ method: 'PATCH', path, body: object, contentType: APPLY_PATCH });
}

async function tryToApply(object: AnyObject): Promise<ApiAnswer> {
  return await apply(object, '&dryRun=All');
}

async function mustApply(object: AnyObject): Promise<void> {
  const { code, body } = await apply(object);
  if (code >= 300) throw new Error(`${object.kind} ${object.metadata.name} answered ${code}: ${body.message}`);
}

const ACCEPTED = expect.toBeOneOf([200, 201]);
/** 500 is what server-side apply answers to a set with the same entry twice. */
const REFUSED = expect.toBeOneOf([400, 422, 500]);

beforeAll(async () => {
  // All but the Deployment, whose pods would wait for an image: it is applied as a dry run below.
  for (const object of installed) if (object !== deployment) await mustApply(object);
  const crds = installed.filter(({ kind }) => kind === 'CustomResourceDefinition');
  for (const { spec } of crds)
    await eventually(async () => await succeed({ method: 'GET', path: `/apis/${spec.group}/v1alpha1/${spec.names.plural}` }));
});

describe('the installation', () => {
  it.each(['install.yaml', 'cluster-wide.yaml'])('is accepted: %s', async (file) => {
    for (const object of documentsOf(file)) {
      const { code, body } = await tryToApply(object);
      expect({ name: object.metadata.name, code, message: body.message }).toEqual({ name: object.metadata.name, code: ACCEPTED });
    }
  });

  it("runs a pod that its namespace's restricted pod security lets in", async () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'trial', namespace: SYSTEM }, spec: deployment?.['spec'].template.spec };
    const privileged = { ...pod, spec: { ...pod.spec, securityContext: {} } };

    const path = `/api/v1/namespaces/${SYSTEM}/pods?dryRun=All`;
    expect(await call({ method: 'POST', path, body: pod })).toMatchObject({ code: 201 });
    expect(await call({ method: 'POST', path, body: privileged })).toMatchObject({ code: 403 });
  });
});

interface Access {
  readonly verb: string;
  readonly group?: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

async function mayOperator(access: Access): Promise<boolean> {
  const spec = { user: `system:serviceaccount:${SYSTEM}:${OPERATOR}`, resourceAttributes: access };
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
  const { status } = await succeed({ method: 'POST', path: '/apis/authorization.k8s.io/v1/subjectaccessreviews', body });
  return status.allowed === true;
}

const STUDIO = 'studio-platform.io';
/** Those that get a finalizer and own objects, and those of which the operator writes the status alone. */
const HELD = ['studiotenants', 'postgresservers'];
const READ = ['tenantplans', 'schemareleases'];
const KIND_PLURALS = [...HELD, ...READ];

function each(verbs: string, access: Omit<Access, 'verb'>): readonly Access[] {
  return verbs.split(' ').map((verb) => Object.assign({ verb }, access));
}

describe('the operator', () => {
  const needs = [
    ...KIND_PLURALS.flatMap((resource) => [
      ...each('get list watch', { group: STUDIO, resource }),
      ...each('patch', { group: STUDIO, resource, subresource: 'status' }),
      ...each('get', { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions', name: `${resource}.${STUDIO}` }),
    ]),
    ...HELD.flatMap((resource) => each('patch', { group: STUDIO, resource })),
    ...HELD.flatMap((resource) => each('update', { group: STUDIO, resource, subresource: 'finalizers' })),
    ...each('get', { resource: 'namespaces', name: 'kube-system' }),
    ...each('get list watch create patch delete', { resource: 'secrets', namespace: TENANTS }),
    ...each('get list watch create patch delete', { group: 'batch', resource: 'jobs', namespace: TENANTS }),
    ...each('get list', { resource: 'pods', namespace: TENANTS }),
    ...each('get list watch create patch delete', { group: 'networking.k8s.io', resource: 'ingresses', namespace: TENANTS }),
    ...[TENANTS, SYSTEM, 'default'].flatMap((namespace) => each('create patch', { resource: 'events', namespace })),
    ...each('list', { resource: 'events', namespace: TENANTS }),
    ...each('get', { resource: 'secrets', namespace: SYSTEM, name: 'postgres-main-admin' }),
    ...each('create', { resource: 'secrets', namespace: SYSTEM }),
    ...each('create', { group: 'coordination.k8s.io', resource: 'leases', namespace: SYSTEM }),
    ...each('get update', { group: 'coordination.k8s.io', resource: 'leases', namespace: SYSTEM, name: OPERATOR }),
  ];

  it.each(needs.map((access) => [`${access.verb} ${access.resource}/${access.subresource ?? ''} in ${access.namespace ?? 'all'}`, access]))(
    'may %s',
    async (_, access) => {
      expect(await mayOperator(access)).toBe(true);
    },
  );

  const mustNot = [
    ...KIND_PLURALS.flatMap((resource) => each('create delete deletecollection', { group: STUDIO, resource })),
    ...READ.flatMap((resource) => each('update patch', { group: STUDIO, resource })),
    ...READ.flatMap((resource) => each('update', { group: STUDIO, resource, subresource: 'finalizers' })),
    ...each('get list watch', { resource: 'secrets', namespace: 'default' }),
    ...each('list watch patch delete', { resource: 'secrets', namespace: SYSTEM }),
    ...each('get', { resource: 'secrets', namespace: 'kube-system' }),
    ...each('get', { resource: 'pods', subresource: 'log', namespace: TENANTS }),
    ...each('create', { resource: 'pods', subresource: 'exec', namespace: TENANTS }),
    ...each('create delete patch', { resource: 'pods', namespace: TENANTS }),
    ...each('create', { group: 'batch', resource: 'jobs', namespace: SYSTEM }),
    ...each('get', { resource: 'namespaces', name: TENANTS }),
    ...each('delete patch', { resource: 'namespaces' }),
    ...each('delete patch', { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' }),
    ...each('update', { group: 'coordination.k8s.io', resource: 'leases', namespace: SYSTEM, name: 'of-another' }),
    ...each('escalate bind', { group: 'rbac.authorization.k8s.io', resource: 'clusterroles' }),
    ...each('impersonate', { resource: 'users' }),
  ];

  it.each(
    mustNot.map((access) => [`${access.verb} ${access.resource}/${access.subresource ?? ''} in ${access.namespace ?? 'all'}`, access]),
  )('may not %s', async (_, access) => {
    expect(await mayOperator(access)).toBe(false);
  });
});

describe('people', () => {
  it('with edit or view rights in a namespace get StudioTenants, and no kind that reaches further', async () => {
    for (const role of ['edit', 'view'] as const) {
      const rules = await eventually(async () => {
        const { rules: found } = await succeed({ method: 'GET', path: `/apis/rbac.authorization.k8s.io/v1/clusterroles/${role}` });
        const ours = found.filter(({ apiGroups }: { apiGroups?: string[] }) => apiGroups?.includes(STUDIO) === true);
        return ours.length > 0 && ours;
      });
      const resources = new Set(rules.flatMap((rule: { resources: string[] }) => rule.resources));
      const verbs = new Set(rules.flatMap((rule: { verbs: string[] }) => rule.verbs));
      expect([...resources]).toEqual(['studiotenants']);
      expect(verbs.has('create')).toBe(role === 'edit');
    }
  });
});

describe('every sample', () => {
  it.each(filesIn('samples/').map((file) => [file]))('is accepted: %s', async (file) => {
    for (const object of documentsOf(file)) {
      const { code, body } = await tryToApply(object);
      expect({ code, message: body.message }).toEqual({ code: ACCEPTED });
    }
  });

  it('refers only to servers, plans and releases that are samples, too', () => {
    const objects = filesIn('samples/').flatMap(documentsOf);
    const named = (kind: string): readonly string[] =>
      objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);

    for (const { spec } of objects.filter(({ kind }) => kind === 'StudioTenant')) {
      expect(named('TenantPlan')).toContain(spec.plan ?? 'free');
      expect([...named('SchemaRelease'), undefined]).toContain(spec.release);
    }
  });
});

describe('everything in refused/', () => {
  const files = filesIn('refused/').map((file) => {
    const [, sentence = ''] = /^# Refused: (.+)$/m.exec(readFileSync(new URL(file, MANIFESTS), 'utf8')) ?? [];
    return { file, sentence, documents: documentsOf(file) };
  });

  it.each(files.filter(({ documents }) => documents.length === 1))(
    'is refused when it is created: $file',
    async ({ sentence, documents }) => {
      const [object] = documents;
      const { code, body } = await tryToApply(object as AnyObject);

      expect(sentence).not.toBe('');
      expect({ code, message: body.message }).toEqual({
        code: REFUSED,
        message: expect.stringContaining(sentence),
      });
    },
  );

  it.each(files.filter(({ documents }) => documents.length === 2))('is refused as a change: $file', async ({ sentence, documents }) => {
    const name = `refused-${randomBytes(4).toString('hex')}`;
    const [before, after] = documents.map((object) => ({ ...object, metadata: { ...object.metadata, name } })) as [AnyObject, AnyObject];
    await mustApply(before);
    try {
      const { code, body } = await tryToApply(after);
      expect({ code, message: body.message }).toEqual({ code: 422, message: expect.stringContaining(sentence) });
    } finally {
      await deleteObject(before);
    }
  });
});
