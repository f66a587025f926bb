// Real requests through a real Ingress controller: two tenants side by side on one application, and what it answers for those that it
// does not serve. Each is shown as the curl command that anybody can repeat.

import { timed } from '../../cluster/started-parts.ts';
import { startInstalledApplication } from '../application.ts';
import { addressOf, ask } from '../ask.ts';
import { heading, type Chapter, type Demo } from '../demo.ts';
import { BASE_DOMAIN, NAMESPACE, SERVED } from '../expectations.ts';

const APPLICATION_TIMEOUT_MS = 180_000;

export const serveChapter: Chapter = async (demo) => {
  const { terminal, environment } = demo;
  heading(terminal, 'Requests from outside, through the Ingress');
  if (environment.entrance === undefined) {
    terminal.line('  Left out: --ingress-port tells where the Ingress controller of this cluster answers.');
    return;
  }
  await open(demo);
  const session = await sideBySide(demo);
  await credits(demo, session);
  await customDomain(demo, environment.entrance.httpPort);
  for (const { subdomain, status, why } of SERVED.notServed) {
    await ask(demo, { url: `${addressOf(demo, subdomain)}/sessions` }, { status, shows: `${subdomain} ${why}: ${status}` });
  }
  await page(demo);
};

const open = async ({ terminal, cluster, environment, parts }: Demo): Promise<void> => {
  const onStarted = (what: string, milliseconds: number): void =>
    terminal.line(`  ${what.padEnd(36)}  ${terminal.style('dim', `${(milliseconds / 1000).toFixed(1)} s`)}`);
  await timed('Ingress controller', onStarted, async () => await environment.entrance?.open(cluster));
  await timed('Application', onStarted, async () => {
    const application = parts.add(await startInstalledApplication(cluster, environment, BASE_DOMAIN));
    await application.ready(APPLICATION_TIMEOUT_MS);
  });
};

// In the database of the first one since the chapter that shows it.
const FIRST_SESSION = 'Portraits by the lake';
const SECOND_SESSION = 'Night photography';

/** Returns the address of the first one's session. */
const sideBySide = async (demo: Demo): Promise<string> => {
  const [first, second] = [urlOf(demo, SERVED.first), urlOf(demo, SERVED.second)];
  const has = (title: string, others: string) => (body: string) => body.includes(title) && !body.includes(others);
  const own = await ask(
    demo,
    { url: `${first}/sessions` },
    { status: 200, body: has(FIRST_SESSION, SECOND_SESSION), shows: `${SERVED.first} has its own session` },
  );
  const json = { title: SECOND_SESSION, startsAt: '2030-01-15T20:00:00+01:00', capacity: 6, priceCents: 4900 };
  await ask(
    demo,
    { url: `${second}/sessions`, json },
    { status: 201, body: (body) => body.includes(SECOND_SESSION), shows: `${SERVED.second} takes a new session` },
  );
  await ask(
    demo,
    { url: `${second}/sessions` },
    { status: 200, body: has(SECOND_SESSION, FIRST_SESSION), shows: `${SERVED.second} has that one and none of ${SERVED.first}'s` },
  );
  await ask(
    demo,
    { url: `${first}/sessions` },
    { status: 200, body: has(FIRST_SESSION, SECOND_SESSION), shows: `${SERVED.first} still has its own alone` },
  );
  return `${first}/sessions/${/"id":(\d+)/.exec(own.body)?.[1]}`;
};

/** Twice with one key, as a client does that did not hear the first answer. */
const credits = async (demo: Demo, session: string): Promise<void> => {
  const request = { url: `${session}/description`, json: {}, headers: { 'Idempotency-Key': 'first-text' } };
  const balance = (body: string): string | undefined => /"balance":\d+/.exec(body)?.[0];
  const paid = await ask(demo, request, {
    status: 200,
    body: (body) => balance(body) !== undefined,
    shows: `${SERVED.first} pays for a text with AI credits`,
  });
  await ask(demo, request, {
    status: 200,
    body: (body) => balance(body) === balance(paid.body),
    shows: 'the same request again is the same text, paid once',
  });
};

const customDomain = async (demo: Demo, port: number): Promise<void> => {
  const url = `http://${SERVED.customDomain}:${port}/sessions`;
  await ask(demo, { url }, { status: 200, shows: `${SERVED.customDomain} leads to its tenant` });
};

const page = async (demo: Demo): Promise<void> => {
  const { terminal, tenants } = demo;
  const name = tenants.get(`${NAMESPACE}/${SERVED.first}`)?.spec.displayName ?? '';
  const url = urlOf(demo, SERVED.first);
  await ask(
    demo,
    { url: `${url}/`, headers: { accept: 'text/html' } },
    { status: 200, body: (body) => body.includes(name) && body.includes(FIRST_SESSION), shows: `${SERVED.first} has a page: ${name}` },
  );
  terminal.line();
  terminal.line(`  In a browser: ${terminal.style('cyan', `${url}/`)}`);
};

/** As it stands in the tenant's status. */
const urlOf = ({ tenants }: Demo, tenant: string): string => {
  const url = tenants.get(`${NAMESPACE}/${tenant}`)?.status?.url;
  if (url === undefined) throw new Error(`${tenant} has no address in its status`);
  return url;
};
