// A container image made of one static program and nothing else, as `docker save` would write it. Separate because the node's own two
// images have no other source: nothing is pulled here.

import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { system } from './enclosure/system.ts';

export interface SingleProgramImage {
  readonly reference: string;
  readonly program: string;
  /** User and group inside. */
  readonly user: string;
}

/** Node's names and those of images. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const REPRODUCIBLE = ['--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '--sort=name'];

/** Writes the archive to `target`. The program is the image's entry point. */
export const writeImageArchive = async ({ reference, program, user }: SingleProgramImage, target: string): Promise<void> => {
  const directory = `${target}.parts`;
  const root = path.join(directory, 'root');
  await mkdir(root, { recursive: true });
  await copyFile(program, path.join(root, 'program'));
  system('tar', '-C', root, ...REPRODUCIBLE, '--mode=0755', '-cf', path.join(directory, 'layer.tar'), 'program');
  const layer = hash(await readFile(path.join(directory, 'layer.tar')));
  const configuration = JSON.stringify({
    architecture: ARCHITECTURES[os.arch()] ?? os.arch(),
    os: 'linux',
    config: { Entrypoint: ['/program'], User: user },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
  });
  const file = `${hash(configuration)}.json`;
  await writeFile(path.join(directory, file), configuration);
  const manifest = [{ Config: file, RepoTags: [reference], Layers: ['layer.tar'] }];
  await writeFile(path.join(directory, 'manifest.json'), JSON.stringify(manifest));
  system('tar', '-C', directory, '-cf', target, 'manifest.json', file, 'layer.tar');
  await rm(directory, { recursive: true, force: true });
};

const hash = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
