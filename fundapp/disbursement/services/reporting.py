"""What a call asks its awards to report: when, by which form, and the reports that follow from it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.call_package import PackagePart
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.models import Call
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.models import Award, Report, ReportForm, ReportingTerms
from fundapp.disbursement.queries.reports import awards_without_reports, newest_form, reporting_of
from fundapp.disbursement.report_form import house_form, report_form_problems
from fundapp.disbursement.report_package import KEY, Days, read_reporting, write_reporting
from fundapp.disbursement.report_rules import ReportStatus, days_problems, due_days


def set_reporting(*, actor: Actor, call: Call, days: Sequence[int], seen: int, now: datetime) -> ReportingTerms:
    """Say after how many days each report of an award is due; none is a choice too.

    It counts from the acceptance, and for all that accept from now on; awards that were accepted before, and of which
    nothing was ever asked, are asked too. Reports that are asked already stay. `seen` is the version that stood on the
    page (0: none). Raises RuleViolations (field days), Conflict and NotAllowed.
    """
    actor.require(P.LETTER_MANAGE, call.id)
    if problems := days_problems(days):
        raise RuleViolations(problems)
    lock_row(call)
    terms = reporting_of(call.id)
    if seen != (terms.version if terms else 0):
        raise Conflict(_l("Somebody else changed this in the meantime. Look at it once more."))
    form = newest_form(call.id) or _made(call, house_form(call.languages), now)
    if terms is None:
        terms = ReportingTerms(call_id=call.id, form=form)
        db.session.add(terms)
    terms.days, terms.set_by_id, terms.set_at = sorted(days), actor.person_id, now
    _record(actor, "call:set_reporting", call, now, {"days": terms.days})
    for award, accepted_at in awards_without_reports(call):
        ask_reports(actor=actor, award=award, accepted_at=accepted_at, now=now)
    return terms


def load_report_form(*, actor: Actor, call: Call, form: FormDefinition, now: datetime) -> ReportForm:
    """Make a form the one of a call's reports; those that nobody has begun ask it too.

    Raises RuleViolations for what no report can ask, NotAllowed.
    """
    actor.require(P.LETTER_MANAGE, call.id)
    if problems := report_form_problems(form):
        raise RuleViolations(problems)
    lock_row(call)
    newest = newest_form(call.id)
    if newest is not None and newest.sha256 == form.fingerprint:
        return newest
    made = _made(call, form, now)
    terms = reporting_of(call.id)
    if terms is not None:
        terms.form = made
    _record(actor, "call:load_report_form", call, now, {"form": made.sha256})
    unbegun = select(Report).join(Report.award).where(Award.call_id == call.id, Report.status == ReportStatus.ASKED)
    for report in db.session.scalars(unbegun.where(Report.answers_sealed.is_(None))).all():
        lock_row(report)
        if report.answers_sealed is None and report.status is ReportStatus.ASKED:
            report.form = made
            record(actor=actor, action="report:change_form", subject=report, now=now, call_id=call.id)
    db.session.flush()
    return made


def ask_reports(*, actor: Actor, award: Award, accepted_at: datetime, now: datetime) -> None:
    """Ask an award that was accepted for the reports that its call says; where it says none, for none."""
    call = award.decision.entry.application.call
    lock_row(call)  # who changes what it asks at this moment finds this award, or is found here
    terms = reporting_of(call.id)
    if terms is None:
        return
    for number, due_on in enumerate(due_days(terms.days, accepted_at, call.time_zone), 1):
        report = Report(
            award=award,
            application_id=award.decision.entry.application_id,
            number=number,
            due_on=due_on,
            form=terms.form,
            asked_at=now,
        )
        db.session.add(report)
        db.session.flush()
        data = {"award": str(award.id), "number": number, "due_on": due_on.isoformat()}
        record(actor=actor, action="report:ask", subject=report, now=now, call_id=award.call_id, data=data)


def put_reporting(*, actor: Actor, call: Call, value: Days, now: datetime) -> bool:
    """Say what a package says of reports; return whether that is new. Raises RuleViolations and NotAllowed."""
    terms = reporting_of(call.id)
    if terms is not None and terms.days == sorted(value):
        return False
    set_reporting(actor=actor, call=call, days=value, seen=terms.version if terms else 0, now=now)
    return True


def _days_of(call: Call) -> Days | None:
    terms = reporting_of(call.id)
    return None if terms is None else tuple(terms.days)


def _made(call: Call, form: FormDefinition, now: datetime) -> ReportForm:
    before = newest_form(call.id)
    made = ReportForm(
        call_id=call.id,
        number=1 if before is None else before.number + 1,
        definition=form.to_json(),
        sha256=form.fingerprint,
        made_at=now,
    )
    db.session.add(made)
    return made


def _record(actor: Actor, action: str, call: Call, now: datetime, data: dict[str, object]) -> None:
    db.session.flush()
    record(actor=actor, action=action, subject=call, now=now, call_id=call.id, data=data)


REPORTING: Final = PackagePart(
    key=KEY,
    title=_l("Reports"),
    read=read_reporting,
    write=write_reporting,
    of_call=_days_of,
    put=put_reporting,
)
"""The table [reporting] of call.toml."""
