/*
 * GET /credits: plan and credits; POST /sessions/:id/description: a text for a session, paid with credits. The only routes
 * that need the master database: all others go on without it.
 */
import { type Request, Router } from 'express';

import type { Queryable } from '../database.ts';
import { found, methodNotAllowed } from '../http/noun.ts';
import { notFound, Problem } from '../http/problem.ts';
import { databaseOf, organizationOf } from '../http/tenant-database.ts';
import { sessions } from '../sessions/router.ts';
import { describeSession, studioTimeZone } from '../sessions/statements.ts';
import { readAccount, spendCredits } from './account.ts';
import { describe, DESCRIPTION_COST } from './description.ts';

export function creditsRouter(master: Queryable): Router {
  const router = Router();
  router
    .route('/')
    .get(async (request, response) => {
      response.json(await readAccount(master, organizationOf(request)));
    })
    .all(methodNotAllowed('GET, HEAD'));
  return router;
}

/** Mounted beside the noun's own router. */
export function descriptionsRouter(master: Queryable): Router {
  const router = Router();
  router
    .route('/:id/description')
    .post(async (request, response) => {
      const database = databaseOf(request);
      const key = idempotencyKey(request);
      const session = await found(sessions, database, request.params.id);
      // Made before it is paid: what cannot be made costs nothing.
      const text = describe(session, await studioTimeZone(database));
      // Paid before it is written: when the answer gets lost, the same key writes the same text again and is charged once.
      const balance = await spendCredits(master, {
        organizationId: organizationOf(request),
        amount: DESCRIPTION_COST,
        request: `description:${session.id}:${key}`,
      });
      const described = await describeSession(database, session.id, text);
      if (described === undefined) throw notFound(sessions.singular);
      response.json({ session: described, credits: { cost: DESCRIPTION_COST, balance } });
    })
    .all(methodNotAllowed('POST'));
  return router;
}

const MAX_KEY = 150;

/** The client's name for what it wants once. Printable ASCII, as in other headers. */
function idempotencyKey(request: Request): string {
  const key = request.get('idempotency-key') ?? '';
  if (/^[\x21-\x7e]+$/.test(key) && key.length <= MAX_KEY) return key;
  const message = `${key === '' ? 'is missing' : 'cannot be taken'}: expected a header of 1 to ${MAX_KEY} printable characters, new for every text`;
  const fields = [{ field: 'Idempotency-Key', message }];
  throw new Problem(400, 'idempotency_key', `Idempotency-Key ${message}.`, { fields });
}
