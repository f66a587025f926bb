// The image by the Docker engine, from the bases that the Dockerfile names. Separate from the way without an engine; loaded late,
// because only this way needs the client.

import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { say } from '../progress.ts';
import { REPOSITORY } from '../run.ts';
import type { ImageBuild } from './build-image.ts';

/** Whether the engine can have the Dockerfile's bases, from its own store or a registry; fetches them. */
export const engineReachesRegistry = async (): Promise<boolean> => {
  const { getContainerRuntimeClient, ImageName } = await import('testcontainers');
  const client = await getContainerRuntimeClient();
  try {
    for (const base of await basesNamed()) await client.image.pull(ImageName.fromString(base));
    return true;
  } catch (error) {
    say(`The Docker engine cannot fetch the Dockerfile's bases (${error instanceof Error ? error.message : String(error)})`);
    return false;
  }
};

/** Keeps the image in the engine too: its cache makes the next build a matter of seconds. */
export const buildWithEngine = async ({ reference, buildArguments, output }: ImageBuild): Promise<void> => {
  const { GenericContainer, getContainerRuntimeClient } = await import('testcontainers');
  await GenericContainer.fromDockerfile(REPOSITORY).withBuildArgs(buildArguments).build(reference, { deleteOnExit: false });
  const { container } = await getContainerRuntimeClient();
  await pipeline(await container.dockerode.getImage(reference).get(), createWriteStream(output));
};

/** The defaults of the arguments NODE and BASE. */
const basesNamed = async (): Promise<readonly string[]> => {
  const dockerfile = await readFile(path.join(REPOSITORY, 'Dockerfile'), 'utf8');
  return [...dockerfile.matchAll(/^ARG (?:NODE|BASE)=(\S+)$/gm)].map(([, base = '']) => base);
};
