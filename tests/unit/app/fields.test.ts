/** Fields of requests: what gets through, in what form, and the sentence that everything else gets. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { newBooking } from '../../../src/app/bookings/booking.ts';
import { newClient } from '../../../src/app/clients/client.ts';
import { Problem } from '../../../src/app/http/problem.ts';
import { idIn, judge, validBody, validQuery } from '../../../src/app/http/validation.ts';
import { newSession, sessionFilter } from '../../../src/app/sessions/session.ts';

const SESSION = { title: 'Morning yoga', startsAt: '2027-01-31T18:00:00+01:00' };

function sentences(input: unknown, schema: Parameters<typeof judge>[0] = newSession): readonly string[] {
  return judge(schema, input).fields.map(({ field, message }) => `${field} ${message}`);
}

describe('a new session', () => {
  it('needs a title and a time; the rest has defaults', () => {
    expect(validBody(newSession, SESSION)).toEqual({
      title: 'Morning yoga',
      startsAt: '2027-01-31T17:00:00.000Z',
      description: '',
      durationMinutes: 60,
      capacity: 1,
      priceCents: 0,
      currency: 'EUR',
    });
    expect(sentences({})).toEqual([
      'title is missing: expected one line of 1 to 200 characters',
      'startsAt is missing: expected a date and time with its offset from UTC, such as 2027-01-31T18:00:00+01:00',
    ]);
  });

  it.each([
    [{ title: '   ' }, 'title must be one line of 1 to 200 characters'],
    [{ title: 'a\nb' }, 'title must be one line of 1 to 200 characters'],
    [{ title: 'a\u0000b' }, 'title must be one line of 1 to 200 characters'],
    [{ title: 'x'.repeat(201) }, 'title must be one line of 1 to 200 characters'],
    [{ title: 7 }, 'title must be one line of 1 to 200 characters'],
    [{ description: 'a\u0000b' }, 'description must be a text of at most 5000 characters'],
    [{ durationMinutes: 0 }, 'durationMinutes must be a whole number from 1 to 10080'],
    [{ durationMinutes: 1.5 }, 'durationMinutes must be a whole number from 1 to 10080'],
    [{ capacity: '10' }, 'capacity must be a whole number from 1 to 10000'],
    [{ capacity: 1e300 }, 'capacity must be a whole number from 1 to 10000'],
    [{ capacity: null }, 'capacity must be a whole number from 1 to 10000'],
    [{ priceCents: -1 }, 'priceCents must be a whole number from 0 to 100000000'],
    [{ currency: 'eur' }, 'currency must be three upper-case letters, such as EUR'],
    [{ colour: 'red' }, 'colour is not known here'],
  ])('is refused with a sentence: %j', (change, sentence) => {
    expect(sentences({ ...SESSION, ...change })).toEqual([sentence]);
  });

  it.each(['2027-02-30T18:00:00Z', '2027-01-31T18:00:00', 'tomorrow', '0001-01-01T00:00:00Z', '+123456-01-01T00:00:00Z', 5])(
    'has no such time: %j',
    (startsAt) => {
      expect(sentences({ ...SESSION, startsAt })).toEqual([
        'startsAt must be a date and time with its offset from UTC, such as 2027-01-31T18:00:00+01:00',
      ]);
    },
  );

  it.each([undefined, null, [], 'text', 5])('is an object, not %j', (body) => {
    expect(() => validBody(newSession, body)).toThrow(Problem);
    expect(sentences(body)[0]).toMatch(/^body /);
  });

  it('gives a value or sentences for anything, and never both', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        const { value, fields } = judge(newSession, input);
        expect(value === undefined).toBe(fields.length > 0);
      }),
    );
  });
});

describe('a new client', () => {
  it.each(['a@b', 'ä.ö@münchen.example', ' spaced@example.org '])('may have the address %j', (email) => {
    expect(validBody(newClient, { fullName: 'Ana', email })).toEqual({ fullName: 'Ana', email: email.trim(), phone: null });
  });

  it.each(['', '@b', 'a@', 'a b@c', 'a@b@c', `${'x'.repeat(250)}@b.example`])('may not have the address %j', (email) => {
    expect(sentences({ fullName: 'Ana', email }, newClient)).toEqual(['email must be an e-mail address of at most 254 characters']);
  });
});

describe('a new booking', () => {
  it('names a session and a client by number', () => {
    expect(sentences({ sessionId: '1', clientId: 0 }, newBooking)).toEqual([
      'sessionId must be the number of a session',
      'clientId must be the number of a client',
    ]);
  });
});

describe('parameters of an address', () => {
  it('are numbers where numbers are expected, and refused with 400', () => {
    expect(validQuery(sessionFilter, { status: 'done' })).toEqual({ status: 'done' });
    expect(() => validQuery(sessionFilter, { status: '7' })).toThrow(expect.objectContaining({ status: 400, code: 'invalid_query' }));
    expect(() => validQuery(sessionFilter, { from: ['a', 'b'] })).toThrow(expect.objectContaining({ status: 400 }));
  });
});

describe('a number in an address', () => {
  it.each([
    ['1', 1],
    ['9007199254740991', 9_007_199_254_740_991],
  ])('%s is one', (text, id) => {
    expect(idIn(text)).toBe(id);
  });

  it.each(['0', '-1', '01', '1e3', '1.0', '', ' 1', '9007199254740992', '99999999999999999999', undefined, ['1']])('%j is none', (text) => {
    expect(idIn(text)).toBeUndefined();
  });
});
