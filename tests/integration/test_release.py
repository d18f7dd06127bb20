"""The release of a call's decisions: all at once, once, and with one letter for everyone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from fundapp.accounts.permissions import Actor, Role
from fundapp.applications.models import ApplicationStatus, Call, CallStatus, ProgrammeKind
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import InvalidTransition, NotAllowed, RuleViolations
from fundapp.core.outbox import OutboxItem
from fundapp.disbursement.models import Award, Letter, LetterKind, LetterStatus
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.review.models import Outcome, Ratification, SendBack, SlateStatus
from fundapp.review.queries.selection import current_slate
from fundapp.review.terms_rules import WantedTerms

from ..conftest import NOW, actor_of
from ..factories import make_application, make_call, make_decision, make_person, make_slate, make_staff, make_terms
from .test_selection_races import all_at_once

LATER = NOW + timedelta(days=30)


@pytest.fixture
def manager(app):
    return actor_of(make_staff(Role.MANAGER))


def ratified_call(*, awards: int = 2, declines: int = 3, ineligible: int = 1, **values: Any) -> Call:
    call = make_call(**values)
    slate = make_slate(call, SlateStatus.RATIFIED)
    for number in range(awards + declines):
        for entry in make_application(call).entries:
            make_decision(slate, entry, outcome=Outcome.AWARD if number < awards else Outcome.DECLINE)
    for _ in range(ineligible):
        make_application(call, status=ApplicationStatus.INELIGIBLE)
    return call


def everything() -> list[tuple[str, int]]:
    return [
        (model.__name__, db.session.scalar(select(func.count()).select_from(model)) or 0)
        for model in (Award, Letter, OutboxItem, AuditEntry)
    ]


def test_release_makes_awards_letters_and_their_work(manager):
    call = ratified_call()
    slate = release_decisions(actor=manager, call=call, now=LATER)
    assert slate.status is SlateStatus.RELEASED
    assert (slate.released_by_id, slate.released_at) == (manager.person_id, LATER)
    assert (call.status, call.decided_at) == (CallStatus.DECIDED, LATER)
    awards = db.session.scalars(select(Award)).all()
    assert {(award.amount_minor, award.currency, award.awarded_at) for award in awards} == {(1_200_000, "USD", LATER)}
    letters = db.session.scalars(select(Letter)).all()
    assert sorted(letter.kind for letter in letters) == ["award"] * 2 + ["decline"] * 3 + ["ineligible"]
    assert {letter.status for letter in letters} == {LetterStatus.QUEUED}
    assert all(letter.person_id == letter.application.person_id for letter in letters)
    assert {item.subject_id for item in db.session.scalars(select(OutboxItem))} == {letter.id for letter in letters}
    assert {award.reference for award in awards} == {letter.reference for letter in letters if letter.kind == "award"}


def test_an_entry_in_reserve_gets_exactly_one_letter_of_its_own_kind_and_no_award(manager):
    call = ratified_call(awards=1, declines=1, ineligible=0)
    slate = current_slate(call=call)
    assert slate is not None
    reserve = make_decision(slate, make_application(call).entries[0], outcome=Outcome.RESERVE)
    release_decisions(actor=manager, call=call, now=LATER)
    release_decisions(actor=manager, call=call, now=LATER)
    letters = db.session.scalars(select(Letter)).all()
    assert sorted(letter.kind for letter in letters) == ["award", "decline", "reserve"]
    assert [letter.kind for letter in letters if letter.decision_id == reserve.id] == [LetterKind.RESERVE]
    assert db.session.scalar(select(func.count()).select_from(Award)) == 1


def test_each_entry_of_a_prize_has_its_own_letter_and_reference(manager):
    call = ratified_call(awards=1, declines=1, ineligible=0, kind=ProgrammeKind.PRIZE, categories=2)
    release_decisions(actor=manager, call=call, now=LATER)
    letters = db.session.scalars(select(Letter)).all()
    assert len(letters) == 4
    for letter in letters:
        assert letter.decision is not None
        assert letter.decision.entry.category is not None
        code = letter.decision.entry.category.code
        assert letter.reference == f"{letter.application.reference}-{code.upper()}"


def test_a_second_release_changes_nothing(manager):
    call = ratified_call()
    release_decisions(actor=manager, call=call, now=LATER)
    before = everything()
    release_decisions(actor=manager, call=call, now=LATER + timedelta(hours=1))
    assert everything() == before
    assert call.decided_at == LATER


@pytest.mark.parametrize("status", [SlateStatus.OPEN, SlateStatus.PROPOSED])
def test_only_a_ratified_list_is_released(manager, status):
    call = make_call()
    make_decision(make_slate(call, status), make_application(call).entries[0])
    before = everything()
    with pytest.raises(InvalidTransition):
        release_decisions(actor=manager, call=call, now=LATER)
    assert everything() == before
    assert call.status is CallStatus.PUBLISHED


def test_everything_that_is_open_is_named_at_once(manager):
    call = ratified_call(awards=1, declines=0, ineligible=0)
    make_application(call)
    make_application(call)
    make_application(call, status=ApplicationStatus.SUBMITTED)
    turned = db.session.scalars(select(Letter)).all()
    assert turned == []
    decided = make_application(call)
    slate = current_slate(call=call)
    assert slate is not None
    make_decision(slate, decided.entries[0], outcome=Outcome.DECLINE)
    decided.status = ApplicationStatus.INELIGIBLE
    decided.eligibility_reason = "It was found too late."
    with pytest.raises(RuleViolations) as caught:
        release_decisions(actor=manager, call=call, now=LATER)
    said = [str(problem) for problem in caught.value.problems]
    assert said[0] == "2 entries are undecided."
    assert said[1] == "1 application was not marked eligible or ineligible."
    assert said[2].startswith(f"{decided.reference}: It is decided, but not eligible any more")
    assert len(said) == 3
    assert db.session.scalars(select(Letter)).all() == []


def test_a_list_that_two_must_ratify_is_not_released_with_one(manager):
    call = ratified_call(awards=1, declines=1, ineligible=0)
    make_terms(call, WantedTerms(two_ratifiers_from_minor=1_200_000))
    before = everything()
    with pytest.raises(RuleViolations, match="1 person more must ratify the list"):
        release_decisions(actor=manager, call=call, now=LATER)
    assert everything() == before
    slate = current_slate(call=call)
    assert slate is not None
    second = {"person_id": make_staff(Role.RATIFIER).id, "ratified_at": LATER}
    db.session.add(Ratification(slate_id=slate.id, sending=1, **second))
    assert release_decisions(actor=manager, call=call, now=LATER).status is SlateStatus.RELEASED


def test_a_ratification_of_an_earlier_sending_releases_nothing(manager):
    call = ratified_call(awards=1, declines=0, ineligible=0)
    slate = current_slate(call=call)
    assert slate is not None
    people = {"person_id": make_person().id, "sent_by_id": make_person().id}
    back = {"reason": "Look again.", "sent_back_at": LATER, "sent_at": LATER}
    db.session.add(SendBack(slate_id=slate.id, sending=1, **people, **back))
    with pytest.raises(RuleViolations, match="1 person more must ratify the list"):
        release_decisions(actor=manager, call=call, now=LATER)


def test_a_call_without_decisions_has_nothing_to_release(manager):
    with pytest.raises(RuleViolations, match="nothing to release"):
        release_decisions(actor=manager, call=make_call(), now=LATER)
    call = make_call()
    make_slate(call, SlateStatus.RATIFIED)
    with pytest.raises(RuleViolations, match="nothing to release"):
        release_decisions(actor=manager, call=call, now=LATER)


@pytest.mark.parametrize("role", [Role.RATIFIER, Role.REVIEWER])
def test_only_managers_release(app, role):
    call = ratified_call()
    with pytest.raises(NotAllowed):
        release_decisions(actor=actor_of(make_staff(role)), call=call, now=LATER)
    elsewhere = actor_of(make_staff(Role.MANAGER, make_call()))
    with pytest.raises(NotAllowed):
        release_decisions(actor=elsewhere, call=call, now=LATER)


def test_drafts_get_no_letter(manager):
    call = ratified_call(awards=1, declines=0, ineligible=0)
    make_application(call, status=ApplicationStatus.DRAFT)
    release_decisions(actor=manager, call=call, now=LATER)
    assert len(db.session.scalars(select(Letter)).all()) == 1


def test_letters_speak_the_language_of_the_application(manager):
    call = ratified_call(awards=0, declines=0, ineligible=0)
    slate = current_slate(call=call)
    assert slate is not None
    french = make_application(call, language="fr")
    unknown = make_application(call, language="sw")
    for application in (french, unknown):
        make_decision(slate, application.entries[0], outcome=Outcome.DECLINE)
    release_decisions(actor=manager, call=call, now=LATER)
    languages = {letter.application_id: letter.language for letter in db.session.scalars(select(Letter))}
    assert languages == {french.id: "fr", unknown.id: "en"}
    assert db.session.scalars(select(Letter.kind)).all() == [LetterKind.DECLINE, LetterKind.DECLINE]


def test_two_managers_release_at_once_and_there_is_one_letter_each(app):
    call_id = ratified_call(awards=5, declines=10, ineligible=3).id
    managers = [actor_of(make_staff(Role.MANAGER)) for _ in range(4)]
    db.session.commit()

    def releasing(manager: Actor) -> Callable[[], object]:
        return lambda: release_decisions(actor=manager, call=db.session.get_one(Call, call_id), now=LATER)

    assert all_at_once(app, [releasing(manager) for manager in managers]) == ["done"] * 4
    assert everything()[:3] == [("Award", 5), ("Letter", 18), ("OutboxItem", 18)]
    releases = db.session.scalar(
        select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "slate:release")
    )
    assert releases == 1
