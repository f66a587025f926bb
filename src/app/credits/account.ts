/*
 * What a studio has subscribed to and the AI credits it has left, in the master database. The balance belongs to this
 * application; it changes through the two functions that the master database has for it, and through nothing else.
 */
import { type Queryable, sqlStateOf, SqlState } from '../database.ts';
import { Problem } from '../http/problem.ts';

export interface Account {
  /** Name of the plan; absent before there is a subscription. */
  readonly plan: string | undefined;
  /** trialing, active, past_due or canceled. */
  readonly billing: string | undefined;
  /** Absent before there is an account. */
  readonly credits: { readonly balance: number; readonly monthlyAllowance: number; readonly periodStart: Date } | undefined;
}

export interface Spending {
  readonly organizationId: number;
  readonly amount: number;
  /** The same request is charged once in a period, and within a day across the turn of one. 1 to 200 characters. */
  readonly request: string;
}

interface AccountRow {
  readonly plan: string | null;
  readonly billing: string | null;
  readonly balance: string | null;
  readonly monthly_allowance: string | null;
  readonly period_start: Date | null;
}

/** A month after the last refill the next one is due, also when nobody has come by for several months. */
export async function readAccount(master: Queryable, organizationId: number): Promise<Account> {
  await refillIfDue(master, organizationId);
  const { rows } = await master.query<AccountRow>(
    `SELECT subscription.plan, subscription.status AS billing, account.balance, account.monthly_allowance, account.period_start
     FROM (SELECT $1::integer AS id) AS studio
     LEFT JOIN public.subscriptions AS subscription ON subscription.organization_id = studio.id
     LEFT JOIN public.ai_credits_accounts AS account ON account.organization_id = studio.id`,
    [organizationId],
  );
  const [row] = rows;
  return { plan: row?.plan ?? undefined, billing: row?.billing ?? undefined, credits: row === undefined ? undefined : creditsOf(row) };
}

/** What is left. Throws a Problem 402 when there is not enough: then nothing was taken. */
export async function spendCredits(master: Queryable, { organizationId, amount, request }: Spending): Promise<number> {
  await refillIfDue(master, organizationId);
  const { rows } = await master
    .query<{ readonly spent: boolean; readonly balance: string }>('SELECT spent, balance FROM public.spend_ai_credits($1, $2, $3)', [
      organizationId,
      amount,
      request,
    ])
    .catch((error: unknown) => {
      throw refusal(error) ?? error;
    });
  const [row] = rows;
  if (row?.spent !== true) {
    throw new Problem(
      402,
      'not_enough_credits',
      `This takes ${amount} AI credits, and ${Number(row?.balance ?? 0)} are left in this period.`,
    );
  }
  return Number(row.balance);
}

/** Does nothing in the running period; two replicas that meet here refill once. */
async function refillIfDue(master: Queryable, organizationId: number): Promise<void> {
  await master.query(
    `SELECT public.refill_ai_credits(organization_id, period_start + make_interval(months => months))
     FROM (
       SELECT organization_id, period_start,
         (12 * extract(year FROM age(now(), period_start)) + extract(month FROM age(now(), period_start)))::integer AS months
       FROM public.ai_credits_accounts WHERE organization_id = $1
     ) AS account
     WHERE months > 0 AND period_start + make_interval(months => months) <= now()`,
    [organizationId],
  );
}

function creditsOf({ balance, monthly_allowance: allowance, period_start: periodStart }: AccountRow): Account['credits'] {
  if (balance === null || allowance === null || periodStart === null) return undefined;
  return { balance: Number(balance), monthlyAllowance: Number(allowance), periodStart };
}

function refusal(error: unknown): Problem | undefined {
  const cause = { cause: error };
  if (sqlStateOf(error) === SqlState.noData) return new Problem(402, 'no_credits_account', 'This studio has no AI credits yet.', cause);
  if (sqlStateOf(error) === SqlState.invalidParameter)
    return new Problem(409, 'key_used', 'This Idempotency-Key was charged with another amount before.', cause);
  return undefined;
}
