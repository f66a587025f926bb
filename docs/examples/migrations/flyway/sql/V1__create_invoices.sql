-- In full: Flyway's default schema is that of its own table.
CREATE TABLE public.invoices (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number text NOT NULL UNIQUE,
  total_cents integer NOT NULL CHECK (total_cents >= 0),
  issued_on date NOT NULL DEFAULT CURRENT_DATE
);
