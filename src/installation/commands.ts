/**
 * The commands beside the operator put together: settings, a connection to the API server, the work, and the exit code. Separate from
 * main.ts so that the process stays one screen.
 */
import { Connection } from '../clients/kubernetes/connection.ts';
import { KubernetesClient } from '../clients/kubernetes/kubernetes-client.ts';
import { loadConfig } from '../config.ts';
import type { Environment } from '../config/read.ts';
import { masked } from '../desired/masking.ts';
import { createLogger } from '../log.ts';
import { applyDefinitions, DefinitionsRefused } from './apply-definitions.ts';
import { checkInstallation } from './check.ts';
import { installationChecks } from './checks.ts';
import { applySettings, checkSettings } from './settings.ts';

export interface CommandOptions {
  readonly env: Environment;
  /** Without the program. */
  readonly argv: readonly string[];
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
  /** Lines that say why it ends with something else than 0. */
  readonly printError: (line: string) => void;
}

type Command = (options: CommandOptions) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = { '--apply-crds': applyCommand, '--check': checkCommand };

/** Undefined when the operator itself is meant. A command gives the exit code; it throws ConfigError and what is unexpected. */
export function commandOf(argv: readonly string[]): Command | undefined {
  const name = argv.find((argument) => COMMANDS[argument] !== undefined);
  const command = name === undefined ? undefined : COMMANDS[name];
  return command && ((options) => command({ ...options, argv: argv.filter((argument) => argument !== name) }));
}

async function applyCommand({ env, argv, signal, printError }: CommandOptions): Promise<number> {
  const { kubeconfig: path, kubeContext: context, logLevel: level, logFormat: format } = applySettings(env, argv);
  const log = createLogger({ level, format }, { isTerminal: process.stdout.isTTY });
  const connection = new Connection({ path, context });
  try {
    await applyDefinitions({ kubernetes: clientOf(connection), log, signal });
    return 0;
  } catch (error) {
    if (!(error instanceof DefinitionsRefused)) throw error;
    printError(error.message);
    return 1;
  } finally {
    await connection.close();
  }
}

async function checkCommand({ env, argv, signal, print, printError }: CommandOptions): Promise<number> {
  const { checkUrl: url, checkTimeout: timeoutMs } = checkSettings(env);
  const config = loadConfig(env, argv);
  const connection = new Connection({ path: config.kubernetes.kubeconfigFile, context: config.kubernetes.context });
  try {
    const checks = installationChecks({ kubernetes: clientOf(connection), config, url });
    const { isWell, lines } = await checkInstallation({ checks, timeoutMs, signal });
    for (const line of lines) (isWell ? print : printError)(masked(line));
    return isWell ? 0 : 1;
  } finally {
    await connection.close();
  }
}

function clientOf(connection: Connection): KubernetesClient {
  return new KubernetesClient({ connection, userAgent: 'studio-operator', assertWritable: () => undefined });
}
