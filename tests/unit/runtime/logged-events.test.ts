/** Events in the log: each is said once, at the level of its type, and handed on as it is. */
import { pino } from 'pino';
import { expect, it } from 'vitest';

import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import type { EventNote } from '../../../src/runtime/event-recorder.ts';
import { loggedEvents } from '../../../src/runtime/logged-events.ts';

it('logs what it hands on', () => {
  const lines: string[] = [];
  const recorded: EventNote[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line) => void lines.push(line) });
  const events = loggedEvents({ record: (_object, note) => void recorded.push(note) }, log);
  const object = { kind: 'StudioTenant', metadata: { namespace: 'studio-tenants', name: 'my-studio' } } as KubernetesObject;

  events.record(object, { type: 'Normal', reason: 'Ready', message: 'Serving' });
  events.record(object, { type: 'Warning', reason: 'SubdomainTaken', message: 'Choose another' });

  expect(recorded.map(({ reason }) => reason)).toEqual(['Ready', 'SubdomainTaken']);
  const about = { kind: 'StudioTenant', namespace: 'studio-tenants', name: 'my-studio', msg: 'event' };
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { level: 30, ...about, reason: 'Ready', detail: 'Serving' },
    { level: 40, ...about, reason: 'SubdomainTaken', detail: 'Choose another' },
  ]);
});
