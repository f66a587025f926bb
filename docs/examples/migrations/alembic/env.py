"""Runs on the database that the operator names, in one transaction, with Alembic's own table out of the tenant's reach."""

import os

from alembic import context
from sqlalchemy import create_engine, pool

# libpq takes sslmode and sslrootcert from the URL as they are.
engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)

with engine.connect() as connection:
    context.configure(connection=connection, version_table_schema="studio_migrations", transaction_per_migration=False)
    with context.begin_transaction():
        # Two pods of one Job: the second waits, and finds nothing to do.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7241)")
        context.run_migrations()
