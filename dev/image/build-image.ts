// The operator's image as an archive, built from the Dockerfile: by the Docker engine where there is one that reaches a registry, else
// without either. Separate because a node of our own, K3s and `npm run image` all want the same file.

import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { cacheDirectory } from '../cache-directory.ts';
import { dockerEngineAnswers } from '../cluster/docker-engine.ts';
import { withFileLock } from '../cluster/file-lock.ts';
import { say, withProgress } from '../progress.ts';
import { REPOSITORY } from '../run.ts';
import { buildWithBuildah } from './buildah.ts';
import { buildWithEngine, engineReachesRegistry } from './engine.ts';
import { hashOfInputs } from './inputs.ts';

export interface ImageOptions {
  readonly tag: string;
  /** The commit that the sources are of, for the image's label. Default: unknown. */
  readonly revision?: string;
}

export interface BuiltImage {
  /** As `docker save` writes it: for `docker load` and `ctr images import`. */
  readonly archive: string;
  readonly reference: string;
  /** Of the archive, in which nothing is compressed: what the image takes on a node. */
  readonly sizeBytes: number;
}

/** What the ways to an image are told. */
export interface ImageBuild {
  readonly reference: string;
  readonly buildArguments: Readonly<Record<string, string>>;
  /** The archive to write. */
  readonly output: string;
}

const KEPT = 4;
/** Somebody may still be loading it. */
const IN_USE_MS = 3_600_000;

/** Builds it unless the cache has one of the same sources. Throws SetupError where it cannot be built at all. */
export const buildImage = async ({ tag, revision = 'unknown' }: ImageOptions): Promise<BuiltImage> => {
  const reference = `docker.io/library/studio-operator:${tag}`;
  const images = path.join(cacheDirectory(), 'image');
  const archive = path.join(images, await hashOfInputs([reference, revision]), 'studio-operator.tar');
  if (!existsSync(archive)) {
    const build = {
      reference,
      buildArguments: { VERSION: await packageVersion(), REVISION: revision },
      output: `${archive}.${process.pid}`,
    };
    await withFileLock(
      path.join(images, 'lock'),
      async () => await buildInto(archive, build),
      (holder) => say(`Waiting for process ${holder}, which is building an image`),
    );
  }
  // The newest are kept, and this one is in use.
  await utimes(path.dirname(archive), new Date(), new Date());
  return { archive, reference, sizeBytes: (await stat(archive)).size };
};

const buildInto = async (archive: string, build: ImageBuild): Promise<void> => {
  if (existsSync(archive)) return;
  await mkdir(path.dirname(archive), { recursive: true });
  try {
    const byEngine = (await dockerEngineAnswers()) && (await engineReachesRegistry());
    const how = byEngine ? 'with the Docker engine' : 'without an engine or a registry';
    await withProgress(`Building the image ${build.reference} ${how}`, async () => {
      await (byEngine ? buildWithEngine(build) : buildWithBuildah(build));
    });
    await rename(build.output, archive);
  } finally {
    await rm(build.output, { force: true });
  }
  await removeOldest(path.dirname(path.dirname(archive)), path.dirname(archive));
};

const removeOldest = async (images: string, newest: string): Promise<void> => {
  const directories = (await readdir(images, { withFileTypes: true })).filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith('.'),
  );
  const others = directories.map((entry) => path.join(images, entry.name)).filter((directory) => directory !== newest);
  const aged = await Promise.all(others.map(async (directory) => ({ directory, usedMs: (await stat(directory)).mtimeMs })));
  const old = aged
    .toSorted((a, b) => b.usedMs - a.usedMs)
    .slice(KEPT - 1)
    .filter(({ usedMs }) => Date.now() - usedMs > IN_USE_MS);
  await Promise.all(old.map(async ({ directory }) => await rm(directory, { recursive: true, force: true })));
};

const packageVersion = async (): Promise<string> => {
  const { version } = JSON.parse(await readFile(path.join(REPOSITORY, 'package.json'), 'utf8')) as { readonly version: string };
  return version;
};
