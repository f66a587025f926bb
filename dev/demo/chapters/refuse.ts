// The manifests that the API server itself must refuse, each with the sentence that it answers. Nothing of them ever reaches the
// operator; nothing is left of them.

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { KubernetesError } from '../../../src/clients/kubernetes/errors.ts';
import { command, heading, type Chapter, type Demo } from '../demo.ts';
import { MANIFESTS } from '../install.ts';
import { readManifests, type Manifest } from '../manifests.ts';
import { wrapped } from '../terminal.ts';

const DIRECTORY = path.join(MANIFESTS, 'refused');
/** The first line of each file says which words the sentence must hold. */
const INDENT = '       ';
const EXPECTED = /^# Refused: (.+)$/m;

export const refuseChapter: Chapter = async (demo) => {
  heading(demo.terminal, 'What the API server refuses by itself');
  command(demo.terminal, 'kubectl apply -f manifests/refused/');
  const files = (await readdir(DIRECTORY)).filter((file) => file.endsWith('.yaml')).toSorted();
  for (const file of files) await refuseFile(demo, path.join(DIRECTORY, file));
};

/** Of several documents the last is the one to be refused; those before it must be there first, and go again. */
const refuseFile = async (demo: Demo, file: string): Promise<void> => {
  const { terminal, report } = demo;
  const expected = EXPECTED.exec(await readFile(file, 'utf8'))?.[1];
  const manifests = await readManifests(file);
  const refused = manifests.at(-1);
  if (expected === undefined || refused === undefined) throw new Error(`${file} does not say what is to be refused, or has nothing in it`);
  const before = manifests.slice(0, -1);
  for (const manifest of before) await demo.cluster.applyFromClient(manifest);
  try {
    const sentence = await refusalOf(demo, refused);
    report.check(path.basename(file, '.yaml'), {
      ok: sentence?.includes(expected) === true,
      found: sentence === undefined ? 'accepted' : `no "${expected}" in it`,
    });
    for (const line of wrapped(sentence ?? '', terminal.columns - INDENT.length)) terminal.line(`${INDENT}${terminal.style('dim', line)}`);
  } finally {
    for (const manifest of before) await demo.cluster.remove(manifest);
  }
};

/** The API server's sentence; undefined when it accepted, which is then undone. */
const refusalOf = async ({ cluster }: Demo, manifest: Manifest): Promise<string | undefined> => {
  try {
    await cluster.applyFromClient(manifest);
  } catch (error) {
    if (error instanceof KubernetesError && error.code === 422) return sentenceOf(error);
    throw error;
  }
  await cluster.remove(manifest);
  return undefined;
};

/** `<nil>` stands where a cause speaks of no field: that other rules were not looked at. */
const sentenceOf = ({ causes, message }: KubernetesError): string => {
  const sentences = causes.filter(({ field }) => field !== '<nil>').map((cause) => `${cause.field}: ${cause.message}`);
  return sentences.length === 0 ? message : sentences.join('; ');
};
