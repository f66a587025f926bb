// The small pure helpers of the vocabulary.
import { describe, expect, it } from 'vitest';
import { ANNOTATION, annotationOf } from '../../../src/api/annotations.ts';
import { durationMs } from '../../../src/api/durations.ts';
import { isUnder } from '../../../src/api/hosts.ts';
import { isSnippetAnnotation } from '../../../src/api/ingress-annotations.ts';
import { type LabelSelector, matchesSelector } from '../../../src/api/label-selector.ts';
import { keyOf } from '../../../src/api/object-meta.ts';
import { connectAddress, directAddress } from '../../../src/api/postgres-server.ts';
import { isReservedSubdomain } from '../../../src/api/reserved.ts';
import { apiVersionOf, JOB, SECRET, STUDIO_TENANT } from '../../../src/api/resources.ts';

it('reads an annotation by its whole key', () => {
  const metadata = { name: 'a', uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: '' };
  expect(annotationOf({ metadata: { ...metadata, annotations: { 'studio-platform.io/retry': '1' } } }, ANNOTATION.retry)).toBe('1');
  expect(annotationOf({ metadata }, ANNOTATION.retry)).toBeUndefined();
});

it('makes a key of namespace and name', () => {
  expect(keyOf({ metadata: { namespace: 'studios', name: 'a' } })).toBe('studios/a');
  expect(keyOf({ metadata: { name: 'main' } })).toBe('main');
});

it('writes apiVersion without a group for the core group', () => {
  expect([SECRET, JOB, STUDIO_TENANT].map(apiVersionOf)).toEqual(['v1', 'batch/v1', 'studio-platform.io/v1alpha1']);
});

it('knows reserved subdomains, and those of the configuration', () => {
  expect(isReservedSubdomain('www')).toBe(true);
  expect(isReservedSubdomain('shop')).toBe(false);
  expect(isReservedSubdomain('shop', ['shop'])).toBe(true);
});

it.each([
  ['platform.example', true],
  ['a.platform.example', true],
  ['a.b.platform.example', true],
  ['notplatform.example', false],
  ['example', false],
  ['platform.example.evil.example', false],
])('says of %s whether it is under the base domain', (host, expected) => {
  expect(isUnder(host, 'platform.example')).toBe(expected);
});

it('knows a snippet annotation in any spelling', () => {
  expect(isSnippetAnnotation('nginx.ingress.kubernetes.io/configuration-snippet')).toBe(true);
  expect(isSnippetAnnotation('nginx.org/Server-Snippets')).toBe(true);
  expect(isSnippetAnnotation('nginx.ingress.kubernetes.io/proxy-body-size')).toBe(false);
});

describe('durationMs', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['30d', 2_592_000_000],
  ])('reads %s', (text, expected) => {
    expect(durationMs(text)).toBe(expected);
  });

  it.each(['', '10', 's', '1.5s', '1h30m', '-1s', '0s'])('throws for %j', (text) => {
    expect(() => durationMs(text)).toThrow('not a duration such as 10s or 30d');
  });
});

describe('addresses of a server', () => {
  const spec = { host: 'pg', port: 5432 };

  it('are its own when nothing else is said', () => {
    expect(connectAddress({ ...spec, connect: {} })).toEqual({ host: 'pg', port: 5432 });
    expect(directAddress({ ...spec, direct: {} })).toEqual({ host: 'pg', port: 5432 });
  });

  it('may differ in host or port alone', () => {
    expect(connectAddress({ ...spec, connect: { host: 'pooler' } })).toEqual({ host: 'pooler', port: 5432 });
    expect(directAddress({ ...spec, direct: { port: 6432 } })).toEqual({ host: 'pg', port: 6432 });
  });
});

describe('matchesSelector', () => {
  const labels = { tier: 'paid', region: 'eu' };
  const cases: readonly (readonly [string, LabelSelector, boolean])[] = [
    ['an empty selector', {}, true],
    ['a label with its value', { matchLabels: { tier: 'paid' } }, true],
    ['a label with another value', { matchLabels: { tier: 'free' } }, false],
    ['In', { matchExpressions: [{ key: 'region', operator: 'In', values: ['eu', 'us'] }] }, true],
    ['In without the value', { matchExpressions: [{ key: 'region', operator: 'In', values: ['us'] }] }, false],
    ['In without the label', { matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }, false],
    ['NotIn without the label', { matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] }, true],
    ['NotIn with the value', { matchExpressions: [{ key: 'region', operator: 'NotIn', values: ['eu'] }] }, false],
    ['Exists', { matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, true],
    ['Exists without the label', { matchExpressions: [{ key: 'zone', operator: 'Exists' }] }, false],
    ['DoesNotExist', { matchExpressions: [{ key: 'zone', operator: 'DoesNotExist' }] }, true],
    ['DoesNotExist with the label', { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false],
    ['one requirement of two', { matchLabels: { tier: 'paid', region: 'us' } }, false],
  ];

  it.each(cases)('answers for %s', (_, selector, expected) => {
    expect(matchesSelector(selector, labels)).toBe(expected);
  });

  it('takes an object without labels for one that has none', () => {
    expect(matchesSelector({ matchLabels: { tier: 'paid' } }, undefined)).toBe(false);
  });
});
