// What is in the image that the Dockerfile makes: everything that production needs, and nothing else.

import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeArchive, unpackArchive, type ImageDescription } from '../../../dev/image/archive-reader.ts';
import { buildImage, type BuiltImage } from '../../../dev/image/build-image.ts';
import { summaryOf } from '../../../dev/image/summary.ts';
import { productionSbom } from '../../../dev/sbom/production-sbom.ts';
import { imageObstacle } from '../../support/image-root.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const MAX_BYTES = 200e6;
// The one that the tests on a whole node load: it is built once for both.
const IMAGE = { tag: 'e2e' };
const obstacle = imageObstacle();

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as Manifest;

describe.skipIf(obstacle !== undefined)(
  `the image${obstacle === undefined ? '' : ` (not here: ${obstacle})`}`,
  { timeout: 300_000 },
  () => {
    let image: BuiltImage;
    let description: ImageDescription;
    let directory: string;
    /** Every file, without a slash at its beginning. */
    let files: readonly string[];

    beforeAll(async () => {
      image = await buildImage(IMAGE);
      description = await describeArchive(image.archive);
      directory = await mkdtemp(path.join(os.tmpdir(), 'studio-image-test-'));
      await unpackArchive(image.archive, directory);
      const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
      files = entries.map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name))).toSorted();
    }, 600_000);

    afterAll(async () => await rm(directory, { recursive: true, force: true }));

    const installed = (): readonly string[] => {
      const manifests = files.filter((file) => /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^@/]+\/package\.json$/.test(file));
      const read = manifests.map((file) => JSON.parse(readFileSync(path.join(directory, file), 'utf8')) as Manifest);
      return [...new Set(read.map(({ name, version }) => `${name}@${version}`))].toSorted();
    };

    it('has the name it was asked for, and is small', () => {
      expect(image.reference).toBe('docker.io/library/studio-operator:e2e');
      expect(description.names).toEqual([expect.stringMatching(/^(?:docker\.io\/library\/)?studio-operator:e2e$/)]);
      expect(image.sizeBytes).toBeLessThan(MAX_BYTES);
    });

    it('says who runs it, what, and what it is', () => {
      const { config, os: system } = description.config;
      expect(system).toBe('linux');
      expect(config).toMatchObject({ User: '1000:1000', Cmd: ['operator'], WorkingDir: '/app', ExposedPorts: { '8080/tcp': {} } });
      expect(config.Entrypoint ?? []).toEqual([]);
      expect(config.Env).toContain('NODE_ENV=production');
      expect(config.Labels).toMatchObject({
        'org.opencontainers.image.title': manifest.name,
        'org.opencontainers.image.version': manifest.version,
        'org.opencontainers.image.revision': 'unknown',
        'org.opencontainers.image.licenses': 'Apache-2.0',
      });
    });

    it('has of this project the sources, the migrations, the commands and the licence, as they are here', () => {
      const own = files.filter((file) => file.startsWith('app/') && !file.startsWith('app/node_modules/'));
      const here = ['src', 'migrations', 'bin'].flatMap((folder) =>
        readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
          .filter((entry) => !entry.isDirectory())
          .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name))),
      );
      expect(own).toEqual([...here, 'LICENSE', 'package.json'].map((file) => `app/${file}`).toSorted());
      expect(readFileSync(path.join(directory, 'app/src/main.ts'))).toEqual(readFileSync(path.join(ROOT, 'src/main.ts')));
    });

    it('has every production dependency and no other, as the bill of materials lists them', async () => {
      const listed = (await productionSbom()).components.map(({ name, version }) => `${name}@${version}`);
      expect(installed()).toEqual([...new Set(listed)].toSorted());
      expect(installed()).toEqual(
        expect.arrayContaining(Object.entries(manifest.dependencies).map(([name, version]) => `${name}@${version}`)),
      );
      const development = Object.keys(manifest.devDependencies).filter((name) => !name.startsWith('@types/'));
      expect(installed().filter((each) => development.some((name) => each.startsWith(`${name}@`)))).toEqual([]);
    });

    it('keeps the licence of every dependency that ships one', () => {
      const licences = files.filter((file) => /node_modules\/.*\/licen[cs]e(?:\.\w+)?$/i.test(file));
      expect(licences.length).toBeGreaterThan(installed().length * 0.9);
    });

    it("has neither typings, tests nor other platforms' libraries of its dependencies", () => {
      const dependencies = files.filter((file) => file.startsWith('app/node_modules/'));
      expect(dependencies.filter((file) => /\.(?:[cm]?ts|map|bare)$/.test(file))).toEqual([]);
      expect(dependencies.filter((file) => /node_modules\/(?:@[^/]+\/)?[^@/]+\/tests?\//.test(file))).toEqual([]);
      const platforms = dependencies.flatMap((file) => /\/prebuilds\/([^/]+)\//.exec(file)?.[1] ?? []);
      expect([...new Set(platforms)]).toEqual([`linux-${process.arch}`]);
    });

    it('has one program beside its commands, Node: no shell, no package manager, no other tool', () => {
      const isProgram = (file: string): boolean => /(?:^|\/)s?bin\//.test(file) && !file.includes('node_modules/');
      expect(files.filter(isProgram)).toEqual(['app/bin/app', 'app/bin/migrate', 'app/bin/operator', 'usr/local/bin/node']);
      const forbidden = new Set(['sh', 'bash', 'dash', 'busybox', 'env', 'npm', 'npx', 'corepack', 'apt', 'dpkg', 'curl', 'perl', 'tar']);
      expect(files.filter((file) => forbidden.has(path.basename(file)))).toEqual([]);
    });

    it('has nothing of the machine it was built on', () => {
      expect(files.filter((file) => /(?:^|\/)\.?npmrc$|^root\/|^run\/|^tmp\/|ca\.pem$/.test(file))).toEqual([]);
      expect(JSON.stringify(description)).not.toContain(os.tmpdir());
    });

    it('is built once for the same sources', async () => {
      expect(await buildImage(IMAGE)).toEqual(image);
    });

    it('is summed up with its sizes', async () => {
      const lines = await summaryOf(image);
      expect(lines[0]).toMatch(/^docker\.io\/library\/studio-operator:e2e {2}linux\/\w+ {2}user 1000:1000$/);
      expect(lines).toContainEqual(expect.stringMatching(/ MB {2}\/usr\/local\/bin\/node, 1 files$/));
      expect(lines.at(-1)).toBe(image.archive);
    });
  },
);
