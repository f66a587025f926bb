// A lock between processes: a file with its holder's process id. Separate because two commands started together on a new machine must
// not both build Kubernetes, and a lock whose holder was killed must not stop everybody after it.

import { mkdir, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';

const POLL_MS = 500;

/** Runs `work` while holding the lock; `onWait` is called once when another process holds it. */
export const withFileLock = async <T>(file: string, work: () => Promise<T>, onWait: (holder: number) => void): Promise<T> => {
  await mkdir(path.dirname(file), { recursive: true });
  let told = false;
  while (!(await take(file))) {
    const holder = await liveHolder(file);
    if (holder === undefined) {
      await rm(file, { force: true });
      continue;
    }
    if (!told) onWait(holder);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
};

const take = async (file: string): Promise<boolean> => {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
};

/** The process that holds the lock; undefined when it is gone. A lock without a number is just being written. */
const liveHolder = async (file: string): Promise<number | undefined> => {
  const content = await readFile(file, 'utf8').catch(() => undefined);
  if (content === undefined) return undefined;
  const holder = Number(content);
  if (!(holder > 0)) return 0;
  try {
    process.kill(holder, 0);
    return holder;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? holder : undefined;
  }
};
