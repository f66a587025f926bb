// The dump of one tenant in docs/production.md, with a kubectl and a pg_dump that are scripts: what matters is what the second is handed,
// and how. Arguments are shown to every user of a machine, so a password must not be among them.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { blocksOf } from '../../../dev/docs/blocks.ts';
import { connectionSecretData } from '../../../src/desired/connection-secret.ts';

const PASSWORD = "it's $ecret 1";
const SECRET = connectionSecretData(
  { database: 'studio_1_db', username: 'studio_1_db', password: PASSWORD, generation: 1 },
  { host: 'postgres.example.com', port: 5433, sslmode: 'require' },
);

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'studio-dump-'));
  const script = (name: string, text: string) => writeFileSync(path.join(directory, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const cases = Object.entries(SECRET).map(([key, value]) => `*'{.data.${key}}'*) printf %s '${btoa(value)}' ;;`);
  script('kubectl', `case "$*" in ${cases.join(' ')} *) exit 1 ;; esac`);
  script('pg_dump', 'echo "$*"; env | grep ^PG | sort');
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

it("hands pg_dump the tenant's Secret, and none of it as an argument", () => {
  const block = blocksOf('docs/production.md').find(({ text }) => text.includes('pg_dump'));
  const env = { PATH: `${directory}:${process.env['PATH']}` };
  const { stdout } = spawnSync('/bin/sh', ['-euc', block?.text ?? ''], { env, encoding: 'utf8' });
  expect(stdout.trim().split('\n')).toEqual([
    '--format=custom --no-owner --no-privileges --file=my-studio.dump',
    'PGDATABASE=studio_1_db',
    'PGHOST=postgres.example.com',
    `PGPASSWORD=${PASSWORD}`,
    'PGPORT=5433',
    'PGSSLMODE=require',
    'PGUSER=studio_1_db',
  ]);
});
