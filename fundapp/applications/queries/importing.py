"""What is read about tables on their way in."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call, ImportPart, TableImport
from fundapp.applications.scope import in_calls
from fundapp.core.db import db
from fundapp.core.errors import NotFound


def managed_import(*, actor: Actor, call: Call, import_id: UUID) -> TableImport:
    """Return a table that was given for a call, to those who take tables in there. Raises NotFound."""
    table_import = db.session.scalar(
        select(TableImport)
        .where(
            TableImport.id == import_id,
            TableImport.call_id == call.id,
            in_calls(actor, P.APPLICATION_IMPORT, TableImport.call_id),
        )
        .options(joinedload(TableImport.begun_by))
    )
    if table_import is None:
        raise NotFound
    return table_import


def problems_of(table_import: TableImport) -> Iterator[tuple[str, str]]:
    """Yield what is wrong in a table as pairs of place and message, in the order of its rows; opened part by part."""
    parts = db.session.scalars(
        select(ImportPart).where(ImportPart.table_import_id == table_import.id).order_by(ImportPart.start_row)
    )
    for part in parts:
        yield from ((place, message) for place, message in part.problems or ())
