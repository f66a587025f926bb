-- What applications rely on to find a tenant: one view, one channel, one function that grants a login exactly that.
-- The view and the payload are a contract with programs in any language: columns and fields are only ever added.

CREATE VIEW public.tenant_routes AS
  SELECT
    o.id AS organization_id, o.subdomain, o.display_name, o.status,
    o.database_name, o.database_host, o.database_port, o.server_name,
    o.schema_release, o.schema_version,
    o.credentials_generation, o.secret_namespace, o.secret_name
  FROM public.organizations AS o
  -- Spelled so that the planner sees the condition of the unique index on subdomain in it.
  WHERE o.status <> 'deleted' AND o.status <> 'abandoned';

COMMENT ON VIEW public.tenant_routes IS 'Where every organization that is not erased lives and whether it is served. Whatever changes here is announced on the channel studio_tenants.';
COMMENT ON COLUMN public.tenant_routes.organization_id IS 'N, the number in studio_N_db. Never used twice.';
COMMENT ON COLUMN public.tenant_routes.subdomain IS 'Label under the base domain, in lower case.';
COMMENT ON COLUMN public.tenant_routes.display_name IS 'The customer''s name as people read it.';
COMMENT ON COLUMN public.tenant_routes.status IS 'provisioning, active, suspended, retained or failed. Serve active ones only.';
COMMENT ON COLUMN public.tenant_routes.database_name IS 'Database to connect to.';
COMMENT ON COLUMN public.tenant_routes.database_host IS 'What to connect to; a pooler, where there is one.';
COMMENT ON COLUMN public.tenant_routes.database_port IS 'Port beside database_host.';
COMMENT ON COLUMN public.tenant_routes.server_name IS 'Name of the PostgresServer.';
COMMENT ON COLUMN public.tenant_routes.schema_release IS 'Name of the SchemaRelease the database was last migrated to; NULL before the first.';
COMMENT ON COLUMN public.tenant_routes.schema_version IS 'version of that SchemaRelease.';
COMMENT ON COLUMN public.tenant_routes.credentials_generation IS 'Counts passwords: credentials of a smaller generation are out of date.';
COMMENT ON COLUMN public.tenant_routes.secret_namespace IS 'Namespace of the connection Secret.';
COMMENT ON COLUMN public.tenant_routes.secret_name IS 'Name of the connection Secret; NULL until the first password is recorded.';

-- Payload: {"organization": 42, "hosts": ["label", "booking.example"]}. hosts are the names that came or went, absent when
-- none did; {} means that anything may have changed. A message tells of one row, so that it stays below the limit of 8000 bytes.
CREATE FUNCTION public.announce_organization() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  hosts text[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    hosts := ARRAY[NEW.subdomain];
  ELSIF OLD.subdomain IS DISTINCT FROM NEW.subdomain THEN
    hosts := array_remove(ARRAY[OLD.subdomain, NEW.subdomain], NULL);
  END IF;
  PERFORM pg_notify('studio_tenants', json_strip_nulls(json_build_object('organization', NEW.id, 'hosts', hosts))::text);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION public.announce_organization() IS 'Trigger: tells applications which organization''s route has changed.';

CREATE TRIGGER organizations_announce_new AFTER INSERT ON public.organizations
  FOR EACH ROW WHEN (NEW.living) EXECUTE FUNCTION public.announce_organization();
-- The columns of tenant_routes: what applications do not see does not wake them.
CREATE TRIGGER organizations_announce_changed AFTER UPDATE ON public.organizations
  FOR EACH ROW WHEN (
    (OLD.subdomain, OLD.display_name, OLD.status, OLD.database_host, OLD.database_port, OLD.server_name, OLD.schema_release,
      OLD.schema_version, OLD.credentials_generation, OLD.secret_namespace, OLD.secret_name)
    IS DISTINCT FROM
    (NEW.subdomain, NEW.display_name, NEW.status, NEW.database_host, NEW.database_port, NEW.server_name, NEW.schema_release,
      NEW.schema_version, NEW.credentials_generation, NEW.secret_namespace, NEW.secret_name)
  ) EXECUTE FUNCTION public.announce_organization();

CREATE FUNCTION public.announce_domain() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    PERFORM pg_notify('studio_tenants', '{}');
    RETURN NULL;
  END IF;
  IF TG_OP IN ('UPDATE', 'DELETE') THEN
    PERFORM pg_notify('studio_tenants', json_build_object('organization', OLD.organization_id, 'hosts', ARRAY[OLD.domain])::text);
  END IF;
  IF TG_OP IN ('INSERT', 'UPDATE') THEN
    PERFORM pg_notify('studio_tenants', json_build_object('organization', NEW.organization_id, 'hosts', ARRAY[NEW.domain])::text);
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION public.announce_domain() IS 'Trigger: tells applications whose custom domain came or went.';

CREATE TRIGGER organization_domains_announce AFTER INSERT OR DELETE ON public.organization_domains
  FOR EACH ROW EXECUTE FUNCTION public.announce_domain();
CREATE TRIGGER organization_domains_announce_changed AFTER UPDATE ON public.organization_domains
  FOR EACH ROW WHEN ((OLD.domain, OLD.organization_id) IS DISTINCT FROM (NEW.domain, NEW.organization_id))
  EXECUTE FUNCTION public.announce_domain();
CREATE TRIGGER organization_domains_announce_truncate AFTER TRUNCATE ON public.organization_domains
  FOR EACH STATEMENT EXECUTE FUNCTION public.announce_domain();

-- Runs with the rights of who calls it, the owner of this database: it gives nobody a right to grant.
CREATE FUNCTION public.grant_application(role name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
  EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role);
  EXECUTE format('GRANT SELECT ON public.tenant_routes TO %I', role);
  EXECUTE format('GRANT SELECT (domain, organization_id) ON public.organization_domains TO %I', role);
  EXECUTE format(
    'GRANT SELECT (organization_id, plan, status, trial_ends_at, current_period_start, current_period_end) ON public.subscriptions TO %I',
    role
  );
  EXECUTE format('GRANT SELECT (organization_id, monthly_allowance, balance, period_start) ON public.ai_credits_accounts TO %I', role);
  EXECUTE format(
    'GRANT EXECUTE ON FUNCTION public.spend_ai_credits(integer, bigint, text), public.refill_ai_credits(integer, timestamptz) TO %I',
    role
  );
END $$;
COMMENT ON FUNCTION public.grant_application(name) IS 'Grants a login what an application needs: to find tenants, to read plans and credits, to spend and refill credits. Nothing else; may be repeated.';
REVOKE ALL ON FUNCTION public.grant_application(name) FROM PUBLIC;
