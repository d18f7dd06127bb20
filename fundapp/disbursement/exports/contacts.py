"""The contacts of a call as a table: a bulk opening, so every application in it is recorded as opened.

Protected applications are never in it; theirs are opened one at a time.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload, selectinload

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.identity import face_of
from fundapp.applications.models import Application, ApplicationStatus, Call
from fundapp.applications.scope import in_calls, in_work, visible_to
from fundapp.applications.services.openings import open_identity
from fundapp.core.db import db
from fundapp.core.tables import Cell, write_csv, write_xlsx

COLUMNS: Final = (
    "call",
    "application_reference",
    "organisation",
    "country",
    "language",
    "application_status",
    "contact_name",
    "contact_email",
    "sample",
)


@dataclass(frozen=True)
class Contacts:
    """The rows of a table of contacts, and how many protected applications are left out of it."""

    call: Call
    rows: list[list[Cell]]
    left_out: int

    def csv(self) -> bytes:
        """Return the table as CSV."""
        return write_csv(COLUMNS, self.rows)

    def xlsx(self) -> bytes:
        """Return the table as an XLSX workbook."""
        return write_xlsx("SAMPLE contacts" if self.call.is_sample else "Contacts", COLUMNS, self.rows)

    def filename(self, file_format: str) -> str:
        """Return the name under which the table is saved."""
        return f"contacts-{self.call.slug}{'-SAMPLE' if self.call.is_sample else ''}.{file_format}"


def open_contacts(*, actor: Actor, call: Call, reason: str, now: datetime) -> Contacts:
    """Open the identity of every ordinary application that was sent to a call, and return the contacts.

    What the actor has a conflict of interest with is not among them. Raises RuleViolations without a reason, and
    NotAllowed.
    """
    actor.require(P.IDENTITY_OPEN, call.id)
    rows: list[list[Cell]] = []
    for application in _sent(actor, call):
        open_identity(actor=actor, application=application, reason=reason, now=now)
        face = face_of(application)
        rows.append(
            [
                call.slug,
                face.reference,
                face.name,
                face.country,
                application.language,
                application.status.value,
                application.person.name,
                application.person.email,
                "yes" if call.is_sample else "no",
            ]
        )
    return Contacts(call, rows, protected_applications(actor=actor, call=call))


def protected_applications(*, actor: Actor, call: Call) -> int:
    """Return how many protected applications of a call were sent, of those that the actor may see."""
    found = select(func.count()).select_from(Application).where(*_visible(actor, call), Application.is_protected)
    return db.session.scalars(found).one()


def _sent(actor: Actor, call: Call) -> list[Application]:
    return list(
        db.session.scalars(
            select(Application)
            .where(*_visible(actor, call), ~Application.is_protected)
            .options(
                joinedload(Application.person),
                selectinload(Application.submissions),
                selectinload(Application.attachments),
            )
            .order_by(func.length(Application.reference), Application.reference)
        )
    )


def _visible(actor: Actor, call: Call) -> tuple[ColumnElement[bool], ...]:
    return (
        Application.call_id == call.id,
        Application.status != ApplicationStatus.DRAFT,
        in_work(),
        in_calls(actor, P.IDENTITY_OPEN, Application.call_id),
        visible_to(actor),
    )
