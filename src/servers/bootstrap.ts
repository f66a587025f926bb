/*
 * From a superuser to the operator's own role. Separate because it is the only work ever done as a superuser, and it is
 * done on the maintenance database: a superuser connected into a tenant's database can be taken over by what lies there.
 */
import { OPERATOR_ROLE } from '../api/names.ts';
import { joined, type Query, quoteIdentifier, quoteLiteral } from '../clients/postgres/sql.ts';
import { scramVerifier } from '../clients/postgres/scram.ts';
import { shardComment } from './creator-shards.ts';
import { ServerNotReady } from './server-not-ready.ts';

export interface BootstrapOptions {
  readonly installation: string;
  readonly maintenanceDatabase: string;
  /** From the Secret that was made before. */
  readonly password: string;
}

/** Makes studio_operator, or gives it its password and rights again. Throws ServerNotReady for one that is not ours. */
export async function createOperatorRole(query: Query, options: BootstrapOptions): Promise<void> {
  const [found] = await query<{ readonly comment: string | null }>({
    text: `SELECT shobj_description(oid, 'pg_authid') AS comment FROM pg_roles WHERE rolname = $1`,
    values: [OPERATOR_ROLE],
    kind: 'find-operator-role',
  });
  const comment = shardComment(options);
  if (found !== undefined && found.comment !== comment) throw conflict(options);
  await query(joined(await bootstrapStatements(options, comment, found === undefined ? 'CREATE' : 'ALTER'), 'create-operator-role'));
}

async function bootstrapStatements(options: BootstrapOptions, comment: string, verb: 'CREATE' | 'ALTER'): Promise<readonly string[]> {
  const role = quoteIdentifier(OPERATOR_ROLE);
  const verifier = await scramVerifier(options.password);
  return [
    `${verb} ROLE ${role} NOSUPERUSER LOGIN CREATEDB CREATEROLE PASSWORD ${quoteLiteral(verifier)}`,
    `COMMENT ON ROLE ${role} IS ${quoteLiteral(comment)}`,
    `GRANT pg_signal_backend TO ${role}`,
    `GRANT CONNECT ON DATABASE ${quoteIdentifier(options.maintenanceDatabase)} TO ${role}`,
  ];
}

function conflict({ installation }: BootstrapOptions): ServerNotReady {
  return new ServerNotReady(
    'OperatorRoleConflict',
    `The server has a role "${OPERATOR_ROLE}" that was not made by this installation ("${installation}") of the operator. It is left alone. ` +
      `Put its login into the admin Secret in place of the superuser's, or rename or drop it.`,
  );
}
