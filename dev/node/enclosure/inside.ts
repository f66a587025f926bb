// The first program of an enclosure: makes its file system and its network fit for a node, and runs the command. Separate from the
// enclosure itself because it runs on the other side of the wall.
//
//   node inside.ts COMMAND [ARGUMENT ...]

import { runForeground } from '../../run.ts';
import { NAME_VARIABLE } from './enclosure.ts';
import { mountAll, TEMPORARY_FILES } from './mounts.ts';
import { connectLoopback } from './network.ts';
import { system } from './system.ts';

const [command, ...args] = process.argv.slice(2);
const name = process.env[NAME_VARIABLE];
if (command === undefined || name === undefined) throw new Error(`usage: ${NAME_VARIABLE}=NAME inside.ts COMMAND [ARGUMENT ...]`);
// Its mounts and addresses must never be the machine's: in a network of its own, only loopback is there, and still down.
if (/^(?!1: lo:)|state UP/m.test(system('ip', '-o', 'link').trim())) throw new Error('this is no enclosure: it has a network');

mountAll(name);
connectLoopback();
process.env['TMPDIR'] = TEMPORARY_FILES;
process.exitCode = await runForeground(command, args);
