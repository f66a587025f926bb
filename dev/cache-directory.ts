// Where things are kept that take long to build or fetch. Separate because programs of several kinds are kept there, and checkouts share it.

import os from 'node:os';
import path from 'node:path';

/** In the user's cache; it need not exist yet. */
export const cacheDirectory = (): string => {
  const base = process.env['XDG_CACHE_HOME'];
  return path.join(base === undefined || base === '' ? path.join(os.homedir(), '.cache') : base, 'studio-operator');
};
