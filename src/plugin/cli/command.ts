// What a command is: its words for people, its flags, and what it runs. Separate because help, parsing and completion are all made of it.
import type { Session } from '../session.ts';

export interface Flag {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  /** What stands for the value in the help. */
  readonly value?: string;
  readonly summary: string;
}

export type Flags = Readonly<Record<string, Flag>>;

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What follows the name, as in `<tenant>`; empty: takes no argument. */
  readonly argument: '' | '<tenant>' | '[tenant]' | '<tenant|release/NAME>';
  readonly description: string;
  /** What follows `--` is for a program that it runs. */
  readonly takesRest?: true;
  readonly flags: Flags;
  readonly examples: readonly (readonly [comment: string, command: string])[];
  /** Resolves with the exit code. */
  run(session: Session, invocation: Invocation): Promise<number>;
}

export interface Invocation {
  readonly argument: string | undefined;
  /** Of -n; undefined: not said. */
  readonly namespace: string | undefined;
  readonly flags: GivenFlags;
  /** What came after `--`. */
  readonly rest: readonly string[];
}

export interface GivenFlags {
  readonly json: boolean;
  on(name: string): boolean;
  text(name: string): string | undefined;
}

/** Of every command. */
export const COMMON_FLAGS: Flags = {
  namespace: { type: 'string', short: 'n', value: 'NAMESPACE', summary: "the namespace; without it the context's, or all" },
  'all-namespaces': { type: 'boolean', short: 'A', summary: 'all namespaces' },
  output: { type: 'string', short: 'o', value: 'json', summary: 'print one JSON object in place of text' },
  help: { type: 'boolean', short: 'h', summary: 'print the help of the command' },
};

/** kubectl's own, which are handed on to it. All take a value but for the last. */
export const KUBECTL_FLAGS: Flags = Object.fromEntries([
  ...[
    'context',
    'kubeconfig',
    'cluster',
    'user',
    'as',
    'as-group',
    'as-uid',
    'request-timeout',
    'server',
    'token',
    'certificate-authority',
    'client-certificate',
    'client-key',
    'tls-server-name',
    'cache-dir',
  ].map((name) => [
    name,
    { type: 'string', value: 'VALUE', summary: 'as of kubectl', ...(name === 'server' ? { short: 's' } : {}) } satisfies Flag,
  ]),
  ['insecure-skip-tls-verify', { type: 'boolean', summary: 'as of kubectl' } satisfies Flag],
]) as Flags;
