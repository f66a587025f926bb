/**
 * The operator, killed by itself with SIGKILL right after a certain side effect about one tenant. An entry point of its own,
 * so that the operator needs no switch for tests: it uses the hooks that metrics come from, which every API call and SQL
 * statement passes when it has been answered, and the logger, which is told whose reconcile begins.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { appendFileSync, readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';

import type { Logger } from 'pino';

import { loadConfig } from '../../src/config.ts';
import { createLogger } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics.ts';
import { runOperator } from '../../src/operator.ts';
import { type CrashOrder, crashPoint } from './crash-order.ts';

/** Read at every side effect: a test arms an operator that is running already. */
const orderFile = process.env['CRASH_ORDER'] ?? '';
const READS = new Set(['get', 'list', 'watch']);
const STUDIO_TENANTS = 'studiotenant';
/** Which tenant the work under way is for. */
const reconciling = new AsyncLocalStorage<string | undefined>();
const done = new Map<string, number>();
let armed = '';

function effect(name: string): void {
  const order = JSON.parse(readFileSync(orderFile, 'utf8')) as CrashOrder;
  if (order.tenant !== reconciling.getStore()) return;
  if (armed !== order.tenant) done.clear();
  armed = order.tenant;
  const times = (done.get(name) ?? 0) + 1;
  done.set(name, times);
  const point = crashPoint(name, times);
  appendFileSync(order.log, `${point}\n`);
  if (point === order.after) process.kill(process.pid, 'SIGKILL');
}

/** Every reconcile begins with a logger of its own. */
function tellingWhose(log: Logger): Logger {
  const child = log.child.bind(log);
  const told = (bindings: Record<string, unknown>): Logger => {
    reconciling.enterWith(bindings['controller'] === STUDIO_TENANTS ? String(bindings['name']) : undefined);
    return child(bindings);
  };
  return Object.assign(log, { child: told });
}

// One that is killed would leave nothing for the next one.
flushCompileCache();

const metrics = createMetrics();
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort(new Error('stopped')));
const config = loadConfig(process.env, []);
await runOperator({
  config,
  log: tellingWhose(createLogger(config.log, { isTerminal: false })),
  signal: stop.signal,
  metrics: {
    ...metrics,
    clients: {
      ...metrics.clients,
      kubernetesCall(verb, resource, code, seconds) {
        metrics.clients.kubernetesCall(verb, resource, code, seconds);
        if (!READS.has(verb)) effect(`${verb} ${resource}`);
      },
      sqlStatement(target, kind, seconds) {
        metrics.clients.sqlStatement(target, kind, seconds);
        if (isWrite(kind)) effect(`${target}: ${kind}`);
      },
    },
  },
});
process.exit(0);

/** Reads are passed over: dying after one is dying before the next write. */
function isWrite(kind: string): boolean {
  return !/^(?:gather|count|find|list|inspect|identify|ping|begin|rollback|server-occupants|end-former)/.test(kind);
}
