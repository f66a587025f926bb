// A directory for temporary files that goes when we go, however we go: what lies in it may be a Secret's content. Separate from the
// processes that use it, because it must outlive each of them and none of us.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';

export interface ScratchDirectory {
  readonly path: string;
  /** Removes it with all that is in it. */
  stop(): Promise<void>;
}

/** Makes a new directory that only this user can enter, among the system's temporary files. */
export const scratchDirectory = async (prefix: string): Promise<ScratchDirectory> => {
  const directory = await mkdtemp(path.join(os.tmpdir(), prefix));
  // Its standard input closes when we end. The moment after that is for processes which end at the same time and still write.
  const guard = spawn('/bin/sh', ['-c', 'cat >/dev/null; sleep 1; rm -rf "$1"', 'guard', directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  (guard.stdin as Socket).unref();
  return {
    path: directory,
    stop: async () => {
      guard.kill('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
};
