// The network of an enclosure: loopback, and one bridge that carries the node's address. Nothing leads out. A bridge, because the kernel
// of a small machine may lack devices of type dummy; pods need bridges in any case.

import { writeFileSync } from 'node:fs';
import { system } from './system.ts';

export const NODE_ADDRESS = '172.30.0.1';
export const SERVICE_RANGE = '10.96.0.0/24';
export const POD_RANGE = '10.244.0.0/24';
const DEVICE = 'studio0';

export const connectLoopback = (): void => {
  system('ip', 'link', 'set', 'lo', 'up');
};

export const makeNodeAddress = (): void => {
  system('ip', 'link', 'add', DEVICE, 'type', 'bridge');
  system('ip', 'addr', 'add', `${NODE_ADDRESS}/32`, 'dev', DEVICE);
  system('ip', 'link', 'set', DEVICE, 'up');
  // Programs that look for the machine's address look for the default route.
  system('ip', 'route', 'replace', 'default', 'dev', DEVICE);
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
};
