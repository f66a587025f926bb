/*
 * A connection as its borrower sees it. Separate because code outside this library gets it into its hands, and may keep
 * it: after the work is over nothing can be done with it any more.
 */
import type { Connection } from './connection.ts';
import type { TenantClient } from './types.ts';

export interface Loan {
  readonly client: TenantClient;
  /** From now on using `client` throws. */
  end(): void;
}

/** What borrowers may not do to a connection that is not theirs, and ORMs call all the same. */
const IGNORED: ReadonlySet<string | symbol> = new Set(['end', 'release', 'connect']);

/** Listeners that a borrower can leave behind; those of errors are ours too and stay. */
const BORROWED_EVENTS = ['notice', 'notification'] as const;

export function lend(connection: Connection): Loan {
  const { client } = connection;
  let over = false;
  const query = (...parameters: readonly unknown[]): unknown => {
    if (over) throw givenBack();
    return connection.lost === undefined ? connection.passOn(parameters) : refuse(connection.lost, parameters);
  };
  const nothing = async (): Promise<void> => undefined;
  const proxy = new Proxy(client, {
    get: (target, property) => {
      if (property === 'query') return query;
      // Whoever returns the client from an async function asks for it.
      if (property === 'then') return undefined;
      if (over) throw givenBack();
      if (IGNORED.has(property)) return nothing;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return {
    client: proxy as TenantClient,
    end: () => {
      over = true;
      for (const event of BORROWED_EVENTS) (client as NodeJS.EventEmitter).removeAllListeners(event);
    },
  };
}

const givenBack = (): Error => new Error('this client was given back when its work ended');

/** In the form in which it was asked: with a callback, as an object with one (cursors), or for a promise. */
function refuse(lost: Error, parameters: readonly unknown[]): unknown {
  const callback = parameters.findLast((parameter) => typeof parameter === 'function');
  const [first] = parameters;
  const submittable = typeof first === 'object' && first !== null && 'submit' in first && 'handleError' in first;
  if (callback === undefined && !submittable) return Promise.reject(lost);
  process.nextTick(() => {
    if (callback !== undefined) (callback as (error: Error) => void)(lost);
    else (first as { handleError(error: Error): void }).handleError(lost);
  });
  return submittable ? first : undefined;
}
