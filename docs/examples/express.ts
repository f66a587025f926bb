// An Express application on a studio-operator platform, in TypeScript and inside Kubernetes: passwords come from the tenants' Secrets by
// the API server. Its ServiceAccount needs the right to `get` Secrets in the tenants' namespaces, and nothing more.
//
//   npm install studio-operator express @kubernetes/client-node
//   MASTER_DATABASE_URL=postgresql://studio_app:...@master:5432/studio_platform_master \
//   BASE_DOMAIN=platform.com MINIMUM_RELEASE=3 PORT=8000 node express.ts

import { KubeConfig } from '@kubernetes/client-node';
import express from 'express';
import { createTenantRouting, currentTenant, tenantLogFields } from 'studio-operator/routing';
import { kubernetesSecrets } from 'studio-operator/routing/kubernetes';
import 'studio-operator/routing/express'; // request.tenant

interface Session {
  readonly id: string;
  readonly title: string;
}

const setting = (name: string, otherwise?: string): string => {
  const value = process.env[name] ?? otherwise;
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};

/** Every line of the log says whose request it was about. */
const log = (message: string, fields: object = {}): void => console.log(JSON.stringify({ message, ...tenantLogFields(), ...fields }));

// In a pod its ServiceAccount; elsewhere KUBECONFIG, or ~/.kube/config.
const kubeConfig = new KubeConfig();
kubeConfig.loadFromDefault();

const routing = createTenantRouting({
  master: setting('MASTER_DATABASE_URL'),
  baseDomain: setting('BASE_DOMAIN'),
  credentials: kubernetesSecrets({ kubeConfig }),
  // Tenants whose migration has not run yet are answered 503 until it has.
  minimumRelease: Number(setting('MINIMUM_RELEASE', '0')),
  hooks: {
    onResponse: ({ organizationId, status, durationMs }) => log('request', { organizationId, status, durationMs }),
    onAnswer: ({ host, state, organizationId }) => log('not served', { host, state, organizationId }),
    onError: ({ error }) => log('error', { error: String(error) }),
  },
});

/** Code below the handlers needs nothing handed down: the tenant is that of the request it runs for. */
const sessions = async (): Promise<readonly Session[]> =>
  (await currentTenant().query<Session>('SELECT id, title FROM sessions ORDER BY id')).rows;

/** Two statements that belong together: both are committed, or neither. */
const addSessions = async (titles: readonly string[]): Promise<readonly Session[]> =>
  await currentTenant().transaction(async (client) => {
    const added: Session[] = [];
    for (const title of titles) {
      const { rows } = await client.query<Session>('INSERT INTO sessions (title) VALUES ($1) RETURNING id, title', [title]);
      added.push(...rows);
    }
    return added;
  });

const app = express();
app.get('/healthz', (_request, response) => void response.send('ok'));
app.use(routing.middleware);
app.use(express.json());

app.get('/sessions', async (request, response) => {
  response.json({ studio: request.tenant.displayName, sessions: await sessions() });
});

app.post('/sessions', async (request, response) => {
  const { title } = (request.body ?? {}) as { readonly title?: unknown };
  const titles = Array.isArray(title) ? title : [title];
  if (!titles.every((each) => typeof each === 'string' && each !== '')) {
    response.status(422).json({ error: 'title: a text is needed' });
    return;
  }
  response.status(201).json({ sessions: await addSessions(titles) });
});

app.use(routing.errorHandler);

await routing.ready();
const server = app.listen(Number(setting('PORT', '8000')), setting('HOST', '127.0.0.1'), () => log('listening'));

process.once('SIGTERM', () => server.close(() => void routing.close()));
