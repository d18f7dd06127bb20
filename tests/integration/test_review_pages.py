"""Pages of the review room through the client: status, text that is hostile, what was typed, number of statements."""

import re
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any, cast
from uuid import uuid4

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Call, Entry
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.models import (
    Assignment,
    AssignmentStatus,
    Decision,
    Outcome,
    Review,
    Reviewer,
    Score,
    Slate,
    SlateStatus,
)
from fundapp.review.scoring_rules import COMMENT, Judged, Parts
from fundapp.review.services.reading import draft_of
from tests.conftest import counted_statements
from tests.factories import (
    CLOSES,
    NOW,
    make_application,
    make_assignment,
    make_attachment,
    make_call,
    make_decision,
    make_member,
    make_organisation,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
)

SignedIn = Callable[[Person | None], FlaskClient]
HOSTILE = 'people\'s "plan" <script>alert(1)</script> &amp; {{ 7 * 7 }} %(num)s'


def text(client: FlaskClient, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, response.get_data(as_text=True)[:2000]
    return response.get_data(as_text=True)


# Reviewers and assignment


def test_manager_invites_one_reviewer(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/reviewers"
    assert "Nobody was invited yet." in text(client, url)
    sent = {"name": "Ana Sample", "email": "Ana@Example.org", "organisation": "Home (sample)", "max_entries": "4"}
    response = client.post(url, data={**sent, "language": "es", "languages": ["en", "es"]})
    assert (response.status_code, response.location) == (302, url)
    page = text(client, url)
    assert "ana@example.org" in page
    assert "Home (sample)" in page
    assert "Spanish, English" in page


def test_what_was_typed_stays_when_an_invitation_is_refused(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    client = signed_in(make_staff(Role.MANAGER))
    response = client.post(
        f"/manage/{call.slug}/reviewers",
        data={"name": "Ana 'O' <b>Sample</b>", "email": "nobody", "language": "en", "max_entries": "0"},
    )
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert "<title>Error:" in page
    assert "Ana &#39;O&#39; &lt;b&gt;Sample&lt;/b&gt;" in page
    assert 'value="nobody"' in page
    assert page.count('class="field-error"') >= 2
    assert db.session.scalar(select(func.count()).select_from(Reviewer)) == 0


LISTING = (
    "Name\tE-mail\tOrganisation\tLanguages\tLimit\n"
    "Ana Sample\tana@example.org\tHome\ten fr\t5\n"
    "Bo Sample\tbo@example.org\t\tar\t\n"
)


def test_manager_invites_a_pasted_list(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    client = signed_in(make_staff(Role.MANAGER))
    response = client.post(f"/manage/{call.slug}/reviewers/list", data={"listing": LISTING})
    assert response.status_code == 302
    rows = db.session.execute(select(Reviewer.max_entries, Reviewer.languages).order_by(Reviewer.max_entries)).all()
    assert [tuple(row) for row in rows] == [(5, ["en", "fr"]), (10, ["ar"])]


def test_columns_that_an_invitation_list_does_not_have_are_named(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    client = signed_in(make_staff(Role.MANAGER))
    listing = "Name;E-mail;languages;max;<b>phone\nAna;ana@example.org;en;4;123\n"
    shown = client.post(
        f"/manage/{call.slug}/reviewers/list", data={"listing": listing}, follow_redirects=True
    ).get_data(as_text=True)
    assert "1 person is asked to review." in shown
    told = [each for each in re.findall(r"<p>(.*?)</p>", shown) if "This column is not known and left out." in each]
    assert [each.partition(":")[0] for each in told] == ["max", "&lt;b&gt;phone"]


def test_manager_invites_an_uploaded_list(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    client = signed_in(make_staff(Role.MANAGER))
    data = "\ufeffname;email;languages\nÉlo Sample;elo@example.org;fr\n".encode()
    response = client.post(
        f"/manage/{call.slug}/reviewers/list",
        data={"listing": "", "file": (BytesIO(data), "peers.csv")},
        content_type="multipart/form-data",
    )
    assert response.status_code == 302
    assert db.session.scalars(select(Person).where(Person.email.matches("elo@example.org"))).one().name == "Élo Sample"


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        ("", "Paste a list, or choose a file."),
        ("name,email\nAna,ana@example.org\n", "Missing: languages."),
        ("name,email,languages,limit\nAna,ana@example.org,en,many\n", "row 2"),
        ("name,email,languages\nAna,nobody,en\nBo,bo@example.org,klingon\n", "row 3"),
        ("name,email,languages\nA\x00na,ana@example.org,en\n", "field-error"),
    ],
)
def test_list_that_cannot_be_taken_says_why_and_stays(
    app: FundApp, signed_in: SignedIn, listing: str, expected: str
) -> None:
    call = make_call()
    client = signed_in(make_staff(Role.MANAGER))
    response = client.post(f"/manage/{call.slug}/reviewers/list", data={"listing": listing})
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert expected in page
    assert "ana@example.org" in page or "ana@example.org" not in listing
    assert db.session.scalar(select(func.count()).select_from(Reviewer)) == 0


def test_plan_is_shown_and_applied(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call(reviews_per_entry=2)
    organisation = make_organisation(HOSTILE)
    make_application(call, organisation=organisation)
    make_application(call, language="fr")
    for _ in range(2):
        make_reviewer(call, languages=["en"])
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/assignment"
    assert client.post(f"{url}/plan").status_code == 302
    page = text(client, url)
    assert "2 new assignments" in page
    assert "2 do not read French" in page
    assert "<script>alert" not in page
    assert "{{ 7 * 7 }}" in page
    plan = page.split('name="plan" type="hidden" value="')[1].split('"')[0]
    assert client.post(url, data={"plan": "0" * 64}).status_code == 404
    late = make_application(call)
    db.session.commit()
    assert client.post(url, data={"plan": plan}).status_code == 409
    assert db.session.scalar(select(func.count()).select_from(Assignment)) == 0
    db.session.delete(late.entries[0])
    db.session.commit()
    assert client.post(url, data={"plan": plan}).status_code == 302
    assert db.session.scalar(select(func.count()).select_from(Assignment)) == 2
    assert client.post(f"{url}/plan").status_code == 302
    assert "Nothing needs to change." in text(client, url)


# Reading and scoring


def given(status: AssignmentStatus = AssignmentStatus.READING, **application: Any) -> Assignment:
    call = make_call()
    made = make_application(call, **application)
    return make_assignment(made.entries[0], make_reviewer(call), status)


def test_reviewer_declares_before_reading(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given(AssignmentStatus.ASSIGNED)
    client = signed_in(assignment.reviewer.person)
    read, declare = f"/reviews/{assignment.id}", f"/reviews/{assignment.id}/conflict"
    assert declare in text(client, "/reviews")
    assert client.get(read).location == declare
    page = text(client, declare)
    assert assignment.entry.application.organisation_name in page
    assert "open days in six villages" not in page
    assert client.post(declare, data={}).status_code == 422
    assert client.post(declare, data={"answer": "none"}).location == read
    assert "open days in six villages" in text(client, read)


@time_machine.travel(NOW, tick=False)  # forgery tokens hold the time
def test_declared_conflict_hides_the_application_from_every_page(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    reference = assignment.entry.application.reference or "-"
    client = signed_in(assignment.reviewer.person)
    declare = f"/reviews/{assignment.id}/conflict"
    too_long = client.post(declare, data={"answer": "conflict", "reason": "x" * 2001})
    assert too_long.status_code == 422
    assert "x" * 2001 in too_long.get_data(as_text=True)
    assert client.post(declare, data={"answer": "conflict", "reason": "A friend."}).location == "/reviews"
    assert reference not in text(client, "/reviews")
    nowhere = f"/reviews/{uuid4()}"
    unknown = text(client, nowhere, 404).replace(nowhere, "/reviews/unknown")
    for url in (f"/reviews/{assignment.id}", declare):
        assert text(client, url, 404).replace(url, "/reviews/unknown") == unknown
    assert client.post(f"/reviews/{assignment.id}", data={"action": "save"}).status_code == 404
    assert client.post(declare, data={"answer": "none"}).status_code == 404
    manager = signed_in(make_staff(Role.MANAGER))
    assert "A friend." in text(manager, f"/manage/{assignment.entry.application.call.slug}/assignment")


def test_reviewer_gets_nothing_that_is_somebody_elses(app: FundApp, signed_in: SignedIn) -> None:
    mine = given()
    call = mine.entry.application.call
    others = make_assignment(make_application(call).entries[0], make_reviewer(call))
    client = signed_in(mine.reviewer.person)
    for url in (f"/reviews/{others.id}", f"/reviews/{others.id}/conflict"):
        text(client, url, 404)
        assert client.post(url, data={"answer": "none", "action": "save"}).status_code == 404
    for url in (
        f"/manage/{mine.entry.application.call.slug}/tally",
        f"/manage/{mine.entry.application.call.slug}/assignment",
        f"/manage/applications/{mine.entry.application_id}",
    ):
        text(client, url, 403)
    assert (others.entry.application.reference or "-") not in text(client, "/reviews")


def seen_on(page: str) -> str:
    """Return the marks that a page of a review carries."""
    return page.split('name="seen" type="hidden" value="')[1].split('"')[0]


def test_draft_is_kept_and_shown_again(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    client = signed_in(assignment.reviewer.person)
    url = f"/reviews/{assignment.id}"
    data = {"action": "save", "criterion_1": "4", "criterion_1_comment": "Words.", "comment": HOSTILE}
    assert client.post(url, data=data).location == url
    page = text(client, url)
    assert "Your draft is saved." in page
    assert 'checked id="criterion_1-3"' in page
    assert "Words." in page
    assert "<script>alert" not in page
    assert drafted()[COMMENT] == HOSTILE
    assert text(client, "/reviews").count("Draft") == 1


def drafted() -> Parts:
    """Return the draft of the only review."""
    return draft_of(db.session.scalars(select(Review)).one())


def test_submit_says_what_is_missing_and_keeps_the_rest(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    client = signed_in(assignment.reviewer.person)
    url = f"/reviews/{assignment.id}"
    response = client.post(url, data={"action": "submit", "criterion_1": "4", "comment": "Good."})
    assert response.location == f"{url}?check=1"
    page = text(client, response.location)
    assert "<title>Error:" in page
    assert 'href="#criterion_2-0"' in page
    assert 'href="#criterion_1-0"' not in page
    assert "Good." in page
    data = {
        "action": "submit",
        "seen": seen_on(page),
        "criterion_1": "4",
        "criterion_2": "cannot_judge",
        "comment": "Good.",
    }
    assert client.post(url, data=data).location == f"{url}?check=1"
    page = text(client, f"{url}?check=1")
    assert 'href="#criterion_2_reason"' in page
    data |= {"seen": seen_on(page), "criterion_2_reason": "New to me."}
    assert client.post(url, data=data).location == "/reviews"
    assert "Submitted" in text(client, "/reviews")
    page = text(client, url)
    assert "Cannot judge" in page
    assert "New to me." in page
    assert client.post(url, data={**data, "criterion_1": "1"}).status_code == 409


def test_submitted_review_is_changed_on_its_page_and_counts_as_it_was_meanwhile(
    app: FundApp, signed_in: SignedIn
) -> None:
    assignment = given()
    client = signed_in(assignment.reviewer.person)
    url = f"/reviews/{assignment.id}"
    data = {"action": "submit", "criterion_1": "4", "criterion_2": "3", "comment": "Good."}
    assert client.post(url, data=data).location == "/reviews"
    assert "Change your review" in text(client, url)
    assert client.post(f"{url}/change").status_code == 302
    client.post(url, data={**data, "action": "save", "criterion_1": "1"})
    assert db.session.scalars(select(Score.value).order_by(Score.value)).all() == [Decimal(3), Decimal(4)]
    assert "What you submitted counts" in text(client, url)
    assert client.post(url, data={**data, "criterion_1": "2"}).location == "/reviews"
    assert db.session.scalars(select(Score.value).order_by(Score.value)).all() == [Decimal(2), Decimal(3)]
    client.post(f"{url}/change")
    assert client.post(f"{url}/leave").status_code == 302
    assert "Change your review" in text(client, url)


@pytest.mark.parametrize("typed", ["6", "4.5", "<b>"], ids=["off the scale", "between steps", "no number"])
def test_answer_that_is_no_step_is_no_answer_and_the_rest_stays(app: FundApp, signed_in: SignedIn, typed: str) -> None:
    assignment = given()
    client = signed_in(assignment.reviewer.person)
    data = {"action": "submit", "criterion_1": typed, "criterion_2": "2", "comment": "Worth keeping."}
    response = client.post(f"/reviews/{assignment.id}", data=data)
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert 'class="problems"' in page
    assert 'checked id="criterion_2-1"' in page
    assert "Worth keeping." in page
    assert db.session.scalar(select(func.count()).select_from(Score)) == 0


@pytest.mark.parametrize("comment", ["x" * 10_001, "a\x00b"], ids=["endless", "NUL"])
def test_comment_that_cannot_be_kept_is_named(app: FundApp, signed_in: SignedIn, comment: str) -> None:
    assignment = given()
    client = signed_in(assignment.reviewer.person)
    response = client.post(f"/reviews/{assignment.id}", data={"action": "save", "criterion_2": "2", "comment": comment})
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert 'id="comment-error"' in page
    assert 'checked id="criterion_2-1"' in page
    assert db.session.scalar(select(func.count()).select_from(Review)) == 0


def test_second_window_does_not_overwrite_unseen(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    client = signed_in(assignment.reviewer.person)
    url = f"/reviews/{assignment.id}"
    seen = seen_on(text(client, url))
    client.post(url, data={"action": "save", "seen": seen, "comment": "From the first window."})
    response = client.post(url, data={"action": "save", "seen": seen, "comment": "From the second window."})
    page = response.get_data(as_text=True)
    assert response.status_code == 409
    assert "From the second window." in page
    assert "From the first window." in page
    assert 'data-unsaved="comment"' in page
    assert drafted()[COMMENT] == "From the first window."
    data = {"action": "save", "seen": seen_on(page), "comment": "From the second window."}
    assert client.post(url, data=data).status_code == 302
    assert drafted()[COMMENT] == "From the second window."


def test_late_review_is_kept_as_a_draft_and_the_reason_is_said(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    make_slate(assignment.entry.application.call, SlateStatus.PROPOSED)
    client = signed_in(assignment.reviewer.person)
    url = f"/reviews/{assignment.id}"
    data = {"action": "submit", "criterion_1": "4", "criterion_2": "3", "comment": "Late."}
    response = client.post(url, data=data)
    assert response.location == url
    page = text(client, url)
    assert "Reviews of this call are closed" in page
    assert "Late." in page
    assert drafted()[COMMENT] == "Late."


def saved_at_once(client: FlaskClient, url: str, **data: str) -> dict[str, Any]:
    """Send what an open page sends at a change, and return the answer."""
    response = client.post(f"{url}/scores", data=data)
    assert response.status_code == 200, response.get_data(as_text=True)
    return cast("dict[str, Any]", response.get_json())


@time_machine.travel(NOW, tick=False)
def test_page_saves_at_every_change_and_is_told_the_total_and_the_time(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    client = signed_in(assignment.reviewer.person)
    url = f"/reviews/{assignment.id}"
    page = text(client, url)
    seen = dict(pair.split("=") for pair in seen_on(page).split())
    said = saved_at_once(client, url, seen=f"criterion_1={seen['criterion_1']}", criterion_1="5")
    assert said["conflicts"] == {}
    assert list(said["marks"]) == ["criterion_1"]
    assert said["saved"].startswith("Saved at ")
    assert "Your total so far: 5, on a scale from 1 to 5. Scored: 1 of 2." in said["fields"]
    said = saved_at_once(client, url, seen=f"criterion_2={seen['criterion_2']}", criterion_2="2")
    # Weights 1 and 2: (5 + 2 x 2) / 3
    assert "Your total so far: 3, on a scale from 1 to 5. Scored: 2 of 2." in said["fields"]
    assert drafted() == {"need": Judged(Decimal(5)), "plan": Judged(Decimal(2))}
    again = saved_at_once(client, url, seen=f"criterion_2={seen['criterion_2']}", criterion_2="4")
    assert list(again["conflicts"]) == ["criterion_2"], "another window saved 2 meanwhile"
    assert "2" in again["conflicts"]["criterion_2"]["shown"]
    assert drafted()["plan"] == Judged(Decimal(2))
    retried = saved_at_once(
        client, url, seen=f"criterion_2={seen['criterion_2']}", criterion_2="4", was_criterion_2="2"
    )
    assert retried["conflicts"] == {}, "it was this page that had sent 2"
    assert drafted()["plan"] == Judged(Decimal(4))


def test_total_on_the_page_is_the_mark_of_the_tally(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    call = assignment.entry.application.call
    for criterion in call.criteria:
        criterion.labels, criterion.step = {"en": HOSTILE}, Decimal("0.5")
    db.session.commit()
    client = signed_in(assignment.reviewer.person)
    url = f"/reviews/{assignment.id}"
    client.post(url, data={"action": "save", "criterion_1": "4.5", "criterion_2": "3.5"})
    assert "Your total so far: 3.83, on a scale from 1 to 5." in text(client, url)
    client.post(url, data={"action": "submit", "criterion_1": "4.5", "criterion_2": "3.5"})
    assert "<bdi>3.83</bdi>" in text(signed_in(make_staff(Role.MANAGER)), f"/manage/{call.slug}/tally")


def test_page_that_outlived_its_session_gets_a_token_and_nobody_else_does(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    client = signed_in(assignment.reviewer.person)
    response = client.get(f"/reviews/{assignment.id}/scores")
    assert response.get_json()["token"]
    other = signed_in(make_reviewer(assignment.entry.application.call).person)
    assert other.get(f"/reviews/{assignment.id}/scores").status_code == 404
    assert other.post(f"/reviews/{assignment.id}/scores", data={"seen": "comment=-", "comment": "x"}).status_code == 404


def test_once_the_list_was_sent_nothing_waits_for_a_reviewer_and_no_form_is_offered(
    app: FundApp, signed_in: SignedIn
) -> None:
    assignment = given()
    client = signed_in(assignment.reviewer.person)
    assert "To do (1)" in text(client, "/reviews")
    assert "Submit the review" in text(client, f"/reviews/{assignment.id}")
    make_slate(assignment.entry.application.call, SlateStatus.RELEASED)
    db.session.commit()
    page = text(client, "/reviews")
    assert "To do (0)" in page
    assert "Closed (1)" in page
    page = text(client, f"/reviews/{assignment.id}")
    assert "Reviews of this call are closed." in page
    assert "Submit the review" not in page


def test_anchors_and_answers_are_shown_as_text(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given(answers={"plan": HOSTILE})
    criterion = assignment.entry.application.call.criteria[0]
    criterion.labels = {"en": HOSTILE}
    criterion.anchors = {"1": {"en": HOSTILE}, "5": {"en": "Strong", "fr": "Fort"}}
    client = signed_in(assignment.reviewer.person)
    page = text(client, f"/reviews/{assignment.id}")
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 3
    assert "<script>alert" not in page
    assert "Fort" in text(client, f"/reviews/{assignment.id}?lang=fr")


def test_contact_and_address_are_not_for_reviewers(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    client = signed_in(assignment.reviewer.person)
    page = text(client, f"/reviews/{assignment.id}")
    assert assignment.entry.application.person.email not in page
    assert "What will you do?" in page


def test_file_is_given_to_its_reader_and_to_nobody_else(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    application = assignment.entry.application
    other = make_assignment(make_application(application.call).entries[0], make_reviewer(application.call))
    attachment = make_attachment(app.extensions["storage"], application, b"%PDF-1.7 sample")
    url = f"/reviews/applications/{application.id}/files/{attachment.id}"
    reader = signed_in(assignment.reviewer.person)
    assert url in text(reader, f"/reviews/{assignment.id}")
    response = reader.get(url)
    assert (response.status_code, response.data) == (200, b"%PDF-1.7 sample")
    assert response.headers["Content-Disposition"].startswith("attachment")
    text(signed_in(other.reviewer.person), url, 404)
    reader.post(f"/reviews/{assignment.id}/conflict", data={"answer": "conflict"})
    text(reader, url, 404)


# Tally, selection, ratification


def reviewed_call(marks: list[list[int]], **values: Any) -> Call:
    call = make_call(**values)
    for of_entry in marks:
        entry = make_application(call).entries[0]
        for mark in of_entry:
            make_review(entry, make_reviewer(call), [mark, mark], comment=HOSTILE)
    return call


def test_tally_page_shows_figures_ties_and_what_is_short(app: FundApp, signed_in: SignedIn) -> None:
    call = reviewed_call([[5, 3], [4, 4], [1]], reviews_per_entry=2)
    page = text(signed_in(make_staff(Role.MANAGER)), f"/manage/{call.slug}/tally")
    assert page.count("<bdi>=1</bdi>") == 2
    assert page.count("<bdi>4.00</bdi>") >= 2
    assert "<bdi>1.41</bdi>" in page
    assert "1 entry has fewer reviews than the 2" in page
    assert page.count("<circle") == 3
    assert 'role="img" aria-label="Marks of each entry' in page


def test_figures_are_written_in_the_readers_language(app: FundApp, signed_in: SignedIn) -> None:
    call = reviewed_call([[5, 4]])
    page = text(signed_in(make_staff(Role.MANAGER)), f"/manage/{call.slug}/tally?lang=fr")
    assert "<bdi>4,50</bdi>" in page


@time_machine.travel(NOW, tick=False)  # forgery tokens hold the time
def test_apostrophe_in_a_label_changes_no_figure(app: FundApp, signed_in: SignedIn) -> None:
    call = reviewed_call([[5, 4]])
    client = signed_in(make_staff(Role.MANAGER))
    plain = text(client, f"/manage/{call.slug}/tally")
    for criterion in call.criteria:
        criterion.labels = {"en": HOSTILE}
    db.session.commit()
    assert text(client, f"/manage/{call.slug}/tally") == plain


@time_machine.travel(NOW, tick=False)  # forgery tokens hold the time
def test_pages_are_the_same_with_and_without_what_is_hidden(app: FundApp, signed_in: SignedIn) -> None:
    call = reviewed_call([[5, 4], [3, 3]])
    person = make_staff(Role.MANAGER)
    client = signed_in(person)
    urls = [f"/manage/{call.slug}/{page}" for page in ("tally", "selection", "assignment", "reviewers")]
    before = [text(client, url) for url in urls]
    hidden = make_application(call)
    for reviewer in db.session.scalars(select(Reviewer)):
        make_review(hidden.entries[0], reviewer, [4, 4])
    db.session.commit()
    assert [text(client, url) == page for url, page in zip(urls, before, strict=True)] == [False] * 4
    assert hidden.organisation is not None
    make_member(person, hidden.organisation)
    db.session.commit()
    assert [text(client, url) for url in urls] == before
    text(client, f"/manage/{call.slug}/selection/{hidden.entries[0].id}", 404)
    assert (
        client.post(f"/manage/{call.slug}/selection/{hidden.entries[0].id}", data={"outcome": "decline"}).status_code
        == 404
    )


@time_machine.travel(CLOSES, tick=False)
def test_whole_selection_by_three_people(app: FundApp, signed_in: SignedIn) -> None:
    call = reviewed_call([[5, 5], [4, 4], [2, 2]], budget_minor=2_500_000)
    first, second, third = (row.entry_id for row in _by_rank(call))
    manager = signed_in(make_staff(Role.MANAGER, name="Manager Sample"))
    base = f"/manage/{call.slug}/selection"
    page = text(manager, base)
    assert "3 undecided" in page
    assert "US$25,000.00" in page

    response = manager.post(f"{base}/send")
    assert response.status_code == 422
    assert "3 entries are undecided." in response.get_data(as_text=True)
    assert manager.post(f"{base}/by-rank").location == base
    page = text(manager, base)
    assert "2 awards" in page
    assert "1 decline" in page
    assert "US$1,000.00" in page  # left
    # against rank: the third instead of the second
    edit = f"{base}/{second}"
    version = text(manager, edit).split('name="version" type="hidden" value="')[1].split('"')[0]
    refused = manager.post(edit, data={"outcome": "decline", "reason": "", "version": version})
    assert refused.status_code == 302  # a decline at the line leaves everything in order of rank
    edit = f"{base}/{third}"
    version = text(manager, edit).split('name="version" type="hidden" value="')[1].split('"')[0]
    data = {"outcome": "award", "amount": "9 000", "reason": "", "version": version}
    refused = manager.post(edit, data=data)
    assert refused.status_code == 422
    assert "goes against rank" in refused.get_data(as_text=True)
    assert 'value="9 000"' in refused.get_data(as_text=True)
    assert manager.post(edit, data={**data, "reason": "The only one in the south."}).location == base
    response = manager.post(f"{base}/send")
    assert response.status_code == 422
    assert "nobody said why" in response.get_data(as_text=True)
    edit = f"{base}/{second}"
    version = text(manager, edit).split('name="version" type="hidden" value="')[1].split('"')[0]
    assert manager.post(edit, data={"outcome": "decline", "reason": "Paid by others.", "version": version}).location
    assert manager.post(f"{base}/send").location == base
    assert "Waiting for ratification" in text(manager, base)
    assert manager.post(edit, data={"outcome": "award", "amount": "1", "version": version}).status_code == 409

    ratifier = signed_in(make_staff(Role.RATIFIER, name="Ratifier Sample"))
    url = f"/manage/{call.slug}/ratification"
    page = text(ratifier, url)
    assert "The only one in the south." in page
    assert "Manager Sample" in page
    text(manager, url, 403)
    assert ratifier.post(f"{url}/send-back", data={"reason": " "}).status_code == 422
    assert ratifier.post(f"{url}/send-back", data={"reason": HOSTILE}).location == url
    page = text(manager, base)
    assert "The list was sent back" in page
    assert "<script>alert" not in page
    assert manager.post(f"{base}/send").location == base
    assert ratifier.post(url, data={"version": "1"}).status_code == 409, "the list was sent again meanwhile"
    confirm = text(ratifier, f"{url}/confirm")
    assert 'name="version" type="hidden" value="2"' in confirm
    assert ratifier.post(url, data={"version": "2"}).location == url
    assert "Ratified, not released yet" in text(ratifier, url)
    assert ratifier.post(url, data={"version": "2"}).status_code == 409
    call_now = db.session.get_one(Call, call.id)
    assert call_now.committed_minor == 1_200_000 + 900_000
    assert {d.entry_id: d.outcome for d in db.session.scalars(select(Decision))} == {
        first: Outcome.AWARD,
        second: Outcome.DECLINE,
        third: Outcome.AWARD,
    }


def _by_rank(call: Call) -> list[Assignment]:
    """Return one assignment of each entry, in the order in which the call's entries were made: best first."""
    found: dict[object, Assignment] = {}
    for assignment in db.session.scalars(select(Assignment).join(Assignment.entry)):
        found.setdefault(assignment.entry_id, assignment)
    return sorted(found.values(), key=lambda each: each.entry.application.reference or "")


def test_more_than_is_left_is_said_beside_what_was_typed(app: FundApp, signed_in: SignedIn) -> None:
    call = reviewed_call([[5], [4]], budget_minor=1_500_000)
    first, second = (row.entry for row in _by_rank(call))
    make_decision(make_slate(call), first)
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/selection/{second.id}"
    assert "Money left: US$3,000.00 (USD)" in text(client, url)
    data = {"outcome": "award", "amount": "5,000.00", "reason": "Worth it's weight.", "version": "0"}
    response = client.post(url, data=data)
    page = response.get_data(as_text=True)
    assert response.status_code == 409
    assert "more than the money that is left" in page
    assert 'value="5,000.00"' in page
    assert "Worth it&#39;s weight." in page
    assert client.post(url, data={**data, "amount": "3,000"}).status_code == 302


@pytest.mark.parametrize("amount", ["", "many", "-5", "1.001", "12,000.01", "99999999999999999999"])
def test_amount_that_cannot_be_is_named_beside_its_field(app: FundApp, signed_in: SignedIn, amount: str) -> None:
    call = reviewed_call([[5]])
    (row,) = _by_rank(call)
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/selection/{row.entry_id}"
    response = client.post(url, data={"outcome": "award", "amount": amount, "version": "0"})
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert 'id="amount-error"' in page
    assert f'value="{amount}"' in page


def test_decision_is_withdrawn_and_decided_again(app: FundApp, signed_in: SignedIn) -> None:
    call = reviewed_call([[5]])
    (row,) = _by_rank(call)
    entry_id = row.entry_id
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/selection/{entry_id}"
    assert client.post(url, data={"outcome": "award", "amount": "1000", "version": "0"}).status_code == 302
    assert client.post(url, data={"outcome": "decline", "version": "0"}).status_code == 409
    assert client.post(f"{url}/withdraw").status_code == 302
    assert client.post(f"{url}/withdraw").status_code == 404
    assert db.session.scalars(select(Call.committed_minor)).one() == 0
    assert db.session.scalars(select(Decision)).all() == []


def test_person_who_decided_is_told_why_they_cannot_ratify(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    person = make_staff(Role.RATIFIER)
    make_slate(call, SlateStatus.PROPOSED, proposer=person)
    response = signed_in(person).post(f"/manage/{call.slug}/ratification")
    assert response.status_code == 403
    assert "Somebody else must look at it." in response.get_data(as_text=True)
    assert db.session.scalars(select(Slate.status)).one() is SlateStatus.PROPOSED


def test_pages_take_the_same_number_of_statements_for_one_and_thirty(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call(reviews_per_entry=1)
    reviewer = make_reviewer(call)
    first = make_application(call).entries[0]
    slate = make_slate(call, SlateStatus.PROPOSED)
    make_decision(slate, first, amount_minor=1000)
    ids = (call.id, reviewer.id, first.id, slate.id)
    slug, first_id = call.slug, first.id
    manager = signed_in(make_staff(Role.MANAGER))
    pages = [
        *((manager, f"/manage/{slug}/{page}") for page in ("reviewers", "assignment", "tally", "selection")),
        (manager, f"/manage/{slug}/selection/{first_id}"),
        (signed_in(make_staff(Role.RATIFIER)), f"/manage/{slug}/ratification"),
        (signed_in(reviewer.person), "/reviews"),
    ]
    counts: dict[str, list[int]] = {url: [] for _, url in pages}
    for size in (1, 30):
        call, slate = db.session.get_one(Call, ids[0]), db.session.get_one(Slate, ids[3])
        reviewer, first = db.session.get_one(Reviewer, ids[1]), db.session.get_one(Entry, ids[2])
        for _ in range(size):
            another = make_reviewer(call)
            entry = make_application(call).entries[0]
            make_review(entry, reviewer, [3, 4])
            make_review(first, another, [3, 4])
            make_decision(slate, entry, amount_minor=1000)
            make_assignment(make_application(call).entries[0], another, AssignmentStatus.RECUSED)
        db.session.commit()
        for client, url in pages:
            db.session.remove()
            with counted_statements() as statements:
                text(client, url)
            counts[url].append(len(statements))
    for url, (for_one, for_thirty) in counts.items():
        assert for_one == for_thirty > 0, url
