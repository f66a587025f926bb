// The entrance of a cluster that brings its own Ingress controller, at a port of this machine: K3s's Traefik behind a container's port, or
// what the user says of a cluster that is there. Nothing is started here; it is only waited for.

import type { Entrance } from './entrance.ts';

const HOST = '127.0.0.1';
/** K3s installs Traefik after it is ready itself, and pulls its image first. */
const TIMEOUT_MS = 180_000;
const POLL_MS = 500;

export const mappedEntrance = (where: Pick<Entrance, 'httpPort' | 'httpsPort' | 'className'>): Entrance => ({
  ...where,
  prepare: () => undefined,
  open: async () => {
    const deadline = performance.now() + TIMEOUT_MS;
    while (!(await answers(where.httpPort))) {
      if (performance.now() > deadline)
        throw new Error(`no Ingress controller answers at http://${HOST}:${where.httpPort} after ${TIMEOUT_MS / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  },
});

/** Anything at all: for a host that it does not know, a controller answers 404. */
const answers = async (port: number): Promise<boolean> =>
  await fetch(`http://${HOST}:${port}/`, { signal: AbortSignal.timeout(2000), redirect: 'manual' }).then(
    () => true,
    () => false,
  );
