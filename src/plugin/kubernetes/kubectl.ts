// The user's own kubectl as a child process: its context, login plugins and rights count, and nothing else is needed.
// Separate because this is the one place that starts it and that reads its refusals.
import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';

export interface KubectlOptions {
  /** Flags that were given to the plugin and are kubectl's, such as --context. */
  readonly flags: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** `reason` is Kubernetes' own word (Forbidden, NotFound, ...), or one of ours where no API server has spoken. */
export class KubectlError extends Error {
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.name = 'KubectlError';
    this.reason = reason;
  }
}

/** There is no kubectl. */
export const NO_KUBECTL = 'NoKubectl';
/** The API server does not know the kind: the definitions are not installed. */
export const UNKNOWN_KIND = 'UnknownKind';
const OTHER = 'Other';

export interface Kubectl {
  /** Standard output; throws a KubectlError. `input` goes to standard input. */
  text(args: readonly string[], input?: string): Promise<string>;
  json<T>(args: readonly string[], input?: string): Promise<T>;
  /** Runs on; the caller ends it. */
  start(args: readonly string[], options: SpawnOptions): ChildProcess;
}

export function createKubectl({ flags, env }: KubectlOptions): Kubectl {
  const start = (args: readonly string[], options: SpawnOptions): ChildProcess =>
    spawn('kubectl', [...flags, ...args], { env, ...options });
  const text = async (args: readonly string[], input?: string): Promise<string> => {
    const child = start(args, { stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
    child.stdin?.end(input);
    return await outputOf(child);
  };
  return {
    text,
    start,
    json: async <T>(args: readonly string[], input?: string) => JSON.parse(await text([...args, '-o', 'json'], input)) as T,
  };
}

/** Collected without a limit: thousands of tenants are tens of megabytes. */
async function outputOf(child: ChildProcess): Promise<string> {
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
  return await new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => reject(notStarted(error)));
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(output).toString('utf8'));
      else reject(refusal(Buffer.concat(errors).toString('utf8')));
    });
  });
}

function notStarted(error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ENOENT') return error;
  return new KubectlError(NO_KUBECTL, 'kubectl is not on the PATH: install it (https://kubernetes.io/docs/tasks/tools/) and try again');
}

/** kubectl prints the API server's reason in brackets; what it says of itself has no other mark than its words. */
function refusal(stderr: string): KubectlError {
  const text = stderr.trim();
  const [, reason] = /^Error from server \((\w+)\)/m.exec(text) ?? [];
  if (reason !== undefined) return new KubectlError(reason, text);
  const isUnknownKind = text.includes("the server doesn't have a resource type");
  return new KubectlError(isUnknownKind ? UNKNOWN_KIND : OTHER, text === '' ? 'kubectl failed and said nothing' : text);
}

export function isRefusal(error: unknown, ...reasons: readonly string[]): error is KubectlError {
  return error instanceof KubectlError && reasons.includes(error.reason);
}
