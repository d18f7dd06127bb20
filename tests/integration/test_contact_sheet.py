"""All letters of a release before it: how each would look, and why one could not be made."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from fundapp.accounts.permissions import Role
from fundapp.applications.conflicts import record_conflict
from fundapp.applications.models import ApplicationStatus, Call, ConflictSource
from fundapp.core.db import db
from fundapp.disbursement.letter_language import TemplateKind
from fundapp.disbursement.models import Letter
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.disbursement.services.templates import save_template
from fundapp.review.models import Outcome, Slate, SlateStatus
from fundapp.review.queries.selection import current_slate

from ..conftest import NOW, actor_of, counted_statements, without_tokens
from ..factories import make_application, make_call, make_decision, make_protected, make_slate, make_staff

LATER = NOW + timedelta(days=30)


@pytest.fixture
def manager(app):
    return make_staff(Role.MANAGER)


@pytest.fixture
def call(app, clock):
    """A call with an award, a decline in French, something in reserve in Arabic and a notice, ratified."""
    clock.move_to(LATER)
    call = make_call()
    slate = make_slate(call, SlateStatus.RATIFIED)
    for name, language, outcome in (
        ("Mwanga (sample)", "en", Outcome.AWARD),
        ("Port (échantillon)", "fr", Outcome.DECLINE),
        ("ميناء", "ar", Outcome.RESERVE),
    ):
        entry = make_application(call, organisation_name=name, language=language).entries[0]
        make_decision(slate, entry, outcome=outcome)
    make_application(call, status=ApplicationStatus.INELIGIBLE, organisation_name="Harbour (sample)")
    db.session.commit()
    return call


def slate_of(call: Call) -> Slate:
    slate = current_slate(call=call)
    assert slate is not None
    return slate


def sheet(client, call: Call, query: str = "") -> str:
    answer = client.get(f"/manage/{call.slug}/letters/to-be{query}")
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))


def test_every_letter_is_shown_in_its_own_language_before_anything_is_released(call, manager, signed_in):
    client = signed_in(manager)
    page = sheet(client, call)
    for words in (
        "Mwanga (sample)",
        "twelve thousand",
        "Port (échantillon)",
        "14 octobre 2020",
        "ميناء",
        "Harbour (sample)",
        "It works in another field.",
        "Each of them can be made.",
    ):
        assert words in page
    assert page.count("<article") == 4
    assert 'lang="ar" dir="rtl" tabindex="0"' in page
    assert not db.session.scalars(select(Letter)).all()
    assert "letters/to-be" in client.get(f"/manage/{call.slug}/letters").get_data(as_text=True)


def test_what_cannot_be_made_is_named_before_the_release(call, manager, signed_in):
    call.award_terms = {"period_months": 12}
    make_application(call, status=ApplicationStatus.INELIGIBLE, organisation_name="བདེན་པ")
    db.session.commit()
    client = signed_in(manager)
    page = sheet(client, call)
    assert "2 letters of 5 cannot be made as things are." in page
    assert "It has no value for “purpose”." in page
    assert "TIBETAN LETTER BA" in page
    assert page.count("<article") == 3
    only = sheet(client, call, "?state=problem")
    assert "Mwanga (sample)" in only
    assert "Harbour (sample)" not in only


def test_the_sheet_says_what_the_letters_then_say(call, manager, run_jobs, signed_in):
    save_template(
        actor=actor_of(manager),
        call=call,
        kind=TemplateKind.AWARD,
        language="en",
        subject="Good news",
        body="Dear {{ organisation }}, you get {{ amount }}.\n\n{{ terms of the award }}",
        after=0,
        now=LATER,
    )
    db.session.commit()
    page = sheet(signed_in(manager), call)
    assert "<h1>Good news</h1>" in page
    release_decisions(actor=actor_of(manager), call=call, now=LATER)
    run_jobs()
    for letter in db.session.scalars(select(Letter)):
        told = signed_in(letter.person).get(f"/letters/{letter.id}").get_data(as_text=True)
        assert body_in(told) in page


def body_in(page: str) -> str:
    """Return what a letter says, with its head, as it stands on the page of its reader."""
    return page.partition("<article")[2].partition(">")[2].partition("</article>")[0].strip()


def test_the_sheet_is_narrowed_by_kind_and_language_and_goes_page_by_page(call, manager, signed_in):
    for _ in range(31):
        make_application(call, status=ApplicationStatus.INELIGIBLE)
    db.session.commit()
    client = signed_in(manager)
    assert sheet(client, call).count("<article") == 30
    assert sheet(client, call, "?page=2").count("<article") == 5
    french = sheet(client, call, "?language=fr")
    assert "Port (échantillon)" in french
    assert french.count("<article") == 1
    assert sheet(client, call, "?kind=reserve").count("<article") == 1
    assert "Nothing was found." in sheet(client, call, "?kind=reserve&language=fr")
    assert sheet(client, call, "?kind=x&state=y&page=z").count("<article") == 30


def test_after_the_release_the_letters_themselves_say_it(call, manager, signed_in):
    release_decisions(actor=actor_of(manager), call=call, now=LATER)
    page = sheet(signed_in(manager), call)
    assert "The decisions are released" in page
    assert "<article" not in page


def test_a_conflict_of_interest_leaves_no_trace_on_the_sheet(call, manager, signed_in):
    client = signed_in(manager)
    before = without_tokens(sheet(client, call))
    slate = slate_of(call)
    for outcome in (Outcome.AWARD, Outcome.DECLINE):
        application = make_application(call, organisation_name="A cousin")
        make_decision(slate, application.entries[0], outcome=outcome)
        record_conflict(
            actor=actor_of(make_staff(Role.MANAGER)),
            application=application,
            person_id=manager.id,
            source=ConflictSource.SET_BY_MANAGER,
            reason="Cousins.",
            now=LATER,
        )
    db.session.commit()
    assert without_tokens(sheet(client, call)) == before


def test_who_is_protected_goes_by_two_words(call, manager, signed_in):
    hidden = make_application(call, organisation_name="Lantern (sample)", title="A title that tells")
    make_decision(slate_of(call), hidden.entries[0])
    make_protected(hidden)
    db.session.commit()
    page = sheet(signed_in(manager), call)
    assert "Lantern" not in page
    assert "A title that tells" not in page
    assert (hidden.pseudonym or "missing") in page


def test_only_those_who_run_the_letters_of_this_call_see_it(call, signed_in):
    for person in (make_staff(Role.AUDITOR), make_staff(Role.MANAGER, make_call())):
        assert signed_in(person).get(f"/manage/{call.slug}/letters/to-be").status_code in (403, 404)


def test_the_sheet_asks_the_database_the_same_for_1_and_30(app, manager, signed_in):
    def statements(number: int) -> int:
        call = make_call(budget_minor=100_000_000)
        slate = make_slate(call, SlateStatus.RATIFIED)
        for _ in range(number):
            for outcome in (Outcome.AWARD, Outcome.DECLINE):
                make_decision(slate, make_application(call).entries[0], outcome=outcome)
        db.session.commit()
        client = signed_in(manager)
        sheet(client, call)
        with counted_statements() as seen:
            sheet(client, call)
        return len(seen)

    assert statements(1) == statements(15)
