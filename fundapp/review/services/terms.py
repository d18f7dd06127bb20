"""Fixing what a selection is bound by: before scores are seen, or later with a reason that stays to be read."""

from datetime import datetime

from sqlalchemy import func, select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.i18n import ngettext
from fundapp.review.models import Pot, SelectionRule, SelectionTerms, TermsChange
from fundapp.review.queries.selection import Selection, set_terms
from fundapp.review.queries.terms import coverage, is_late
from fundapp.review.rules import reason_problems
from fundapp.review.services.calls import lock_call, require_open_slate
from fundapp.review.terms_rules import WantedTerms, kind_and_value, terms_problems, with_codes


def set_selection_terms(
    *, actor: Actor, call: Call, wanted: WantedTerms, reason: str, version: int, now: datetime
) -> SelectionTerms:
    """Fix what the selection of a call is bound by; what stands already, saved again, changes nothing.

    `version` is that of the terms which the page showed (0: none). Raises RuleViolations (what is wrong with a field; a
    reason that is needed because the actor can see scores or decisions already; lots, which only whoever has seen no
    score may choose) and Conflict (somebody was faster, the list was sent).
    """
    actor.require(P.DECISION_MAKE, call.id)
    lock_call(call)
    require_open_slate(call)
    terms = set_terms(call)
    if (terms.version if terms else 0) != version:
        raise Conflict(_l("Somebody else changed this meanwhile. Please look again."))
    before = terms.values() if terms else WantedTerms()
    wanted = with_codes(wanted)
    late = is_late(actor=actor, call=call)
    problems = terms_problems(wanted, budget_minor=call.budget_minor)
    if terms is not None and wanted == before:
        return terms
    if late:
        if actor.person_id is None:
            raise NotAllowed(P.DECISION_MAKE)
        problems += reason_problems(reason, required=True)
        if wanted.draw_band != before.draw_band:
            message = _l("Scores can be seen already. Whether lots decide had to be chosen before.")
            problems.append(Problem(message, field="draw_band"))
    if problems:
        raise RuleViolations(problems)
    if terms is None:
        terms = SelectionTerms(call_id=call.id)
        db.session.add(terms)
    write_terms(terms, wanted)
    terms.set_by_id, terms.set_at = actor.person_id, now
    db.session.flush()
    if late:
        db.session.add(
            TermsChange(
                terms_id=terms.id,
                number=_changes(terms) + 1,
                before=before.to_json(),
                after=wanted.to_json(),
                reason=reason.strip(),
                changed_by_id=actor.person_id,
                changed_at=now,
            )
        )
        db.session.flush()
    action = "terms:change" if late else "terms:set"
    record(actor=actor, action=action, subject=terms, now=now, call_id=call.id, data={"terms": wanted.to_json()})
    return terms


def coverage_problems(whole: Selection) -> list[Problem]:
    """Say that fewer entries have all their reviews than the terms ask for, and name those that have not."""
    found = coverage(whole)
    if found.is_reached:
        return []
    message = ngettext(
        "%(full)s of %(num)s entry has all its reviews. The terms of this selection ask for %(percent)s in a hundred.",
        "%(full)s of %(num)s entries have all their reviews."
        " The terms of this selection ask for %(percent)s in a hundred.",
        found.entries,
        full=found.full,
        percent=found.wanted_percent,
    )
    wanted = whole.call.deciding_stage.reviews_per_entry
    return [
        Problem(message),
        *(
            Problem(
                ngettext(
                    "It has %(num)s of %(wanted)s reviews.",
                    "It has %(num)s of %(wanted)s reviews.",
                    row.figures.reviews,
                    wanted=wanted,
                ),
                place=row.entry.application.reference or "",
            )
            for row in found.short
        ),
    ]


def write_terms(terms: SelectionTerms, wanted: WantedTerms) -> None:
    """Put values into terms; who fixed them, and whether they may, is for the caller."""
    terms.ranking = wanted.ranking
    terms.places = wanted.places
    terms.floor = wanted.floor
    terms.coverage_percent = wanted.coverage_percent
    terms.least_reviews = wanted.least_reviews
    terms.two_ratifiers_from_minor = wanted.two_ratifiers_from_minor
    terms.chairs_vote = wanted.chairs_vote
    terms.draw_band = wanted.draw_band
    terms.rules_published = wanted.rules_published
    _write_rules(terms, wanted)
    _write_pots(terms, wanted)


def _write_rules(terms: SelectionTerms, wanted: WantedTerms) -> None:
    stored = {rule.code: rule for rule in terms.rules}
    rows = []
    for position, rule in enumerate(wanted.rules, start=1):
        row = stored.get(rule.code) or SelectionRule(code=rule.code)
        row.kind, row.value = kind_and_value(rule.group)
        row.measure, row.least, row.most, row.position = rule.measure, rule.least, rule.most, position
        rows.append(row)
    terms.rules = rows


def _write_pots(terms: SelectionTerms, wanted: WantedTerms) -> None:
    stored = {pot.code: pot for pot in terms.pots}
    rows = []
    for position, pot in enumerate(wanted.pots, start=1):
        row = stored.get(pot.code) or Pot(code=pot.code)
        row.titles, row.money_minor, row.groups = dict(pot.titles), pot.money_minor, list(pot.groups)
        row.position = position
        rows.append(row)
    terms.pots = rows


def _changes(terms: SelectionTerms) -> int:
    found = select(func.count()).select_from(TermsChange).where(TermsChange.terms_id == terms.id)
    return db.session.scalars(found).one()
