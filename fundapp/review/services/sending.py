"""Sending the list of decisions to those who ratify it: from then on nothing in it changes."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from fundapp.accounts.permissions import Actor, P, Role
from fundapp.accounts.queries import people_with_role
from fundapp.accounts.services.people import tell
from fundapp.applications.models import Call, CallStatus
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.i18n import ngettext
from fundapp.core.workflow import apply_transition
from fundapp.review.models import Slate
from fundapp.review.queries.selection import (
    Selection,
    unchecked_applications,
    whole_selection,
)
from fundapp.review.scoring_rules import kept_number
from fundapp.review.services.calls import lock_call, require_open_slate, require_sight_of_all
from fundapp.review.services.deciding import require_scores
from fundapp.review.tally import Number
from fundapp.review.transitions import SLATE


def propose_slate(*, actor: Actor, call: Call, now: datetime) -> Slate:
    """Send the list for ratification: from now on nothing in it changes, and the tally is kept as it is.

    Raises RuleViolations naming everything that stands against it (undecided entries, missing reasons, applications
    that were not checked), NotAllowed for somebody in conflict with anything on the list, and Conflict.
    """
    actor.require(P.DECISION_MAKE, call.id)
    lock_call(call)
    slate = require_open_slate(call)
    require_sight_of_all(actor, call, P.DECISION_MAKE)
    whole = whole_selection(call=call)
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
        evidence={"proposed_by_id": actor.person_id, "proposed_at": now, "tally": tally_document(whole)},
    )
    ratifiers = [person for person in people_with_role(Role.RATIFIER, call.id) if person.id != actor.person_id]
    for ratifier in ratifiers:
        tell(ratifier, template="news", path=f"/manage/{call.slug}/ratification", now=now)
    return slate


def tally_document(whole: Selection) -> dict[str, Any]:
    """Return the tally as it is kept with a frozen list: every score, and the ranking made of them.

    Fractions are written as "13/3", so that nothing is lost by rounding.
    """
    scores: dict[str, list[list[Any]]] = {}
    for row in whole.score_rows:
        scores.setdefault(row.entry_id, []).append([row.reviewer_id, row.criterion, _kept(row.score)])
    return {
        "criteria": [
            {
                "code": c.code,
                "weight": str(c.weight),
                "minimum": kept_number(c.minimum),
                "maximum": kept_number(c.maximum),
            }
            for c in whole.call.deciding_stage.criteria
        ],
        "entries": [
            {
                "entry": str(row.entry.id),
                "pool": row.pool,
                "scores": scores.get(str(row.entry.id), []),
                "reviews": row.figures.reviews,
                "mean": None if row.figures.mean is None else str(row.figures.mean),
                "median": None if row.figures.median is None else str(row.figures.median),
                "variance": None if row.figures.variance is None else str(row.figures.variance),
                "rank": row.figures.rank,
                "tied": row.figures.tied,
            }
            for row in whole.ranked
        ],
    }


def _kept(score: Number | None) -> int | str | None:
    return None if score is None else kept_number(Decimal(str(score)))


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
    for row in whole.ranked:
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
                    _l("The choice goes against rank, and nobody said why."),
                    place=row.entry.application.reference or "",
                )
            )
    return problems
