"""Funders, their funds, and what they promised and sent."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.fund_rules import MAX_NAME_CHARACTERS, MovementKind, reason_problems
from fundapp.disbursement.models import Fund, Funder
from fundapp.disbursement.queries.funds import funders_for, may_change
from fundapp.disbursement.services.fund_ledger import Posting, post_of_funder
from fundapp.review.queries.selection import terms_set


@dataclass(frozen=True)
class WantedFund:
    """What somebody wants a fund to be. `funder_id` None: a funder who is new, or the fund's own one.

    `pot_code` "" ties it to no pot of the terms; `for_programme` puts it behind every call of the programme.
    """

    name: str
    funder_name: str
    funder_reference: str
    funder_is_named: bool
    is_restricted: bool
    restriction: str
    pot_code: str
    currency: str
    funder_id: UUID | None = None
    for_programme: bool = False


def add_fund(*, actor: Actor, call: Call, wanted: WantedFund, now: datetime) -> Fund:
    """Put a fund behind a call, or behind all calls of its programme. Raises RuleViolations and NotAllowed."""
    actor.require(P.FUND_WRITE, call.id)
    problems = _problems(call, wanted, for_programme=wanted.for_programme)
    if wanted.for_programme and actor.calls_with(P.FUND_WRITE) is not None:
        message = _l("Only those who look after the money of every call put a fund behind a whole programme.")
        problems.append(Problem(message, field="for_programme"))
    known = {funder.id: funder for funder in funders_for(actor)}
    if wanted.funder_id is not None and wanted.funder_id not in known:
        problems.append(Problem(_l("Choose a funder of the list, or a new one."), field="funder"))
    if wanted.funder_id is None:
        problems += _name_problems(wanted.funder_name, "funder_name")
    if problems:
        raise RuleViolations(problems)
    funder = known[wanted.funder_id] if wanted.funder_id else _new_funder(actor, call, wanted, now)
    fund = Fund(
        funder_id=funder.id,
        programme_id=call.programme_id,
        call_id=None if wanted.for_programme else call.id,
        currency=wanted.currency,
        added_at=now,
    )
    _write(fund, wanted)
    db.session.add(fund)
    db.session.flush()
    record(actor=actor, action="fund:add", subject=fund, now=now, call_id=call.id, data={"funder": str(funder.id)})
    return fund


def change_fund(*, actor: Actor, call: Call, fund: Fund, wanted: WantedFund, edition: int, now: datetime) -> None:
    """Change what a fund is called and tied to, and how its funder is called.

    Its funder, currency and place stay. Raises RuleViolations, Conflict (somebody changed it meanwhile) and NotAllowed.
    """
    require_change(actor, fund)
    lock_row(fund)
    funder = fund.funder
    lock_row(funder)
    if fund.edition != edition:
        raise Conflict(_l("Somebody else changed this fund meanwhile. Please look again."))
    names_funder = (wanted.funder_name.strip(), wanted.funder_reference.strip(), wanted.funder_is_named)
    is_other = names_funder != (funder.name, funder.reference, funder.is_named)
    problems = _problems(call, wanted, for_programme=fund.call_id is None)
    if is_other:
        problems += _name_problems(wanted.funder_name, "funder_name")
        if funder.id not in {each.id for each in funders_for(actor)}:
            message = _l("This funder is behind calls whose money you do not look after. Leave the name as it is.")
            problems.append(Problem(message, field="funder_name"))
    if problems:
        raise RuleViolations(problems)
    if is_other:
        funder.name, funder.reference, funder.is_named = names_funder
        record(actor=actor, action="funder:change", subject=funder, now=now, call_id=call.id)
    _write(fund, wanted)
    record(actor=actor, action="fund:change", subject=fund, now=now, call_id=call.id)
    db.session.flush()


def note_of_funder(
    *, actor: Actor, call: Call, fund: Fund, kind: MovementKind, amount_minor: int, reason: str, now: datetime
) -> None:
    """Write that a funder promised money or that it came in; below zero takes back, with a reason.

    Raises RuleViolations, Conflict (the money is given away already) and NotAllowed.
    """
    require_change(actor, fund)
    problems = reason_problems(reason, is_needed=amount_minor < 0)
    if amount_minor == 0:
        problems.append(Problem(_l("Write an amount above zero."), field="amount"))
    if problems:
        raise RuleViolations(problems)
    posting = Posting(fund, kind, amount_minor)
    post_of_funder(actor=actor, posting=posting, call_id=call.id, reason=reason, now=now)


def require_change(actor: Actor, fund: Fund) -> None:
    """Raise NotAllowed unless the actor may change a fund."""
    if not may_change(actor, fund):
        raise NotAllowed(P.FUND_WRITE)


def _new_funder(actor: Actor, call: Call, wanted: WantedFund, now: datetime) -> Funder:
    funder = Funder(
        name=wanted.funder_name.strip(),
        reference=wanted.funder_reference.strip(),
        is_named=wanted.funder_is_named,
        added_at=now,
    )
    db.session.add(funder)
    db.session.flush()
    record(actor=actor, action="funder:add", subject=funder, now=now, call_id=call.id)
    return funder


def _write(fund: Fund, wanted: WantedFund) -> None:
    fund.name = wanted.name.strip()
    fund.is_restricted = wanted.is_restricted
    fund.restriction = wanted.restriction.strip() if wanted.is_restricted else ""
    fund.pot_code = wanted.pot_code if wanted.is_restricted else ""


def _problems(call: Call, wanted: WantedFund, *, for_programme: bool) -> list[Problem]:
    problems = _name_problems(wanted.name, "name")
    if len(wanted.funder_reference) > MAX_NAME_CHARACTERS:
        problems.append(Problem(_too_long(), field="funder_reference"))
    if wanted.currency != call.currency:
        message = _l(
            "This call pays in %(currency)s. Money is not converted here: enter the fund in that currency.",
            currency=call.currency,
        )
        problems.append(Problem(message, field="currency"))
    if wanted.is_restricted:
        if not wanted.restriction.strip():
            problems.append(Problem(_l("Write what the money may be used for."), field="restriction"))
        problems += reason_problems(wanted.restriction, is_needed=False) and [Problem(_too_long(), field="restriction")]
        pots = {pot.code for pot in terms_set(call).pots}
        if wanted.pot_code and for_programme:
            message = _l("A pot belongs to one call: a fund of the whole programme is tied to none.")
            problems.append(Problem(message, field="pot"))
        elif wanted.pot_code and wanted.pot_code not in pots:
            problems.append(Problem(_l("The terms of the selection have no such pot any more."), field="pot"))
    return problems


def _name_problems(name: str, field: str) -> list[Problem]:
    if not name.strip():
        return [Problem(_l("Write a name."), field=field)]
    return [Problem(_too_long(), field=field)] if len(name) > MAX_NAME_CHARACTERS else []


def _too_long() -> str:
    return _l("This is too long.")
