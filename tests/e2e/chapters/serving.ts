// The whole way of a request: Ingress, Service, a pod of the application, the database of the tenant whose host it was.

import { expect, it } from 'vitest';
import { send } from '../../../dev/demo/http-request.ts';
import { eventually } from '../../support/eventually.ts';
import { addSession, inDatabaseOf, sessionsOf, urlOf } from '../support/tenants.ts';

export const serving = (): void => {
  it('write into the database of their own tenant and no other', async () => {
    for (const name of ['one', 'two']) {
      expect(await sessionsOf(name)).toEqual([]);
      expect(await addSession(name, `Yoga of ${name}`)).toMatchObject({ status: 201 });
    }
    for (const name of ['one', 'two']) {
      expect(await sessionsOf(name)).toEqual([`Yoga of ${name}`]);
      expect(await inDatabaseOf(name, 'SELECT title FROM sessions')).toEqual([{ title: `Yoga of ${name}` }]);
    }
  });

  it('for a host of nobody are answered by the application, too', async () => {
    const answer = await eventually(async () => {
      const got = await send({ url: urlOf('nobody', '/sessions'), headers: { accept: 'application/json' } });
      return got.headers['content-type']?.includes('json') === true ? got : undefined;
    });
    expect(answer.status).toBe(404);
  });
};
