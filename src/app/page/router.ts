/*
 * GET / shows the studio's page, POST / is its form. Separate from /sessions: a form wants a page back, a program wants
 * data, and a form of another site wants nothing good.
 */
import { type Request, type Response, Router } from 'express';
import type { Logger } from 'pino';

import type { Queryable } from '../database.ts';
import { type Account, readAccount } from '../credits/account.ts';
import { methodNotAllowed } from '../http/noun.ts';
import { refuseForeignForms } from '../http/same-origin.ts';
import { databaseOf, tenantOf } from '../http/tenant-database.ts';
import { within } from '../../routing/within.ts';
import { createSession, studioTimeZone, upcomingSessions } from '../sessions/statements.ts';
import { emptyForm, type SessionForm, sessionFromForm, textsOf } from './session-form.ts';
import { studioPage } from './studio-page.ts';

const SHOWN = 100;
/** Longer than this no page waits for plan and credits. */
const ACCOUNT_MS = 1_000;

export interface PageOptions {
  readonly master: Queryable;
  /** False while asking the master database is no use. */
  readonly isMasterAnswering: () => boolean;
  readonly log: Logger;
}

export function pageRouter(options: PageOptions): Router {
  const router = Router();
  router
    .route('/')
    .get(async (request, response) => {
      await show(options, request, { response, form: emptyForm });
    })
    .post(refuseForeignForms, async (request, response) => {
      const judged = sessionFromForm(request.body);
      if ('problems' in judged) {
        const form = { typed: textsOf(request.body), problems: judged.problems };
        await show(options, request, { response: response.status(422), form });
        return;
      }
      const { id } = await createSession(databaseOf(request), judged.session);
      // 303: going back or loading again does not send the form a second time.
      response.redirect(303, `/#session-${id}`);
    })
    .all(methodNotAllowed('GET, HEAD, POST'));
  return router;
}

interface Shown {
  readonly response: Response;
  readonly form: SessionForm;
}

async function show(options: PageOptions, request: Request, { response, form }: Shown): Promise<void> {
  const { organizationId, displayName } = tenantOf(request);
  const database = databaseOf(request);
  const [sessions, timeZone, account] = await Promise.all([
    upcomingSessions(database, SHOWN + 1),
    studioTimeZone(database),
    accountIfKnown(options, organizationId),
  ]);
  const page = studioPage({
    studio: { organizationId, displayName },
    host: request.get('host') ?? '',
    account,
    sessions: sessions.slice(0, SHOWN),
    hasMore: sessions.length > SHOWN,
    timeZone,
    now: new Date(),
    form,
  });
  response.type('html').send(page);
}

/** The page is the studio's, credits or not: without the master database it shows what it has. */
async function accountIfKnown({ master, isMasterAnswering, log }: PageOptions, organizationId: number): Promise<Account | undefined> {
  // Has been logged when it was found out.
  if (!isMasterAnswering()) return undefined;
  try {
    // What comes too late is left to end by itself: its statements have limits of their own.
    return await within(ACCOUNT_MS, {
      run: async () => await readAccount(master, organizationId),
      otherwise: () => new Error(`no answer within ${ACCOUNT_MS} ms`),
    });
  } catch (error) {
    log.warn({ err: error, organizationId }, 'page without credits');
    return undefined;
  }
}
