// Which answer becomes which error, and what callers can ask of it.
import { expect, test } from 'vitest';
import { errorOfResponse } from '../../../../src/clients/kubernetes/error-response.ts';
import * as errors from '../../../../src/clients/kubernetes/errors.ts';
import { Unavailable } from '../../../../src/runtime/unavailable.ts';

const status = (reason: string, extra: object = {}): string =>
  JSON.stringify({ kind: 'Status', reason, message: `it is ${reason}`, ...extra });

test('a Status becomes an error with code, reason, causes and a message that says what was being done', () => {
  const causes = [{ reason: 'FieldValueInvalid', message: 'must be a label', field: 'spec.subdomain' }];
  const error = errorOfResponse('PATCH /things/a', { code: 422, body: status('Invalid', { details: { causes } }) });
  expect(error).toMatchObject({ code: 422, reason: 'Invalid', causes, message: 'PATCH /things/a: 422 it is Invalid' });
});

test('the cases are told apart by code and reason', () => {
  const made = (code: number, reason: string, details = {}): unknown =>
    errorOfResponse('GET /', { code, body: status(reason, { details }) });
  const terminating = made(403, 'Forbidden', { causes: [{ reason: 'NamespaceTerminating' }] });
  const all = {
    notFound: made(404, 'NotFound'),
    exists: made(409, 'AlreadyExists'),
    conflict: made(409, 'Conflict'),
    invalid: made(422, 'Invalid'),
    expired: made(410, 'Expired'),
    terminating,
    forbidden: made(403, 'Forbidden'),
    other: new Error('404'),
  };
  const which = (is: (error: unknown) => boolean): string[] => Object.entries(all).flatMap(([name, e]) => (is(e) ? [name] : []));
  expect(which(errors.isNotFound)).toEqual(['notFound']);
  expect(which(errors.isAlreadyExists)).toEqual(['exists']);
  expect(which(errors.isConflict)).toEqual(['conflict']);
  expect(which(errors.isInvalid)).toEqual(['invalid']);
  expect(which(errors.isExpired)).toEqual(['expired']);
  expect(which(errors.isNamespaceTerminating)).toEqual(['terminating']);
});

test('Retry-After is read from the header, as seconds or a date, and from the Status', () => {
  const after = (retryAfter: string | undefined, body = ''): number | undefined =>
    errorOfResponse('GET /', { code: 429, body, retryAfter }).retryAfterMs;
  expect(after('7')).toBe(7000);
  expect(after(new Date(Date.now() + 60_000).toUTCString())).toBeGreaterThan(50_000);
  expect(after('soon')).toBeUndefined();
  expect(after(undefined)).toBeUndefined();
  expect(after(undefined, status('TooManyRequests', { details: { retryAfterSeconds: 3 } }))).toBe(3000);
});

test.each([502, 503, 504])('%i is another system away, with the time it asks for', (code) => {
  const error = errorOfResponse('GET /', { code, body: '<html>\nBad Gateway', retryAfter: '2' });
  expect(error).toBeInstanceOf(Unavailable);
  expect(error).toMatchObject({ system: 'kubernetes', retryAfterMs: 2000, message: `GET /: ${code} <html>` });
});
