/*
 * A client: somebody who books sessions at this studio. Their shape in requests and answers. What the studio notes about a
 * client stays in the database: no address of this application gives it out.
 */
import { z } from 'zod';

import { email, line } from '../http/fields.ts';

export interface Client {
  readonly id: number;
  readonly fullName: string;
  readonly email: string;
  readonly phone: string | null;
  readonly createdAt: Date;
}

export const newClient = z.strictObject({ fullName: line(1, 200), email: email(), phone: line(1, 50).nullable().default(null) });
export type NewClient = z.infer<typeof newClient>;

/** Whatever its case, an address belongs to one client: hence a filter and not a search. */
export const clientFilter = z.strictObject({ email: email().optional() });
export type ClientFilter = z.infer<typeof clientFilter>;
