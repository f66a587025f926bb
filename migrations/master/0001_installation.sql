-- Which cluster's operator this master database belongs to.
-- Names are qualified with their schema throughout: the operator's sessions look nothing up in public.

CREATE TABLE public.installation (
  singleton boolean NOT NULL DEFAULT true,
  installation_id uuid NOT NULL DEFAULT gen_random_uuid(),
  cluster_id uuid NOT NULL,
  adopted_from uuid,
  claimed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT installation_pkey PRIMARY KEY (singleton),
  CONSTRAINT installation_is_one_row CHECK (singleton),
  CONSTRAINT installation_adopted_from_another CHECK (adopted_from <> cluster_id)
);

COMMENT ON TABLE public.installation IS 'One row: the operator installation that owns this master database. Another cluster''s operator is refused until it is configured to take over.';
COMMENT ON COLUMN public.installation.singleton IS 'Always true: the key that keeps this table at one row.';
COMMENT ON COLUMN public.installation.installation_id IS 'Stands in the comment of every role and database this installation has made, so that two installations never take each other''s.';
COMMENT ON COLUMN public.installation.cluster_id IS 'uid of the namespace kube-system of the cluster whose operator works here.';
COMMENT ON COLUMN public.installation.adopted_from IS 'The cluster this database was taken over from last.';
COMMENT ON COLUMN public.installation.claimed_at IS 'When the present cluster claimed this database.';
