// Reads what `docker save` writes: what is in an image, and its root file system. Separate because the summary and the tests both look
// into the image that was built, and neither needs an engine for that.

import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
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

export interface ImageFile {
  /** Without a slash at its beginning. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly bytes: number;
}

/** What the archive says of its only image. */
export const describeArchive = async (archive: string): Promise<ImageDescription> => {
  const manifest = JSON.parse(await read(archive, 'manifest.json')) as readonly ManifestEntry[];
  const [image] = manifest;
  if (image === undefined || manifest.length !== 1) throw new Error(`${archive} holds ${manifest.length} images`);
  const config = JSON.parse(await read(archive, image.Config)) as ImageConfig;
  return { names: image.RepoTags ?? [], layers: image.Layers, config };
};

/** Every file of every layer. Layers on top of others replace theirs, so add up sizes with care. */
export const filesOf = async (archive: string, layers: readonly string[]): Promise<readonly ImageFile[]> => {
  const listings = await Promise.all(
    layers.map(async (layer) => {
      const script = 'tar -xOf "$1" "$2" | tar -tvf - --numeric-owner --full-time';
      const { stdout } = await execute('/bin/sh', ['-c', script, 'sh', archive, layer], { maxBuffer: MAX_OUTPUT_BYTES });
      return stdout.split('\n').filter((line) => line !== '');
    }),
  );
  return listings.flat().map(fileOf);
};

/** Lays the layers over one another in the directory, as root with their owners. */
export const unpackArchive = async (archive: string, directory: string): Promise<void> => {
  await mkdir(directory, { recursive: true });
  for (const layer of (await describeArchive(archive)).layers) {
    const script = 'tar -xOf "$1" "$2" | tar -xpf - --numeric-owner -C "$3"';
    await execute('/bin/sh', ['-c', script, 'sh', archive, layer, directory]);
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

const KINDS: Readonly<Record<string, ImageFile['kind']>> = { '-': 'file', d: 'directory', l: 'link', h: 'link' };

/** Such as `-rwxr-xr-x 0/0  126595440 1970-01-01 00:00:00 usr/local/bin/node`. */
const fileOf = (line: string): ImageFile => {
  const [mode = '', , bytes, , , ...name] = line.split(/\s+/);
  const full = name.join(' ').replace(/ (?:->|link to) .*$/, '');
  return { path: path.posix.normalize(full).replace(/\/$/, ''), kind: KINDS[mode.charAt(0)] ?? 'other', bytes: Number(bytes) };
};
