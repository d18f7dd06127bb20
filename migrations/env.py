"""Alembic's environment: the application's engine and tables."""

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from sqlalchemy import Connection

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
    """Run the chosen migrations on the application's database, all in one transaction.

    SQLite changes a table by making it anew, which its foreign keys would forbid while other rows name it: they are
    off meanwhile, and checked before the end.
    """
    with db.engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            switch_foreign_keys(connection, "OFF")
        try:
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                render_item=render_type,
                **current_app.extensions["migrate"].configure_args,
            )
            with context.begin_transaction():
                context.run_migrations()
                if is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
                    raise RuntimeError(f"a row of {broken[0]} names one of {broken[2]} that is not there")
        finally:
            if is_sqlite:
                connection.rollback()  # of the check alone, or of what failed: the switch works outside a transaction
                switch_foreign_keys(connection, "ON")


def switch_foreign_keys(connection: Connection, state: str) -> None:
    """Switch SQLite's foreign keys, on the driver's own connection: inside a transaction this has no effect."""
    raw = connection.connection.driver_connection
    if raw is None:
        raise RuntimeError("the connection to the database is closed")
    raw.execute(f"PRAGMA foreign_keys={state}")


run_migrations()
