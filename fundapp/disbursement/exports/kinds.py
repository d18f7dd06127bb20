"""Which tables a call has to take out. Rooms name theirs; the page of exports, and the work behind it, ask here."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from flask import Flask, current_app

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call
from fundapp.disbursement.exports.handing_out import Export

_EXTENSION: Final = "export_tables"


class Maker(Protocol):
    """Makes a table of what the actor may see of a call, in the current language. Raises NotAllowed."""

    def __call__(self, *, actor: Actor, call: Call, is_anonymised: bool = False) -> Export: ...


@dataclass(frozen=True)
class TableKind:
    """A table that can be taken out: its name in files and records, its words, and who may have it.

    `rows_of` says, without making it, how many rows it has at most, over what the actor may see.
    """

    what: str
    label: Any
    hint: Any
    permissions: Collection[P]
    make: Maker
    rows_of: Callable[[Actor, Call], int]

    def is_for(self, actor: Actor, call: Call) -> bool:
        """Say whether the actor may take it out of a call."""
        return all(actor.can(each, call.id) for each in (P.DECISION_EXPORT, *self.permissions))


def add_tables(app: Flask, *kinds: TableKind) -> None:
    """Let a room name its tables, behind those of the rooms before it."""
    app.extensions.setdefault(_EXTENSION, {}).update({each.what: each for each in kinds})


def tables_for(actor: Actor, call: Call) -> dict[str, TableKind]:
    """Return the tables that the actor may take out of a call, by name, in their order."""
    return {what: kind for what, kind in _tables().items() if kind.is_for(actor, call)}


def _tables() -> Mapping[str, TableKind]:
    return cast(Mapping[str, TableKind], current_app.extensions[_EXTENSION])
