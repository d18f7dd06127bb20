"""Sending the list of decisions to those who ratify it: from then on nothing in it changes."""

import hashlib
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select

from fundapp.accounts.permissions import Actor, P, Role
from fundapp.accounts.queries import people_with_role
from fundapp.accounts.services.people import tell
from fundapp.applications.models import Call, CallStatus
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.i18n import ngettext
from fundapp.core.workflow import apply_transition
from fundapp.review.models import FrozenTally, Slate
from fundapp.review.queries.freezing import frozen_content
from fundapp.review.queries.selection import (
    Selection,
    unchecked_applications,
    whole_selection,
)
from fundapp.review.services.calls import lock_call, require_open_slate, require_sight_of_all
from fundapp.review.services.deciding import require_scores
from fundapp.review.services.line_draw import draw_problems
from fundapp.review.services.public_vote import vote_problems
from fundapp.review.services.terms import coverage_problems
from fundapp.review.services.voting import record_count, unapproved_problems
from fundapp.review.transitions import SLATE

_AGAINST_RANK = _l("The choice goes against rank, and nobody said why.")
_AWARD_BELOW_FLOOR = _l("It is below the floor of the terms and gets an award, and nobody said why.")


def propose_slate(*, actor: Actor, call: Call, now: datetime) -> Slate:
    """Send the list for ratification: from now on nothing in it changes, and the tally is kept as it is.

    Raises RuleViolations naming everything that stands against it (undecided entries, missing reasons, applications
    that were not checked), NotAllowed for somebody in conflict with anything on the list, and Conflict.
    """
    actor.require(P.DECISION_MAKE, call.id)
    lock_call(call)
    slate = require_open_slate(call)
    require_sight_of_all(actor, call, P.DECISION_MAKE)
    whole = whole_selection(call=call, now=now)
    require_scores(whole)
    problems = _list_problems(whole, now)
    if problems or slate is None:
        raise RuleViolations(problems)
    apply_transition(
        SLATE,
        slate,
        "propose",
        actor=actor,
        now=now,
        call_id=call.id,
        evidence={"proposed_by_id": actor.person_id, "proposed_at": now},
    )
    freeze(actor=actor, slate=slate, whole=whole, now=now)
    record_count(actor=actor, slate=slate, now=now)
    ratifiers = [person for person in people_with_role(Role.RATIFIER, call.id) if person.id != actor.person_id]
    for ratifier in ratifiers:
        tell(ratifier, template="news", path=f"/manage/{call.slug}/ratification", now=now)
    return slate


def freeze(*, actor: Actor, slate: Slate, whole: Selection, now: datetime) -> FrozenTally:
    """Keep the tally as it is now, with every version of every score, as one file that nobody changes again.

    `whole` has nothing left out. The signature comes with the next checkpoint.
    """
    sent = select(func.count()).select_from(FrozenTally).where(FrozenTally.slate_id == slate.id)
    number = db.session.scalars(sent).one() + 1
    content = frozen_content(whole, slate, number, now)
    sha256 = hashlib.sha256(content).hexdigest()
    frozen = FrozenTally(slate_id=slate.id, number=number, made_at=now, content=content, sha256=sha256)
    db.session.add(frozen)
    db.session.flush()
    record(
        actor=actor,
        action="tally:freeze",
        subject=frozen,
        now=now,
        call_id=slate.call_id,
        data={"number": number, "sha256": sha256},
    )
    return frozen


def _list_problems(whole: Selection, now: datetime) -> list[Problem]:
    problems = []
    call = whole.call
    if call.status is not CallStatus.PUBLISHED or now < call.closes_at:
        problems.append(Problem(_l("The call is still open. Wait until it has closed.")))
    if unchecked := unchecked_applications(call=call):
        problems.append(
            Problem(
                ngettext(
                    "%(num)s application was not marked eligible or ineligible.",
                    "%(num)s applications were not marked eligible or ineligible.",
                    unchecked,
                )
            )
        )
    if undecided := len(whole.undecided):
        problems.append(Problem(ngettext("%(num)s entry is undecided.", "%(num)s entries are undecided.", undecided)))
    if not whole.ranked:
        problems.append(Problem(_l("There is nothing to decide.")))
    problems += coverage_problems(whole)
    for row in whole.ranked:
        if row.decision is not None:
            decided, reason = row.decision.outcome, row.decision.reason
            against = vote_problems(call=call, entry=row.entry, outcome=decided, reason=reason, now=now)
            problems += [replace(each, place=row.entry.application.reference or "") for each in against]
        if not row.is_eligible:
            problems.append(
                Problem(
                    _l("It is decided, but not eligible any more: withdraw the decision."),
                    place=row.entry.application.reference or "",
                )
            )
        elif row.needs_reason:
            problems.append(
                Problem(
                    _AWARD_BELOW_FLOOR if row.is_award_below_floor else _AGAINST_RANK,
                    place=row.entry.application.reference or "",
                )
            )
    problems += draw_problems(whole)
    problems += unapproved_problems(call)
    return problems
