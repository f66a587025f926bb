// Somebody who asks for a page all the time. Separate because an upgrade, a restart and a failing neighbour are judged by the same question:
// did anybody notice?

import { send, type HttpAnswer } from '../../../dev/demo/http-request.ts';
import { urlOf } from './tenants.ts';

export interface Answers {
  readonly served: number;
  /** By the application itself, which waits for a database no longer than its caller would: a machine that is out of breath does that. */
  readonly late: number;
  /** What came in between: no pod to go to, a connection that was cut, any other answer. */
  readonly lost: readonly string[];
}

export interface Traffic {
  /** Ends it. */
  stop(): Promise<Answers>;
}

const INTERVAL_MS = 100;

/** One request after another at the tenant's address. */
export const startTraffic = (name: string): Traffic => {
  let [served, late] = [0, 0];
  const lost: string[] = [];
  const ending = new AbortController();
  const run = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const answer = await send({ url: urlOf(name, '/sessions') }).catch((error: unknown) => String(error));
      if (typeof answer === 'string') lost.push(answer);
      else if (answer.status === 200) served += 1;
      else if (isLate(answer)) late += 1;
      else lost.push(`${answer.status} ${answer.body.slice(0, 200)}`);
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
  };
  const running = run();
  return {
    stop: async () => {
      ending.abort();
      await running;
      return { served, late, lost };
    },
  };
};

/** The Ingress controller's own 503, for a Service without pods, is no problem in the words of the application. */
const isLate = ({ status, headers }: HttpAnswer): boolean =>
  status === 503 && headers['content-type']?.startsWith('application/problem+json') === true;
