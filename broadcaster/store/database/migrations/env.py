"""Run by Alembic: migrates over the connection that `store/database/migrate.py` hands in."""

from alembic import context

from broadcaster.store.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
