"""Status machines: one table per machine, and the one function that changes a status."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from fundapp.core.audit import Doer, record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import InvalidTransition
from fundapp.core.i18n import lazy_gettext as _l

Guard = Callable[[Any], str | None]


@dataclass(frozen=True)
class Transition:
    """One allowed step. `guard` returns None, or the reason (for people) why it can't be done now."""

    event: str
    sources: frozenset[StrEnum]
    target: StrEnum
    permission: str
    guard: Guard | None = None


@dataclass(frozen=True)
class Label:
    """How a status is called, to staff and to the applicant."""

    staff: str
    applicant: str


@dataclass(frozen=True)
class Machine:
    """All transitions of one status, and the two labels of each status."""

    name: str
    statuses: type[StrEnum]
    transitions: tuple[Transition, ...]
    labels: Mapping[StrEnum, Label]

    def find(self, event: str, source: StrEnum) -> Transition | None:
        """Return the transition for an event from a status, or None."""
        return next((t for t in self.transitions if t.event == event and source in t.sources), None)


def apply_transition(
    machine: Machine,
    subject: Any,
    event: str,
    *,
    actor: Doer,
    now: datetime,
    call_id: UUID | None = None,
    evidence: Mapping[str, Any] | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Lock the row, check table -> permission -> guard, write status and evidence, and the audit row.

    `evidence` names the columns that CHECK constraints tie to the new status (who, when, why).
    Raises InvalidTransition (event not possible now), NotAllowed (permission missing) and NotFound (the row is gone).
    """
    db.session.flush()
    lock_row(subject)
    source = subject.status
    transition = machine.find(event, source)
    if transition is None:
        raise InvalidTransition(
            _l(
                "This can't be done now: it is “%(status)s”.",
                status=machine.labels[source].staff,
            )
        )
    actor.require(transition.permission, call_id)
    if transition.guard is not None and (reason := transition.guard(subject)):
        raise InvalidTransition(reason)
    for column, value in (evidence or {}).items():
        setattr(subject, column, value)
    subject.status = transition.target
    record(
        actor=actor,
        action=f"{machine.name}:{event}",
        subject=subject,
        now=now,
        call_id=call_id,
        data={"from": source.value, "to": transition.target.value, **(data or {})},
    )
    db.session.flush()
