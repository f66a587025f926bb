/*
 * What routing tells, as lines of the log. Separate because which of it is worth a line is a decision of its own: lines for
 * requests come from the request log, these are for what goes wrong around them.
 */
import type { Logger } from 'pino';

import type { AnswerEvent, DirectoryHooks, RoutingHooks, TenantPoolsOptions } from '../routing/index.ts';

/** @param answered also told of each request that routing answered */
export function routingHooks(log: Logger, answered: (event: AnswerEvent) => void): RoutingHooks {
  return {
    onAnswer: (event) => {
      const { state, status, organizationId, error } = event;
      answered(event);
      // Without an error it is how things stand: the line of the request says enough.
      if (error !== undefined) log.warn({ state, status, organizationId, err: error }, 'request not served');
    },
    onError: ({ error, organizationId, from }) => log.error({ err: error, organizationId, from }, 'routing failed'),
  };
}

/** From here on until the answer is back, known tenants are served as they were known. */
export function directoryHooks(log: Logger): DirectoryHooks {
  return {
    onListeningLost: (error) => log.warn({ err: error }, 'changes of tenants are not heard of'),
    onListening: () => log.info('changes of tenants are heard of'),
    onMasterLost: (error) => log.error({ err: error }, 'master database gives no answer'),
    onMasterBack: () => log.info('master database answers again'),
  };
}

type PoolEvents = NonNullable<TenantPoolsOptions['onEvent']>;

export function poolEvents(log: Logger): PoolEvents {
  return (event) => {
    const { type, organizationId } = event;
    if (type === 'failed')
      log.warn({ organizationId, server: event.server, err: event.error }, 'no connection to the database of a tenant');
    else if (type === 'reread') log.info({ organizationId, changed: event.changed }, 'credentials read again');
    else if (type === 'overloaded') log.warn({ organizationId }, 'too many requests wait for the database of a tenant');
    else log.debug(event, 'pool event');
  };
}
