// Whether a container takes requests, by its readiness probe. Separate from the life of a pod, which goes on whatever the answer is. Only
// HTTP probes, and asked more often than a kubelet would, so that nobody waits for a period to go by. Startup and liveness probes are not
// asked: what they do is start a container anew, and tests do that themselves.

import { setTimeout as pause } from 'node:timers/promises';
import type { V1Container } from '@kubernetes/client-node';

export interface Probe {
  readonly url: string;
  readonly timeoutMs: number;
}

const PERIOD_MS = 300;

/** `ports` is where the container really listens, by name. Undefined: it has no such probe, and is ready once it runs. */
export const readinessProbe = ({ readinessProbe: probe }: V1Container, ports: ReadonlyMap<string, number>): Probe | undefined => {
  const port = ports.get(String(probe?.httpGet?.port));
  if (probe?.httpGet === undefined || port === undefined) return undefined;
  return { url: `http://127.0.0.1:${port}${probe.httpGet.path ?? '/'}`, timeoutMs: (probe.timeoutSeconds ?? 1) * 1000 };
};

/** Tells every change, beginning with not ready; resolves when the signal aborts. */
export const followReadiness = async (probe: Probe, tell: (ready: boolean) => Promise<void>, signal: AbortSignal): Promise<void> => {
  let told = false;
  while (!signal.aborted) {
    const ready = await answers(probe, signal);
    if (ready !== told && !signal.aborted) await tell(ready);
    told = ready;
    await pause(PERIOD_MS, undefined, { signal }).catch(() => undefined); // ends with the signal, as does the loop
  }
};

const answers = async ({ url, timeoutMs }: Probe, signal: AbortSignal): Promise<boolean> => {
  try {
    const { ok, body } = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    await body?.cancel();
    return ok;
  } catch {
    return false;
  }
};
