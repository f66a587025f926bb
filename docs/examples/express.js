// An Express application on a studio-operator platform, in plain JavaScript: a request finds its tenant by its host, and works in that
// tenant's database. Tenants that are not served are answered before any handler runs.
//
//   npm install studio-operator express
//   MASTER_DATABASE_URL=postgresql://studio_app:...@master:5432/studio_platform_master \
//   BASE_DOMAIN=platform.com CREDENTIALS_DIRECTORY=/var/run/tenants PORT=8000 node express.js
//
// CREDENTIALS_DIRECTORY has one directory per tenant's Secret, mounted or copied there: <directory>/<secret>/password and so on.

import express from 'express';
import { createTenantRouting, mountedCredentials } from 'studio-operator/routing';

const { MASTER_DATABASE_URL, BASE_DOMAIN, CREDENTIALS_DIRECTORY, HOST = '127.0.0.1', PORT = '8000' } = process.env;

const routing = createTenantRouting({
  master: MASTER_DATABASE_URL,
  baseDomain: BASE_DOMAIN,
  credentials: mountedCredentials({ directory: CREDENTIALS_DIRECTORY }),
});

const app = express();

// Before the middleware: probes come by address, not by a tenant's host.
app.get('/healthz', (request, response) => response.send('ok'));

app.use(routing.middleware);
app.use(express.json());

app.get('/sessions', async (request, response) => {
  const { rows } = await request.tenant.query('SELECT id, title FROM sessions ORDER BY id');
  response.json({ studio: request.tenant.displayName, sessions: rows });
});

app.post('/sessions', async (request, response) => {
  const title = request.body?.title;
  if (typeof title !== 'string' || title === '') {
    response.status(422).json({ error: 'title: a text is needed' });
    return;
  }
  const { rows } = await request.tenant.query('INSERT INTO sessions (title) VALUES ($1) RETURNING id, title', [title]);
  response.status(201).json(rows[0]);
});

// After the routes: a database that cannot be reached now is a 503, not a 500.
app.use(routing.errorHandler);

await routing.ready();
const server = app.listen(Number(PORT), HOST, () => console.log(`listening on http://${HOST}:${server.address().port}`));

process.once('SIGTERM', () => server.close(() => void routing.close()));
