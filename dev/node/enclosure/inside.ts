// The first program of an enclosure: makes its file system and its network fit for a node, reports who it is, and runs the command.
// Separate from the enclosure itself because it runs on the other side of the wall.
//
//   node inside.ts COMMAND [ARGUMENT ...]        (file descriptor 3: where it reports)

import { readlinkSync, writeSync } from 'node:fs';
import { runForeground } from '../../run.ts';
import { NAME_VARIABLE, type Inside } from './enclosure.ts';
import { mountAll, TEMPORARY_FILES } from './mounts.ts';
import { connectLoopback } from './network.ts';
import { system } from './system.ts';

const REPORT = 3;
const KINDS = ['pid', 'mnt', 'net', 'ipc'] as const;

const [command, ...args] = process.argv.slice(2);
const name = process.env[NAME_VARIABLE];
if (command === undefined || name === undefined) throw new Error(`usage: ${NAME_VARIABLE}=NAME inside.ts COMMAND [ARGUMENT ...]`);
// Its mounts and addresses must never be the machine's: in a network of its own, only loopback is there, and still down.
if (/^(?!1: lo:)|state UP/m.test(system('ip', '-o', 'link').trim())) throw new Error('this is no enclosure: it has a network');

mountAll(name);
connectLoopback();
const inside: Inside = { namespaces: Object.fromEntries(KINDS.map((kind) => [kind, readlinkSync(`/proc/self/ns/${kind}`)])) };
writeSync(REPORT, JSON.stringify(inside));
process.env['TMPDIR'] = TEMPORARY_FILES;
process.exitCode = await runForeground(command, args);
