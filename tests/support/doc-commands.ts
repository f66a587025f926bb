// Runs what stands in the documentation as a reader would: commands in a shell, SQL on a server, both read from the page by the name in
// the block's info string. The rules are in tests/unit/docs/commands.test.ts; `npm run docs:commands` prints the list.

import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { blockOf, blocksOf, type DocBlock } from '../../dev/docs/blocks.ts';
import { kubectlProgram } from '../../dev/kubectl.ts';
import { queryAs, type Row } from './postgres.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

export interface DocShellOptions {
  readonly kubeconfigPath: string;
  /** Beside kubectl: what the commands call (helm, kubectl-studio), and where it is here. */
  readonly programs?: Readonly<Record<string, string>>;
  /** What readers put into variables themselves. */
  readonly env?: Readonly<Record<string, string>>;
  /** Addresses and names of the documentation that are others here, such as `pg-main.databases.svc`. */
  readonly words?: Readonly<Record<string, string>>;
}

/** A reader's terminal at the top of the repository, but for the files that commands write: those go with it. */
export interface DocShell extends AsyncDisposable {
  readonly directory: string;
  readonly options: DocShellOptions;
}

export async function docShell(options: DocShellOptions): Promise<DocShell> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'studio-docs-'));
  await mkdir(path.join(directory, '.bin'));
  const programs = { ...options.programs, kubectl: await kubectlProgram(), node: process.execPath };
  for (const [name, program] of Object.entries(programs)) await symlink(program, path.join(directory, '.bin', name));
  for (const entry of await readdir(ROOT)) await symlink(path.join(ROOT, entry), path.join(directory, entry));
  return { directory, options, [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true, force: true }) };
}

/**
 * Runs one block of commands with `bash -euo pipefail` and returns what it printed on stdout; throws with everything it printed when
 * a command fails, or after `timeoutMs` (5 min). `env` is for this block alone.
 */
export async function runDocBlock(
  document: string,
  name: string,
  shell: DocShell,
  { env = {}, timeoutMs = 300_000 }: { readonly env?: Readonly<Record<string, string>>; readonly timeoutMs?: number } = {},
): Promise<string> {
  const block = blockOf(document, name);
  const child = spawn('bash', ['-euo', 'pipefail', '-c', withWords(shell, commandsOf(block))], {
    cwd: shell.directory,
    env: { ...environmentOf(shell), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(String(signal ?? code)));
  });
  const [stdout, stderr, code] = await Promise.all([textOf(child.stdout), textOf(child.stderr), ended]);
  if (code !== '0') throw new Error(`${document}#${name} ended with ${code}\n${block.text}\n--- stdout\n${stdout}\n--- stderr\n${stderr}`);
  return stdout;
}

/** Saves the page's files (```yaml file=values.yaml) where its commands look for them. */
export async function writeDocFiles(document: string, shell: DocShell): Promise<void> {
  for (const { file, text } of blocksOf(document)) {
    if (file !== undefined) await writeFile(path.join(shell.directory, file), withWords(shell, text));
  }
}

/** A block of SQL, statement by statement as psql runs it, as whoever the URL names; `words` as in a shell. The last one's rows. */
export async function runDocSql<R extends Row = Row>(
  document: string,
  name: string,
  url: string,
  words: Readonly<Record<string, string>> = {},
): Promise<readonly R[]> {
  let rows: readonly R[] = [];
  for (const statement of statementsOf(replaced(blockOf(document, name).text, words))) rows = await queryAs<R>(url, statement);
  return rows;
}

/** At semicolons that end a line, a comment behind them aside; the body of a function or DO block is one piece. */
function statementsOf(sql: string): readonly string[] {
  const pieces = sql.split(/;[ \t]*(?:--.*)?$/m);
  const statements: string[] = [];
  for (const piece of pieces) {
    const open = statements.at(-1);
    if (open !== undefined && open.split('$$').length % 2 === 0) statements[statements.length - 1] = `${open};${piece}`;
    else statements.push(piece);
  }
  return statements.filter((statement) => statement.replaceAll(/--.*$/gm, '').trim() !== '');
}

/** Of a transcript, the commands alone. */
function commandsOf({ language, text }: DocBlock): string {
  if (language !== 'console') return text;
  const lines = text.split('\n').filter((line) => line.startsWith('$ '));
  return lines.map((line) => line.slice(2)).join('\n');
}

function environmentOf({ directory, options }: DocShell): NodeJS.ProcessEnv {
  return {
    PATH: `${path.join(directory, '.bin')}:${process.env['PATH'] ?? '/usr/bin:/bin'}`,
    // Helm and kubectl keep their caches and settings there, and a reader's own must not be read.
    HOME: directory,
    KUBECONFIG: options.kubeconfigPath,
    ...options.env,
  };
}

const withWords = ({ options }: DocShell, text: string): string => replaced(text, options.words ?? {});

const replaced = (text: string, words: Readonly<Record<string, string>>): string =>
  Object.entries(words).reduce((result, [from, to]) => result.replaceAll(from, to), text);
