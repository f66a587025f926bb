// The demo's command line. Separate so that it is checked before anything starts.

import { parseArgs } from 'node:util';
import { clusterArguments, UsageError, type Existing } from '../cluster/arguments.ts';

export interface DemoOptions {
  /** End after the last chapter; the exit code says whether every expectation held. */
  readonly once: boolean;
  readonly help: boolean;
  /** A cluster that is there already. */
  readonly existing: Existing | undefined;
}

export const DEMO_HELP = `Shows the operator at work: a real Kubernetes API server, a real PostgreSQL, the samples of manifests/,
and requests to its tenants through a real Ingress controller.

Usage: npm run demo [-- options]

  --once   ends after the last chapter, with 0 only if every expectation held; also without a terminal
  --help   this text

  Without more options it brings its own cluster: K3s where a Docker engine answers, else a control plane of this machine's own (built once
  with Go). For a cluster that is there already, all three of these:
  --context NAME         the kubeconfig's context
  --image NAME           the operator's image, where that cluster can pull it
  --postgres-url URL     a login with CREATEDB and CREATEROLE, at an address that the cluster and this machine reach
  and, to have requests shown, too:
  --ingress-port PORT    where its Ingress controller answers HTTP at 127.0.0.1

Without --once everything stays up until Ctrl-C, and how to go on is printed. Nothing is left running after it.
`;

const OPTIONS = { once: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;

/** Throws UsageError with a sentence. */
export const demoOptions = (argv: readonly string[], isTerminal: boolean): DemoOptions => {
  const { existing, rest } = clusterArguments(argv);
  const { once, help } = ownOptions(rest);
  return { once: once ?? !isTerminal, help: help ?? false, existing };
};

const ownOptions = (args: readonly string[]): { readonly once?: boolean; readonly help?: boolean } => {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\nnpm run demo -- --help tells what there is.`);
  }
};
