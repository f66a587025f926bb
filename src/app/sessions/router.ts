/*
 * /sessions: the noun and its addresses.
 */
import type { Router } from 'express';

import { type Noun, nounRouter } from '../http/noun.ts';
import { newSession, type NewSession, type Session, sessionFilter, type SessionFilter } from './session.ts';
import { createSession, findSession, listSessions } from './statements.ts';

export const sessions: Noun<SessionFilter, NewSession, Session> = {
  singular: 'session',
  plural: 'sessions',
  filter: sessionFilter,
  body: newSession,
  constraints: {},
  list: listSessions,
  find: findSession,
  create: createSession,
};

export function sessionsRouter(): Router {
  return nounRouter(sessions);
}
