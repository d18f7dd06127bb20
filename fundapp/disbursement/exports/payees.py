"""Where the money of each award goes, as masks: an account's number is in no table. Columns: docs/exports.md."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call, Entry
from fundapp.applications.scope import visible_to
from fundapp.core import clock
from fundapp.core.db import db
from fundapp.core.money import Money
from fundapp.core.tables import Cell
from fundapp.disbursement.exports.anonymous import application_alias
from fundapp.disbursement.exports.handing_out import Export
from fundapp.disbursement.models import Award
from fundapp.disbursement.queries.payees import Payee
from fundapp.disbursement.queries.payees import payees as payees_of
from fundapp.disbursement.rules import entry_reference
from fundapp.review.models import Decision

COLUMNS: Final = (
    "call",
    "award_reference",
    "application_reference",
    "organisation",
    "currency",
    "amount_awarded",
    "payee_version",
    "route",
    "payee",
    "account_country",
    "account_currency",
    "entered_at",
    "second_factor",
    "calls_confirmed",
    "approved_by",
    "approved_at",
    "usable_from",
    "frozen_at",
    "holds",
    "sample",
)
WITHHELD: Final = frozenset(
    {"organisation", "payee", "account_country", "entered_at", "approved_by", "approved_at", "usable_from", "frozen_at"}
)


def payees(*, actor: Actor, call: Call, is_anonymised: bool = False) -> Export:
    """Return the awards that were accepted or have payee details, with where those stand now. Raises NotAllowed."""
    actor.require(P.DECISION_EXPORT, call.id)
    actor.require(P.PAYEE_READ, call.id)
    now = clock.now()
    found = payees_of(actor=actor, call=call)
    rows = [_cells(each, call, now, is_anonymised=is_anonymised) for each in found]
    return Export(
        what="payees",
        call=call,
        columns=COLUMNS,
        rows=sorted(rows, key=lambda row: str(row[1])) if is_anonymised else rows,
        filters={"awards": "that were accepted, or of which payee details were given; the newest version of these"},
        is_anonymised=is_anonymised,
    )


def payees_at_most(actor: Actor, call: Call) -> int:
    """Return how many awards of a call the actor may see."""
    awards = select(func.count()).select_from(Award).join(Award.decision).join(Decision.entry).join(Entry.application)
    return db.session.scalar(awards.where(Award.call_id == call.id, visible_to(actor))) or 0


def _cells(payee: Payee, call: Call, now: datetime, *, is_anonymised: bool) -> Sequence[Cell]:
    award, entry, details = payee.award, payee.award.decision.entry, payee.details
    shown = (details.shown or {}) if details is not None else {}
    alias = application_alias(call.id, entry.application_id)
    cells: dict[str, Cell] = {
        "call": call.slug,
        "award_reference": award.reference,
        "application_reference": payee.face.reference,
        "organisation": payee.face.name,
        "currency": award.currency,
        "amount_awarded": Money(award.amount_minor, award.currency).decimal,
        "payee_version": None if details is None else details.number,
        "route": shown.get("route"),
        "payee": shown.get("mask"),
        "account_country": None if payee.face.is_protected else shown.get("country"),
        "account_currency": shown.get("currency"),
        "entered_at": None if details is None else details.entered_at,
        "second_factor": None if details is None else "yes" if details.with_second_factor else "no",
        "calls_confirmed": payee.confirmed,
        "approved_by": None if details is None or details.approved_by is None else details.approved_by.name,
        "approved_at": None if details is None else details.approved_at,
        "usable_from": None if details is None else details.usable_from,
        "frozen_at": None if payee.freeze is None else payee.freeze.frozen_at,
        "holds": "; ".join(each.value for each in payee.holds(now)),
        "sample": "yes" if call.is_sample else "no",
    }
    if is_anonymised:
        code = entry.category.code if entry.category else None
        cells |= dict.fromkeys(WITHHELD)
        cells |= {"award_reference": entry_reference(alias, code), "application_reference": alias}
    return [cells[column] for column in COLUMNS]
