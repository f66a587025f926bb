// Somebody who asks for a page all the time. Separate because an upgrade, a restart and a failing neighbour are judged by the same question:
// did anybody notice?

import { send } from '../../../dev/demo/http-request.ts';
import { urlOf } from './tenants.ts';

export interface Traffic {
  /** Ends it; what was answered how often, such as { '200': 41 }. */
  stop(): Promise<Readonly<Record<string, number>>>;
}

const INTERVAL_MS = 50;

/** One request after another at the tenant's address. */
export const startTraffic = (name: string): Traffic => {
  const answers: Record<string, number> = {};
  let isOver = false;
  const run = async (): Promise<void> => {
    while (!isOver) {
      const answer = await send({ url: urlOf(name, '/sessions') }).then(
        ({ status }) => String(status),
        (error: unknown) => String(error),
      );
      answers[answer] = (answers[answer] ?? 0) + 1;
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
  };
  const running = run();
  return {
    stop: async () => {
      isOver = true;
      await running;
      return answers;
    },
  };
};
