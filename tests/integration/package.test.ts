/**
 * The package as applications get it: packed, installed from the tarball into an empty project, used from plain JavaScript and from
 * TypeScript, on the oldest Node it promises and on the one of this repository, against real databases.
 */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { node22 } from '../../dev/package/node-22.ts';
import { startSqlPlatform, type SqlPlatform } from '../../dev/sql-tenants.ts';
import { type ApplicationProject, installedApplication } from '../support/application-project.ts';

const BASE_DOMAIN = 'platform.example';

/** Asks itself about every host in HOSTS and prints the answers. */
const PLAIN_JAVASCRIPT = `
import { createServer, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { createTenantRouting, currentTenant, functionCredentials, NoCurrentTenant } from 'studio-operator/routing';

const { MASTER_DATABASE_URL, BASE_DOMAIN, CREDENTIALS, HOSTS } = process.env;
const known = new Map(JSON.parse(CREDENTIALS));
const routing = createTenantRouting({
  master: MASTER_DATABASE_URL,
  baseDomain: BASE_DOMAIN,
  credentials: functionCredentials((tenant) => known.get(tenant.organizationId)),
});
await routing.ready();

const server = createServer(
  routing.handle(async (request, response) => {
    const { rows } = await request.tenant.query('SELECT current_database() AS name');
    await currentTenant().transaction((client) => client.query('INSERT INTO sessions (title) VALUES ($1)', ['A session']));
    response.end(rows[0].name);
  }),
);
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const ask = (host) =>
  new Promise((resolve, reject) => {
    request({ port: server.address().port, host: '127.0.0.1', headers: { host }, agent: false }, async (response) =>
      resolve([response.statusCode, response.statusCode === 200 ? await text(response) : '']),
    )
      .once('error', reject)
      .end();
  });
const answers = [];
for (const host of HOSTS.split(' ')) answers.push(await ask(host));
let outside;
try {
  currentTenant();
} catch (error) {
  outside = error instanceof NoCurrentTenant;
}
server.close();
await routing.close();
console.log(JSON.stringify({ answers, outside }));
`;

const TYPESCRIPT = `
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createTenantRouting, currentTenant, functionCredentials, Overloaded, RoutingError, tenantLogFields,
  type Credentials, type CredentialsProvider, type Resolution, type Tenant, type TenantRouting,
} from 'studio-operator/routing';

interface Row { readonly name: string }

const known = new Map<number, Credentials>(JSON.parse(process.env['CREDENTIALS'] ?? '[]') as [number, Credentials][]);
const find = (tenant: Tenant): Credentials => {
  const found = known.get(tenant.organizationId);
  if (found === undefined) throw new Error('no credentials');
  return found;
};
const credentials: CredentialsProvider = functionCredentials(find);
const routing: TenantRouting = createTenantRouting({
  master: process.env['MASTER_DATABASE_URL'] ?? '',
  baseDomain: process.env['BASE_DOMAIN'] ?? '',
  credentials,
  minimumRelease: 1,
  trustedProxies: ['10.0.0.0/8'],
  hooks: { onAnswer: ({ state, status, organizationId }) => console.error(state, status, organizationId ?? 0, tenantLogFields()) },
  pools: { maxPools: 10 },
  directory: { maxTenants: 100 },
});

const handler = routing.handle<IncomingMessage, ServerResponse>(async (request, response) => {
  const name: string | undefined = (await request.tenant.query<Row>('SELECT current_database() AS name')).rows[0]?.name;
  response.end(name);
});
createServer(handler).close();

const nameOf = async (): Promise<string | undefined> =>
  await currentTenant().transaction(async (client) => (await client.query<Row>('SELECT current_database() AS name')).rows[0]?.name);

await routing.ready();
const answers: (string | undefined)[] = [];
for (const host of (process.env['HOSTS'] ?? '').split(' ')) {
  try {
    answers.push(await routing.run(host, nameOf));
  } catch (error) {
    if (!(error instanceof RoutingError) || error instanceof Overloaded) throw error;
    answers.push(\`\${error.httpStatus} \${error.code}\`);
  }
}
const resolution: Resolution = await routing.directory.find('nobody.platform.example');
console.log(JSON.stringify({ answers, kind: resolution.kind }));
await routing.close();

export const mistakes = async (): Promise<void> => {
  // @ts-expect-error there is no routing without a master database
  createTenantRouting({ baseDomain: 'platform.example', credentials });
  // @ts-expect-error a statement is text
  await currentTenant().query(42);
  // @ts-expect-error whose tenant it is does not change
  currentTenant().organizationId = 2;
};
`;

let platform: SqlPlatform;
let project: ApplicationProject;
let installed: string;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  platform = await startSqlPlatform();
  project = await installedApplication(['@types/node']);
  installed = path.join(project.directory, 'node_modules/studio-operator');
  await platform.addTenants(['yoga', 'dance']);
  await platform.addTenant('closed', { status: 'suspended', database: false });
  env = {
    MASTER_DATABASE_URL: platform.applicationUrl,
    BASE_DOMAIN,
    CREDENTIALS: JSON.stringify([...platform.secrets]),
    HOSTS: ['yoga', 'dance', 'closed', 'nobody'].map((label) => `${label}.${BASE_DOMAIN}`).join(' '),
  };
  await project.write('plain.js', PLAIN_JAVASCRIPT);
  await project.write('typed.ts', TYPESCRIPT);
});

afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  await project?.[Symbol.asyncDispose]();
});

const NODES = [
  ['24', async () => await Promise.resolve(process.execPath)],
  ['22', node22],
] as const;

describe.each(NODES)('on Node %s', (major, program) => {
  it('serves tenants from plain JavaScript', async () => {
    const node = await program();
    expect((await project.run(node, ['--version'])).stdout).toMatch(new RegExp(`^v${major}\\.`));

    const { code, stdout, stderr } = await project.run(node, ['plain.js'], env);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      answers: [
        [200, 'studio_1_db'],
        [200, 'studio_2_db'],
        [403, ''],
        [404, ''],
      ],
      outside: true,
    });
  });

  it('serves tenants from TypeScript', async () => {
    const { code, stdout, stderr } = await project.run(await program(), ['typed.ts'], { ...env, NODE_OPTIONS: '--no-warnings' });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      answers: ['studio_1_db', 'studio_2_db', '403 tenant_not_served', '404 unknown_host'],
      kind: 'unknown',
    });
  });
});

describe.each(NODES)('kubectl studio on Node %s', (_, program) => {
  const bin = (name: string): string => path.join(project.directory, 'node_modules/.bin', name);

  it('is a program that needs nothing beside Node', async () => {
    const { code, stdout, stderr } = await project.run(await program(), [bin('kubectl-studio'), 'help']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^kubectl studio \d+\.\d+\.\d+: /);
  });

  it('says in a sentence that there is no kubectl', async () => {
    const { code, stdout, stderr } = await project.run(await program(), [bin('kubectl-studio'), 'status'], { PATH: project.directory });

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: kubectl is not on the PATH: /);
  });

  it('completes its commands', async () => {
    const { stdout } = await project.run(await program(), [bin('kubectl_complete-studio'), 'do']);

    expect(stdout).toMatch(/^doctor\t.*\n:4\n$/);
  });
});

describe.each(['nodenext', 'bundler'] as const)("the package's types, found as by %s", (resolution) => {
  it('satisfy a strict application that checks the libraries as well, and catch its mistakes', async () => {
    expect(await project.typeCheck(['typed.ts'], resolution)).toBe('');
  });

  it('say what is wrong', async () => {
    await project.write('wrong.ts', TYPESCRIPT.replaceAll('// @ts-expect-error', '//'));

    const complaints = await project.typeCheck(['wrong.ts'], resolution);

    expect(complaints.match(/error TS\d+/g)).toEqual(['error TS2741', 'error TS2345', 'error TS2540']);
  });
});

describe('the package', () => {
  it('brings what it needs and nothing for Kubernetes or Express', () => {
    const modules = readdirSync(path.join(project.directory, 'node_modules'));

    expect(modules).toEqual(expect.arrayContaining(['pg', 'lru-cache', 'studio-operator']));
    expect(modules.filter((name) => name === 'express' || name === '@kubernetes')).toEqual([]);
  });

  it('says which package the door to Kubernetes needs', async () => {
    await project.write('kubernetes.js', "import 'studio-operator/routing/kubernetes';");

    const { code, stderr } = await project.run(process.execPath, ['kubernetes.js']);

    expect(code).toBe(1);
    expect(stderr).toContain("Cannot find package '@kubernetes/client-node'");
  });

  it('has no other doors', async () => {
    await project.write('inside.js', "import 'studio-operator/lib/index.js';");

    expect((await project.run(process.execPath, ['inside.js'])).stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it('has its documentation, whose links lead somewhere', () => {
    const pages = ['README.md', ...globSync('docs/*.md', { cwd: installed })];
    const links = pages.flatMap((page) => linksOf(page).map((link) => path.join(path.dirname(page), link)));

    expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/routing.md', 'docs/routing-contract.md']));
    expect(links).toContain('docs/routing-contract.md');
    expect(links.filter((link) => !existsSync(path.join(installed, link)))).toEqual([]);
    expect(existsSync(path.join(installed, 'LICENSE'))).toBe(true);
  });

  it('leads a debugger to its sources', () => {
    const maps = globSync('lib/**/*.map', { cwd: installed });
    const missing = maps.filter((map) => {
      const { sources } = JSON.parse(readFileSync(path.join(installed, map), 'utf8')) as { readonly sources: readonly string[] };
      return !sources.every((source) => existsSync(path.join(installed, path.dirname(map), source)));
    });

    expect(maps.length).toBeGreaterThan(20);
    expect(missing).toEqual([]);
  });

  it('brings programs that import nothing but Node and each other', () => {
    const files = globSync('plugin/**/*.js', { cwd: installed });
    const specifiers = files.flatMap((file) =>
      [...readFileSync(path.join(installed, file), 'utf8').matchAll(/(?:\bfrom |^import )'([^']+)'/gm)].map(
        ([, specifier = '']) => specifier,
      ),
    );

    expect(files).toEqual(expect.arrayContaining(['plugin/kubectl-studio.js', 'plugin/kubectl-studio-complete.js']));
    expect(specifiers.length).toBeGreaterThan(50);
    expect(specifiers.filter((specifier) => !/^(?:node:|\.\.?\/.*\.js$)/.test(specifier))).toEqual([]);
  });

  it('refers to its compiled files alone', () => {
    const files = globSync('{lib,plugin}/**/*.{js,d.ts}', { cwd: installed });
    const strays = files.filter((file) => /['"]\.[^'"\n]*\.ts['"]/.test(readFileSync(path.join(installed, file), 'utf8')));

    expect(strays).toEqual([]);
  });
});

/** Relative ones, without the part of the page. */
const linksOf = (page: string): readonly string[] =>
  [...readFileSync(path.join(installed, page), 'utf8').matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
