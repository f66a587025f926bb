/** The steps of one tenant. The order is the story: nothing exists before what finds it again after a crash. */
import { credentials } from './credentials.ts';
import { database } from './database.ts';
import { finalizer } from './finalizer.ts';
import { login } from './login.ts';
import { organization } from './organization.ts';
import { roles } from './roles.ts';
import { route } from './route.ts';
import { schema } from './schema.ts';
import type { Step } from './step.ts';
import { subscription } from './subscription.ts';
import type { TenantWork } from './tenant-work.ts';

export const steps: readonly Step<TenantWork>[] = [
  finalizer,
  organization,
  credentials,
  roles,
  database,
  login,
  schema,
  subscription,
  route,
];
