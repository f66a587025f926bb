/*
 * /clients: the noun and its addresses.
 */
import type { Router } from 'express';

import { type Noun, nounRouter } from '../http/noun.ts';
import { type Client, clientFilter, type ClientFilter, newClient, type NewClient } from './client.ts';
import { createClient, findClient, listClients } from './statements.ts';

const clients: Noun<ClientFilter, NewClient, Client> = {
  singular: 'client',
  plural: 'clients',
  filter: clientFilter,
  body: newClient,
  constraints: { clients_email_key: { field: 'email', message: 'belongs to another client' } },
  list: listClients,
  find: findClient,
  create: createClient,
};

export function clientsRouter(): Router {
  return nounRouter(clients);
}
