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

/** By which a borrower can leave listeners behind. */
const LISTENING: ReadonlySet<string | symbol> = new Set(['on', 'once', 'addListener', 'prependListener', 'prependOnceListener']);

type Listener = (...values: unknown[]) => void;
type Listen = (event: string | symbol, listener: Listener) => unknown;

export function lend(connection: Connection): Loan {
  const { client } = connection;
  let over = false;
  const query = (...parameters: readonly unknown[]): unknown => {
    if (over) throw givenBack();
    return connection.lost === undefined ? connection.passOn(parameters) : refuse(connection.lost, parameters);
  };
  const nothing = async (): Promise<void> => undefined;
  const emitter = client as NodeJS.EventEmitter;
  const left: { readonly event: string | symbol; readonly listener: Listener }[] = [];
  const removeLeft = (only?: string | symbol): void => {
    for (const { event, listener } of left) if (only === undefined || event === only) emitter.removeListener(event, listener);
  };
  const proxy: object = new Proxy(client, {
    get: (target, property) => {
      if (property === 'query') return query;
      // Whoever returns the client from an async function asks for it.
      if (property === 'then') return undefined;
      if (over) throw givenBack();
      if (IGNORED.has(property)) return nothing;
      if (LISTENING.has(property)) {
        return (event: string | symbol, listener: Listener): object => {
          left.push({ event, listener });
          (Reflect.get(target, property, target) as Listen).call(target, event, listener);
          return proxy;
        };
      }
      // Ours are among the rest: without that of errors a break would end the process.
      if (property === 'removeAllListeners') return (only?: string | symbol) => (removeLeft(only), proxy);
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return {
    client: proxy as TenantClient,
    end: () => {
      over = true;
      removeLeft();
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
