/** The studio's page and its form, as text: what a person reads, and what comes back. */
import { describe, expect, it } from 'vitest';

import { emptyForm, sessionFromForm, textsOf } from '../../../src/app/page/session-form.ts';
import { type StudioPage, studioPage } from '../../../src/app/page/studio-page.ts';
import type { Session } from '../../../src/app/sessions/session.ts';

const NOW = new Date('2026-11-23T12:00:00Z');

const SESSION: Session = {
  id: 7,
  title: 'Morning yoga',
  description: '',
  startsAt: new Date('2026-12-01T23:30:00Z'),
  endsAt: new Date('2026-12-02T00:30:00Z'),
  capacity: 12,
  freePlaces: 5,
  priceCents: 1_850,
  currency: 'EUR',
  status: 'scheduled',
};

function page(changes: Partial<StudioPage> = {}): string {
  return studioPage({
    studio: { organizationId: 1, displayName: 'Lindenhof' },
    host: 'lindenhof.platform.example',
    account: { plan: 'pro', billing: 'active', credits: { balance: 815, monthlyAllowance: 1_000, periodStart: NOW } },
    sessions: [SESSION],
    hasMore: false,
    timeZone: 'Europe/Berlin',
    now: NOW,
    form: emptyForm,
    ...changes,
  });
}

/** As it reads: tags gone, white space one. */
function readable(markup: string): string {
  return markup
    .replace(/<style>.*<\/style>/s, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
}

describe("the studio's page", () => {
  it('says whose it is, what is left and what is coming up', () => {
    const text = readable(page());
    for (const part of ['Lindenhof', 'Plan pro', 'AI credits left 815 of 1,000 a month', 'Morning yoga', '€18.50', '5 of 12 places free'])
      expect(text).toContain(part);
  });

  it("has the studio's own time, across its midnight", () => {
    expect(readable(page())).toContain('Wednesday 2 December 00:30 to 01:30');
    const there = readable(page({ timeZone: 'America/New_York' }));
    for (const part of ['Tuesday 1 December 18:30 to 19:30', 'Times are America/New York.', 'Begins (America/New York)'])
      expect(there).toContain(part);
  });

  it('names the year when it is another', () => {
    const startsAt = new Date('2027-01-04T10:00:00Z');
    expect(readable(page({ sessions: [{ ...SESSION, startsAt }] }))).toContain('Monday 4 January 2027');
  });

  it('says UTC when it must read a zone as UTC', () => {
    expect(readable(page({ timeZone: '<+02>-02' }))).toContain('Times are UTC');
  });

  it.each([
    [{ freePlaces: 0 }, 'Full , 12 places'],
    [{ freePlaces: 1, capacity: 1 }, '1 of 1 place free'],
    [{ priceCents: 0 }, 'free'],
    [{ currency: '12€' }, '18.50 12€'],
  ])('shows %j', (change, text) => {
    expect(readable(page({ sessions: [{ ...SESSION, ...change }] }))).toContain(text);
  });

  it('is whole without sessions, credits or the master database', () => {
    expect(readable(page({ sessions: [] }))).toContain('Nothing is planned yet.');
    expect(readable(page({ account: undefined }))).toContain('Plan and credits cannot be shown at the moment.');
    expect(readable(page({ account: { plan: undefined, billing: undefined, credits: undefined } }))).toContain('Plan none yet');
  });

  it('writes nothing of what people typed as markup', () => {
    const evil = '"><script>alert(1)</script>';
    const markup = page({
      studio: { organizationId: 1, displayName: evil },
      host: evil,
      sessions: [{ ...SESSION, title: evil, description: evil }],
      account: { plan: evil, billing: evil, credits: undefined },
      form: { typed: { title: evil, description: `</textarea>${evil}`, price: evil }, problems: [{ field: 'title', message: evil }] },
    });
    expect(markup).not.toContain('<script');
    expect(markup.match(/<\/textarea/g)).toHaveLength(1);
  });

  it('ties every sentence to its field', () => {
    const markup = page({ form: { typed: {}, problems: [{ field: 'price', message: 'must be less' }] } });
    expect(markup).toMatch(/<input[^>]*id="price"[^>]*aria-invalid="true" aria-describedby="price-wrong"/);
    expect(markup).toContain('<p class="wrong" id="price-wrong">This must be less.</p>');
    expect(markup).toContain('role="alert"');
  });

  it('labels every field', () => {
    const markup = page();
    const names = [...markup.matchAll(/<(?:input|textarea)[^>]* name="(\w+)"/g)].map(([, name]) => name);
    expect(names).toEqual(['title', 'startsAt', 'durationMinutes', 'capacity', 'price', 'currency', 'description']);
    for (const name of names) expect(markup).toContain(`<label for="${name}">`);
  });
});

const TYPED = {
  title: 'Pottery',
  startsAt: '2027-01-31T18:00',
  durationMinutes: '90',
  capacity: '8',
  price: '45,5',
  currency: 'EUR',
  description: '',
};

describe('the form', () => {
  it("becomes a session in the studio's own time, with a price in hundredths", () => {
    expect(sessionFromForm(TYPED)).toEqual({
      session: {
        title: 'Pottery',
        startsAt: '2027-01-31T18:00',
        durationMinutes: 90,
        capacity: 8,
        priceCents: 4_550,
        currency: 'EUR',
        description: '',
      },
    });
  });

  it.each([
    ['18.15', 1_815],
    ['0', 0],
    ['1000000', 100_000_000],
    [' 7 ', 700],
    ['1,10', 110],
  ])('reads the price %j exactly', (price, priceCents) => {
    expect(sessionFromForm({ ...TYPED, price })).toMatchObject({ session: { priceCents } });
  });

  it.each([
    [{ price: '1000000.01' }, 'price'],
    [{ price: '-1' }, 'price'],
    [{ price: '1e3' }, 'price'],
    [{ price: '' }, 'price'],
    [{ title: '' }, 'title'],
    [{ startsAt: '' }, 'startsAt'],
    [{ startsAt: '2027-01-31T18:00Z' }, 'startsAt'],
    [{ startsAt: '2027-02-31T18:00' }, 'startsAt'],
    [{ durationMinutes: 'x' }, 'durationMinutes'],
    [{ capacity: '' }, 'capacity'],
    [{ capacity: ['1', '2'] }, 'capacity'],
    [{ extra: 'x' }, 'extra'],
  ])('is refused at its field: %j', (change, field) => {
    expect(sessionFromForm({ ...TYPED, ...change })).toEqual({ problems: [{ field, message: expect.any(String) }] });
  });

  it('keeps what was typed, and only texts', () => {
    expect(textsOf({ title: 'a', capacity: ['1', '2'] })).toEqual({ title: 'a' });
    expect(textsOf(undefined)).toEqual({});
  });
});
