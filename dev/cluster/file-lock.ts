// A lock between processes: a file that names its holder. Separate because two commands started together on a new machine must not both
// build Kubernetes, and a lock whose holder was killed must not stop everybody after it.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SetupError } from '../setup-error.ts';

const POLL_MS = 500;
const TAKE_AWAY_POLL_MS = 10;
/** Longer than anything takes that is done under a lock: the longest build is some minutes on 2 cores, and machines can be busy. */
const WAIT_AT_MOST_MS = 3_600_000;

export interface LockOptions {
  readonly waitAtMostMs?: number;
}

/**
 * Runs `work` while holding the lock; `onWait` is called once when another process holds it. Throws SetupError when that one still holds it
 * after an hour, or after `waitAtMostMs`.
 */
export const withFileLock = async <T>(
  file: string,
  work: () => Promise<T>,
  onWait: (holder: number) => void,
  { waitAtMostMs = WAIT_AT_MOST_MS }: LockOptions = {},
): Promise<T> => {
  await mkdir(path.dirname(file), { recursive: true });
  await acquire(file, onWait, waitAtMostMs);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
};

const acquire = async (file: string, onWait: (holder: number) => void, waitAtMostMs: number): Promise<void> => {
  const deadline = performance.now() + waitAtMostMs;
  let told = false;
  while (!(await take(file))) {
    const holder = holderIn(await contentOf(file));
    if (holder === undefined) {
      await takeAway(file);
      await sleep(TAKE_AWAY_POLL_MS);
      continue;
    }
    if (performance.now() > deadline) throw stillHeld(file, holder, waitAtMostMs);
    if (!told) onWait(holder);
    told = true;
    await sleep(POLL_MS);
  }
};

const stillHeld = (file: string, holder: number, waitedMs: number): SetupError =>
  new SetupError(`process ${holder} has held ${file} for ${Math.round(waitedMs / 60_000)} minutes: end it and try again`);

/** A link to a file that is complete: nobody ever finds a lock that does not name its holder, however suddenly that one ends. */
const take = async (file: string): Promise<boolean> => {
  const own = `${file}.${randomUUID()}`;
  try {
    await writeFile(own, `${process.pid} ${startOf(process.pid)}`);
    await link(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
};

/**
 * Removes a lock whose holder is gone. One at a time: of two who have both found it so, the slower would else remove the lock that the
 * faster has made since.
 */
const takeAway = async (file: string): Promise<void> => {
  const guard = `${file}.takeover`;
  if (!(await take(guard))) {
    const content = await contentOf(guard);
    if (content !== undefined && holderIn(content) === undefined) await rm(guard, { force: true });
    return;
  }
  try {
    // Whom it names never changes, so one that is dead now is the same until it is removed; one that is absent may be there in a moment.
    const content = await contentOf(file);
    if (content !== undefined && holderIn(content) === undefined) await rm(file, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
};

/** Undefined when it is not there. */
const contentOf = async (file: string): Promise<string | undefined> =>
  await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

/** The process that a lock names; undefined when there is no lock or that one is gone, also when its number is another's since. */
const holderIn = (content: string | undefined): number | undefined => {
  const [number, start = ''] = (content ?? '').split(' ');
  const holder = Number(number);
  return holder > 0 && isAlive(holder) && start === startOf(holder) ? holder : undefined;
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** Ticks between the start of the machine and that of the process, which with its number name it; field 22 of proc_pid_stat(5). */
const startOf = (pid: number): string => {
  if (process.platform !== 'linux') return '';
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Its name, the second field, may hold blanks and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
};

const sleep = async (milliseconds: number): Promise<void> => await new Promise((resolve) => setTimeout(resolve, milliseconds));
