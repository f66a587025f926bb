/*
 * A studio's page: who it is, what is left of its credits, what is coming up, and the form. Pure: everything on it is in
 * the argument. Works without JavaScript, because there is none.
 */
import type { Account } from '../credits/account.ts';
import type { Session } from '../sessions/session.ts';
import { day, zoneInWords, price, timeOfDay, wholeNumber } from '../words.ts';
import { html, type Html } from './html.ts';
import { layout } from './layout.ts';
import { type SessionForm, sessionForm } from './session-form.ts';

export interface StudioPage {
  readonly studio: { readonly organizationId: number; readonly displayName: string };
  readonly host: string;
  /** Undefined when the master database gives no answer. */
  readonly account: Account | undefined;
  /** In order of time. */
  readonly sessions: readonly Session[];
  /** Whether there are more than these. */
  readonly hasMore: boolean;
  readonly timeZone: string;
  readonly now: Date;
  readonly form: SessionForm;
}

export function studioPage(page: StudioPage): string {
  const { displayName: title, organizationId } = page.studio;
  const zone = zoneInWords(page.timeZone);
  const content = html`<a class="skip" href="#upcoming">Skip to the sessions</a>
    <header>
      <div>
        <div>
          <h1>${title}</h1>
          <p class="where">${page.host}</p>
        </div>
        ${facts(page.account)}
      </div>
    </header>
    <main>
      <section id="upcoming" aria-labelledby="upcoming-title">
        <h2 id="upcoming-title">Upcoming sessions</h2>
        <p class="hint zone">Times are ${zone}.</p>
        ${page.sessions.length === 0 ? nothing() : days(page)}
        ${page.hasMore && html`<p class="hint">The first ${page.sessions.length} are shown. All of them: <a href="/sessions">/sessions</a></p>`}
      </section>
      <aside>${sessionForm(page.form, zone)}</aside>
    </main>
    <footer>The same as data: <a href="/sessions">/sessions</a></footer>`;
  return layout({ title, organizationId }, content);
}

function facts(account: Account | undefined): Html {
  if (account === undefined) return html`<p class="where">Plan and credits cannot be shown at the moment.</p>`;
  const { plan, credits } = account;
  return html`<dl class="facts">
    <div>
      <dt>Plan</dt>
      <dd>${plan ?? 'none yet'}</dd>
    </div>
    ${credits !== undefined && balance(credits)}
  </dl>`;
}

function balance({ balance: left, monthlyAllowance }: NonNullable<Account['credits']>): Html {
  // More can be left than the allowance is now: a smaller one counts from the next period.
  const percent = Math.floor((100 * left) / Math.max(left, monthlyAllowance, 1));
  return html`<div>
    <dt>AI credits left</dt>
    <dd>
      ${wholeNumber(left)} <small>of ${wholeNumber(monthlyAllowance)} a month</small>
      <svg aria-hidden="true"><rect width="${percent}%" height="100%" rx="4" /></svg>
    </dd>
  </div>`;
}

function nothing(): Html {
  return html`<p class="empty"><strong>Nothing is planned yet.</strong> The first session you add appears here.</p>`;
}

function days({ sessions, timeZone, now }: StudioPage): readonly Html[] {
  const byDay = Map.groupBy(sessions, ({ startsAt }) => day(startsAt, timeZone, now));
  return [...byDay].map(
    ([name, ofDay]) =>
      html`<h3>${name}</h3>
        <ol class="sessions">
          ${ofDay.map((session) => entry(session, timeZone))}
        </ol>`,
  );
}

function entry(session: Session, timeZone: string): Html {
  const { id, title, description, startsAt, endsAt, priceCents, currency } = session;
  const time = (at: Date): Html => html`<time datetime="${at.toISOString()}">${timeOfDay(at, timeZone)}</time>`;
  return html`<li id="session-${id}">
    <p class="time">${time(startsAt)}<span>to ${time(endsAt)}</span></p>
    <p class="title">${title}</p>
    <p class="price">${priceCents === 0 ? 'free' : price(priceCents, currency)}</p>
    <p class="places">${places(session)}</p>
    ${description !== '' && html`<p class="about">${description}</p>`}
  </li>`;
}

function places({ freePlaces, capacity }: Session): Html {
  if (freePlaces === 0) return html`<b class="full">Full</b>, ${capacity === 1 ? '1 place' : `${wholeNumber(capacity)} places`}`;
  return html`<b>${wholeNumber(freePlaces)}</b> of ${wholeNumber(capacity)} ${capacity === 1 ? 'place' : 'places'} free`;
}
