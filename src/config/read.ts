/**
 * Reads a table of settings from flags and environment, and writes the help text from the same table.
 * Separate from the table so that every program of the image reads its settings, and complains, in the same way.
 */
import type { Kind } from './kinds.ts';

/** One setting: an environment variable and, unless it is secret, a flag of the same name (`BASE_DOMAIN`, `--base-domain`). */
export interface Setting<T> {
  readonly variable: string;
  readonly kind: Kind<NonNullable<T>>;
  /** Used when neither flag nor variable is given, written as a person would write it. */
  readonly fallback: string | undefined;
  readonly required: boolean;
  /** Never echoed, and not accepted as a flag: the arguments of a process are readable by others. */
  readonly secret: boolean;
  /** One sentence for the help text and the documentation, unit included. */
  readonly about: string;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;
export type ValuesOf<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

/** A table's values; the ones that could not be read are missing wherever `problems` is not empty. */
export interface Reading<S extends Settings> {
  readonly values: ValuesOf<S>;
  /** One sentence each, naming the variable and flag and what is expected. */
  readonly problems: readonly string[];
}

/** All that is wrong with the configuration, at once. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** A setting that always has a value. */
export function setting<T>(variable: string, kind: Kind<T>, fallback: string, about: string): Setting<T> {
  return {
    variable,
    kind: kind as Kind<NonNullable<T>>,
    fallback,
    required: false,
    secret: false,
    about,
  };
}

/** A setting that may be left out. */
export function optional<T>(variable: string, kind: Kind<T>, about: string): Setting<T | undefined> {
  return {
    variable,
    kind: kind as Kind<NonNullable<T>>,
    fallback: undefined,
    required: false,
    secret: false,
    about,
  };
}

/** A setting that must be given, through the environment only. */
export function requiredSecret<T>(variable: string, kind: Kind<T>, about: string): Setting<T> {
  return {
    variable,
    kind: kind as Kind<NonNullable<T>>,
    fallback: undefined,
    required: true,
    secret: true,
    about,
  };
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A flag wins over its variable; a variable that is set but empty counts as not given. */
export function readSettings<S extends Settings>(settings: S, env: Environment, argv: readonly string[]): Reading<S> {
  const flags = readFlags(settings, argv);
  const problems = [...flags.problems];
  const values: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(settings)) {
    const given = flags.values.get(one.variable) ?? emptyAsMissing(env[one.variable]) ?? one.fallback;
    values[key] = given === undefined ? undefined : one.kind.parse(given);
    if (given === undefined && one.required) problems.push(`${nameOf(one)} is missing: expected ${one.kind.expects}`);
    if (given !== undefined && values[key] === undefined) problems.push(mismatch(one, given));
  }
  return { values: values as ValuesOf<S>, problems };
}

/** One line per setting: flag, variable, default, meaning. */
export function settingsHelp(settings: Settings): string {
  return Object.values(settings)
    .map((one) => {
      const names = one.secret ? one.variable : `${flagOf(one)}, ${one.variable}`;
      return `  ${names}\n      ${one.about}\n      ${one.kind.expects}; ${defaultOf(one)}`;
    })
    .join('\n');
}

function flagOf(one: Setting<unknown>): string {
  return `--${one.variable.toLowerCase().replaceAll('_', '-')}`;
}

function defaultOf(one: Setting<unknown>): string {
  if (one.required) return 'required';
  return one.fallback === undefined ? 'not set by default' : `default ${one.fallback === '' ? 'empty' : one.fallback}`;
}

interface Flags {
  readonly values: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

/** Accepts `--name value` and `--name=value`. */
function readFlags(settings: Settings, argv: readonly string[]): Flags {
  const known = new Map(
    Object.values(settings)
      .filter((one) => !one.secret)
      .map((one) => [flagOf(one), one]),
  );
  const values = new Map<string, string>();
  const problems: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const [name = '', ...inline] = (argv[at] ?? '').split('=');
    const one = known.get(name);
    const value = inline.length > 0 ? inline.join('=') : argv[at + 1];
    if (one !== undefined && inline.length === 0) at += 1;
    if (one === undefined) problems.push(`${name} is not a flag of this program: see --help`);
    else if (value === undefined) problems.push(`${name} needs a value: expected ${one.kind.expects}`);
    else values.set(one.variable, value);
  }
  return { values, problems };
}

function emptyAsMissing(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function mismatch(one: Setting<unknown>, given: string): string {
  const shown = one.secret ? 'what is given' : JSON.stringify(given);
  return `${nameOf(one)} cannot be ${shown}: expected ${one.kind.expects}`;
}

function nameOf(one: Setting<unknown>): string {
  return one.secret ? one.variable : `${one.variable} (${flagOf(one)})`;
}
