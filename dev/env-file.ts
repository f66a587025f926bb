// The file .local/env: what `npm run dev` tells other terminals. Separate because one command writes it for shells to source, and
// another one reads it.

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { REPOSITORY } from './run.ts';

export const ENV_FILE = path.join(REPOSITORY, '.local', 'env');

export type EnvVariables = Readonly<Record<string, string>>;

/** `pathPrefix` is put before the PATH of the shell. For `source .local/env` in any POSIX shell; readable by this user alone, because it holds passwords. */
export const writeEnvFile = async (variables: EnvVariables, pathPrefix: string, file: string = ENV_FILE): Promise<void> => {
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  lines.push(`export PATH=${quoted(pathPrefix)}:"$PATH"\n`);
  await mkdir(path.dirname(file), { recursive: true });
  await rm(file, { force: true });
  await writeFile(file, lines.join(''), { mode: 0o600 });
};

/** Undefined when there is none. */
export const readEnvFile = async (file: string = ENV_FILE): Promise<EnvVariables | undefined> => {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : parseEnvFile(text);
};

/** All but the PATH, which is another one in every shell. */
const parseEnvFile = (text: string): EnvVariables =>
  Object.fromEntries(
    [...text.matchAll(/^export (\w+)='((?:[^']|'\\'')*)'$/gm)].map(([, name = '', value = '']) => [name, unquoted(value)]),
  );

// Within single quotes a shell changes nothing; a quote itself is written '\''.
const quoted = (value: string): string => `'${value.replaceAll("'", String.raw`'\''`)}'`;
const unquoted = (value: string): string => value.replaceAll(String.raw`'\''`, "'");
