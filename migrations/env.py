"""Alembic's environment: the application's engine and tables."""

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app

from fundapp.core.db import Base, JsonDocument, PlainText, UtcDateTime, db

COLUMN_TYPES = {
    UtcDateTime: "sa.DateTime(timezone=True)",
    PlainText: "sa.Text()",
    JsonDocument: 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")',
}


def render_type(kind: str, item: object, autogen_context: AutogenContext) -> str | bool:
    """Write our column types as SQLAlchemy's own: migrations import nothing of the application."""
    if kind != "type" or type(item) not in COLUMN_TYPES:
        return False
    if isinstance(item, JsonDocument):
        autogen_context.imports.add("from sqlalchemy.dialects import postgresql")
    return COLUMN_TYPES[type(item)]


def run_migrations() -> None:
    """Run the chosen migrations on the application's database, all in one transaction."""
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_item=render_type,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()


run_migrations()
