// A node that runs until somebody ends it; the same file outside, where it makes the enclosure, and inside. Separate because a test kills
// the program that runs it.

import { GROUND_VARIABLE, type Ground } from '../../../dev/e2e/set-up.ts';
import { NAME_VARIABLE, runEnclosed } from '../../../dev/node/enclosure/enclosure.ts';
import { startNode } from '../../../dev/node/node.ts';

const name = process.env[NAME_VARIABLE];
if (name === undefined) {
  await runEnclosed({ command: process.execPath, args: [import.meta.filename] });
} else {
  const ground = JSON.parse(process.env[GROUND_VARIABLE] ?? '{}') as Ground;
  if (ground.kind !== 'node') throw new Error('there are no programs for a node');
  await startNode(ground.programs, () => undefined);
  process.stdout.write(`running in ${name}\n`);
  setInterval(() => undefined, 60_000);
}
