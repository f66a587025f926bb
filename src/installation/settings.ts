/**
 * What the two commands beside the operator are told: `--apply-crds`, which must do without a master database, and `--check`, which looks
 * at an installation from outside. Separate from the operator's table, which is of the process that goes on.
 */
import { duration, text } from '../config/kinds.ts';
import { OPERATOR_SETTINGS } from '../config/operator-settings.ts';
import { ConfigError, type Environment, readSettings, type Settings, setting, settingsHelp, type ValuesOf } from '../config/read.ts';

const { kubeconfig, kubeContext, logLevel, logFormat } = OPERATOR_SETTINGS;
const APPLY_SETTINGS = { kubeconfig, kubeContext, logLevel, logFormat } as const;

const CHECK_SETTINGS = {
  checkUrl: setting('CHECK_URL', text, 'http://127.0.0.1:8080', "Where the operator's /readyz is."),
  checkTimeout: setting('CHECK_TIMEOUT', duration('1s'), '60s', 'How long to wait for all to be well.'),
} as const;

/** `argv` without `--apply-crds`. Throws ConfigError. */
export function applySettings(env: Environment, argv: readonly string[]): ValuesOf<typeof APPLY_SETTINGS> {
  return valuesOf(APPLY_SETTINGS, env, argv);
}

/** From the environment alone. Throws ConfigError. */
export function checkSettings(env: Environment): ValuesOf<typeof CHECK_SETTINGS> {
  return valuesOf(CHECK_SETTINGS, env, []);
}

export function commandsHelp(): string {
  return [
    'Instead of running the operator:',
    '',
    '  --apply-crds',
    '      Brings the CustomResourceDefinitions of the cluster up to this version and ends. Needs no master database, only',
    '      get, create and patch on customresourcedefinitions. Never takes a version or a field away: newer ones stay.',
    '  --check',
    '      Looks whether the operator is ready and leads, its definitions are there, and the master database answers and is',
    "      this cluster's; ends with 0 when all is well. Takes the settings of the operator, and two variables of its own.",
    '',
    settingsHelp(CHECK_SETTINGS).replaceAll(/--check-[a-z]+, /g, ''),
  ].join('\n');
}

function valuesOf<S extends Settings>(settings: S, env: Environment, argv: readonly string[]): ValuesOf<S> {
  const { values, problems } = readSettings(settings, env, argv);
  if (problems.length > 0) throw new ConfigError(problems);
  return values;
}
