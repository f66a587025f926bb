/*
 * What is done on connections: one statement, a transaction, a loan. Separate from the broker because what is tried
 * again, and what an error means to a request, is no concern of who gets which connection.
 */
import { TenantUnavailable } from '../errors.ts';
import type { Tenant } from '../tenant.ts';
import type { Broker } from './broker.ts';
import type { Pooled } from './bucket.ts';
import type { eventCounts } from './event-counts.ts';
import { isAtomic, mayEndSession, saysNothingDone } from './failures.ts';
import { lend } from './loan.ts';
import { asError } from './opener.ts';
import { checkedLimit } from './options.ts';
import { beginStatement, commit, rollBack, runStatement } from './transaction.ts';
import type { LoanOptions, QueryResult, Statement, TenantClient, TransactionOptions } from './types.ts';

/** Of BEGIN, which does nothing by itself; of taking a connection that turns out to be gone; of a statement that certainly did nothing. */
const ATTEMPTS = 3;
const RETRY_AFTER_SECONDS = 1;

interface Job {
  readonly tenant: Tenant;
  readonly statement: string | Statement;
  readonly values: readonly unknown[] | undefined;
  readonly resolve: (result: QueryResult<never>) => void;
  readonly reject: (error: Error) => void;
  attempts: number;
}

export class Work {
  readonly #broker: Broker;
  readonly #emit: ReturnType<typeof eventCounts>['emit'];

  constructor(broker: Broker, emit: ReturnType<typeof eventCounts>['emit']) {
    this.#broker = broker;
    this.#emit = emit;
  }

  /** On an idle connection this is one promise more than pg's own query: thousands of them run per second. */
  query<R>(tenant: Tenant, statement: string | Statement, values?: readonly unknown[]): Promise<QueryResult<R>> {
    return new Promise<QueryResult<R>>((resolve, reject) => {
      this.#start({ tenant, statement, values, resolve, reject, attempts: 0 });
    }).catch((error: unknown) => {
      // Else the stack would lead to the socket, not to who asked.
      if (error instanceof Error) Error.captureStackTrace(error);
      throw error;
    });
  }

  async withClient<T>(tenant: Tenant, work: (client: TenantClient) => Promise<T>, options: LoanOptions = {}): Promise<T> {
    checkTimeout(options);
    const pooled = await this.#broker.acquire(tenant);
    return await this.#lent(pooled, options, async () => await this.#work(pooled, work));
  }

  async transaction<T>(tenant: Tenant, work: (client: TenantClient) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    checkTimeout(options);
    const begin = beginStatement(options);
    const pooled = await this.#begun(tenant, begin);
    return await this.#lent(pooled, options, async () => {
      try {
        const result = await this.#work(pooled, work);
        await commit(pooled.connection);
        return result;
      } catch (error) {
        await rollBack(pooled.connection);
        throw error;
      }
    });
  }

  #start(job: Job): void {
    const pooled = this.#broker.acquire(job.tenant);
    if (pooled instanceof Promise) pooled.then((late) => this.#run(late, job), job.reject);
    else this.#run(pooled, job);
  }

  #run(pooled: Pooled, job: Job): void {
    const { connection } = pooled;
    job.attempts += 1;
    if (!connection.sendable && job.attempts <= ATTEMPTS) {
      // It broke between being found and being used; nothing was sent.
      this.#broker.release(pooled);
      this.#again(job, connection.lost ?? new Error('the connection takes no more statements'));
      return;
    }
    try {
      connection.run<never>(job.statement, job.values, (error, result) => {
        if (result === undefined) {
          void this.#failed(pooled, job, asError(error));
          return;
        }
        this.#broker.release(pooled);
        job.resolve(result);
      });
    } catch (error) {
      // pg throws for what is no statement at all.
      this.#broker.release(pooled);
      job.reject(asError(error));
    }
  }

  /** The statement failed, or its session ended; which of the two shows when the server is ready again, or gone. */
  async #failed(pooled: Pooled, job: Job, error: Error): Promise<void> {
    const { connection } = pooled;
    await connection.settled();
    this.#broker.release(pooled);
    if (connection.lost === undefined) {
      job.reject(error);
      return;
    }
    const text = typeof job.statement === 'string' ? job.statement : job.statement.text;
    if (job.attempts < ATTEMPTS && saysNothingDone(error) && isAtomic(text)) {
      // Whoever ended this session has ended the tenant's others as well, as a rule: a fresh one, not the next dead one.
      this.#broker.distrust(pooled.bucket);
      this.#again(job, error);
    } else job.reject(brokenOff(job.tenant, connection.expired ?? error));
  }

  #again(job: Job, error: Error): void {
    this.#emit({ type: 'retried', organizationId: job.tenant.organizationId, error });
    try {
      this.#start(job);
    } catch (cause) {
      job.reject(asError(cause));
    }
  }

  async #begun(tenant: Tenant, begin: string): Promise<Pooled> {
    for (let attempt = 1; ; attempt += 1) {
      const pooled = await this.#broker.acquire(tenant);
      const { connection } = pooled;
      try {
        await runStatement(connection, begin);
        return pooled;
      } catch (error) {
        await connection.settled();
        this.#broker.release(pooled);
        if (connection.lost === undefined) throw error;
        if (attempt === ATTEMPTS) throw brokenOff(tenant, connection.expired ?? error);
        this.#emit({ type: 'retried', organizationId: tenant.organizationId, error: asError(error) });
      }
    }
  }

  async #lent<T>(pooled: Pooled, { queryTimeoutMs }: LoanOptions, body: () => Promise<T>): Promise<T> {
    if (queryTimeoutMs !== undefined) pooled.statementLimitMs = queryTimeoutMs;
    try {
      return await body();
    } finally {
      await pooled.connection.settled();
      this.#broker.release(pooled);
    }
  }

  async #work<T>({ bucket, connection }: Pooled, work: (client: TenantClient) => Promise<T>): Promise<T> {
    const loan = lend(connection);
    try {
      return await work(loan.client);
    } catch (error) {
      if (mayEndSession(error)) await connection.settled();
      const ended = connection.lost !== undefined && (error === connection.lost || mayEndSession(error));
      throw ended ? brokenOff(bucket.tenant, connection.expired ?? error) : error;
    } finally {
      loan.end();
    }
  }
}

function checkTimeout({ queryTimeoutMs }: LoanOptions): void {
  if (queryTimeoutMs !== undefined) checkedLimit('queryTimeoutMs', queryTimeoutMs);
}

function brokenOff({ organizationId, server }: Tenant, cause: unknown): TenantUnavailable {
  return new TenantUnavailable(`the connection of organization ${organizationId} to ${server.host}:${server.port} ended`, {
    cause,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
