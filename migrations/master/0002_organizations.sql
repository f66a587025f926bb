-- Customers and the host names they claim.

CREATE TABLE public.organizations (
  id integer GENERATED ALWAYS AS IDENTITY,
  uid uuid NOT NULL,
  cluster_id uuid NOT NULL,
  namespace text,
  name text,
  display_name text,
  subdomain text,
  database_name text NOT NULL GENERATED ALWAYS AS ('studio_' || id::text || '_db') STORED,
  database_host text,
  database_port integer,
  database_password_hash text,
  credentials_generation integer NOT NULL DEFAULT 0,
  secret_namespace text,
  secret_name text,
  secret_resource_version text,
  server_name text,
  database_oid oid,
  schema_release text,
  schema_version integer,
  status text NOT NULL DEFAULT 'provisioning',
  living boolean NOT NULL GENERATED ALWAYS AS (status NOT IN ('deleted', 'abandoned')) STORED,
  first_ready_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,

  CONSTRAINT organizations_pkey PRIMARY KEY (id),
  CONSTRAINT organizations_database_name_key UNIQUE (database_name),
  CONSTRAINT organizations_id_living_key UNIQUE (id, living),
  CONSTRAINT organizations_id_is_positive CHECK (id > 0),
  CONSTRAINT organizations_status_is_known
    CHECK (status IN ('provisioning', 'active', 'suspended', 'retained', 'deleted', 'failed', 'abandoned')),
  CONSTRAINT organizations_display_name_length CHECK (length(display_name) BETWEEN 1 AND 120),
  CONSTRAINT organizations_subdomain_is_lower_case_label
    CHECK (length(subdomain) BETWEEN 3 AND 63 AND subdomain ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$'),
  CONSTRAINT organizations_database_port_range CHECK (database_port BETWEEN 1 AND 65535),
  CONSTRAINT organizations_password_hash_is_bcrypt
    CHECK (database_password_hash ~ '^[$]2[aby][$][0-9]{2}[$][./A-Za-z0-9]{53}$'),
  CONSTRAINT organizations_credentials_generation_range CHECK (credentials_generation >= 0),
  CONSTRAINT organizations_credentials_are_whole
    CHECK (
      num_nonnulls(database_password_hash, secret_namespace, secret_name) IN (0, 3)
      AND (database_password_hash IS NULL OR credentials_generation > 0)
      AND (secret_resource_version IS NULL OR database_password_hash IS NOT NULL)
    ),
  CONSTRAINT organizations_schema_is_whole
    CHECK (num_nonnulls(schema_release, schema_version) IN (0, 2) AND schema_version > 0),
  CONSTRAINT organizations_active_can_be_reached
    CHECK (status <> 'active' OR num_nonnulls(database_password_hash, database_oid, first_ready_at) = 3),
  CONSTRAINT organizations_living_are_whole
    CHECK (
      status IN ('deleted', 'abandoned')
      OR (
        num_nonnulls(namespace, name, display_name, subdomain, server_name, database_host, database_port) = 7
        AND deleted_at IS NULL
      )
    ),
  CONSTRAINT organizations_tombstones_are_erased
    CHECK (
      status NOT IN ('deleted', 'abandoned')
      OR (
        num_nonnulls(
          namespace, name, display_name, subdomain, database_host, database_port, database_password_hash,
          secret_namespace, secret_name, secret_resource_version, schema_release, schema_version
        ) = 0
        AND deleted_at IS NOT NULL
      )
    )
);

CREATE UNIQUE INDEX organizations_uid_key ON public.organizations (uid) WHERE living;
CREATE UNIQUE INDEX organizations_subdomain_key ON public.organizations (subdomain) WHERE status <> 'deleted';
CREATE UNIQUE INDEX organizations_object_key ON public.organizations (cluster_id, namespace, name) WHERE status <> 'deleted';
CREATE INDEX organizations_tombstone_uid_idx ON public.organizations (uid, id) WHERE NOT living;
CREATE INDEX organizations_server_name_idx ON public.organizations (server_name) WHERE living;

COMMENT ON TABLE public.organizations IS 'One row per customer. Rows are never deleted: an erased customer leaves a tombstone with ids, oid and times.';
COMMENT ON COLUMN public.organizations.id IS 'N, the number in studio_N_db. Given by the identity, with gaps; never used twice.';
COMMENT ON COLUMN public.organizations.uid IS 'metadata.uid of the StudioTenant. Rewritten when a dead predecessor''s row is adopted.';
COMMENT ON COLUMN public.organizations.cluster_id IS 'uid of the namespace kube-system of the cluster the StudioTenant lives in.';
COMMENT ON COLUMN public.organizations.namespace IS 'metadata.namespace of the StudioTenant.';
COMMENT ON COLUMN public.organizations.name IS 'metadata.name of the StudioTenant.';
COMMENT ON COLUMN public.organizations.display_name IS 'The customer''s name as people read it.';
COMMENT ON COLUMN public.organizations.subdomain IS 'The customer''s label under the base domain. Always lower case, hence unique whatever the case: look up with lower(...).';
COMMENT ON COLUMN public.organizations.database_name IS 'Name of the customer''s database, and of its first login.';
COMMENT ON COLUMN public.organizations.database_host IS 'What clients of the database connect to; a pooler, where there is one.';
COMMENT ON COLUMN public.organizations.database_port IS 'Port beside database_host.';
COMMENT ON COLUMN public.organizations.database_password_hash IS 'bcrypt of the password in the Secret. Proof only: it is never used to connect, and the password itself is in the Secret alone.';
COMMENT ON COLUMN public.organizations.credentials_generation IS 'Counts the passwords this organization has had; 0 before the first.';
COMMENT ON COLUMN public.organizations.secret_namespace IS 'Namespace of the connection Secret.';
COMMENT ON COLUMN public.organizations.secret_name IS 'Name of the connection Secret.';
COMMENT ON COLUMN public.organizations.secret_resource_version IS '''uid/resourceVersion'' of the Secret that the hash was last compared with, so that bcrypt is computed once per password.';
COMMENT ON COLUMN public.organizations.server_name IS 'Name of the PostgresServer that holds the database. Stays in an abandoned row, which says where data may be left.';
COMMENT ON COLUMN public.organizations.database_oid IS 'pg_database.oid. Once recorded, a missing database is lost, and is never silently replaced by an empty one.';
COMMENT ON COLUMN public.organizations.schema_release IS 'Name of the SchemaRelease the database was last migrated to.';
COMMENT ON COLUMN public.organizations.schema_version IS 'version of that SchemaRelease.';
COMMENT ON COLUMN public.organizations.status IS 'provisioning, active, suspended, retained (closed, data kept), failed (needs a person), deleted (erased), abandoned (erased here while its server was gone). Applications serve active ones only.';
COMMENT ON COLUMN public.organizations.living IS 'False for tombstones. Domains, subscription and credits refer to (id, true), so that a tombstone cannot have any.';
COMMENT ON COLUMN public.organizations.first_ready_at IS 'When it became active for the first time.';
COMMENT ON COLUMN public.organizations.created_at IS 'When it was registered.';
COMMENT ON COLUMN public.organizations.updated_at IS 'When the row changed last; kept by a trigger.';
COMMENT ON COLUMN public.organizations.deleted_at IS 'When it was erased; tombstones only.';

-- What a CHECK cannot say, because it compares a row with what it was.
CREATE FUNCTION public.guard_organization() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
    RAISE EXCEPTION 'organizations are never deleted; erase one by making it a tombstone'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'organizations_stay';
  END IF;
  IF OLD.status = 'deleted' OR (OLD.status = 'abandoned' AND NEW.status NOT IN ('abandoned', 'deleted')) THEN
    RAISE EXCEPTION 'organization % is a tombstone', OLD.id
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'organizations_tombstones_are_final';
  END IF;
  IF NEW.database_oid IS NULL AND OLD.database_oid IS NOT NULL THEN
    RAISE EXCEPTION 'the database of organization % is recorded and cannot be forgotten', OLD.id
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'organizations_database_oid_stays';
  END IF;
  NEW.updated_at := now();
  RETURN NEW;
END $$;
COMMENT ON FUNCTION public.guard_organization() IS 'Keeps rows, makes tombstones final, keeps a recorded database oid, sets updated_at.';

CREATE TRIGGER organizations_guard BEFORE UPDATE OR DELETE ON public.organizations
  FOR EACH ROW EXECUTE FUNCTION public.guard_organization();
CREATE TRIGGER organizations_guard_truncate BEFORE TRUNCATE ON public.organizations
  FOR EACH STATEMENT EXECUTE FUNCTION public.guard_organization();

-- After the master database was restored from an older backup, numbers above the identity are in use on the servers.
-- The lock keeps an insert from taking a number between reading the sequence and setting it.
CREATE FUNCTION public.move_organization_ids_past(used integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  LOCK TABLE public.organizations IN SHARE ROW EXCLUSIVE MODE;
  PERFORM setval('public.organizations_id_seq', used)
    FROM public.organizations_id_seq AS ids
    WHERE used > ids.last_value OR (used = ids.last_value AND NOT ids.is_called);
END $$;
COMMENT ON FUNCTION public.move_organization_ids_past(integer) IS 'Makes sure that no organization registered from now on gets this number or a smaller one. Never moves back.';
REVOKE ALL ON FUNCTION public.move_organization_ids_past(integer) FROM PUBLIC;

CREATE TABLE public.organization_domains (
  domain text NOT NULL,
  organization_id integer NOT NULL,
  living boolean NOT NULL GENERATED ALWAYS AS (true) STORED,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT organization_domains_pkey PRIMARY KEY (domain),
  CONSTRAINT organization_domains_of_living
    FOREIGN KEY (organization_id, living) REFERENCES public.organizations (id, living),
  CONSTRAINT organization_domains_domain_is_lower_case_host_name
    CHECK (
      length(domain) <= 253
      AND domain ~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'
    )
);
CREATE INDEX organization_domains_organization_id_idx ON public.organization_domains (organization_id, living);

COMMENT ON TABLE public.organization_domains IS 'Custom host names. The primary key is the claim: one organization of the whole platform has a domain.';
COMMENT ON COLUMN public.organization_domains.domain IS 'Host name in lower case: look up with lower(...).';
COMMENT ON COLUMN public.organization_domains.organization_id IS 'Who holds it.';
COMMENT ON COLUMN public.organization_domains.living IS 'Always true: part of the foreign key that keeps domains off tombstones.';
COMMENT ON COLUMN public.organization_domains.created_at IS 'When it was claimed.';
