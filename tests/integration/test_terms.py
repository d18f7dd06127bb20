"""What a selection is bound by: fixing it, changing it late, and what it forbids when the list is sent or released."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Call, ConflictOfInterest, ConflictSource, Entry
from fundapp.core.audit import AuditEntry, KeptVersion
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, RuleViolations
from fundapp.core.web import FundApp
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.review.models import Outcome, SelectionTerms, SlateStatus, TermsChange
from fundapp.review.queries.selection import selection, terms_set, whole_selection
from fundapp.review.queries.terms import contradicting, coverage, is_late
from fundapp.review.services.deciding import decide_entry
from fundapp.review.services.sending import propose_slate
from fundapp.review.services.terms import set_selection_terms
from fundapp.review.slate import Measure, Rule
from fundapp.review.terms_rules import PotTerms, Ranking, WantedTerms
from tests.conftest import actor_of
from tests.factories import (
    CLOSES,
    NOW,
    make_application,
    make_call,
    make_decision,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
    make_terms,
)

RULE = Rule("", "region:north", Measure.AWARDS, 1)
POT = PotTerms("", (("en", "Land fund"),), 500_000, ("region:north",))
WANTED = WantedTerms(Ranking.ADJUSTED, 5, Decimal("2.5"), 80, 2, 1_000_000, True, 3, (RULE,), (POT,))


def fix(call: Call, wanted: WantedTerms, person: Person | None = None, **values: Any) -> SelectionTerms:
    stored = db.session.scalar(select(SelectionTerms).where(SelectionTerms.call_id == call.id))
    given = {"reason": "", "version": stored.version if stored else 0, "now": NOW, **values}
    return set_selection_terms(actor=actor_of(person or make_staff(Role.MANAGER)), call=call, wanted=wanted, **given)


def reviewed(call: Call, *marks: int) -> Entry:
    entry = make_application(call).entries[0]
    for mark in marks:
        make_review(entry, make_reviewer(call), [mark, mark])
    return entry


def fields(refused: pytest.ExceptionInfo[RuleViolations]) -> list[str | None]:
    return [problem.field for problem in refused.value.problems]


def test_terms_are_fixed_with_rules_and_pots_recorded_and_kept(app: FundApp) -> None:
    call, person = make_call(), make_staff(Role.MANAGER)
    terms = fix(call, WANTED, person)
    db.session.commit()
    stored = terms_set(call)
    assert stored == replace(WANTED, rules=(replace(RULE, code="r1"),), pots=(replace(POT, code="p1"),))
    assert (terms.set_by_id, terms.set_at) == (person.id, NOW)
    record = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "terms:set")).one()
    assert (record.object_id, record.call_id, record.data["terms"]) == (terms.id, call.id, stored.to_json())
    kept = db.session.scalars(select(KeptVersion).where(KeptVersion.object_id == terms.id)).one()
    assert kept.content == terms.kept()


def test_rules_and_pots_are_changed_taken_away_and_added_in_one_save(app: FundApp) -> None:
    call = make_call()
    rules = (Rule("r1", "region:north", Measure.AWARDS, 1), Rule("r2", "region:south", Measure.MONEY, 0, 5))
    fix(call, WantedTerms(rules=rules, pots=(POT, replace(POT, money_minor=7))))
    db.session.commit()
    terms = fix(call, WantedTerms(rules=(replace(rules[1], most=9), RULE), pots=(replace(POT, code="p2"),)))
    db.session.commit()
    assert [(rule.code, rule.group, rule.most) for rule in terms_set(call).rules] == [
        ("r2", "region:south", 9),
        ("r1", "region:north", None),
    ]
    assert [pot.code for pot in terms_set(call).pots] == ["p2"]
    versions = select(KeptVersion.content).where(KeptVersion.object_id == terms.id).order_by(KeptVersion.number)
    assert [len(content["rules"]) for content in db.session.scalars(versions) if content] == [2, 2]


def test_saving_what_stands_changes_nothing(app: FundApp) -> None:
    call = make_call()
    first = fix(call, WANTED)
    version = first.version
    assert fix(call, terms_set(call), now=CLOSES).version == version
    assert first.set_at == NOW


def test_once_scores_can_be_seen_a_change_needs_a_reason_that_stays(app: FundApp) -> None:
    call, person = make_call(), make_staff(Role.MANAGER)
    fix(call, WantedTerms(places=2), person)
    reviewed(call, 4)
    with pytest.raises(RuleViolations) as refused:
        fix(call, WantedTerms(places=3), person)
    assert fields(refused) == ["reason"]
    terms = fix(call, WantedTerms(places=3), person, reason=" A donor gave more. ")
    db.session.commit()
    change = db.session.scalars(select(TermsChange)).one()
    assert (change.before["places"], change.after["places"], change.reason) == (2, 3, "A donor gave more.")
    assert (change.changed_by_id, change.terms_id, change.number) == (person.id, terms.id, 1)
    assert db.session.scalars(select(AuditEntry.action).where(AuditEntry.object_id == terms.id)).all() == [
        "terms:set",
        "terms:change",
    ]


def test_after_the_first_decision_a_change_needs_a_reason_too(app: FundApp) -> None:
    call, person = make_call(), make_staff(Role.MANAGER)
    entry = reviewed(call)
    assert not is_late(actor=actor_of(person), call=call)
    make_decision(make_slate(call), entry)
    assert is_late(actor=actor_of(person), call=call)


def test_lots_are_chosen_before_scores_are_seen_or_not_at_all(app: FundApp) -> None:
    call = make_call()
    fix(call, WantedTerms(draw_band=2))
    reviewed(call, 4)
    with pytest.raises(RuleViolations) as refused:
        fix(call, WantedTerms(), reason="Lots are not liked.")
    assert fields(refused) == ["draw_band"]


def test_scores_that_somebody_may_not_see_do_not_make_their_change_late(app: FundApp) -> None:
    call, person = make_call(), make_staff(Role.MANAGER)
    entry = reviewed(call, 4)
    assert is_late(actor=actor_of(person), call=call)
    stated = {"person_id": person.id, "application_id": entry.application_id, "source": ConflictSource.DECLARED}
    db.session.add(ConflictOfInterest(**stated, recorded_at=NOW))
    db.session.flush()
    assert not is_late(actor=actor_of(person), call=call)


def test_nothing_changes_once_the_list_was_sent(app: FundApp) -> None:
    call = make_call()
    make_slate(call, SlateStatus.PROPOSED)
    with pytest.raises(Conflict):
        fix(call, WANTED, reason="Late.")


def test_whoever_was_slower_is_told(app: FundApp) -> None:
    call = make_call()
    fix(call, WantedTerms(places=2))
    with pytest.raises(Conflict):
        fix(call, WantedTerms(places=3), version=0)
    assert terms_set(call).places == 2


@pytest.mark.parametrize("role", [Role.RATIFIER, Role.AUDITOR, Role.CHAIR])
def test_those_who_only_read_fix_nothing(app: FundApp, role: Role) -> None:
    with pytest.raises(NotAllowed):
        fix(make_call(), WANTED, make_staff(role))


def test_rules_that_contradict_each_other_are_kept_and_named(app: FundApp) -> None:
    call = make_call(budget_minor=2_000_000)
    for region in ("north", "south"):
        make_application(call, answers={"region": region})
    rules = tuple(Rule("", f"region:{region}", Measure.MONEY, 1_200_000) for region in ("north", "south"))
    fix(call, WantedTerms(rules=rules))
    found = selection(actor=actor_of(make_staff(Role.MANAGER)), call=call)
    assert set(contradicting(found, found.terms)) == {"r1", "r2", "budget"}
    assert contradicting(found, replace(found.terms, rules=found.terms.rules[:1])) == ()


def test_more_awards_than_the_terms_allow_are_refused(app: FundApp) -> None:
    call, person = make_call(), make_staff(Role.MANAGER)
    first, second = reviewed(call, 5), reviewed(call, 4)
    make_terms(call, WantedTerms(places=1))
    values: dict[str, Any] = {"outcome": Outcome.AWARD, "amount_minor": 1, "reason": "", "version": 0, "now": CLOSES}
    decide_entry(actor=actor_of(person), entry=first, **values)
    with pytest.raises(RuleViolations) as refused:
        decide_entry(actor=actor_of(person), entry=second, **values)
    assert fields(refused) == ["outcome"]


def test_a_list_is_not_sent_below_the_stated_coverage_and_names_who_is_short(app: FundApp) -> None:
    call, person = make_call(reviews_per_entry=2), make_staff(Role.MANAGER)
    slate = make_slate(call)
    entries = [reviewed(call, 5, 4), reviewed(call, 3)]
    for entry in entries:
        make_decision(slate, entry, decided_by=person)
    make_terms(call, WantedTerms(coverage_percent=51))
    with pytest.raises(RuleViolations) as refused:
        propose_slate(actor=actor_of(person), call=call, now=CLOSES)
    said = [(problem.place, str(problem.message)) for problem in refused.value.problems]
    assert said == [
        ("", "1 of 2 entries have all their reviews. The terms of this selection ask for 51 in a hundred."),
        (entries[1].application.reference, "It has 1 of 2 reviews."),
    ]
    terms = db.session.scalars(select(SelectionTerms)).one()
    terms.coverage_percent = 50
    db.session.flush()
    assert propose_slate(actor=actor_of(person), call=call, now=CLOSES).status is SlateStatus.PROPOSED


def test_a_release_is_refused_below_the_stated_coverage(app: FundApp) -> None:
    call, person = make_call(reviews_per_entry=2), make_staff(Role.MANAGER)
    make_decision(make_slate(call, SlateStatus.RATIFIED), reviewed(call, 5))
    make_terms(call, WantedTerms(coverage_percent=100))
    with pytest.raises(RuleViolations) as refused:
        release_decisions(actor=actor_of(person), call=call, now=CLOSES)
    assert "It has 1 of 2 reviews." in [str(problem.message) for problem in refused.value.problems]


def test_without_terms_nothing_is_asked_of_coverage(app: FundApp) -> None:
    call = make_call(reviews_per_entry=2)
    reviewed(call)
    found = coverage(whole_selection(call=call))
    assert (found.entries, found.full, found.is_reached) == (1, 0, True)
