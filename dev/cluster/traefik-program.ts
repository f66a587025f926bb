// Traefik as a program that is built here. Separate because one of its modules must be completed first: lego without the DNS providers,
// which would be most of the download and of the build (dev/traefik/no-dns-providers says what they are for).

import { execFile } from 'node:child_process';
import { copyFile, cp, readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { go, type GoProgram } from './go-program.ts';

const LEGO = 'github.com/go-acme/lego/v5';

export const TRAEFIK: GoProgram = {
  name: 'traefik',
  module: path.resolve(import.meta.dirname, '../traefik'),
  package: 'github.com/traefik/traefik/v3/cmd/traefik',
  product: { title: 'Traefik', folder: 'traefik', module: 'github.com/traefik/traefik/v3' },
  stamps: (version) => [`-X github.com/traefik/traefik/v3/pkg/version.Version=${version.slice(1)}`],
  minutes: 3,
  complete: async (copy) => {
    const directory = path.join(copy, 'lego');
    await cp(await downloadedLego(copy), directory, { recursive: true });
    await promisify(execFile)('chmod', ['-R', 'u+w', directory]); // the module cache is read-only, its directories too
    await copyFile(path.join(copy, 'no-dns-providers/providers.go'), path.join(directory, 'providers/dns/zz_gen_dns_providers.go'));
  },
};

/** In Go's module cache; what a replacement is made of is not checked by the build, so its hash is compared here. */
const downloadedLego = async (module: string): Promise<string> => {
  const sums = (await readFile(path.join(module, 'go.sum'), 'utf8')).split('\n').map((line) => line.split(' '));
  const [, version, expected] = sums.find(([name, found]) => name === LEGO && found?.endsWith('/go.mod') === false) ?? [];
  if (version === undefined) throw new Error(`${module}/go.sum does not say which version of ${LEGO} is meant`);
  // Outside the module, which has it replaced.
  const { Dir, Sum } = JSON.parse(await go(['mod', 'download', '-json', `${LEGO}@${version}`], os.tmpdir())) as Downloaded;
  if (Sum !== expected) throw new Error(`${LEGO}@${version} has the hash ${Sum}, and not ${expected}`);
  return Dir;
};

interface Downloaded {
  readonly Dir: string;
  readonly Sum: string;
}
