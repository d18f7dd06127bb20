"""Invented awards and funds for tests. Everything is flushed, nothing committed."""

from collections.abc import Mapping
from typing import Any, Final

from fundapp.accounts.permissions import system_actor
from fundapp.applications.models import Application, Call
from fundapp.core.db import db
from fundapp.disbursement.fund_rules import MovementKind
from fundapp.disbursement.models import Award, Fund, Funder
from fundapp.disbursement.services.fund_ledger import Posting, post_of_award, post_of_funder
from fundapp.review.models import Slate, SlateStatus
from fundapp.review.queries.selection import current_slate

from .factories import NOW, make_application, make_decision, make_slate

KIND: Final = {"name": "Kind Foundation (sample)"}


def make_award(call: Call, amount_minor: int = 1_000_000, application: Application | None = None, **of: Any) -> Award:
    """Award money to an application of a call, whose decisions are released."""
    application = application or make_application(call, requested_minor=amount_minor, **of)
    slate: Slate = current_slate(call=call) or make_slate(call, SlateStatus.RELEASED)
    decision = make_decision(slate, application.entries[0], amount_minor=amount_minor)
    award = Award(
        decision_id=decision.id,
        call_id=call.id,
        reference=application.reference,
        amount_minor=amount_minor,
        currency=call.currency,
        awarded_at=NOW,
    )
    db.session.add(award)
    db.session.flush()
    return award


def make_fund(
    call: Call,
    promised_minor: int = 10_000_000,
    *,
    whole_programme: bool = False,
    funder: Mapping[str, str] = KIND,
    **values: Any,
) -> Fund:
    """Put a fund behind a call; its funder promised so much."""
    given_by = Funder(added_at=NOW, **funder)
    db.session.add(given_by)
    db.session.flush()
    given = {"name": "Open fund (sample)", "currency": call.currency, "added_at": NOW} | values
    fund = Fund(
        funder_id=given_by.id,
        programme_id=call.programme_id,
        call_id=None if whole_programme else call.id,
        **given,
    )
    db.session.add(fund)
    db.session.flush()
    if promised_minor:
        posting = Posting(fund, MovementKind.PROMISED, promised_minor)
        post_of_funder(actor=system_actor(), posting=posting, call_id=call.id, reason="", now=NOW)
    return fund


def give(fund: Fund, award: Award, amount_minor: int, *, reason: str = "") -> None:
    """Let a fund give something to an award, whatever its money may be used for."""
    posting = Posting(fund, MovementKind.ALLOCATED, amount_minor)
    post_of_award(actor=system_actor(), award=award, postings=[posting], reason=reason, now=NOW)
