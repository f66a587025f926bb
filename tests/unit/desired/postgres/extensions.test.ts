import { expect, test } from 'vitest';
import { createExtension, extensionProblem, type ExtensionOffer, planExtensions } from '../../../../src/desired/postgres/extensions.ts';
import { spec } from './in-sync.ts';

const offer = (name: string, more: Partial<ExtensionOffer> = {}): ExtensionOffer => ({
  name,
  trusted: true,
  requires: [],
  schema: undefined,
  ...more,
});
const OFFERS = [
  offer('hstore'),
  offer('cube'),
  offer('earthdistance', { trusted: false, requires: ['cube'] }),
  offer('distance2', { requires: ['distance1'] }),
  offer('distance1', { requires: ['cube'] }),
  offer('needs_untrusted', { requires: ['earthdistance'] }),
  offer('loop_a', { requires: ['loop_b'] }),
  offer('loop_b', { requires: ['loop_a'] }),
];

const plan = (wanted: readonly string[], installed: readonly string[] = []) => {
  const { create, untrusted, unavailable } = planExtensions(wanted, installed, OFFERS);
  return { create: create.map(({ name }) => name), untrusted, unavailable };
};

test('what is missing is created, what is there is not, and what nobody asks for stays', () => {
  expect(plan(['hstore', 'cube'], ['hstore', 'plpgsql'])).toEqual({ create: ['cube'], untrusted: [], unavailable: [] });
});

test('what an extension requires comes first, each once', () => {
  expect(plan(['distance2', 'cube']).create).toEqual(['cube', 'distance1', 'distance2']);
  expect(plan(['loop_a']).create).toEqual(['loop_b', 'loop_a']);
});

test('what is not trusted, or requires what is not, needs a superuser, and the others are made all the same', () => {
  expect(plan(['earthdistance', 'needs_untrusted', 'hstore', 'nowhere'])).toEqual({
    create: ['hstore'],
    untrusted: ['earthdistance', 'needs_untrusted'],
    unavailable: ['nowhere'],
  });
});

test('the schema is always named, unless the extension insists on its own', () => {
  expect(createExtension(offer('hstore'))).toBe('CREATE EXTENSION IF NOT EXISTS "hstore" SCHEMA public');
  expect(createExtension(offer('own', { schema: 'own' }))).toBe('CREATE EXTENSION IF NOT EXISTS "own"');
});

test('what cannot be had is said with what can be done, and only a tenant that never served is stopped by it', () => {
  const unavailable = extensionProblem(spec, planExtensions(['nowhere'], [], OFFERS), OFFERS, true);
  expect(unavailable).toMatchObject({ reason: 'ExtensionUnavailable', blocks: true, message: expect.stringContaining('cube') });
  const untrusted = extensionProblem(spec, planExtensions(['earthdistance'], [], OFFERS), OFFERS, false);
  expect(untrusted).toMatchObject({
    reason: 'ExtensionNotTrusted',
    blocks: false,
    message: expect.stringContaining('CREATE EXTENSION "earthdistance" SCHEMA public;'),
  });
  expect(extensionProblem(spec, planExtensions(['cube'], [], OFFERS), OFFERS, true)).toBeUndefined();
});
