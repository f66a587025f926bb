// The same without a framework: a handler for node:http that runs for served tenants only. The tenant is on the request, and everywhere
// below it by currentTenant().
//
//   npm install studio-operator
//   MASTER_DATABASE_URL=postgresql://studio_app:...@master:5432/studio_platform_master \
//   BASE_DOMAIN=platform.com CREDENTIALS_DIRECTORY=/var/run/tenants PORT=8000 node node-http.js

import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { createTenantRouting, currentTenant, mountedCredentials } from 'studio-operator/routing';

const { MASTER_DATABASE_URL, BASE_DOMAIN, CREDENTIALS_DIRECTORY, HOST = '127.0.0.1', PORT = '8000' } = process.env;

const routing = createTenantRouting({
  master: MASTER_DATABASE_URL,
  baseDomain: BASE_DOMAIN,
  credentials: mountedCredentials({ directory: CREDENTIALS_DIRECTORY }),
});

const sessions = async () => (await currentTenant().query('SELECT id, title FROM sessions ORDER BY id')).rows;

const addSession = async (title) =>
  (await currentTenant().query('INSERT INTO sessions (title) VALUES ($1) RETURNING id, title', [title])).rows[0];

const answer = (response, status, body) => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

const handler = routing.handle(async (request, response) => {
  if (request.url !== '/sessions') return answer(response, 404, { error: 'There is no such page.' });
  if (request.method === 'GET') return answer(response, 200, { studio: request.tenant.displayName, sessions: await sessions() });
  if (request.method !== 'POST') return answer(response, 405, { error: 'GET or POST' });
  const { title } = await json(request).catch(() => ({}));
  if (typeof title !== 'string' || title === '') return answer(response, 422, { error: 'title: a text is needed' });
  answer(response, 201, await addSession(title));
});

await routing.ready();
const server = createServer((request, response) => (request.url === '/healthz' ? response.end('ok') : handler(request, response)));
server.listen(Number(PORT), HOST, () => console.log(`listening on http://${HOST}:${server.address().port}`));

process.once('SIGTERM', () => server.close(() => void routing.close()));
