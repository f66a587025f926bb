/*
 * /healthz and /readyz, answered before any tenant is looked for: the kubelet asks by the pod's address. Separate because
 * they are about this process and its end, and no other system's trouble may restart it.
 */
import { Router } from 'express';

/** What readiness is made of. */
export interface Readiness {
  /** The directory hears of changes, or has heard of them once: a master database that is away later takes nobody out. */
  readonly hasListened: () => boolean;
  readonly isStopping: () => boolean;
}

export function healthRouter({ hasListened, isStopping }: Readiness): Router {
  const router = Router();
  router.use((_request, response, next) => {
    // Proxies keep connections: told with their last answer, they do not send into one that is about to be closed.
    if (isStopping()) response.set('connection', 'close');
    next();
  });
  router.get('/healthz', (_request, response) => {
    response.type('text').send('ok\n');
  });
  router.get('/readyz', (_request, response) => {
    const problem = isStopping() ? 'stopping' : hasListened() ? undefined : 'the master database has not answered yet';
    response
      .status(problem === undefined ? 200 : 503)
      .type('text')
      .send(`${problem ?? 'ok'}\n`);
  });
  return router;
}
