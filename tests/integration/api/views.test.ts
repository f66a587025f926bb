// What people see and select: the columns of `kubectl get`, and field selectors.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshNamespace, type TestNamespace } from '../../support/kube.ts';
import { type ApiGroup, freshApiGroup } from './api-group.ts';
import { MERGE_PATCH, succeed } from './api-server.ts';
import { type Kind, KINDS, PLAN, RELEASE, SERVER, type Spec, TENANT } from './manifests.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

interface Table {
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows: readonly { readonly cells: readonly unknown[] }[];
}

let group: ApiGroup;
let namespace: TestNamespace;

beforeAll(async () => {
  [group, namespace] = await Promise.all([freshApiGroup(), freshNamespace('api')]);
  await Promise.all([
    store(TENANT, 'my-studio', TENANT.full, {
      phase: 'Ready',
      url: 'https://my-studio.platform.example',
      database: { server: 'main', name: 'studio_42_db' },
      schema: { release: 'studio-7', version: 7 },
      lastError: { step: 'Schema', reason: 'MigrationFailed', message: 'No such table.', attempts: 1, at: '2026-01-01T00:00:00Z' },
      conditions: [ready('True', 'InSync', 'Serving.')],
    }),
    store(TENANT, 'other', { ...TENANT.least, subdomain: 'other' }, { phase: 'Pending' }),
    store(SERVER, 'main', SERVER.full, {
      version: '18.4',
      databases: 12,
      operatorRole: 'studio_operator',
      conditions: [ready('False', 'Unreachable', 'No answer.')],
    }),
    store(PLAN, 'pro', PLAN.full, { conditions: [ready('True', 'InSync', 'Used by 3 tenants.')] }),
    store(RELEASE, 'studio-7', RELEASE.full, {
      pending: 4,
      running: 3,
      done: 2,
      failed: 1,
      conditions: [ready('False', 'RolloutHalted', 'Too many failures.')],
    }),
  ]);
});

afterAll(async () => {
  await Promise.all([group[Symbol.asyncDispose](), namespace[Symbol.asyncDispose]()]);
});

function ready(status: string, reason: string, message: string): object {
  return { type: 'Ready', status, reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' };
}

function collection(kind: Kind): string {
  return group.path(kind.plural, kind.namespaced ? namespace.name : undefined);
}

async function store(kind: Kind, name: string, spec: Spec, status: object): Promise<void> {
  const path = collection(kind);
  await succeed({ method: 'POST', path, body: { apiVersion: group.apiVersion, kind: kind.kind, metadata: { name }, spec } });
  await succeed({ method: 'PATCH', path: `${path}/${name}/status`, contentType: MERGE_PATCH, body: { status } });
}

/** A row as people see it, by the name of the column; `wide` has what only -o wide shows. The age is left out. */
async function rowOf(kind: Kind, name: string): Promise<{ readonly shown: object; readonly wide: object }> {
  const table = (await succeed({ method: 'GET', path: `${collection(kind)}/${name}`, accept: TABLE })) as Table;
  const cells = table.columnDefinitions.map(({ name: column, priority }, index) => ({
    column,
    priority,
    cell: table.rows[0]?.cells[index],
  }));
  const pick = (isWide: boolean) =>
    Object.fromEntries(
      cells.filter(({ column, priority }) => column !== 'Age' && priority > 0 === isWide).map(({ column, cell }) => [column, cell]),
    );
  return { shown: pick(false), wide: pick(true) };
}

describe('kubectl get', () => {
  it('shows of a tenant how it is, and wide where and why', async () => {
    expect(await rowOf(TENANT, 'my-studio')).toEqual({
      shown: {
        Name: 'my-studio',
        Phase: 'Ready',
        Ready: 'True',
        Reason: 'InSync',
        Plan: 'pro',
        Database: 'studio_42_db',
        Schema: 7,
        URL: 'https://my-studio.platform.example',
      },
      wide: { Server: 'main', Release: 'studio-7', Message: 'Serving.', Error: 'No such table.' },
    });
  });

  it('shows of a server where it is, how full, and whether it works', async () => {
    expect(await rowOf(SERVER, 'main')).toEqual({
      shown: {
        Name: 'main',
        Host: 'pg-main.databases.svc',
        Version: '18.4',
        Databases: 12,
        Capacity: 500,
        Unschedulable: true,
        Ready: 'False',
        Reason: 'Unreachable',
      },
      wide: { Role: 'studio_operator', Message: 'No answer.' },
    });
  });

  it('shows of a plan what it gives', async () => {
    expect(await rowOf(PLAN, 'pro')).toEqual({
      shown: { Name: 'pro', Credits: 1000, Connections: 50, Trial: 14, Ready: 'True' },
      wide: { Message: 'Used by 3 tenants.' },
    });
  });

  it('shows of a release how far it is', async () => {
    expect(await rowOf(RELEASE, 'studio-7')).toEqual({
      shown: {
        Name: 'studio-7',
        Version: 7,
        Pending: 4,
        Running: 3,
        Done: 2,
        Failed: 1,
        Paused: true,
        Ready: 'False',
        Reason: 'RolloutHalted',
      },
      wide: { Image: 'registry.example:5000/studio/schema:7', Message: 'Too many failures.' },
    });
  });

  it('shows the age of everything', async () => {
    const tables = await Promise.all(
      KINDS.map(async (kind) => (await succeed({ method: 'GET', path: collection(kind), accept: TABLE })) as Table),
    );
    expect(tables.map(({ columnDefinitions }) => columnDefinitions.at(-1)?.name)).toEqual(['Age', 'Age', 'Age', 'Age']);
  });
});

describe('a field selector', () => {
  it.each([
    [TENANT, 'spec.subdomain=my-studio', ['my-studio']],
    [TENANT, 'spec.plan=free', ['other']],
    [TENANT, 'status.phase=Pending', ['other']],
    [TENANT, 'status.phase!=Pending', ['my-studio']],
    [TENANT, 'status.database.server=main', ['my-studio']],
    [SERVER, 'spec.unschedulable=true', ['main']],
    [RELEASE, 'spec.version=7', ['studio-7']],
    [RELEASE, 'spec.version=8', []],
  ])('finds $plural by %s', async (kind, selector, names) => {
    const { items } = await succeed({ method: 'GET', path: `${collection(kind)}?fieldSelector=${encodeURIComponent(selector)}` });
    expect(items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual(names);
  });
});
