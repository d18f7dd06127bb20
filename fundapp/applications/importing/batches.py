"""A long table goes in by batches, each in a transaction of its own, so that nobody waits long for the database.

An import that is cut off has taken all batches before: the same table again goes on where it stopped.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from fundapp.accounts.permissions import Actor
from fundapp.applications.importing.applications import ImportedApplications, import_applications
from fundapp.applications.models import Call
from fundapp.core.db import db
from fundapp.core.tables import Table

BATCH: Final = 50
"""Rows of a batch: less than a second on the one write lock of SQLite."""


def import_in_batches(
    *,
    call_id: UUID,
    table: Table,
    actor: Actor,
    now: Callable[[], datetime],
    commit: Callable[[], None],
    progress: Callable[[int], None] = lambda _rows: None,
    as_drafts: bool = False,
) -> ImportedApplications:
    """Take a whole table, as `import_applications` does; `commit` ends each batch, `progress` hears the rows done.

    Raises RuleViolations and Conflict, as that does; what was committed before stays.
    """
    done = ImportedApplications()
    for start in range(0, max(1, len(table.rows)), BATCH):
        call = db.session.get_one(Call, call_id)
        done.add(
            import_applications(
                call=call, table=table, actor=actor, now=now(), start=start, count=BATCH, as_drafts=as_drafts
            )
        )
        commit()
        progress(min(start + BATCH, len(table.rows)))
    return done
