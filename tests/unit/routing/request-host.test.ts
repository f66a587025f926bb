// Which host a request asks for, over made-up headers; the same by real requests is in tests/integration/routing.

import { describe, expect, test } from 'vitest';
import { requestHost } from '../../../src/routing/request-host.ts';

const nobody = (): boolean => false;
const everybody = (): boolean => true;
const asking = (rawHeaders: readonly string[], url = '/', isTrusted = nobody) =>
  requestHost({ rawHeaders, url, socket: { remoteAddress: '192.0.2.1' } }, isTrusted);

describe('the host of a request', () => {
  test('is the Host header, however its name is written', () => {
    expect(asking(['Accept', '*/*', 'HOST', 'One.Example:8080'])).toEqual({ host: 'One.Example:8080' });
  });

  test('is :authority in HTTP/2, also beside the same Host', () => {
    expect(asking([':authority', 'one.example', ':method', 'GET'])).toEqual({ host: 'one.example' });
    expect(asking([':authority', 'one.example', 'host', 'ONE.example'])).toEqual({ host: 'one.example' });
  });

  test.each([
    ['there is none', [], 'no-host'],
    ['there are two', ['Host', 'one.example', 'Host', 'two.example'], 'several-hosts'],
    ['there are two of the same', ['Host', 'one.example', 'host', 'one.example'], 'several-hosts'],
    ['an empty one hides another', ['Host', '', 'Host', 'two.example'], 'several-hosts'],
    ['Host and :authority differ', [':authority', 'one.example', 'host', 'two.example'], 'several-hosts'],
  ])('is doubtful when %s', (_, rawHeaders, problem) => {
    expect(asking(rawHeaders)).toEqual({ problem });
  });

  test.each([
    ['http://one.example/sessions', undefined],
    ['HTTP://ONE.example', undefined],
    ['http://one.example?x=http://two.example', undefined],
    ['*', undefined],
    ['//two.example/path', undefined],
    ['http://two.example/', 'target-differs'],
    ['http://one.example:81/', 'target-differs'],
    ['http://one.example@two.example/', 'target-differs'],
    ['http:/one.example/', 'target-differs'],
    ['one.example:443', 'target-differs'],
  ])('must not be contradicted by the target: %s', (url, problem) => {
    expect(asking(['Host', 'one.example'], url)).toEqual(problem === undefined ? { host: 'one.example' } : { problem });
  });
});

describe('X-Forwarded-Host', () => {
  const forwarded = ['Host', 'inner.example', 'X-Forwarded-Host', ' one.example '];

  test('counts from trusted peers alone', () => {
    expect(asking(forwarded, '/', everybody)).toEqual({ host: 'one.example' });
    expect(asking(forwarded, '/', nobody)).toEqual({ host: 'inner.example' });
  });

  test('of several values is no host', () => {
    const problem = 'several-forwarded-hosts';
    expect(asking(['Host', 'a', 'X-Forwarded-Host', 'one.example, two.example'], '/', everybody)).toEqual({ problem });
    expect(asking(['Host', 'a', 'X-Forwarded-Host', 'one.example', 'x-forwarded-host', 'one.example'], '/', everybody)).toEqual({
      problem,
    });
  });

  test('does not make up for a doubtful Host', () => {
    expect(asking(['Host', 'a', 'Host', 'b', 'X-Forwarded-Host', 'one.example'], '/', everybody)).toEqual({ problem: 'several-hosts' });
  });

  test('that is empty is an empty host, not the Host', () => {
    expect(asking(['Host', 'one.example', 'X-Forwarded-Host', ''], '/', everybody)).toEqual({ host: '' });
  });
});
