"""The letters that a release of a call would make, before anything is released."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Application, ApplicationStatus, Call, Entry
from fundapp.applications.scope import in_work, visible_to
from fundapp.core.db import db
from fundapp.disbursement.letters import Facts, facts_of, kind_of, letter_language
from fundapp.disbursement.models import LetterTemplate
from fundapp.disbursement.queries.letters import NOTHING_TOLD, DecidedNumbers, decided_in
from fundapp.disbursement.queries.reports import report_days_of
from fundapp.disbursement.queries.templates import Key, decisions_to_tell, holding, newest_templates
from fundapp.disbursement.rules import entry_reference
from fundapp.review.models import Decision
from fundapp.review.queries.declined import NOTHING_PASSED_ON, PassedOn, passed_on_by_entry

LetterToBe = tuple[Facts, LetterTemplate | None]
"""What a letter will be about, and the template of its call that will word it; None is the wording of the house."""


def letters_to_be(*, actor: Actor, call: Call, now: datetime) -> list[LetterToBe]:
    """Return every letter that a release would make, of those that the actor may see; notices are the last.

    They are dated on the day of `now`. What the actor may not see is in no number that a letter tells.
    """
    decisions = decisions_to_tell(actor=actor, call=call)
    templates = newest_templates(call.id)
    numbers = decided_in(call.id, visible_to(actor))
    heard = passed_on_by_entry(call, [each.entry for each in decisions])
    report_days = report_days_of(call.id)
    found = [_of_decision(each, numbers, heard, report_days, now) for each in decisions]
    found += [_notice(each, now) for each in _ineligible(actor, call)]
    return [(each, _template(templates, each)) for each in found]


def _ineligible(actor: Actor, call: Call) -> list[Application]:
    return list(
        db.session.scalars(
            select(Application)
            .where(
                Application.call_id == call.id,
                Application.status == ApplicationStatus.INELIGIBLE,
                in_work(),
                visible_to(actor),
            )
            .order_by(func.length(Application.reference), Application.reference)
        )
    )


def _of_decision(
    decision: Decision,
    numbers: DecidedNumbers,
    heard: Mapping[UUID, PassedOn],
    report_days: Sequence[int] | None,
    now: datetime,
) -> Facts:
    entry: Entry = decision.entry
    beside = numbers.beside(decision)
    return facts_of(
        entry.application,
        decision,
        kind=kind_of(decision),
        reference=entry_reference(entry.application.reference or "", entry.category.code if entry.category else None),
        language=letter_language(entry.application),
        at=now,
        considered=beside.considered,
        awarded=beside.awarded,
        passed_on=heard[entry.id],
        report_days=report_days,
        is_preview=True,
    )


def _notice(application: Application, now: datetime) -> Facts:
    return facts_of(
        application,
        None,
        kind=kind_of(None),
        reference=application.reference or "",
        language=letter_language(application),
        at=now,
        considered=NOTHING_TOLD.considered,
        awarded=NOTHING_TOLD.awarded,
        passed_on=NOTHING_PASSED_ON,
        is_preview=True,
    )


def _template(templates: Mapping[Key, LetterTemplate], facts: Facts) -> LetterTemplate | None:
    return holding(templates, facts.kind, facts.language)
