"""The history of a call as a table: what its page tells, all of it. Columns: docs/exports.md."""

from typing import Final

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.tables import Cell
from fundapp.disbursement.exports.anonymous import application_alias
from fundapp.disbursement.exports.handing_out import Export
from fundapp.disbursement.exports.kinds import TableKind
from fundapp.history.presentation import told_of
from fundapp.history.queries import Line, history_at_most, whole_history

COLUMNS: Final = (
    "call",
    "at",
    "action",
    "what",
    "who",
    "roles",
    "application_reference",
    "organisation",
    "reason",
    "sample",
)
UNTOLD: Final = ("protection:", "identity:")
"""How actions begin that only protected applications have: without names, nothing may tell which one is."""


def history(*, actor: Actor, call: Call, is_anonymised: bool = False) -> Export:
    """Return what happened in a call, the newest first, in the current language. Raises NotAllowed.

    What is about an application that the actor has a conflict of interest with, or about a draft, is not told.
    """
    actor.require(P.DECISION_EXPORT, call.id)
    actor.require(P.HISTORY_READ, call.id)
    lines = whole_history(actor=actor, call=call)
    filters = {"entries": "all that the page of the history tells"}
    if is_anonymised:
        filters["left_out"] = "what only protected applications have"
        lines = [each for each in lines if not each.entry.action.startswith(UNTOLD)]
        rows = sorted((_without_names(each, call) for each in lines), key=lambda row: str(row[6] or ""))
    else:
        rows = [_cells(each, call, actor) for each in lines]
    return Export(what="history", call=call, columns=COLUMNS, rows=rows, filters=filters, is_anonymised=is_anonymised)


def _cells(line: Line, call: Call, actor: Actor) -> list[Cell]:
    told = told_of(line, call, actor)
    return [
        call.slug,
        line.entry.at,
        line.entry.action,
        told.what,
        told.who,
        "; ".join(line.entry.roles),
        line.face.reference if line.face else None,
        line.face.name if line.face else None,
        told.reason or None,
        "yes" if call.is_sample else "no",
    ]


def _without_names(line: Line, call: Call) -> list[Cell]:
    """Return a row without who, why, and what it could be found by: the sum in its sentence, and when it was."""
    about = line.application_id
    return [
        call.slug,
        None if about else line.entry.at,
        line.entry.action,
        None,
        None,
        "; ".join(line.entry.roles),
        application_alias(call.id, about) if about else None,
        None,
        None,
        "yes" if call.is_sample else "no",
    ]


TABLE: Final = TableKind(
    what="history",
    label=_l("History"),
    hint=_l("What happened in this call, with who did it and why, as its page tells it."),
    permissions=(P.HISTORY_READ,),
    make=history,
    rows_of=history_at_most,
)
