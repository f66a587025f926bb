// The clients, in a process of their own: many connections that never rest (autocannon), and many tenants that wake one after the other.
// Separate from the servers, which would otherwise be charged for the asking.

import { answer } from './child.ts';
import { got, type GetRequest } from './get.ts';
import { loaded, type LoadRequest } from './load.ts';
import { woken, type WakeRequest } from './waking.ts';

export type ClientCalls = {
  readonly get: (request: GetRequest) => ReturnType<typeof got>;
  readonly load: (request: LoadRequest) => ReturnType<typeof loaded>;
  readonly wake: (request: WakeRequest) => ReturnType<typeof woken>;
};

answer<ClientCalls>({ get: got, load: loaded, wake: woken });
