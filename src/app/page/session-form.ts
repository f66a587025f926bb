/*
 * The form that adds a session: how it looks, and how what was typed becomes what a session needs. Both halves are here,
 * because a field's name must be the same in both.
 */
import { z } from 'zod';

import { localTime, wholeNumber } from '../http/fields.ts';
import type { FieldProblem } from '../http/problem.ts';
import { judge, numberOrText } from '../http/validation.ts';
import { type NewSession, newSessionFields } from '../sessions/session.ts';
import { html, type Html } from './html.ts';

export interface SessionForm {
  /** What stands in the fields, by name. */
  readonly typed: Readonly<Record<string, string>>;
  /** What is wrong with it. */
  readonly problems: readonly FieldProblem[];
}

const MAX_PRICE = 1_000_000;
const MAX_CENTS = MAX_PRICE * 100;
const PRICE = `must be an amount from 0 to ${MAX_PRICE}, such as 18 or 18.50`;

/** Defaults of the API are not those of a form: what is left empty here was forgotten. */
const schema = z.strictObject({
  title: newSessionFields.title,
  startsAt: localTime(),
  durationMinutes: wholeNumber(1, 10_080),
  capacity: wholeNumber(1, 10_000),
  price: z
    .string({ error: PRICE })
    .regex(/^\d{1,7}(?:[.,]\d{1,2})?$/, PRICE)
    .transform(cents)
    .refine((amount) => amount <= MAX_CENTS, PRICE),
  currency: newSessionFields.currency,
  description: newSessionFields.description,
});

type Judged = { readonly session: NewSession } | { readonly problems: readonly FieldProblem[] };

/** Fields arrive as text. */
export function sessionFromForm(body: unknown): Judged {
  const { price, durationMinutes, capacity, ...texts } = textsOf(body);
  const numbers = { durationMinutes: numberOrText(durationMinutes), capacity: numberOrText(capacity) };
  const { value, fields } = judge(schema, { ...texts, ...numbers, price: (price ?? '').trim() });
  if (value === undefined) return { problems: fields };
  const { price: priceCents, ...session } = value;
  return { session: { ...session, priceCents } };
}

/** What to put into the form again. A field that came twice, or with brackets in its name, is none of ours. */
export function textsOf(body: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries((body ?? {}) as Readonly<Record<string, unknown>>);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

export const emptyForm: SessionForm = { typed: { durationMinutes: '60', capacity: '10', price: '0', currency: 'EUR' }, problems: [] };

/** The fragment in its action: sent back with sentences in it, the form is what the person looks at, also on a phone. */
export function sessionForm(form: SessionForm, zone: string): Html {
  const { problems } = form;
  return html`<form id="add" class="card" method="post" action="/#add" novalidate aria-labelledby="add-title">
    <h2 id="add-title">Add a session</h2>
    ${problems.length > 0 && html`<p class="summary" role="alert">Nothing was added yet: ${problems.length === 1 ? 'one field needs' : `${problems.length} fields need`} another look.</p>`}
    ${input(form, { name: 'title', label: 'Title', attributes: html`required maxlength="200" autocomplete="off"` })}
    ${input(form, { name: 'startsAt', label: 'Begins', hint: zone, attributes: html`type="datetime-local" required` })}
    <div class="pair">
      ${input(form, { name: 'durationMinutes', label: 'Minutes', attributes: html`required inputmode="numeric"` })}
      ${input(form, { name: 'capacity', label: 'Places', attributes: html`required inputmode="numeric"` })}
      ${input(form, { name: 'price', label: 'Price', attributes: html`required inputmode="decimal"` })}
      ${input(form, { name: 'currency', label: 'Currency', attributes: html`required maxlength="3" autocapitalize="characters"` })}
    </div>
    ${described(form)}
    <button type="submit">Add session</button>
  </form>`;
}

interface Input {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly attributes: Html;
}

function input(form: SessionForm, { name, label, hint, attributes }: Input): Html {
  return html`<div class="field">
    <label for="${name}">${label}${hint !== undefined && html` <span class="hint">(${hint})</span>`}</label>
    <input id="${name}" name="${name}" value="${form.typed[name] ?? ''}" ${attributes}${invalid(form, name)} />${sentence(form, name)}
  </div>`;
}

function described(form: SessionForm): Html {
  return html`<div class="field">
    <label for="description">About it <span class="hint">(if you like)</span></label>
    <textarea id="description" name="description" rows="3" maxlength="5000" ${invalid(form, 'description')}>
${form.typed['description'] ?? ''}</textarea
    >${sentence(form, 'description')}
  </div>`;
}

function invalid({ problems }: SessionForm, name: string): Html | false {
  return problems.some(({ field }) => field === name) && html` aria-invalid="true" aria-describedby="${name}-wrong"`;
}

function sentence({ problems }: SessionForm, name: string): Html | undefined {
  const problem = problems.find(({ field }) => field === name);
  return problem === undefined ? undefined : html`<p class="wrong" id="${name}-wrong">This ${problem.message}.</p>`;
}

/** Never by floating point: 18.15 has no exact number. */
function cents(amount: string): number {
  const [whole = '0', part = ''] = amount.split(/[.,]/);
  return Number(whole) * 100 + Number(part.padEnd(2, '0'));
}
