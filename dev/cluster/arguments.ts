// The command line of everything that needs a cluster. Separate because the three options belong together: one of them alone is a mistake
// that must be said before anything is started.

import { parseArgs } from 'node:util';
import { SetupError } from '../setup-error.ts';

/** A cluster and a server that are there already. */
export interface Existing {
  readonly context: string;
  /** The operator's image, where the cluster can pull it. */
  readonly image: string;
  /** Of the login for the operator, at an address that both the cluster and this machine reach. */
  readonly postgresUrl: string;
  /** Port of 127.0.0.1 at which the cluster's Ingress controller answers HTTP; undefined: not from this machine. */
  readonly ingressPort: number | undefined;
}

export class UsageError extends SetupError {}

const OPTIONS = {
  context: { type: 'string' },
  image: { type: 'string' },
  'postgres-url': { type: 'string' },
  'ingress-port': { type: 'string' },
} as const;

/** Takes the options of this module out of the arguments; `rest` is what remains. Throws UsageError. */
export const clusterArguments = (
  args: readonly string[],
): { readonly existing: Existing | undefined; readonly rest: readonly string[] } => {
  const { values, tokens } = parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true });
  const taken = new Set<number>();
  for (const token of tokens) {
    if (token.kind !== 'option' || !(token.name in OPTIONS)) continue;
    taken.add(token.index);
    if (token.inlineValue === false) taken.add(token.index + 1);
  }
  return { existing: existingOf(values), rest: args.filter((_, index) => !taken.has(index)) };
};

const existingOf = (values: Readonly<Record<string, string | boolean | undefined>>): Existing | undefined => {
  const { context, image, 'postgres-url': postgresUrl, 'ingress-port': ingressPort } = values;
  if (Object.keys(OPTIONS).every((name) => values[name] === undefined)) return undefined;
  if (typeof context !== 'string')
    throw new UsageError('--image, --postgres-url and --ingress-port belong to --context NAME: say which cluster is meant');
  if (typeof image !== 'string' || typeof postgresUrl !== 'string') {
    throw new UsageError(
      "--context needs --image NAME (the operator's image, where the cluster can pull it) and --postgres-url URL (a login with CREATEDB and CREATEROLE, at an address that the cluster and this machine reach)",
    );
  }
  if (!/^postgres(ql)?:$/.test(URL.parse(postgresUrl)?.protocol ?? '')) throw new UsageError('--postgres-url is no postgresql:// URL');
  return { context, image, postgresUrl, ingressPort: portOf(ingressPort) };
};

const portOf = (text: string | boolean | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new UsageError('--ingress-port is no port');
  return port;
};
