// The credit functions as an application would use them, many at once, and as a role that has nothing but EXECUTE.

import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deleteOrganization } from '../../../src/master/organizations.ts';
import { recordOrganization } from '../../../src/master/record.ts';
import { anActive, FREE_PLAN, type FreshMaster, freshMaster, whileHolding } from './fresh-master.ts';
import { queryAs, superuserQuery } from '../../support/postgres.ts';

interface Spending {
  readonly spent: boolean;
  readonly balance: string;
}

let master: FreshMaster;
beforeAll(async () => {
  master = await freshMaster();
});
afterAll(async () => {
  await master[Symbol.asyncDispose]();
});

async function anAccount(monthlyAllowance: number): Promise<number> {
  const organization = await anActive(master);
  await recordOrganization(master.query, organization, { subscription: { ...FREE_PLAN, monthlyAllowance } });
  await master.sql("UPDATE ai_credits_accounts SET balance = $2, period_start = now() - interval '40 days' WHERE organization_id = $1", [
    organization.id,
    monthlyAllowance,
  ]);
  return organization.id;
}

async function spend(organization: number, amount: number, request: string): Promise<Spending> {
  const text = 'SELECT spent, balance FROM public.spend_ai_credits($1, $2, $3)';
  const [spending] = await master.query<Spending>({ text, values: [organization, amount, request] });
  if (spending === undefined) throw new Error('spending returned no row');
  return spending;
}

async function refill(organization: number, daysAgo: number): Promise<number> {
  const text = "SELECT public.refill_ai_credits($1, date_trunc('day', now()) - make_interval(days => $2)) AS balance";
  const [row] = await master.query<{ balance: string }>({ text, values: [organization, daysAgo] });
  return Number(row?.balance);
}

async function balance(organization: number): Promise<number> {
  const [row] = await master.sql<{ balance: string }>('SELECT balance FROM ai_credits_accounts WHERE organization_id = $1', [organization]);
  return Number(row?.balance);
}

describe('spending', () => {
  test('takes credits while there are enough, and none when there are not', async () => {
    const organization = await anAccount(10);
    expect(await spend(organization, 7, 'first')).toEqual({ spent: true, balance: '3' });
    expect(await spend(organization, 4, 'second')).toEqual({ spent: false, balance: '3' });
    expect(await spend(organization, 3, 'third')).toEqual({ spent: true, balance: '0' });
    expect(await spend(organization, 1, 'fourth')).toEqual({ spent: false, balance: '0' });
  });

  test('charges a repeated request once, also when it is repeated at once', async () => {
    const organization = await anAccount(10);
    const spendings = await Promise.all(Array.from({ length: 20 }, () => spend(organization, 6, 'same')));
    expect(spendings).toEqual(Array.from({ length: 20 }, () => ({ spent: true, balance: '4' })));
    await expect(spend(organization, 5, 'same')).rejects.toMatchObject({ code: '22023' });
  });

  test('never goes below zero, and loses nothing, with 100 spends at once', async () => {
    const organization = await anAccount(50);
    const spendings = await Promise.all(Array.from({ length: 100 }, (_, request) => spend(organization, 1, `request-${request}`)));
    expect(spendings.filter(({ spent }) => spent)).toHaveLength(50);
    expect(await balance(organization)).toBe(0);
  });

  test('adds up whatever is spent at once, with repetitions among it', async () => {
    const requests = fc.array(fc.record({ amount: fc.integer({ min: 1, max: 40 }), copies: fc.integer({ min: 1, max: 3 }) }), {
      minLength: 1,
      maxLength: 15,
    });
    await fc.assert(
      fc.asyncProperty(requests, fc.integer({ min: 0, max: 200 }), async (spends, allowance) => {
        const organization = await anAccount(allowance);
        const made = spends.flatMap(({ amount, copies }, index) =>
          Array.from({ length: copies }, () => ({ amount, request: `r${index}` })),
        );
        const paid = new Map<string, number>();
        const trySpending = async ({ amount, request }: (typeof made)[number]): Promise<void> => {
          if ((await spend(organization, amount, request)).spent) paid.set(request, amount);
        };
        await Promise.all(made.map(trySpending));
        const total = [...paid.values()].reduce((sum, amount) => sum + amount, 0);
        expect(await balance(organization)).toBe(allowance - total);
        expect(total).toBeLessThanOrEqual(allowance);
      }),
      { numRuns: 25 },
    );
  });

  test.each([
    ['of nothing', 0, 'r', '22023'],
    ['of less than nothing', -5, 'r', '22023'],
    ['without a name', 1, '', '22023'],
    ['under too long a name', 1, 'x'.repeat(201), '22023'],
  ])('%s is refused', async (_what, amount, request, code) => {
    const organization = await anAccount(10);
    await expect(spend(organization, amount, request)).rejects.toMatchObject({ code });
    expect(await balance(organization)).toBe(10);
  });

  test('is refused where there is no account, or none any more', async () => {
    await expect(spend(2_000_000_000, 1, 'r')).rejects.toMatchObject({ code: 'P0002' });
    const organization = await anActive(master);
    await spend(organization.id, 1, 'r');
    await deleteOrganization(master.query, organization);
    await expect(spend(organization.id, 1, 'r')).rejects.toMatchObject({ code: 'P0002' });
  });
});

describe('refilling', () => {
  test('starts a period with the allowance, once, however often it is asked for at once', async () => {
    const organization = await anAccount(10);
    await spend(organization, 8, 'before');
    await Promise.all(Array.from({ length: 10 }, () => refill(organization, 3)));
    expect(await balance(organization)).toBe(10);
    await spend(organization, 4, 'after');
    expect(await refill(organization, 3)).toBe(6);
    expect(await refill(organization, 9)).toBe(6);
    expect(await refill(organization, 1)).toBe(10);
  });

  test('counts a changed allowance from the next period', async () => {
    const organization = await anActive(master);
    await master.sql("UPDATE ai_credits_accounts SET period_start = now() - interval '40 days' WHERE organization_id = $1", [
      organization.id,
    ]);
    await recordOrganization(master.query, organization, { subscription: { ...FREE_PLAN, monthlyAllowance: 500 } });
    expect(await balance(organization.id)).toBe(100);
    expect(await refill(organization.id, 2)).toBe(500);
  });

  test('does not charge a request again that is repeated just after it', async () => {
    const organization = await anAccount(10);
    await spend(organization, 2, 'repeated');
    expect(await refill(organization, 0)).toBe(10);
    expect(await spend(organization, 2, 'repeated')).toEqual({ spent: true, balance: '10' });
    await expect(spend(organization, 3, 'repeated')).rejects.toMatchObject({ code: '22023' });
  });

  test('forgets requests that are older than a day', async () => {
    const organization = await anAccount(10);
    const age = "UPDATE ai_credits_spends SET spent_at = now() - $2::interval WHERE organization_id = $1 AND request_id = 'r' || $2";
    for (const interval of ['23 hours', '25 hours']) {
      await spend(organization, 2, `r${interval}`);
      await master.sql(age, [organization, interval]);
    }
    await refill(organization, 0);
    expect(await spend(organization, 2, 'r23 hours')).toEqual({ spent: true, balance: '10' });
    expect(await spend(organization, 2, 'r25 hours')).toEqual({ spent: true, balance: '8' });
  });

  test('is refused for a period that has not begun', async () => {
    const organization = await anAccount(10);
    await expect(refill(organization, -2)).rejects.toMatchObject({ code: '22023' });
  });

  test('waits for a refill of the same period that is under way, and does not undo what was spent after it', async () => {
    const organization = await anAccount(10);
    const text = `SELECT public.refill_ai_credits(${organization}, date_trunc('day', now())), public.spend_ai_credits(${organization}, 4, 'r')`;
    expect(
      await whileHolding(
        master,
        (query) => query({ text }),
        () => refill(organization, 0),
      ),
    ).toBe(6);
    expect(await balance(organization)).toBe(6);
  });

  test('at the same time as spends neither loses nor doubles credits', async () => {
    const organization = await anAccount(1000);
    await master.sql('UPDATE ai_credits_accounts SET balance = 500 WHERE organization_id = $1', [organization]);
    const spends = Array.from({ length: 60 }, (_, request) => spend(organization, 1, `r${request}`));
    const [spendings] = await Promise.all([Promise.all(spends), refill(organization, 1)]);
    expect(spendings.every(({ spent }) => spent)).toBe(true);
    const inNewPeriod = spendings.filter((spending) => Number(spending.balance) > 500);
    expect(await balance(organization)).toBe(1000 - inNewPeriod.length);
    expect(new Set(spendings.map((spending) => spending.balance)).size).toBe(60);
  });
});

test('an application needs EXECUTE and no right on the tables', async () => {
  const organization = await anAccount(10);
  const role = `test_app_${randomBytes(6).toString('hex')}`;
  await superuserQuery(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'; GRANT CONNECT ON DATABASE ${master.database.name} TO ${role}`);
  const url = Object.assign(new URL(master.database.url), { username: role, password: role }).href;
  try {
    const spending = `SELECT spent FROM public.spend_ai_credits(${organization}, 1, 'app')`;
    await expect(queryAs(url, spending)).rejects.toMatchObject({ code: '42501' });
    await master.sql(`GRANT EXECUTE ON FUNCTION public.spend_ai_credits, public.refill_ai_credits TO ${role}`);
    expect(await queryAs(url, spending)).toEqual([{ spent: true }]);
    await expect(queryAs(url, 'UPDATE ai_credits_accounts SET balance = 1000')).rejects.toMatchObject({ code: '42501' });
  } finally {
    await superuserQuery(`DROP OWNED BY ${role}`, [], master.database.name);
    await superuserQuery(`DROP ROLE ${role}`);
  }
});
