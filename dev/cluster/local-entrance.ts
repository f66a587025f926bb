// The entrance of a cluster without nodes: Traefik and the application as processes of this machine, on ports that are reserved at once,
// because the tenants' addresses are written before either of them runs.

import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { reservePort } from '../free-port.ts';
import { withProgress } from '../progress.ts';
import type { Entrance } from './entrance.ts';
import { buildOnce } from './go-program.ts';
import { INGRESS_CLASS, INGRESS_CONTROLLER_ACCOUNT, ingressControllerObjects } from './ingress-controller-objects.ts';
import { startIngressController } from './ingress-controller.ts';
import type { StartedParts } from './started-parts.ts';
import { TRAEFIK } from './traefik-program.ts';

export interface LocalEntranceOptions {
  /** Stops what is started. */
  readonly parts: StartedParts;
  /** For files that go with the run. */
  readonly directory: string;
  /** Whose Ingresses are served. */
  readonly namespaces: readonly string[];
}

export const localEntrance = async ({ parts, directory, namespaces }: LocalEntranceOptions): Promise<Entrance> => {
  const [http, https, application] = await Promise.all([reservePort(), reservePort(), reservePort()]);
  const program = builtInBackground(parts);
  return {
    httpPort: http.port,
    httpsPort: https.port,
    className: INGRESS_CLASS,
    application,
    prepare: program.begin,
    open: async (cluster) => {
      const kubeconfigPath = path.join(directory, 'traefik.kubeconfig');
      for (const object of ingressControllerObjects(namespaces)) await cluster.apply(object);
      await cluster.writeServiceAccountKubeconfig(INGRESS_CONTROLLER_ACCOUNT, kubeconfigPath);
      parts.add(await startIngressController({ program: await program.path(), kubeconfigPath, namespaces, http, https, directory }));
    },
  };
};

/** What is in the cache is there by then, and nothing needs saying. */
const QUIET_MS = 1000;

interface ProgramBeingBuilt {
  begin(): void;
  path(): Promise<string>;
}

/** A first build takes minutes, in which others can work; it ends with us, finished or not. */
const builtInBackground = (parts: StartedParts): ProgramBeingBuilt => {
  const ending = new AbortController();
  let building: Promise<string> | undefined;
  let isOver = false;
  const begin = (): void => {
    if (building !== undefined) return;
    building = buildOnce(TRAEFIK, { signal: ending.signal, inBackground: true });
    const end = (): void => void (isOver = true);
    building.then(end, end); // a failure is told to whoever asks for the path
  };
  parts.add({
    stop: async () => {
      ending.abort();
      await building?.catch(() => undefined);
    },
  });
  return {
    begin,
    path: async () => {
      begin();
      await Promise.race([building?.catch(() => undefined), delay(QUIET_MS, undefined, { ref: false })]);
      if (isOver) return await (building as Promise<string>);
      return await withProgress('Waiting for Traefik', async () => await (building as Promise<string>));
    },
  };
};
