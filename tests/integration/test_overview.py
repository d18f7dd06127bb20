"""The page of all calls that somebody looks after: where each stands, what waits for whom, money, letters, dates."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.conflicts import record_conflict
from fundapp.applications.models import ApplicationStatus, Call, CallStatus, ConflictSource, ReviewPhase
from fundapp.applications.money_picture import budget_plot
from fundapp.applications.phase_rules import SeenOthers, ShownAs
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Letter, LetterKind, LetterStatus
from fundapp.review.models import AssignmentStatus, ReviewerStatus, SlateStatus
from tests.conftest import NOW, actor_of, counted_statements, without_tokens
from tests.factories import (
    CLOSES,
    make_application,
    make_assignment,
    make_call,
    make_decision,
    make_reviewer,
    make_slate,
    make_staff,
)
from tests.funding import give, make_award, make_fund

SignedIn = Callable[[Person | None], FlaskClient]
AFTER = CLOSES + timedelta(hours=1)


@pytest.fixture
def shown(app: FundApp, signed_in: SignedIn, clock) -> Callable[..., str]:
    """Return a function that reads the page as somebody sees it at an instant."""

    def read(person: Person, now=NOW) -> str:
        clock.move_to(now)
        db.session.commit()
        return without_tokens(signed_in(person).get("/manage").text)

    return read


def rows(text: str) -> dict[str, str]:
    """Return the facts on the page of one call: their names, and their words."""
    found = re.findall(r"<dt><bdi>(.*?)</bdi></dt>\s*<dd>(.*?)</dd>", text, re.DOTALL)
    return {name: " ".join(re.sub(r"<[^>]+>", " ", words).split()) for name, words in found}


def make_phase(call: Call, start: int, days: int, title: str = "Private scoring") -> None:
    db.session.add(
        ReviewPhase(
            call_id=call.id, stage_id=call.deciding_stage.id, position=start, code=f"phase{start}",
            titles={"en": title}, starts_at=CLOSES + timedelta(days=start), may_score=True,
            ends_at=CLOSES + timedelta(days=start + days), others=SeenOthers.NEVER, shown_as=ShownAs.ALIASES,
            may_discuss=False,
        )
    )  # fmt: skip


def make_letter(call: Call, status: LetterStatus, *, opened: bool = False) -> None:
    application = make_application(call, status=ApplicationStatus.INELIGIBLE)
    made = status is LetterStatus.MADE
    db.session.add(
        Letter(
            call_id=call.id, kind=LetterKind.INELIGIBLE, application_id=application.id, status=status,
            person_id=application.person_id, reference=f"L-{application.reference}", language="en", queued_at=NOW,
            failure="No room." if status is LetterStatus.FAILED else "", made_at=NOW if made else None,
            content={} if made else None, sha256="0" * 64 if made else None, stored_as="x" if made else None,
            first_opened_at=NOW if opened else None,
        )
    )  # fmt: skip


def test_a_new_manager_reads_what_to_do_first(shown: Callable[..., str]) -> None:
    text = shown(make_staff(Role.MANAGER))
    assert "There is no call yet, so nothing waits for you." in text
    assert text.count(">Make a call</a>") == 1
    assert "Dates of the next two weeks" not in text
    assert "As soon as somebody gives you a role" in shown(make_staff(Role.AUDITOR))


def test_what_waits_stands_beside_whom_it_waits_for(shown: Callable[..., str]) -> None:
    call = make_call(reviews_per_entry=2)
    make_application(call, status=ApplicationStatus.SUBMITTED)
    make_application(call, status=ApplicationStatus.DRAFT)
    manager = make_staff(Role.MANAGER)
    found = rows(shown(manager))
    assert found["Those who run the call"] == "Check whether 1 application is eligible"
    assert found["Applicants"] == "1 draft is not sent yet"
    (entry,) = make_application(call).entries
    make_assignment(entry, make_reviewer(call), AssignmentStatus.READING)
    make_reviewer(call, status=ReviewerStatus.INVITED, answered_at=None)
    found = rows(shown(manager, AFTER))
    assert found["Those who run the call"] == "Check whether 1 application is eligible Find a reader for 1 review"
    assert found["The panel"] == "1 invitation to read has no answer yet 1 review is still to come"
    assert "Applicants" not in found, "after the deadline nobody can send a draft"


def test_a_list_on_its_way_waits_for_ratifiers_and_letters_for_the_machine(shown: Callable[..., str]) -> None:
    call = make_call()
    (entry,) = make_application(call).entries
    slate = make_slate(call, SlateStatus.PROPOSED)
    make_decision(slate, entry, amount_minor=2_500_000)
    manager, ratifier = make_staff(Role.MANAGER), make_staff(Role.RATIFIER)
    text = shown(manager, AFTER)
    assert rows(text)["Ratifiers"] == "Ratify the list"
    assert "Waiting for ratification" in text
    assert f"/manage/{call.slug}/ratification" not in text, "a manager cannot open that page"
    assert f'href="/manage/{call.slug}/ratification"' in shown(ratifier, AFTER)
    made = make_call()
    make_award(made)
    for status, opened in ((LetterStatus.QUEUED, False), (LetterStatus.MADE, True), (LetterStatus.MADE, False)):
        make_letter(made, status, opened=opened)
    call.opens_at -= timedelta(days=400)
    found = rows(shown(make_staff(Role.MANAGER, made), AFTER))
    assert found["Work in the background"] == "1 letter is being made"
    assert found["Letters"] == "2 letters made · 0 letters failed · 1 letter opened"
    assert found["Applicants"] == "1 award waits for an answer"
    make_letter(made, LetterStatus.FAILED)
    assert (
        rows(shown(make_staff(Role.MANAGER, made), AFTER))["Those who run the call"] == "Some letters could not be made"
    )


def test_money_is_told_in_words_beside_the_picture(shown: Callable[..., str]) -> None:
    call = make_call(budget_minor=10_000_000)
    award = make_award(call, 4_000_000)
    give(make_fund(call), award, 1_000_000)
    words = "US$40,000.00 (USD) of US$100,000.00 (USD) decided, US$60,000.00 (USD) left. Funds give US$10,000.00 (USD)."
    for role in (Role.MANAGER, Role.FINANCE, Role.AUDITOR):
        text = shown(make_staff(role), AFTER)
        assert rows(text)["Money"] == words
        assert f'aria-label="{words}"' in text
        assert '<rect x="10.0%" y="0" width="30.0%"' in text
    assert rows(shown(make_staff(Role.RATIFIER), AFTER))["Money"].endswith("US$60,000.00 (USD) left")
    assert rows(shown(make_staff(Role.CHAIR, call), AFTER))["Money"] == "Budget: US$100,000.00 (USD)"


def test_the_picture_of_a_budget_stays_within_it() -> None:
    plot = budget_plot(budget=200, decided=150, funded=50)
    assert (plot.funded, plot.decided_x, plot.decided, plot.left_x, plot.left) == (25, 25, 50, 75, 25)
    over = budget_plot(budget=100, decided=150, funded=120)
    assert (over.funded, over.decided, over.left) == (100, 0, 0)
    assert budget_plot(budget=100, decided=0, funded=0).left == 100


def test_dates_of_two_weeks_stand_in_one_list_over_all_calls(shown: Callable[..., str]) -> None:
    first = make_call(closes_at=NOW + timedelta(days=5, hours=2))
    second = make_call(closes_at=NOW + timedelta(days=3))
    far = make_call(closes_at=NOW + timedelta(days=15))
    late = make_application(second, status=ApplicationStatus.DRAFT)
    late.closes_at, late.closes_at_reason = NOW + timedelta(days=14), "Floods."
    text = shown(make_staff(Role.MANAGER))
    listed = text.split("Dates of the next two weeks")[1].split("Calls at work")[0]
    assert [listed.index(call.titles["en"]) for call in (second, first)] == sorted(
        listed.index(call.titles["en"]) for call in (second, first)
    )
    assert "5 days left" in listed
    assert "1 draft ends at its own deadline" in listed
    assert "Nairobi" in listed, "the zone stands beside the time"
    assert far.titles["en"] not in listed
    assert "15 days left" in text, "it is the next date of its call"


def test_the_phase_and_the_end_of_scoring_are_told(shown: Callable[..., str]) -> None:
    call = make_call()
    make_phase(call, 0, 10)
    text = shown(make_staff(Role.MANAGER), AFTER)
    assert '<span class="tag">Private scoring</span>' in text
    assert rows(text)["Next date"].startswith("Scoring ends: Private scoring")
    assert "9 days left" in text
    assert "Closed" in shown(make_staff(Role.MANAGER), CLOSES + timedelta(days=11))


def test_calls_that_are_over_are_folded_below(shown: Callable[..., str]) -> None:
    over, going = make_call(status=CallStatus.DECIDED, decided_at=NOW), make_call()
    text = shown(make_staff(Role.MANAGER))
    work, folded = text.split("<details>")
    assert going.titles["en"] in work
    assert over.titles["en"] in folded
    assert "1 call is over" in folded
    make_letter(over, LetterStatus.FAILED)
    make_slate(over, SlateStatus.RELEASED)
    assert "<details>" not in shown(make_staff(Role.MANAGER)), "something waits there still"


def test_only_calls_of_ones_own_scope_are_there(shown: Callable[..., str]) -> None:
    mine, other = make_call(), make_call()
    text = shown(make_staff(Role.MANAGER, mine))
    assert mine.titles["en"] in text
    assert other.titles["en"] not in text


@pytest.mark.parametrize("role", [Role.MANAGER, Role.AUDITOR])
def test_the_page_is_the_same_with_and_without_what_is_in_conflict(shown: Callable[..., str], role: Role) -> None:
    call = make_call(reviews_per_entry=2)
    reader = make_staff(role)
    make_award(call, 1_000_000)
    before = shown(reader, AFTER)
    award = make_award(call, 3_000_000)
    give(make_fund(call), award, 2_000_000)
    hidden = award.decision.entry.application
    make_assignment(hidden.entries[0], make_reviewer(call), AssignmentStatus.READING)
    draft = make_application(call, status=ApplicationStatus.DRAFT)
    draft.closes_at, draft.closes_at_reason = AFTER + timedelta(days=3), "Floods."
    assert shown(reader, AFTER) != before
    for application in (hidden, draft):
        record_conflict(
            actor=actor_of(reader), application=application, person_id=reader.id, source=ConflictSource.DECLARED,
            reason="A cousin.", now=NOW,
        )  # fmt: skip
    assert shown(reader, AFTER) == before


def test_the_page_asks_as_much_of_the_database_for_few_calls_as_for_many(
    app: FundApp, signed_in: SignedIn, clock
) -> None:
    clock.move_to(AFTER)
    client = signed_in(make_staff(Role.MANAGER))

    def grow(calls: int) -> int:
        for number in range(calls):
            call = make_call(reviews_per_entry=2)
            make_phase(call, 0, 10)
            make_application(call, status=ApplicationStatus.SUBMITTED)
            (entry,) = make_application(call).entries
            make_assignment(entry, make_reviewer(call), AssignmentStatus.READING)
            if number % 2:
                make_award(call)
                make_letter(call, LetterStatus.MADE)
        db.session.commit()
        client.get("/manage")
        db.session.expunge_all()
        with counted_statements() as statements:
            assert client.get("/manage").status_code == 200
        return len(statements)

    few = grow(2)
    assert grow(8) == few
