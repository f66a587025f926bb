// What is in an image and how large it is, for whoever built it. Separate from building: it reads the archive alone.

import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { scratchDirectory } from '../scratch-directory.ts';
import { describeArchive, unpackArchive } from './archive-reader.ts';
import type { BuiltImage } from './build-image.ts';

/** A part of the image: the first of these that a file lies below. */
const PARTS = ['app/node_modules', 'app/src', 'app/migrations', 'app', 'usr/local/bin/node', ''] as const;

/** Lines for a terminal. Sizes in 10^6 bytes; compressed as a registry would keep it. */
export const summaryOf = async (image: BuiltImage): Promise<readonly string[]> => {
  const { config } = await describeArchive(image.archive);
  const scratch = await scratchDirectory('studio-image-summary-');
  try {
    const root = path.join(scratch.path, 'root');
    await unpackArchive(image.archive, root);
    const parts = await sizesOf(root);
    const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1).padStart(6)} MB`;
    return [
      `${image.reference}  ${config.os}/${config.architecture}  user ${config.config.User}`,
      `${megabytes(image.sizeBytes)}  unpacked`,
      `${megabytes(await compressedBytes(image.archive))}  compressed`,
      ...PARTS.map(
        (part) => `${megabytes(parts.get(part)?.bytes ?? 0)}  /${part === '' ? ' (the base)' : part}, ${parts.get(part)?.files ?? 0} files`,
      ),
      ...Object.entries(config.config.Labels ?? {}).map(([name, value]) => `${name}=${value}`),
      image.archive,
    ];
  } finally {
    await scratch.stop();
  }
};

interface Size {
  bytes: number;
  files: number;
}

const sizesOf = async (root: string): Promise<ReadonlyMap<string, Readonly<Size>>> => {
  const sizes = new Map<string, Size>(PARTS.map((part) => [part, { bytes: 0, files: 0 }]));
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((each) => !each.isDirectory())) {
    const full = path.join(entry.parentPath, entry.name);
    const file = path.relative(root, full);
    const size = sizes.get(PARTS.find((part) => part === '' || file === part || file.startsWith(`${part}/`)) ?? '');
    if (size === undefined) continue;
    size.bytes += (await lstat(full)).size;
    size.files += 1;
  }
  return sizes;
};

const compressedBytes = async (file: string): Promise<number> => {
  let bytes = 0;
  const count = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      done();
    },
  });
  await pipeline(createReadStream(file), createGzip(), count);
  return bytes;
};
