-- What happened to whom, when and why. Kept after an erasure, so nothing in it may name anybody.

CREATE TABLE public.tenant_events (
  id bigint GENERATED ALWAYS AS IDENTITY,
  organization_id integer NOT NULL,
  uid uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  type text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT tenant_events_pkey PRIMARY KEY (id),
  CONSTRAINT tenant_events_of_organization FOREIGN KEY (organization_id) REFERENCES public.organizations (id),
  CONSTRAINT tenant_events_type_is_camel_case CHECK (length(type) <= 63 AND type ~ '^[A-Z][A-Za-z]+$'),
  CONSTRAINT tenant_events_detail_is_an_object CHECK (jsonb_typeof(detail) = 'object')
);
CREATE INDEX tenant_events_organization_id_idx ON public.tenant_events (organization_id, id);

COMMENT ON TABLE public.tenant_events IS 'Append-only history of every organization, written in the statement that makes the change. Outlives an erasure.';
COMMENT ON COLUMN public.tenant_events.id IS 'Order of writing.';
COMMENT ON COLUMN public.tenant_events.organization_id IS 'Whom it happened to.';
COMMENT ON COLUMN public.tenant_events.uid IS 'metadata.uid of the StudioTenant at that time.';
COMMENT ON COLUMN public.tenant_events.at IS 'When it happened.';
COMMENT ON COLUMN public.tenant_events.type IS 'What happened, in CamelCase.';
COMMENT ON COLUMN public.tenant_events.detail IS 'Numbers, ids and reasons. No personal data: no names, subdomains, domains or addresses.';

CREATE FUNCTION public.refuse_changed_history() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'tenant_events is append-only'
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'tenant_events_append_only';
END $$;
COMMENT ON FUNCTION public.refuse_changed_history() IS 'Trigger: history is added to, never changed.';

CREATE TRIGGER tenant_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON public.tenant_events
  FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_changed_history();
