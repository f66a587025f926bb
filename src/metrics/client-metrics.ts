/**
 * Calls to the three systems the operator talks to: API server, master database, PostgreSQL servers.
 * Separate because clients report through these and know no metrics library.
 */
import type { Registry } from 'prom-client';

import { collectedGauge } from './collected.ts';
import { instruments } from './instruments.ts';

export interface ClientMetrics {
  /** One answered or failed API call; `code` is the HTTP status, or `<error>` when there was no answer. */
  kubernetesCall(verb: string, resource: string, code: string, seconds: number): void;
  /** One SQL statement; `target` is `master` or the PostgresServer's name, `kind` its first word. */
  sqlStatement(target: string, kind: string, seconds: number): void;
  /** Whether the last try to reach the master database succeeded. */
  masterUp(isUp: boolean): void;
}

const CALL_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function clientMetrics(registry: Registry): ClientMetrics {
  const make = instruments(registry);
  const calls = make.counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API server by verb, resource and status code.',
    labels: ['verb', 'resource', 'code'],
  });
  const callTime = make.histogram(
    { name: 'rest_client_request_duration_seconds', help: 'Time to the answer of the API server.', labels: ['verb'] },
    CALL_BUCKETS,
  );
  const statements = make.counter({
    name: 'studio_sql_statements_total',
    help: 'SQL statements by target and kind.',
    labels: ['target', 'kind'],
  });
  const statementTime = make.histogram(
    { name: 'studio_sql_statement_seconds', help: 'Length of an SQL statement.', labels: ['target', 'kind'] },
    CALL_BUCKETS,
  );
  const masterUp = masterGauge(registry);
  return {
    kubernetesCall(verb, resource, code, seconds) {
      calls.inc({ verb, resource, code });
      callTime.observe({ verb }, seconds);
    },
    sqlStatement(target, kind, seconds) {
      statements.inc({ target, kind });
      statementTime.observe({ target, kind }, seconds);
    },
    masterUp,
  };
}

/** Not a gauge that begins with 0: a standby talks to no master database, and would seem to have lost it. */
function masterGauge(registry: Registry): ClientMetrics['masterUp'] {
  let isMasterUp: boolean | undefined;
  collectedGauge(registry, {
    name: 'studio_master_up',
    help: '1 while the master database answers; reported by whoever has tried to reach it, so not by a standby.',
    labels: [],
    samples: () => (isMasterUp === undefined ? [] : [[{}, isMasterUp ? 1 : 0]]),
  });
  return (isUp) => {
    isMasterUp = isUp;
  };
}
