-- Subscriptions and AI credits. The operator owns plan and allowance; billing status and balance are the application's.

CREATE FUNCTION public.set_updated_at() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END $$;
COMMENT ON FUNCTION public.set_updated_at() IS 'Trigger: stamps the row that is changed.';

CREATE TABLE public.subscriptions (
  organization_id integer NOT NULL,
  living boolean NOT NULL GENERATED ALWAYS AS (true) STORED,
  plan text NOT NULL,
  status text NOT NULL,
  trial_ends_at timestamptz,
  current_period_start timestamptz NOT NULL,
  current_period_end timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT subscriptions_pkey PRIMARY KEY (organization_id),
  CONSTRAINT subscriptions_of_living
    FOREIGN KEY (organization_id, living) REFERENCES public.organizations (id, living),
  CONSTRAINT subscriptions_plan_length CHECK (length(plan) BETWEEN 1 AND 253),
  CONSTRAINT subscriptions_status_is_known CHECK (status IN ('trialing', 'active', 'past_due', 'canceled')),
  CONSTRAINT subscriptions_trial_has_an_end CHECK (status <> 'trialing' OR trial_ends_at IS NOT NULL),
  CONSTRAINT subscriptions_period_is_not_empty CHECK (current_period_end > current_period_start)
);
CREATE TRIGGER subscriptions_set_updated_at BEFORE UPDATE ON public.subscriptions
  FOR EACH ROW EXECUTE FUNCTION public.set_updated_at();

COMMENT ON TABLE public.subscriptions IS 'What an organization has subscribed to. The operator makes the row and writes plan; all else is the application''s after that.';
COMMENT ON COLUMN public.subscriptions.organization_id IS 'Whose subscription it is: one each.';
COMMENT ON COLUMN public.subscriptions.living IS 'Always true: part of the foreign key that keeps subscriptions off tombstones.';
COMMENT ON COLUMN public.subscriptions.plan IS 'Name of the TenantPlan. Written by the operator.';
COMMENT ON COLUMN public.subscriptions.status IS 'trialing, active, past_due or canceled. The operator writes the first value only.';
COMMENT ON COLUMN public.subscriptions.trial_ends_at IS 'End of the trial, from the plan''s trialDays when the row was made.';
COMMENT ON COLUMN public.subscriptions.current_period_start IS 'Start of the billing period; moved on by the application.';
COMMENT ON COLUMN public.subscriptions.current_period_end IS 'End of the billing period; moved on by the application.';
COMMENT ON COLUMN public.subscriptions.created_at IS 'When the subscription was made.';
COMMENT ON COLUMN public.subscriptions.updated_at IS 'When the row changed last; kept by a trigger.';

-- Amounts stay within 2^53 - 1, which every client that reads JSON can represent.
CREATE TABLE public.ai_credits_accounts (
  organization_id integer NOT NULL,
  living boolean NOT NULL GENERATED ALWAYS AS (true) STORED,
  monthly_allowance bigint NOT NULL,
  balance bigint NOT NULL,
  period_start timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT ai_credits_accounts_pkey PRIMARY KEY (organization_id),
  CONSTRAINT ai_credits_accounts_of_living
    FOREIGN KEY (organization_id, living) REFERENCES public.organizations (id, living),
  CONSTRAINT ai_credits_accounts_monthly_allowance_range CHECK (monthly_allowance BETWEEN 0 AND 9007199254740991),
  CONSTRAINT ai_credits_accounts_balance_range CHECK (balance BETWEEN 0 AND 9007199254740991)
);
CREATE TRIGGER ai_credits_accounts_set_updated_at BEFORE UPDATE ON public.ai_credits_accounts
  FOR EACH ROW EXECUTE FUNCTION public.set_updated_at();

COMMENT ON TABLE public.ai_credits_accounts IS 'AI credits of an organization. Spend and refill through spend_ai_credits and refill_ai_credits only.';
COMMENT ON COLUMN public.ai_credits_accounts.organization_id IS 'Whose account it is: one each.';
COMMENT ON COLUMN public.ai_credits_accounts.living IS 'Always true: part of the foreign key that keeps accounts off tombstones.';
COMMENT ON COLUMN public.ai_credits_accounts.monthly_allowance IS 'Credits at the start of each period. Written by the operator; a change counts from the next period.';
COMMENT ON COLUMN public.ai_credits_accounts.balance IS 'Credits left in this period; never below zero. Belongs to the application.';
COMMENT ON COLUMN public.ai_credits_accounts.period_start IS 'Start of the period that balance belongs to; moved on by refill_ai_credits.';
COMMENT ON COLUMN public.ai_credits_accounts.created_at IS 'When the account was made.';
COMMENT ON COLUMN public.ai_credits_accounts.updated_at IS 'When the row changed last; kept by a trigger.';

CREATE TABLE public.ai_credits_spends (
  organization_id integer NOT NULL,
  request_id text NOT NULL,
  amount bigint NOT NULL,
  spent_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT ai_credits_spends_pkey PRIMARY KEY (organization_id, request_id),
  CONSTRAINT ai_credits_spends_of_account
    FOREIGN KEY (organization_id) REFERENCES public.ai_credits_accounts (organization_id) ON DELETE CASCADE,
  CONSTRAINT ai_credits_spends_request_id_length CHECK (length(request_id) BETWEEN 1 AND 200),
  CONSTRAINT ai_credits_spends_amount_is_positive CHECK (amount > 0)
);

COMMENT ON TABLE public.ai_credits_spends IS 'What was spent in the running period, so that a request repeated after a lost answer is charged once. Emptied by the next refill.';
COMMENT ON COLUMN public.ai_credits_spends.organization_id IS 'Whose credits were spent.';
COMMENT ON COLUMN public.ai_credits_spends.request_id IS 'The application''s name for the request; unique within a period.';
COMMENT ON COLUMN public.ai_credits_spends.amount IS 'Credits charged.';
COMMENT ON COLUMN public.ai_credits_spends.spent_at IS 'When they were charged.';

-- The row lock on the account puts all spends and refills of one organization in a line; the balance is read under it.
CREATE FUNCTION public.spend_ai_credits(organization integer, amount bigint, request text, OUT spent boolean, OUT balance bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  charged bigint;
BEGIN
  IF spend_ai_credits.amount IS NULL OR spend_ai_credits.amount <= 0 THEN
    RAISE EXCEPTION 'an amount of credits must be above zero' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF request IS NULL OR length(request) NOT BETWEEN 1 AND 200 THEN
    RAISE EXCEPTION 'a request needs a name of 1 to 200 characters' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  SELECT account.balance INTO spend_ai_credits.balance FROM public.ai_credits_accounts AS account
    WHERE account.organization_id = organization FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'organization % has no credits account', organization USING ERRCODE = 'no_data_found';
  END IF;

  SELECT spend.amount INTO charged FROM public.ai_credits_spends AS spend
    WHERE spend.organization_id = organization AND spend.request_id = request;
  IF FOUND AND charged <> spend_ai_credits.amount THEN
    RAISE EXCEPTION 'this request was charged with another amount before' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  spent := FOUND OR spend_ai_credits.balance >= spend_ai_credits.amount;
  IF FOUND OR NOT spent THEN
    RETURN;
  END IF;
  INSERT INTO public.ai_credits_spends (organization_id, request_id, amount)
    VALUES (organization, request, spend_ai_credits.amount);
  UPDATE public.ai_credits_accounts AS account SET balance = account.balance - spend_ai_credits.amount
    WHERE account.organization_id = organization
    RETURNING account.balance INTO spend_ai_credits.balance;
END $$;
COMMENT ON FUNCTION public.spend_ai_credits(integer, bigint, text) IS 'Takes credits if there are enough. spent: whether this request is paid for; balance: what is left. The same request in the same period is charged once.';

CREATE FUNCTION public.refill_ai_credits(organization integer, period timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  account public.ai_credits_accounts;
BEGIN
  IF period IS NULL OR period > now() THEN
    RAISE EXCEPTION 'credits are refilled for a period that has begun' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  SELECT * INTO account FROM public.ai_credits_accounts WHERE organization_id = organization FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'organization % has no credits account', organization USING ERRCODE = 'no_data_found';
  END IF;
  IF account.period_start >= period THEN
    RETURN account.balance;
  END IF;

  DELETE FROM public.ai_credits_spends WHERE organization_id = organization;
  UPDATE public.ai_credits_accounts SET balance = monthly_allowance, period_start = period
    WHERE organization_id = organization;
  RETURN account.monthly_allowance;
END $$;
COMMENT ON FUNCTION public.refill_ai_credits(integer, timestamptz) IS 'Starts a new period: the balance becomes the allowance. Does nothing for the running period or an earlier one. Returns the balance.';

-- They run as their owner, so that an application needs EXECUTE and no right on the tables:
-- GRANT EXECUTE ON FUNCTION public.spend_ai_credits, public.refill_ai_credits TO <the application's role>;
REVOKE ALL ON FUNCTION public.spend_ai_credits(integer, bigint, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.refill_ai_credits(integer, timestamptz) FROM PUBLIC;
