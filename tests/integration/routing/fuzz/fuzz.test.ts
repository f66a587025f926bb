// A hundred thousand hosts that nobody should send, to a real server over raw connections: it stays up, it takes nobody for another,
// and neither its memory nor what it asks of the master database grows with them. FUZZ_SEED repeats a run, FUZZ_REQUESTS makes it longer.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSqlPlatform, type SqlPlatform } from '../../../../dev/sql-tenants.ts';
import { ask } from '../ask.ts';
import { Lane, type Answer } from './lane.ts';
import { oracleFor, type Oracle } from './oracle.ts';
import { randomFrom } from './random.ts';
import { fuzzedRequest, type FuzzedNames, type FuzzedRequest } from './requests.ts';
import type { ServerPorts, ServerReport, ServerStart } from './server-process.ts';

const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 100_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 32);
const BASE = 'platform.example';
const LANES = 12;
const AT_ONCE = 25;
const WARM_UP = 20_000;
/** What is remembered of nobody's hosts weighs less than half of it; a leak of one host per request, twice as much. */
const MAX_HEAP_GROWTH_BYTES = 6 * 2 ** 20;

let platform: SqlPlatform;
let child: ChildProcess;
let ports: ServerPorts;
let names: FuzzedNames;
let oracle: Oracle;
let activeHosts: ReadonlyMap<string, string>;

beforeAll(async () => {
  platform = await startSqlPlatform({ postgres: { settings: { log_statement: 'all' } } });
  const owners = await addTenants();
  activeHosts = owners.active;
  names = { hosts: [...owners.active.keys(), ...owners.others], base: BASE };
  oracle = oracleFor(owners.active);
  const start: ServerStart = { master: platform.applicationUrl, baseDomain: BASE };
  child = fork(path.join(import.meta.dirname, 'server-process.ts'), [JSON.stringify(start)], { execArgv: ['--expose-gc'] });
  ports = await heard<ServerPorts>();
});

afterAll(async () => {
  if (child.exitCode === null) {
    child.disconnect();
    await once(child, 'exit');
  }
  await platform[Symbol.asyncDispose]();
});

/** Every host there is, and the hosts of tenants that must never be named. Names that no answer says by chance. */
const addTenants = async (): Promise<{ readonly active: ReadonlyMap<string, string>; readonly others: readonly string[] }> => {
  const active = new Map<string, string>();
  const subdomains = Array.from({ length: 30 }, (_, n) => `zq${n}x-studio`);
  const rowsOnly = { database: false } as const;
  for (const subdomain of subdomains) active.set(`${subdomain}.${BASE}`, subdomain);
  await platform.addTenants(subdomains, rowsOnly);
  const withDomains = { domains: ['booking.zq30x.test', 'xn--zq30x-jva.test', 'zq30x.co.test'] };
  await platform.addTenant('zq30x', { ...rowsOnly, ...withDomains });
  for (const host of [`zq30x.${BASE}`, ...withDomains.domains]) active.set(host, 'zq30x');
  await platform.addTenant('zq31x', { ...rowsOnly, status: 'suspended', displayName: 'zq31x paused' });
  await platform.addTenant('zq32x', { ...rowsOnly, status: 'retained', displayName: 'zq32x kept' });
  return { active, others: [`zq31x.${BASE}`, `zq32x.${BASE}`] };
};

const report = async (): Promise<ServerReport> => {
  child.send('report');
  return await heard<ServerReport>();
};

/** The server's next word; rejects when it has ended. */
const heard = async <T>(): Promise<T> => {
  if (child.exitCode !== null) throw new Error(`the server has ended with ${child.exitCode}`);
  const controller = new AbortController();
  const { signal } = controller;
  try {
    const ended = once(child, 'exit', { signal }).then(([code]) => Promise.reject(new Error(`the server has ended with ${code}`)));
    const [message] = (await Promise.race([once(child, 'message', { signal }), ended])) as [T];
    return message;
  } finally {
    controller.abort();
  }
};

/** What is wrong with an answer; undefined: nothing. */
const complaint = (request: FuzzedRequest, { status, text }: Answer): string | undefined => {
  const owner = oracle(request);
  const named = /zq\d+x(?:-studio)?/.exec(text)?.[0];
  if (named !== undefined && named !== owner) return `names ${named} to ${owner ?? 'nobody'}`;
  if (named !== undefined && status !== 200) return `names ${named} in an answer ${status}`;
  if (request.isHarmless && !request.isHostile && owner !== undefined && named === undefined) return `does not serve ${owner}`;
  if (!request.isHostile && ![200, 400, 403, 404, 410].includes(status)) return 'is no answer that was due';
  return undefined;
};

interface Tally {
  readonly complaints: string[];
  readonly statuses: Map<number, number>;
  readonly served: Set<string>;
}

const judge = (request: FuzzedRequest, answer: Answer, { complaints, statuses, served }: Tally): void => {
  statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
  const wrong = complaint(request, answer);
  if (wrong !== undefined) complaints.push(`${JSON.stringify(request.bytes.toString('latin1').slice(0, 500))}: ${answer.status} ${wrong}`);
  const owner = answer.status === 200 ? oracle(request) : undefined;
  if (owner !== undefined) served.add(owner);
};

/** One client: calm requests many at a time, hostile ones alone. */
const client = async (seed: number, count: number, tally: Tally): Promise<void> => {
  const random = randomFrom(seed);
  const lanes = { wary: new Lane(ports.wary), trusting: new Lane(ports.trusting) };
  const send = async (requests: readonly FuzzedRequest[], lane: Lane): Promise<void> => {
    if (requests.length === 0) return;
    const answers = await lane.send(requests.map(({ bytes }) => bytes));
    for (const [index, request] of requests.entries()) judge(request, answers[index] ?? { status: 0, text: '' }, tally);
  };
  for (let done = 0; done < count; done += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - done) }, () => fuzzedRequest(names, random));
    for (const trusts of [false, true]) {
      const lane = trusts ? lanes.trusting : lanes.wary;
      const own = batch.filter((request) => request.trusts === trusts);
      await send(
        own.filter(({ isHostile }) => !isHostile),
        lane,
      );
      for (const request of own.filter(({ isHostile }) => isHostile)) await send([request], lane);
    }
  }
  lanes.wary.close();
  lanes.trusting.close();
};

const fuzz = async (seed: number, count: number, tally: Tally): Promise<void> => {
  await Promise.all(Array.from({ length: LANES }, (_, lane) => client(seed + lane * 7_919, Math.ceil(count / LANES), tally)));
};

/** As the server saw them, whatever the directory says of itself. */
const lookupsInLog = async (): Promise<number> => {
  const statements = (await readFile(platform.server.logFile, 'utf8')).split(/LOG: +(?:execute|statement)/);
  return statements.filter((text) => text.includes('tenant_routes')).length;
};

test(
  `${REQUESTS} strange hosts crash nothing, find nobody else's tenant and fill nothing (seed ${SEED})`,
  { timeout: 300_000 },
  async () => {
    const tally: Tally = { complaints: [], statuses: new Map(), served: new Set() };
    await fuzz(SEED, WARM_UP, tally);
    const lookupsBefore = await lookupsInLog();
    const before = await report();
    await fuzz(SEED + 1, REQUESTS - WARM_UP, tally);
    const after = await report();
    const lookups = (await lookupsInLog()) - lookupsBefore;
    const growth = after.heapUsed - before.heapUsed;
    console.log({ seed: SEED, requests: REQUESTS, statuses: Object.fromEntries(tally.statuses), lookups, growth, before, after });

    expect(tally.complaints.slice(0, 20)).toEqual([]);
    expect(child.exitCode).toBe(null);
    expect((await ask(ports.wary, `zq0x-studio.${BASE}`)).body).toMatch(/^served zq0x-studio /);
    // It was no test if nobody was found.
    expect([...tally.served].toSorted()).toEqual([...new Set(activeHosts.values())].toSorted());
    expect(growth).toBeLessThan(MAX_HEAP_GROWTH_BYTES);
    expect(after.known).toBeLessThanOrEqual(2 * names.hosts.length);
    expect(after.unknown).toBeLessThanOrEqual(2 * 10_000);
    expect(after.isListening).toBe(true);
    expect(lookups).toBe(after.queries - before.queries);
    // What waits together is asked for together: far fewer than there are requests, most of which name somebody new.
    expect(lookups).toBeLessThan((REQUESTS - WARM_UP) / 8);
  },
);
