// Reads what `docker save` writes: what is in an image, and its root file system. Separate because the summary and the tests both look
// into the image that was built, and neither needs an engine for that.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly config: {
    readonly User?: string;
    readonly Env?: readonly string[];
    readonly Entrypoint?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly WorkingDir?: string;
    readonly Labels?: Readonly<Record<string, string>>;
    readonly ExposedPorts?: Readonly<Record<string, object>>;
  };
}

export interface ImageDescription {
  readonly names: readonly string[];
  /** Paths of the layers in the archive, the base's first. */
  readonly layers: readonly string[];
  readonly config: ImageConfig;
}

/** What the archive says of its only image. */
export const describeArchive = async (archive: string): Promise<ImageDescription> => {
  const manifest = JSON.parse(await read(archive, 'manifest.json')) as readonly ManifestEntry[];
  const [image] = manifest;
  if (image === undefined || manifest.length !== 1) throw new Error(`${archive} holds ${manifest.length} images`);
  const config = JSON.parse(await read(archive, image.Config)) as ImageConfig;
  return { names: image.RepoTags ?? [], layers: image.Layers, config };
};

/**
 * Lays the layers over one another in the directory, with their owners when root does it. Not for images whose layers take away what
 * lower ones brought: ours only add.
 */
export const unpackArchive = async (archive: string, directory: string): Promise<void> => {
  const { layers } = await describeArchive(archive);
  await mkdir(directory, { recursive: true });
  const temporary = await mkdtemp(`${directory}.layers-`);
  try {
    await execute('tar', ['-xf', archive, '-C', temporary, ...layers]);
    for (const layer of layers) {
      await execute('tar', ['-xpf', path.join(temporary, layer), '--numeric-owner', '-C', directory]);
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
};

interface ManifestEntry {
  readonly Config: string;
  readonly RepoTags: readonly string[] | null;
  readonly Layers: readonly string[];
}

const read = async (archive: string, member: string): Promise<string> => {
  const { stdout } = await execute('tar', ['-xOf', archive, member], { maxBuffer: MAX_OUTPUT_BYTES });
  return stdout;
};
