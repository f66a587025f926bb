// The image's commands, run from its root file system as a strict cluster runs them: read-only, as user 1000, without privileges.

import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../dev/free-port.ts';
import { buildImage } from '../../../dev/image/build-image.ts';
import type { SqlPlatform } from '../../../dev/sql-tenants.ts';
import { applicationEnvironment, ask, startStudios } from '../../support/application.ts';
import { eventually } from '../../support/eventually.ts';
import { imageObstacle, imageRoot, type ImageProcess, type ImageRoot } from '../../support/image-root.ts';
import { freshDatabase, queryAs } from '../../support/postgres.ts';

// The one that the tests on a whole node load: it is built once for both.
const IMAGE = { tag: 'e2e' };
const obstacle = imageObstacle();

describe.skipIf(obstacle !== undefined)(
  `the image${obstacle === undefined ? '' : ` (not here: ${obstacle})`}`,
  { timeout: 120_000 },
  () => {
    let root: ImageRoot;
    let parent: string;

    beforeAll(async () => {
      parent = await mkdtemp(path.join(os.tmpdir(), 'studio-image-test-'));
      root = await imageRoot(await buildImage(IMAGE), path.join(parent, 'root'));
    }, 600_000);

    afterAll(async () => await rm(parent, { recursive: true, force: true }));

    const start = (command: readonly string[], env: Readonly<Record<string, string>> = {}): ImageProcess => {
      const started = root.start(command, env);
      onTestFinished(() => started.kill());
      return started;
    };

    it.each([
      ['operator', 'studio-operator: '],
      ['migrate', 'migrate: '],
      ['app', 'app: '],
    ])('explains its command %s', async (command, beginning) => {
      const { code, stdout, stderr } = await start([command, '--help']).ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.startsWith(beginning)).toBe(true);
    });

    it('starts the operator, which says what it has not been told', async () => {
      const { code, stderr } = await start(['operator']).ended;
      expect(code).toBe(2);
      expect(stderr).toContain('MASTER_DATABASE_URL');
    });

    it('cannot write, and is nobody special', async () => {
      const script = `
      const { writeFileSync } = require('node:fs');
      const attempt = (file) => { try { writeFileSync(file, ''); return 'written'; } catch (error) { return error.code; } };
      console.log(JSON.stringify([process.getuid(), process.getgid(), process.getgroups(), ['/x', '/app/x', '/tmp/x', '/app/src/main.ts'].map(attempt)]));
    `;
      const { stdout } = await start(['node', '-e', script]).ended;
      expect(JSON.parse(stdout)).toEqual([1000, 1000, [1000], Array.from({ length: 4 }, () => 'EROFS')]);
    });

    it.each(['sh', '/bin/sh', 'env', 'npm', 'bash'])('cannot start %s', async (program) => {
      const { code, stderr } = await start([program]).ended;
      expect(code).toBe(127);
      expect(stderr).toContain('No such file or directory');
    });

    it('brings a real database to a release, once', async () => {
      await using database = await freshDatabase();
      const env = { DATABASE_URL: database.url, PGSSLMODE: 'disable', STUDIO_TENANT: 'alpha' };
      const first = await start(['migrate', 'migrations/tenant/studio-1'], env).ended;
      expect(first).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/done: \d+ migrations/) });
      const tables = await queryAs(database.url, "SELECT FROM information_schema.tables WHERE table_name = 'sessions'");
      expect(tables).toHaveLength(1);
      const second = await start(['migrate', 'migrations/tenant/studio-1'], env).ended;
      expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing to do') });
    });

    describe('serving the application', () => {
      let platform: SqlPlatform;
      beforeAll(async () => (platform = await startStudios()));
      afterAll(async () => await platform[Symbol.asyncDispose]());

      it('answers probes, runs without privileges, and ends in order when told to', async () => {
        const port = await freePort();
        const app = start(['app'], { ...applicationEnvironment(platform), LISTEN_PORT: String(port), CREDENTIALS_DIRECTORY: '/tmp' });
        await eventually(async () => (await ask(port, '', { path: '/healthz' })).status === 200);
        const status = await app.status();
        expect(status).toMatchObject({ Name: expect.stringMatching(/node|MainThread/), NoNewPrivs: '1', CapEff: '0000000000000000' });
        expect(status['Uid']?.split('\t')).toEqual(['1000', '1000', '1000', '1000']);
        await app.signal('SIGTERM');
        expect(await app.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('"msg":"stopped"') });
      });
    });
  },
);
