"""What Alembic runs: the migrations on a connection whose transaction `avow.server.store.migrate` has begun."""

from alembic import context

from avow.server.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
