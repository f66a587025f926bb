-- A request that is repeated just after the turn of a period was charged in the old one, and is not charged again: a refill forgets
-- only what nobody repeats any more.

CREATE OR REPLACE FUNCTION public.refill_ai_credits(organization integer, period timestamptz) RETURNS bigint
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

  DELETE FROM public.ai_credits_spends WHERE organization_id = organization AND spent_at < now() - interval '1 day';
  UPDATE public.ai_credits_accounts SET balance = monthly_allowance, period_start = period
    WHERE organization_id = organization;
  RETURN account.monthly_allowance;
END $$;

COMMENT ON TABLE public.ai_credits_spends IS 'What was spent in the running period and the day before it, so that a request repeated after a lost answer is charged once. Each refill forgets what is older than a day.';
COMMENT ON COLUMN public.ai_credits_spends.request_id IS 'The application''s name for the request; not used for another one within a period and the day after it.';
COMMENT ON FUNCTION public.spend_ai_credits(integer, bigint, text) IS 'Takes credits if there are enough. spent: whether this request is paid for; balance: what is left. The same request is charged once in a period, and once within a day across the turn of a period. For any organization: who may call it has been trusted to name the right one.';
COMMENT ON FUNCTION public.refill_ai_credits(integer, timestamptz) IS 'Starts a new period: the balance becomes the allowance. Does nothing for the running period or an earlier one. Returns the balance. For any organization and any period that has begun: who may call it has been trusted with that.';
