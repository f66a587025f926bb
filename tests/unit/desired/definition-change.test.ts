/** Which definitions may be replaced: never one that has something that would be lost. */
import { expect, it } from 'vitest';

import { customResourceDefinitions } from '../../../src/api/crd.ts';
import { type Definition, definitionChange, missingFrom } from '../../../src/desired/definition-change.ts';

interface Version {
  readonly name: string;
  readonly fields: object;
}

function definition(versions: readonly Version[], storedVersions?: readonly string[]): Definition {
  return {
    spec: { versions: versions.map(({ name, fields }) => ({ name, schema: { openAPIV3Schema: { type: 'object', properties: fields } } })) },
    ...(storedVersions !== undefined && { status: { storedVersions } }),
  };
}

const text = { type: 'string' };
const v1 = (fields: object): Definition => definition([{ name: 'v1', fields }]);

it('applies where there is none, where it is the same, and where something is added', () => {
  const wanted = v1({ a: text, b: text });
  expect(definitionChange(undefined, wanted)).toEqual({ kind: 'apply' });
  expect(definitionChange(wanted, wanted)).toEqual({ kind: 'apply' });
  expect(definitionChange(v1({ a: text }), wanted)).toEqual({ kind: 'apply' });
});

it('applies what differs in words and rules alone', () => {
  expect(definitionChange(v1({ a: { ...text, maxLength: 3 } }), v1({ a: { ...text, description: 'new' } }))).toEqual({ kind: 'apply' });
});

it('keeps what has a field more, however deep', () => {
  const inObject = v1({ a: { type: 'object', properties: { deep: text, more: text } } });
  expect(definitionChange(inObject, v1({ a: { type: 'object', properties: { deep: text } } }))).toEqual({
    kind: 'keep',
    more: ['v1 a.more'],
  });
  const inItems = v1({ a: { type: 'array', items: { type: 'object', properties: { more: text } } } });
  expect(definitionChange(inItems, v1({ a: { type: 'array', items: { type: 'object' } } }))).toEqual({
    kind: 'keep',
    more: ['v1 a.[].more'],
  });
  const inMap = v1({ a: { type: 'object', additionalProperties: { type: 'object', properties: { more: text } } } });
  expect(definitionChange(inMap, v1({ a: { type: 'object' } }))).toEqual({ kind: 'keep', more: ['v1 a.*', 'v1 a.*.more'] });
});

it('keeps what has a version more, be it only that objects are stored in it', () => {
  const both = definition([
    { name: 'v1', fields: {} },
    { name: 'v2', fields: {} },
  ]);
  expect(definitionChange(both, v1({}))).toEqual({ kind: 'keep', more: ['v2'] });
  expect(definitionChange(definition([{ name: 'v1', fields: {} }], ['v1', 'v0']), v1({}))).toEqual({ kind: 'keep', more: ['v0'] });
});

it('refuses where each has something that the other lacks', () => {
  expect(definitionChange(v1({ theirs: text }), v1({ ours: text }))).toEqual({ kind: 'refuse', lost: ['v1 theirs'], gained: ['v1 ours'] });
});

it('tells what an installed definition lacks', () => {
  expect(missingFrom(v1({ a: text }), v1({ a: text, b: text }))).toEqual(['v1 b']);
});

it('sees the fields of the real definitions', () => {
  for (const { spec } of customResourceDefinitions()) {
    const real = { spec } as unknown as Definition;
    expect(definitionChange(v1({}), real)).toMatchObject({ kind: 'refuse' });
    expect(missingFrom(v1({}), real)).toContain('v1alpha1 status.observedGeneration');
    expect(definitionChange(real, real)).toEqual({ kind: 'apply' });
  }
});
