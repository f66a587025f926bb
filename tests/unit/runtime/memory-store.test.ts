// What readers of the cache see, and what they are told.
import { expect, test } from 'vitest';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { MemoryStore } from '../../../src/runtime/memory-store.ts';
import { keptLog, silentLog } from './logs.ts';

interface Owned extends KubernetesObject {
  readonly owner: string;
}

function anObject(name: string, resourceVersion: string, owner = 'nobody', uid = `uid-${name}`): Owned {
  const metadata = { name, namespace: 'ns', uid, resourceVersion, generation: 1, creationTimestamp: '2030-01-01T00:00:00Z' };
  return { apiVersion: 'v1', kind: 'Thing', metadata, owner };
}

const indexes = { owner: (object: Owned) => [object.owner] };

test('an index finds what is there now, also after a change and a deletion', () => {
  const store = new MemoryStore<Owned>({ log: silentLog, indexes });
  store.set('ns/a', anObject('a', '1', 'x'), 'list');
  store.set('ns/b', anObject('b', '1', 'x'), 'list');
  store.set('ns/a', anObject('a', '2', 'y'), 'watch');
  const names = (owner: string): string[] => store.byIndex('owner', owner).map((object) => object.metadata.name);
  expect(names('x')).toEqual(['b']);
  expect(names('y')).toEqual(['a']);
  store.delete('ns/b', 'watch');
  expect(names('x')).toEqual([]);
  expect(names('nobody knows')).toEqual([]);
});

test('an index that was not declared is a mistake, not an empty answer', () => {
  const store = new MemoryStore<Owned>({ log: silentLog });
  expect(() => store.byIndex('owner', 'x')).toThrow('no index "owner"');
});

test('handlers hear of additions, changes and deletions with before and after, and of where they came from', () => {
  const store = new MemoryStore<Owned>({ log: silentLog });
  const heard: string[] = [];
  const end = store.onChange((key, before, after, origin) => {
    heard.push(`${key} ${before?.metadata.resourceVersion ?? '-'} ${after?.metadata.resourceVersion ?? '-'} ${origin}`);
  });
  store.set('ns/a', anObject('a', '1'), 'list');
  store.set('ns/a', anObject('a', '1'), 'list');
  store.set('ns/a', anObject('a', '2'), 'watch');
  store.delete('ns/a', 'watch');
  store.delete('ns/a', 'list');
  end();
  store.set('ns/b', anObject('b', '9'), 'watch');
  expect(heard).toEqual(['ns/a - 1 list', 'ns/a 1 2 watch', 'ns/a 2 - watch']);
});

test('a handler that throws is logged, and the others still hear', () => {
  const { log, lines } = keptLog();
  const store = new MemoryStore<Owned>({ log });
  const heard: string[] = [];
  store.onChange(() => {
    throw new Error('broken handler');
  });
  store.onChange((key) => heard.push(key));
  store.set('ns/a', anObject('a', '1'), 'watch');
  expect(heard).toEqual(['ns/a']);
  expect(store.get('ns/a')).toBeDefined();
  expect(lines.map((line) => line.msg)).toEqual(['change handler failed']);
});

test('it is synced when every list that fills it has been in', () => {
  const store = new MemoryStore<Owned>({ log: silentLog, lists: 2 });
  expect(store.hasSynced).toBe(false);
  store.firstListDone();
  expect(store.hasSynced).toBe(false);
  store.firstListDone();
  expect(store.hasSynced).toBe(true);
});
