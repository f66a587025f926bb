/**
 * SQL of subscription and credits account, as parts of the statement that records what was done for an organization.
 * The operator owns plan and allowance; after the rows have been made, billing status, periods and balance are the
 * application's and are never written again.
 */

/** Fields of `input` that `SUBSCRIBE` reads; `plan` NULL means that nothing is to be changed. */
export const SUBSCRIPTION_FIELDS = 'plan text, "monthlyAllowance" bigint, "trialDays" integer';

/**
 * Upserts the rows of organization `before` from `input`, as `subscription` and `account`: what changed, if anything.
 * A new account starts with its whole allowance; a changed allowance counts from the next refill.
 */
export const SUBSCRIBE = `subscription AS (
  INSERT INTO public.subscriptions AS s
    (organization_id, plan, status, trial_ends_at, current_period_start, current_period_end)
  SELECT before.id, input.plan,
      CASE WHEN input."trialDays" > 0 THEN 'trialing' ELSE 'active' END,
      CASE WHEN input."trialDays" > 0 THEN now() + make_interval(days => input."trialDays") END,
      now(), now() + interval '1 month'
    FROM input, before WHERE input.plan IS NOT NULL
  ON CONFLICT (organization_id) DO UPDATE SET plan = excluded.plan WHERE s.plan <> excluded.plan
  RETURNING s.organization_id, s.plan
),
account AS (
  INSERT INTO public.ai_credits_accounts AS a (organization_id, monthly_allowance, balance, period_start)
  SELECT before.id, input."monthlyAllowance", input."monthlyAllowance", now()
    FROM input, before WHERE input.plan IS NOT NULL
  ON CONFLICT (organization_id) DO UPDATE SET monthly_allowance = excluded.monthly_allowance
    WHERE a.monthly_allowance <> excluded.monthly_allowance
  RETURNING a.organization_id, a.monthly_allowance
)`;

/** Joins the subscription of `o` as it is after `SUBSCRIBE`, which a plain join would not see yet. */
export const JOIN_NEW_SUBSCRIPTION = `
  LEFT JOIN LATERAL (
    SELECT organization_id, plan, 1 AS age FROM subscription
    UNION ALL
    SELECT organization_id, plan, 2 FROM public.subscriptions WHERE organization_id = o.id
    ORDER BY age LIMIT 1
  ) AS s ON true
  LEFT JOIN LATERAL (
    SELECT organization_id, monthly_allowance, 1 AS age FROM account
    UNION ALL
    SELECT organization_id, monthly_allowance, 2 FROM public.ai_credits_accounts WHERE organization_id = o.id
    ORDER BY age LIMIT 1
  ) AS a ON true`;
