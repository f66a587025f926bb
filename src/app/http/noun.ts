/*
 * The routes that every noun has: list, read one, make one. A noun is data (see sessions/, clients/, bookings/) and this
 * is its only router, so that paging, status codes and refusals are the same for all of them.
 */
import { type Request, type Response, Router } from 'express';
import type { z } from 'zod';

import { constraintOf, type Database, type Queryable } from '../database.ts';
import { id, wholeNumber } from './fields.ts';
import { type FieldProblem, notFound, Problem } from './problem.ts';
import { databaseOf } from './tenant-database.ts';
import { idIn, validBody, validQuery } from './validation.ts';

const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

/** `after`: id of the last entity of the page before. */
export interface Page {
  readonly limit: number;
  readonly after?: number | undefined;
}

export interface Noun<Filter, New, Entity extends { readonly id: number }> {
  /** As in its address and in sentences: session, sessions. */
  readonly singular: string;
  readonly plural: string;
  /** Parameters of the list beside the page's. */
  readonly filter: z.ZodObject<z.ZodRawShape> & z.ZodType<Filter>;
  readonly body: z.ZodType<New>;
  /** What a refusal by one of the database's constraints means, by its name. */
  readonly constraints: Readonly<Record<string, FieldProblem>>;
  list(database: Queryable, filter: Filter & Page): Promise<readonly Entity[]>;
  find(database: Queryable, id: number): Promise<Entity | undefined>;
  create(database: Database, body: New): Promise<Entity>;
}

export function nounRouter<Filter, New, Entity extends { readonly id: number }>(noun: Noun<Filter, New, Entity>): Router {
  const router = Router();
  router
    .route('/')
    .get(async (request, response) => await list(noun, request, response))
    .post(async (request, response) => await create(noun, request, response))
    .all(methodNotAllowed('GET, HEAD, POST'));
  router.route('/:id').get(async (request, response) => {
    response.json(await found(noun, databaseOf(request), request.params.id));
  });
  return router;
}

/** The entity that an address names; throws a Problem 404. */
export async function found<Entity>(
  { singular, find }: { readonly singular: string; find(database: Queryable, id: number): Promise<Entity | undefined> },
  database: Queryable,
  text: unknown,
): Promise<Entity> {
  const number = idIn(text);
  const entity = number === undefined ? undefined : await find(database, number);
  if (entity === undefined) throw notFound(singular);
  return entity;
}

export function methodNotAllowed(allow: string): () => never {
  return () => {
    throw new Problem(405, 'method_not_allowed', `This address takes ${allow}.`, { headers: { allow } });
  };
}

async function list<Filter, New, Entity extends { readonly id: number }>(
  noun: Noun<Filter, New, Entity>,
  request: Request,
  response: Response,
): Promise<void> {
  const schema = noun.filter.extend({ limit: wholeNumber(1, MAX_PAGE).default(DEFAULT_PAGE), after: id(noun.singular).optional() });
  const filter = validQuery(schema, request.query) as Filter & Page;
  // One more than asked for tells whether there is a next page.
  const rows = await noun.list(databaseOf(request), { ...filter, limit: filter.limit + 1 });
  const page = rows.slice(0, filter.limit);
  response.json({ [noun.plural]: page, next: rows.length > page.length ? (page.at(-1)?.id ?? null) : null });
}

async function create<Filter, New, Entity extends { readonly id: number }>(
  noun: Noun<Filter, New, Entity>,
  request: Request,
  response: Response,
): Promise<void> {
  const body = validBody(noun.body, request.body);
  const entity = await noun.create(databaseOf(request), body).catch((error: unknown) => {
    throw refusal(noun.constraints, error) ?? error;
  });
  response.status(201).location(`/${noun.plural}/${entity.id}`).json(entity);
}

/** 409: each request by itself was right, and what is there already stands against it. */
function refusal(constraints: Readonly<Record<string, FieldProblem>>, error: unknown): Problem | undefined {
  const field = constraints[constraintOf(error) ?? ''];
  if (field === undefined) return undefined;
  return new Problem(409, 'conflict', `${field.field} ${field.message}.`, { cause: error, fields: [field] });
}
