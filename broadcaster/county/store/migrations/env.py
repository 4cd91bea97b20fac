"""Run by Alembic: migrates over the connection that `OfficeDatabase.migrate` hands in."""

from alembic import context

from broadcaster.county.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
