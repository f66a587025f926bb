/** Small rules around requests: whose form it is, what a request is called, and which answer an error becomes. */
import { describe, expect, it } from 'vitest';

import { describe as describeSession } from '../../../src/app/credits/description.ts';
import { problemOf } from '../../../src/app/http/errors.ts';
import { Problem } from '../../../src/app/http/problem.ts';
import { requestId } from '../../../src/app/http/request-log.ts';
import { isOwnForm } from '../../../src/app/http/same-origin.ts';

describe('a form', () => {
  const host = 'my-studio.platform.example:8080';

  it.each([
    [{ site: 'same-origin', origin: undefined, host }, true],
    [{ site: 'same-site', origin: `http://${host}`, host }, false],
    [{ site: 'cross-site', origin: `http://${host}`, host }, false],
    [{ site: 'none', origin: undefined, host }, false],
    [{ site: undefined, origin: `http://${host}`, host }, true],
    [{ site: undefined, origin: 'http://MY-studio.platform.example:8080', host }, true],
    [{ site: undefined, origin: 'https://my-studio.platform.example', host: 'my-studio.platform.example' }, true],
    [{ site: undefined, origin: 'https://my-studio.platform.example', host: 'my-studio.platform.example:443' }, true],
    [{ site: undefined, origin: 'http://my-studio.platform.example', host }, false],
    [{ site: undefined, origin: 'http://other.platform.example:8080', host }, false],
    [{ site: undefined, origin: 'null', host }, false],
    [{ site: undefined, origin: undefined, host }, false],
    [{ site: undefined, origin: 'http://x', host: undefined }, false],
  ])('of %j is our own: %j', (sender, own) => {
    expect(isOwnForm(sender)).toBe(own);
  });
});

describe('the name of a request', () => {
  it("is the sender's where it may stand in a log, else a new one", () => {
    expect(requestId('trace-1.a_B')).toBe('trace-1.a_B');
    for (const given of [undefined, '', 'a b', 'a\nb', 'x'.repeat(65), '{"a":1}']) expect(requestId(given)).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('an error', () => {
  const withFields = (fields: object): Error => Object.assign(new Error('secret detail'), fields);

  it.each([
    [withFields({ code: '42P01' }), 503, 'schema_behind'],
    [withFields({ code: '57014' }), 503, 'too_slow'],
    [withFields({ code: '55P03' }), 503, 'busy'],
    [withFields({ code: '40P01' }), 503, 'busy'],
    [withFields({ status: 400, type: 'entity.parse.failed' }), 400, 'bad_request'],
    [withFields({ status: 413, type: 'entity.too.large' }), 413, 'bad_request'],
    [withFields({ status: 400 }), 400, 'bad_request'],
    [withFields({ code: '23505' }), 500, 'internal'],
    [withFields({ status: 502 }), 500, 'internal'],
    ['a string', 500, 'internal'],
    [undefined, 500, 'internal'],
  ])('%s becomes %i %s, and keeps its words to itself', (error, status, code) => {
    const problem = problemOf(error);
    expect(problem).toMatchObject({ status, code });
    expect(problem.message).not.toContain('secret');
  });

  it('that is a problem already stays one', () => {
    const problem = new Problem(402, 'not_enough_credits', 'Not enough.');
    expect(problemOf(problem)).toBe(problem);
  });
});

describe('a description', () => {
  it('says what is known of the session', () => {
    const session = {
      id: 1,
      title: 'Pottery',
      description: '',
      startsAt: new Date('2026-12-01T17:00:00Z'),
      endsAt: new Date('2026-12-01T18:30:00Z'),
      capacity: 8,
      freePlaces: 3,
      priceCents: 4_550,
      currency: 'EUR',
      status: 'scheduled' as const,
    };
    expect(describeSession(session, 'Europe/Berlin')).toBe(
      'Pottery takes one hour and 30 minutes on Tuesday 1 December 2026, from 18:00 to 19:30. ' +
        'We keep the group at 8 at most, so there is time for everybody. A place costs €45.50.',
    );
    expect(describeSession({ ...session, capacity: 1, priceCents: 0 }, 'UTC')).toMatch(/a session for one.* It is free of charge\.$/);
  });
});
