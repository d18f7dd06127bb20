"""What hurt people in other tools about conflicts and about who sees what; the numbers are those of our list."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.form_engine.definition import Kind, Party, Question
from fundapp.applications.form_engine.definition import Role as FormRole
from fundapp.applications.models import Application, Call
from fundapp.applications.rules import ReviewersSee
from fundapp.applications.sealed_answers import note_parties_again
from fundapp.core.db import db
from fundapp.core.errors import RuleViolations
from fundapp.core.web import FundApp
from fundapp.review.models import Assignment, PairRuleKind, Reviewer
from fundapp.review.queries.reading import my_assignments
from fundapp.review.services import pairs as by_hand
from fundapp.review.services.planning import apply_plan, request_plan
from tests.conftest import actor_of
from tests.factories import (
    FORM,
    NOW,
    make_application,
    make_assignment,
    make_attachment,
    make_call,
    make_member,
    make_organisation,
    make_person,
    make_review,
    make_reviewer,
    make_staff,
)

from ..exporting import exported_rows

SignedIn = Callable[[Person | None], FlaskClient]
PARTNERS = replace(
    FORM,
    questions=(
        *FORM.questions,
        Question(name="partner", kind=Kind.TEXT, label={"en": "Partner"}, group=("about",), party=Party.PARTNER),
        Question(name="mail", kind=Kind.TEXT, label={"en": "Mail"}, group=("about",), role=FormRole.EMAIL),
    ),
)


@pytest.fixture(autouse=True)
def now(clock: Any) -> None:
    clock.move_to(NOW)


def text(client: FlaskClient, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, url
    return answer.get_data(as_text=True)


def sent(call: Call, **answers: str) -> Application:
    """Make an application whose parties were noted as those of a sent one are."""
    application = make_application(call, answers=answers)
    note_parties_again(application)
    db.session.flush()
    return application


def given(call: Call, manager: Person) -> dict[Application, set[Reviewer]]:
    """Plan who reads what, apply it, and return who was given what."""
    plan = request_plan(actor=actor_of(manager), call=call, now=NOW)
    apply_plan(actor=actor_of(manager), plan=plan, now=NOW)
    found: dict[Application, set[Reviewer]] = {}
    for assignment in db.session.scalars(select(Assignment).order_by(Assignment.id)):
        found.setdefault(assignment.entry.application, set()).add(assignment.reviewer)
    return found


def scored_call(*marks: int) -> Call:
    """Make a call with one application for each mark, read by one reviewer."""
    call = make_call(reviews_per_entry=1)
    for mark in marks:
        make_review(make_application(call).entries[0], make_reviewer(call), [mark, mark])
    return call


def test_peers_17_whoever_applies_and_reviews_keeps_both_and_each_in_its_place(
    app: FundApp, signed_in: SignedIn
) -> None:
    call = make_call(applicants_review=True)
    mine, theirs = (make_application(call, answers={"title": f"The work of {each}"}) for each in ("mine", "others"))
    reviewer = make_reviewer(call, person=mine.person)
    assignment, void = (make_assignment(each.entries[0], reviewer) for each in (theirs, mine))
    client = signed_in(mine.person)
    assert str(mine.reference) in text(client, "/applications")
    assert "The work of mine" in text(client, f"/applications/{mine.id}/copy")
    assert "The work of others" in text(client, f"/reviews/{assignment.id}")
    assert str(theirs.reference) in text(client, "/reviews")
    assert str(mine.reference) not in text(client, "/reviews")
    text(client, f"/reviews/{void.id}", 404)
    text(client, f"/applications/{theirs.id}", 404)


def test_peers_18_a_reviewer_sees_what_was_given_to_them_and_nothing_else(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    mine, beside, elsewhere = make_application(call), make_application(call), make_application(make_call())
    reviewer = make_reviewer(call)
    assignment = make_assignment(mine.entries[0], reviewer)
    foreign = [make_assignment(each.entries[0], make_reviewer(each.call)) for each in (beside, elsewhere)]
    make_review(beside.entries[0], make_reviewer(call), [5, 5], comment="Said by another")
    client = signed_in(reviewer.person)
    pages = [text(client, url) for url in ("/home", "/reviews", f"/reviews/{assignment.id}")]
    assert str(mine.reference) in pages[1]
    for page in pages:
        assert not [word for word in (beside.reference, elsewhere.reference, "Said by another") if str(word) in page]
    for each in foreign:
        text(client, f"/reviews/{each.id}", 404)
        text(client, f"/reviews/{each.id}/conflict", 404)
    for path in ("", "/applications", "/tally", "/selection", "/assignment", "/reviewers", "/letters", "/history"):
        assert client.get(f"/manage/{call.slug}{path}").status_code in (403, 404), path
    text(client, f"/manage/applications/{mine.id}", 403)


def test_peers_19_whoever_stands_on_another_application_too_is_flagged_and_not_given_it(app: FundApp) -> None:
    call = make_call(form=PARTNERS, reviews_per_entry=1)
    partnered = sent(call, partner="Hill Trust")
    reviewer, other = make_reviewer(call), make_reviewer(call)
    make_member(reviewer.person, make_organisation("Hill Trust"))
    assert given(call, make_staff(Role.MANAGER)) == {partnered: {other}}


def test_peers_19_no_step_over_many_gives_somebody_what_they_have_a_conflict_with(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    application, free = make_application(call), make_application(call)
    reviewer = make_reviewer(call)
    make_member(reviewer.person, application.organisation)
    pairs = [(each.entries[0], reviewer) for each in (free, application)]
    with pytest.raises(RuleViolations, match="conflict of interest"):
        by_hand.assign_by_hand(actor=actor_of(make_staff(Role.MANAGER)), call=call, pairs=pairs, now=NOW)
    assert my_assignments(actor=actor_of(reviewer.person)) == []


def test_peers_19_counts_means_and_ranks_tell_nothing_of_what_somebody_is_in_conflict_with(
    app: FundApp, signed_in: SignedIn
) -> None:
    call = scored_call(5, 2)
    person = make_staff(Role.MANAGER)
    client = signed_in(person)
    urls = [f"/manage/{call.slug}/{page}" for page in ("tally", "selection", "assignment", "reviewers", "stages")]
    before = [text(client, url) for url in urls]
    hidden = make_application(call)
    for reviewer in db.session.scalars(select(Reviewer).order_by(Reviewer.id)):
        make_review(hidden.entries[0], reviewer, [4, 4])
    db.session.commit()
    assert [text(client, url) == page for url, page in zip(urls, before, strict=True)] == [False] * len(urls)
    make_member(person, hidden.organisation)
    db.session.commit()
    assert [text(client, url) for url in urls] == before


def test_peers_19_a_conflict_is_checked_before_somebody_is_invited(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    applicant = make_application(call).person
    client = signed_in(make_staff(Role.MANAGER))
    data = {"email": applicant.email, "name": "Asked", "organisation": "Home", "max_entries": "4", "language": "en"}
    answer = client.post(f"/manage/{call.slug}/reviewers", data={**data, "languages": ["en"]})
    assert answer.status_code == 422
    assert "This person applies in this call" in answer.get_data(as_text=True)
    assert db.session.scalars(select(Reviewer)).all() == []


@pytest.mark.parametrize("email", ["amina@hill.example", "Amina@HILL.example"])
def test_peers_20_nobody_is_given_their_own_paper_whatever_is_known_of_their_address(
    app: FundApp, signed_in: SignedIn, email: str
) -> None:
    call = make_call(form=PARTNERS, reviews_per_entry=1, reviewers_see=ReviewersSee.TITLE)
    own = sent(call, mail=email)
    reviewer, other = make_reviewer(call, person=make_person("", email="amina@hill.example")), make_reviewer(call)
    assert given(call, make_staff(Role.MANAGER)) == {own: {other}}
    assert str(own.reference) not in text(signed_in(reviewer.person), "/reviews"), "nor is it shown to choose from"
    assert str(own.reference) in text(signed_in(other.person), "/reviews")


def test_peers_21_a_page_that_is_not_for_somebody_says_why_it_may_be_so_and_their_own_is_in_its_place(
    app: FundApp, signed_in: SignedIn
) -> None:
    call = make_call()
    person = make_staff(Role.MANAGER)
    own = make_application(call, person=person)
    client = signed_in(person)
    page = text(client, f"/manage/applications/{own.id}", 404)
    assert "it may not be for you to see" in page
    assert 'href="/"' in page, "a way on"
    assert str(own.reference) in text(client, "/applications")


def test_peers_21_named_people_are_kept_from_an_application_in_every_plan(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    application, barred, other = make_application(call), make_reviewer(call), make_reviewer(call)
    manager = make_staff(Role.MANAGER)
    by_hand.rule_pair(
        actor=actor_of(manager), entry=application.entries[0], reviewer=barred, kind=PairRuleKind.FORBID, now=NOW
    )
    assert given(call, manager) == {application: {other}}


def test_peers_22_organisers_who_apply_too_export_everything_but_their_own(app: FundApp, signed_in: SignedIn) -> None:
    call = scored_call(5, 2)
    person = make_staff(Role.MANAGER)
    own = make_application(call, person=person)
    make_review(own.entries[0], make_reviewer(call), [3, 3])
    db.session.commit()
    rows = exported_rows(signed_in(person), call.slug)
    assert [(row["reviews"], row["score_mean"]) for row in rows] == [("1", "5.00"), ("1", "2.00")]
    assert own.reference not in {row["application_reference"] for row in rows}


def test_peers_23_a_blind_review_names_nobody_in_text_links_files_or_their_names(
    app: FundApp, signed_in: SignedIn
) -> None:
    call = make_call(reviewers_see=ReviewersSee.REFERENCE)
    person = make_person("Kanarie Person", email="kanarie@example.org")
    application = make_application(call, person=person, organisation=make_organisation("Kanarie House"))
    file = make_attachment(app.extensions["storage"], application, b"%PDF-1.4 plan", filename="Kanarie House plan.pdf")
    db.session.commit()
    reviewer = make_reviewer(call)
    assignment = make_assignment(application.entries[0], reviewer)
    client = signed_in(reviewer.person)
    page = text(client, f"/reviews/{assignment.id}")
    assert "We will hold open days" in page
    address = f"/reviews/applications/{application.id}/files/{file.id}"
    assert address in page
    answer = client.get(address)
    assert answer.status_code == 200
    for said in (page, text(client, "/reviews"), str(answer.headers)):
        assert "kanarie" not in said.casefold()
    answer.close()


def test_peers_24_no_open_page_or_file_tells_a_score_while_people_score(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call(is_impartial=True, applicants_review=True)
    comment = "Kanarie comment"
    for _each in range(2):
        make_review(make_application(call).entries[0], make_reviewer(call), [5, 4], comment=comment)
    db.session.commit()
    reviewer = db.session.scalars(select(Reviewer).order_by(Reviewer.id)).first()
    assert reviewer
    for client in (app.test_client(), signed_in(make_reviewer(call).person)):
        for url in (f"/calls/{call.slug}", f"/calls/{call.slug}/pools"):
            page = text(client, url)
            assert comment not in page
            assert "4.33" not in page
    manager = signed_in(make_staff(Role.MANAGER))
    rows = exported_rows(manager, call.slug)
    assert [(row["score_mean"], row["reviews"]) for row in rows] == [("", "0")] * 2
    assert "The scores are closed until somebody opens them" in text(manager, f"/manage/{call.slug}/tally")
