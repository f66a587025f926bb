// A server that has been in use for long: roles and databases of many tenants, made directly and as the operator's role would have made
// them (creator shards, marks, grants). Their numbers are far from those of new tenants, so that the two never meet.

import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { creatorShard, databaseName, ownerRole, TENANT_GROUP_ROLE } from '../src/api/names.ts';
import { quoteIdentifier, quoteLiteral, type Query } from '../src/clients/postgres/sql.ts';
import { databaseComment, roleComment } from '../src/desired/postgres/marks.ts';
import { ensureShard } from '../src/servers/creator-shards.ts';
import { query as queryOnce } from '../dev/demo/query.ts';
import { withProgress } from '../dev/progress.ts';
import { inParallel } from './in-parallel.ts';
import { BENCH_APPLICATION } from './postgres-log.ts';

export interface ExistingOptions {
  readonly count: number;
  /** A superuser's. */
  readonly superuserUrl: string;
  /** Of the role that the operator works as. */
  readonly adminUrl: string;
  readonly masterUrl: string;
}

/** Organizations count from 1; these from here. */
const FIRST = 1_000_001;
const CREATES_AT_ONCE = 4;

/** The operator must have been at work once: its group and its installation id are needed. */
export const makeExisting = async (options: ExistingOptions): Promise<void> => {
  const [row] = await queryOnce<{ readonly id: string }>(options.masterUrl, 'SELECT installation_id AS id FROM public.installation');
  if (row === undefined) throw new Error('the master database has no installation yet');
  let made = 0;
  const detail = (): string => `${made} of ${options.count}`;
  await withProgress(
    `Making roles and databases of ${options.count} tenants`,
    async () => {
      await makeRoles(options, row.id);
      await makeDatabases(options, row.id, () => (made += 1));
      // What is measured after this must not wait for it to be written.
      await queryOnce(options.superuserUrl, 'CHECKPOINT');
    },
    detail,
  );
};

const uid = randomUUID();

const makeRoles = async ({ count, adminUrl }: ExistingOptions, installation: string): Promise<void> => {
  const client = new pg.Client({ connectionString: adminUrl, application_name: BENCH_APPLICATION, options: '-c synchronous_commit=off' });
  await client.connect();
  try {
    const operatorRole = decodeURIComponent(new URL(adminUrl).username);
    const query: Query = async ({ text, values }) => (await client.query(text, values === undefined ? undefined : [...values])).rows;
    let current = '';
    for (let n = FIRST; n < FIRST + count; n += 1) {
      const shard = creatorShard(n);
      if (shard !== current) {
        await client.query('RESET ROLE');
        await ensureShard(query, { shard, operatorRole, installation });
        await client.query(`SET ROLE ${quoteIdentifier(shard)}`);
        current = shard;
      }
      await client.query(rolesOf(n, roleComment({ uid, installation })));
    }
  } finally {
    await client.end();
  }
};

const rolesOf = (n: number, comment: string): string => {
  const [tenant, owner] = [databaseName(n), ownerRole(n)].map(quoteIdentifier);
  return [
    `CREATE ROLE ${owner} NOLOGIN`,
    `COMMENT ON ROLE ${owner} IS ${quoteLiteral(comment)}`,
    `CREATE ROLE ${tenant} LOGIN CONNECTION LIMIT 5`,
    `COMMENT ON ROLE ${tenant} IS ${quoteLiteral(comment)}`,
    `GRANT ${quoteIdentifier(TENANT_GROUP_ROLE)} TO ${tenant}`,
  ].join('; ');
};

const makeDatabases = async (
  { count, superuserUrl, adminUrl }: ExistingOptions,
  installation: string,
  onMade: () => void,
): Promise<void> => {
  const pool = new pg.Pool({
    connectionString: superuserUrl,
    application_name: BENCH_APPLICATION,
    options: '-c log_statement=none',
    max: CREATES_AT_ONCE,
  });
  const operatorRole = quoteIdentifier(decodeURIComponent(new URL(adminUrl).username));
  const comment = quoteLiteral(databaseComment({ uid, installation }, true));
  try {
    await inParallel(count, CREATES_AT_ONCE, async (index) => {
      const [database, tenant, owner] = [databaseName, databaseName, ownerRole].map((name) => quoteIdentifier(name(FIRST + index)));
      await pool.query(`CREATE DATABASE ${database} OWNER ${operatorRole} TEMPLATE template0 CONNECTION LIMIT 15`);
      await pool.query(`
        REVOKE ALL ON DATABASE ${database} FROM PUBLIC;
        GRANT CONNECT ON DATABASE ${database} TO ${tenant};
        GRANT CREATE ON DATABASE ${database} TO ${owner};
        COMMENT ON DATABASE ${database} IS ${comment}`);
      onMade();
    });
  } finally {
    await pool.end();
  }
};
