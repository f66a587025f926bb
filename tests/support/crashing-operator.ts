/**
 * The operator, killed by itself with SIGKILL right after its Nth side effect about tenants: CRASH_AFTER says which,
 * CRASH_LOG receives the name of each. An entry point of its own, so that the operator needs no switch for tests:
 * it uses the hooks that metrics come from, which every API call and SQL statement passes when it has been answered.
 */
import { appendFileSync } from 'node:fs';

import { loadConfig } from '../../src/config.ts';
import { createLogger } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics.ts';
import { runOperator } from '../../src/operator.ts';

const crashAfter = Number(process.env['CRASH_AFTER'] ?? 0);
const crashLog = process.env['CRASH_LOG'] ?? '';
const READS = new Set(['get', 'list', 'watch']);
/** What the operator does for itself, whatever its tenants do. */
const OWN_RESOURCES = new Set(['leases', 'events', 'postgresservers', 'tenantplans', 'schemareleases']);
let effects = 0;

function effect(name: string): void {
  effects += 1;
  appendFileSync(crashLog, `${name}\n`);
  if (effects === crashAfter) process.kill(process.pid, 'SIGKILL');
}

const metrics = createMetrics();
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort(new Error('stopped')));
const config = loadConfig(process.env, []);
await runOperator({
  config,
  log: createLogger(config.log, { isTerminal: false }),
  signal: stop.signal,
  metrics: {
    ...metrics,
    clients: {
      ...metrics.clients,
      kubernetesCall(verb, resource, code, seconds) {
        metrics.clients.kubernetesCall(verb, resource, code, seconds);
        if (!READS.has(verb) && !OWN_RESOURCES.has(resource)) effect(`${verb} ${resource}`);
      },
      sqlStatement(target, kind, seconds) {
        metrics.clients.sqlStatement(target, kind, seconds);
        if (isTenantStatement(kind)) effect(`${target}: ${kind}`);
      },
    },
  },
});
process.exit(0);

/** Reads are passed over: dying after one is dying before the next write. */
function isTenantStatement(kind: string): boolean {
  return !/^(?:gather|count|find|identity|fence|begin|commit|probe|select|server|claim-installation|check)/.test(kind);
}
