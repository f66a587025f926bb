// A way to a Service inside the cluster, kept open by kubectl as long as it is needed.
// Separate because it is a process with a life of its own, which must not outlive the command nor end with the user's Ctrl-C.
import type { ChildProcess } from 'node:child_process';
import type { Kubectl } from '../kubernetes/kubectl.ts';
import { CommandFailure } from '../session.ts';
import type { Leftovers } from './leftovers.ts';

export interface PortForward {
  readonly address: string;
  readonly port: number;
}

const START_TIMEOUT_MS = 30_000;
const ADDRESS = '127.0.0.1';

interface Service {
  readonly name: string;
  readonly namespace: string;
  readonly port: number;
}

/** Resolves when connections are taken; open until `leftovers` are cleared. Throws a CommandFailure with what kubectl says. */
export async function forwardTo(kubectl: Kubectl, { name, namespace, port }: Service, leftovers: Leftovers): Promise<PortForward> {
  // A process group of its own: Ctrl-C in psql is for the statement, not for the way to the server.
  const child = kubectl.start(['port-forward', '-n', namespace, `service/${name}`, `:${port}`, `--address=${ADDRESS}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  leftovers.add(() => void child.kill('SIGTERM'));
  try {
    return { address: ADDRESS, port: await localPort(child) };
  } catch (error) {
    throw new CommandFailure(`no way to the Service ${namespace}/${name}: ${(error as Error).message}`);
  }
}

async function localPort(child: ChildProcess): Promise<number> {
  let said = '';
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`kubectl port-forward did not begin within ${START_TIMEOUT_MS / 1000} s`)),
      START_TIMEOUT_MS,
    );
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      act();
    };
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const [, port] = /^Forwarding from 127\.0\.0\.1:(\d+) /m.exec(said) ?? [];
      if (port !== undefined) settle(() => resolve(Number(port)));
    });
    let complaint = '';
    child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    child.once('error', (error) => settle(() => reject(error)));
    child.once('close', () => settle(() => reject(new Error(complaint.trim() || 'kubectl port-forward ended'))));
  });
}
