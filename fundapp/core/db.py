"""The database: one declarative base, the column types that every room uses, and engine set-up.

SQLite is the embedded default (WAL, foreign keys on, `BEGIN IMMEDIATE` for writes); PostgreSQL is the other
supported engine. A request or job that only reads opens its transaction with `read_only()`, so that it
never waits for SQLite's one write lock.
"""

import re
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Executable,
    MetaData,
    Numeric,
    Text,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DontWrapMixin, IntegrityError, InvalidRequestError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, registry
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from fundapp.core.errors import NotFound
from fundapp.core.numbers import plain_number
from fundapp.core.text import TextError, clean_text

READ_ONLY: Final = "fundapp_read_only"
BUSY_MILLISECONDS: Final = 10_000
"""How long a writer waits for SQLite's one write lock."""
Row = TypeVar("Row")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant: stored in UTC, returned aware, and naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware datetime into UTC. Raises ValueError for a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime does not name an instant")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - its interface
        """Return the stored instant, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class RefusedText(TextError, DontWrapMixin):
    """A TextError that reaches the pages as what it is; SQLAlchemy would make an error of the database of others."""


class PlainText(TypeDecorator[str]):
    """Text written by people: NFC, several lines allowed, no control or direction-override characters.

    Forms check first and answer beside the field; this is the last line of defence for every other path.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - its interface
        """Normalise the text. Raises RefusedText for characters that never belong in it."""
        try:
            return None if value is None else clean_text(value, multiline=True)
        except TextError as error:
            raise RefusedText(error.message) from error


class ExactNumber(TypeDecorator[Decimal]):
    """A number with at most four decimals, exact, and returned without zeros at its end: 4, 4.1."""

    impl = Numeric(9, 4, asdecimal=True)
    cache_ok = True

    def process_result_value(self, value: Decimal | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - its interface
        """Return the number as people write it."""
        return None if value is None else plain_number(value)


class JsonDocument(TypeDecorator[Any]):
    """A JSON value (JSONB on PostgreSQL); replace it as a whole, changes inside are not noticed."""

    impl = JSON
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(none_as_null=True)  # None is the database's NULL, so that constraints can speak of it

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Choose JSONB where the engine has it."""
        kind = JSONB if dialect.name == "postgresql" else JSON
        return dialect.type_descriptor(kind(none_as_null=True))


def enum_column(values: type[StrEnum]) -> Enum:
    """Return a column type that stores a StrEnum by value and refuses anything else."""
    return Enum(
        values,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        create_constraint=True,
        length=32,
        name=values.__name__.lower(),
    )


class Base(DeclarativeBase):
    """Declarative base of every table; table and constraint names follow one convention."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            datetime: UtcDateTime,
            str: PlainText,
            dict[str, str]: JsonDocument,
            dict[str, Any]: JsonDocument,
            list[str]: JsonDocument,
            list[Any]: JsonDocument,
        },
    )

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805 - SQLAlchemy passes the class
        """Name the table after its class: FormVersion -> form_version."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class Identified:
    """Mixin: a random UUID primary key, made in Python so that it is known before the insert."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)


MinorUnits = BigInteger
db = SQLAlchemy(model_class=Base, disable_autonaming=True)


def insert_or_find(row: Row, find: Callable[[], Row | None]) -> Row:
    """Insert a row; when its unique key was taken at the same moment, return the row that took it instead."""
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        found = find()
        if found is None:
            raise
        return found
    return row


def lock_row(row: Base) -> None:
    """Read a row anew, and hold it against others until this transaction ends. Raises NotFound where it is gone."""
    try:
        db.session.refresh(row, with_for_update={"of": type(row)})  # not of what was loaded along with it
    except InvalidRequestError as gone:
        raise NotFound from gone


def read_only() -> None:
    """Open this session's transaction without SQLite's write lock; one that is open already stays as it is."""
    if not db.session().in_transaction():
        db.session.connection(execution_options={READ_ONLY: True})


def note_aside(statement: Executable) -> bool:
    """Run one small statement in a transaction of its own, at once or not at all; say whether it ran.

    For what may be lost, beside a request that only reads: it waits for no lock (on PostgreSQL: for a moment).
    """
    with db.engine.connect() as connection:
        raw = connection.connection.driver_connection
        sqlite = raw if isinstance(raw, sqlite3.Connection) else None
        if sqlite:
            sqlite.execute("PRAGMA busy_timeout=0")
        try:
            with connection.begin():
                if sqlite is None:
                    connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
                connection.execute(statement)
        except OperationalError:
            return False
        finally:
            if sqlite:
                sqlite.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    return True


def engine_options(database_url: str) -> Mapping[str, Any]:
    """Return the engine options for a database address: values of parameters never reach a log."""
    options: dict[str, Any] = {"hide_parameters": True}
    if not database_url.startswith("sqlite"):
        options["pool_pre_ping"] = True
    return options


@event.listens_for(Engine, "connect")
def _set_up_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    if type(connection).__module__.split(".")[0] != "sqlite3":
        return
    connection.isolation_level = None  # SQLAlchemy's begin event opens transactions
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_MILLISECONDS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        read = connection.get_execution_options().get(READ_ONLY, False)
        connection.exec_driver_sql("BEGIN" if read else "BEGIN IMMEDIATE")
