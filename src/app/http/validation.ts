/*
 * From what a request brought to what a statement takes, or to a Problem with one sentence per field. Separate because
 * bodies, queries and the page's form are judged in the same way.
 */
import type { z } from 'zod';

import { type FieldProblem, Problem } from './problem.ts';

/** Throws a Problem 422. */
export function validBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const { value, fields } = judge(schema, body);
  if (value === undefined) throw new Problem(422, 'invalid', 'The request has fields that cannot be taken.', { fields });
  return value;
}

/** Throws a Problem 400. Numbers arrive as text. */
export function validQuery<T>(schema: z.ZodType<T>, query: Readonly<Record<string, unknown>>): T {
  const { value, fields } = judge(schema, Object.fromEntries(Object.entries(query).map(([name, text]) => [name, numberOrText(text)])));
  if (value === undefined) throw new Problem(400, 'invalid_query', 'The address has parameters that cannot be taken.', { fields });
  return value;
}

/** The number in an address; anything else is no address of ours, hence undefined. */
export function idIn(text: unknown): number | undefined {
  return typeof text === 'string' && /^[1-9]\d{0,15}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

type Judgement<T> =
  | { readonly value: T; readonly fields: readonly [] }
  | { readonly value: undefined; readonly fields: readonly FieldProblem[] };

/** At most one sentence per field: further ones are about what the first has said already. */
export function judge<T>(schema: z.ZodType<T>, input: unknown): Judgement<T> {
  const result = schema.safeParse(input);
  if (result.success) return { value: result.data, fields: [] };
  const sentences = result.error.issues.flatMap(sentencesOf);
  return { value: undefined, fields: [...new Map(sentences.toReversed().map((one) => [one.field, one])).values()].toReversed() };
}

/** What was typed into a form or an address, as JSON would have it. */
export function numberOrText(text: unknown): unknown {
  return typeof text === 'string' && /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}

function sentencesOf(issue: z.core.$ZodIssue): readonly FieldProblem[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((field) => ({ field, message: 'is not known here' }));
  return [{ field: issue.path.map(String).join('.') || 'body', message: issue.message }];
}
