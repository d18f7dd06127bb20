"""Pages on which people are asked to review and answer, say what they know, and are looked after."""

import html
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.models import Person, Tie
from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.services.roles import grant_role
from fundapp.applications.models import Call, ReviewPhase
from fundapp.applications.phase_rules import SeenOthers, ShownAs
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from fundapp.review.models import (
    Assignment,
    AssignmentStatus,
    Reviewer,
    ReviewerProfile,
    ReviewerStatus,
)
from tests.conftest import counted_statements, without_tokens
from tests.factories import (
    CLOSES,
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_person,
    make_protected,
    make_review,
    make_reviewer,
    make_staff,
)

SignedIn = Callable[..., FlaskClient]


def text(client: FlaskClient, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, response.get_data(as_text=True)[:2000]
    return html.unescape(response.get_data(as_text=True))


def make_invited(call: Call, person: Person | None = None, **values: object) -> Reviewer:
    """Make somebody who was asked and has not answered."""
    reviewer = Reviewer(
        **{
            "call": call,
            "person": person or make_person(),
            "status": ReviewerStatus.INVITED,
            "invited_at": NOW,
            "max_entries": 8,
            "languages": ["en"],
            **values,
        }
    )
    db.session.add(reviewer)
    db.session.flush()
    return reviewer


def end_scoring(call: Call, after_days: int) -> None:
    """Let scoring in a call end some days after its deadline."""
    db.session.add(
        ReviewPhase(
            call_id=call.id,
            stage_id=call.deciding_stage.id,
            position=1,
            code="scoring",
            titles={},
            starts_at=CLOSES,
            ends_at=CLOSES + timedelta(days=after_days),
            may_score=True,
            others=SeenOthers.NEVER,
            shown_as=ShownAs.ALIASES,
            may_discuss=False,
        )
    )
    db.session.flush()


# -- The person who is asked -------------------------------------------------------------------------------------------


def test_an_invitation_says_what_is_asked_and_a_click_accepts(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call(titles={"en": "Call for the coast (sample)"})
    end_scoring(call, 30)
    reviewer = make_invited(call, organisation="Home (sample)")
    client = signed_in(reviewer.person)
    page = text(client, "/reviews/invitations")
    for words in (
        "Call for the coast",
        "At most 8 applications · about 6 hours in all",
        "28 October 2020",
        "Home (sample)",
    ):
        assert words in page
    assert text(client, "/home").count("/reviews/invitations") == 1
    assert client.get("/reviews").status_code == 403, "nobody reviews before they accept"
    response = client.post(f"/reviews/invitations/{reviewer.id}/accept")
    assert (response.status_code, response.location) == (302, "/reviews/profile")
    assert reviewer.status is ReviewerStatus.ACCEPTED
    assert "Thank you." in text(client, "/reviews/profile")
    assert "/reviews/invitations" not in text(client, "/home"), "nothing waits for an answer"
    assert text(client, "/reviews")


def test_looking_at_an_invitation_answers_nothing(app: FundApp, signed_in: SignedIn) -> None:
    reviewer = make_invited(make_call())
    client = signed_in(reviewer.person)
    text(client, "/reviews/invitations")
    for answer in ("accept", "decline"):
        assert client.get(f"/reviews/invitations/{reviewer.id}/{answer}").status_code == 405
    assert reviewer.status is ReviewerStatus.INVITED


def test_one_call_is_declined_with_a_reason_and_another_accepted(app: FundApp, signed_in: SignedIn) -> None:
    person = make_person()
    first, second = make_invited(make_call(), person), make_invited(make_call(), person)
    client = signed_in(person)
    refused = client.post(f"/reviews/invitations/{first.id}/decline", data={"reason": "a" * 2001})
    assert refused.status_code == 422
    assert "a" * 2001 in refused.get_data(as_text=True), "what was typed is not lost"
    assert client.post(f"/reviews/invitations/{first.id}/decline", data={"reason": "I travel."}).status_code == 302
    assert client.post(f"/reviews/invitations/{second.id}/accept").status_code == 302
    assert (first.status, first.answer_reason) == (ReviewerStatus.DECLINED, "I travel.")
    assert second.status is ReviewerStatus.ACCEPTED


def test_nobody_sees_or_answers_an_invitation_of_somebody_else(app: FundApp, signed_in: SignedIn) -> None:
    reviewer = make_invited(make_call(titles={"en": "Title-Canary"}))
    client = signed_in(make_person())
    assert "Title-Canary" not in text(client, "/reviews/invitations")
    for answer in ("accept", "decline"):
        assert client.post(f"/reviews/invitations/{reviewer.id}/{answer}").status_code == 404
    assert client.get("/reviews/profile").status_code == 404


def test_an_applicant_reads_alone_why_they_cannot_accept(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    application = make_protected(make_application(call))
    reviewer = make_invited(call, application.person)
    stranger = make_invited(call)
    stranger.person.name = reviewer.person.name
    client = signed_in(application.person)
    response = client.post(f"/reviews/invitations/{reviewer.id}/accept")
    assert response.status_code == 409
    assert "You have an application in this call" in html.unescape(response.get_data(as_text=True))
    manager = signed_in(make_staff(Role.MANAGER))
    pages = [
        without_tokens(text(manager, f"/manage/{call.slug}/reviewers/{each.id}"))
        .replace(str(each.id), "ID")
        .replace(str(each.person_id), "PERSON")
        .replace(each.person.email, "MAIL")
        for each in (reviewer, stranger)
    ]
    assert pages[0] == pages[1], "the manager's page of a hidden applicant is that of anybody"


def test_a_profile_is_kept_and_nothing_typed_is_lost(app: FundApp, signed_in: SignedIn) -> None:
    reviewer = make_reviewer(make_call())
    client = signed_in(reviewer.person)
    sent = {"languages": ["ar"], "regions": "Coast; Land's End", "themes": "Land,, LAND\nprisons", "max_at_once": "0"}
    refused = client.post("/reviews/profile", data=sent)
    page = html.unescape(refused.get_data(as_text=True))
    assert refused.status_code == 422
    assert "Coast; Land's End" in page
    assert "Enter a number from 1 to 500, or leave it empty." in page
    assert db.session.scalar(select(func.count()).select_from(ReviewerProfile)) == 0
    answer = client.post("/reviews/profile", data={**sent, "max_at_once": "4", "has_reviewed_before": "y"})
    assert answer.status_code == 302
    kept = db.session.scalars(select(ReviewerProfile)).one()
    assert (kept.languages, kept.regions, kept.themes) == (["ar"], ["coast", "land's end"], ["land", "prisons"])
    assert (kept.has_reviewed_before, kept.max_at_once) == (True, 4)
    assert (reviewer.languages, reviewer.themes, reviewer.is_experienced) == (["ar"], ["land", "prisons"], True)
    assert "coast, land's end" in text(client, "/reviews/profile")


def test_a_tie_is_named_and_taken_off_by_the_person_alone(app: FundApp, signed_in: SignedIn) -> None:
    reviewer = make_reviewer(make_call())
    client = signed_in(reviewer.person)
    assert client.post("/reviews/profile/ties", data={"kind": "board", "organisation": " "}).status_code == 422
    sent = {"kind": "board", "organisation": "Hill Trust (sample)", "mail_domain": "hill.example"}
    assert client.post("/reviews/profile/ties", data=sent).status_code == 302
    assert "Hill Trust (sample)" in text(client, "/reviews/profile")
    tie = db.session.scalars(select(Tie)).one()
    other = signed_in(make_reviewer(make_call()).person)
    assert other.post(f"/reviews/profile/ties/{tie.id}/end").status_code == 404
    assert client.post(f"/reviews/profile/ties/{tie.id}/end").status_code == 302
    assert db.session.scalar(select(func.count()).select_from(Tie)) == 0


def test_a_reviewer_sees_kindly_how_far_they_are_in_each_call(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    end_scoring(call, 30)
    reviewer = make_reviewer(call)
    make_assignment(make_application(call).entries[0], reviewer, AssignmentStatus.ASSIGNED)
    make_review(make_application(call).entries[0], reviewer, [3, 3])
    client = signed_in(reviewer.person)
    page = text(client, "/reviews")
    assert "1 of 2 done, until 28 October 2020" in page


# -- Two faces of one person -------------------------------------------------------------------------------------------


def test_applicant_and_reviewer_of_one_call_never_meet_in_one_page(app: FundApp, signed_in: SignedIn) -> None:
    """Who applies in a call and reviews in it sees nothing of the one role on the pages of the other."""
    call = make_call(applicants_review=True)
    mine = make_application(call, title="Own-Canary", organisation=None)
    mine.organisation_name = "Own-Canary organisation"
    theirs = make_application(call)
    theirs.organisation_name = "Their-Canary organisation"
    reviewer = make_reviewer(call, person=mine.person)
    assignment = make_assignment(theirs.entries[0], reviewer, AssignmentStatus.READING)
    unseen = make_assignment(mine.entries[0], reviewer, AssignmentStatus.READING)
    client = signed_in(mine.person)
    reviewing = [text(client, url) for url in ("/reviews", "/reviews/profile", f"/reviews/{assignment.id}")]
    assert "Their-Canary" in reviewing[0]
    for page in reviewing:
        assert "Own-Canary" not in page
        assert str(mine.reference) not in page
    assert "of 2" not in reviewing[0]
    assert "0 of 1 done" in reviewing[0], "their own application counts nowhere"
    assert client.get(f"/reviews/{unseen.id}").status_code == 404
    applying = [text(client, url) for url in ("/applications", f"/applications/{mine.id}")]
    for page in applying:
        assert "Their-Canary" not in page
        assert str(theirs.reference) not in page
        assert "/reviews" not in page


# -- Those who run the panel -------------------------------------------------------------------------------------------


def test_one_invitation_asks_for_several_calls(app: FundApp, signed_in: SignedIn) -> None:
    call, other, foreign = make_call(), make_call(), make_call()
    manager = make_staff(Role.MANAGER, call)
    grant_role(actor=system_actor(), person=manager, role=Role.MANAGER, call_id=other.id, now=NOW)
    client = signed_in(manager)
    url = f"/manage/{call.slug}/reviewers"
    page = text(client, url)
    assert f'value="{other.slug}"' in page
    assert f'value="{foreign.slug}"' not in page
    sent = {"name": "Ana Sample", "email": "ana@example.org", "language": "es", "max_entries": "4"}
    refused = client.post(url, data={**sent, "calls": [other.slug, foreign.slug]})
    assert refused.status_code == 422, "a call of others was not on the page"
    assert client.post(url, data={**sent, "calls": [other.slug]}).status_code == 302
    found = db.session.scalars(select(Reviewer.call_id)).all()
    assert set(found) == {call.id, other.id}
    assert db.session.scalar(select(func.count()).select_from(MailMessage)) == 1


def test_reviewers_of_the_last_round_are_asked_again(app: FundApp, signed_in: SignedIn) -> None:
    last = make_call(titles={"en": "Round one (sample)"})
    call = make_call(programme=last.programme)
    again, here = make_reviewer(last, max_entries=6, languages=["fr"]), make_reviewer(last)
    declined = make_reviewer(last, status=ReviewerStatus.DECLINED)
    make_reviewer(call, person=here.person)
    stranger = make_reviewer(make_call())
    for name, each in {"Again": again, "Here": here, "Declined": declined, "Stranger": stranger}.items():
        each.person.name = f"{name}-Canary"
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/reviewers"
    page = text(client, url)
    offered = page[page.index('id="earlier"') : page.index('id="many"')]
    assert "Round one" in offered
    assert [name for name in ("Again", "Here", "Declined", "Stranger") if f"{name}-Canary" in offered] == ["Again"]
    assert client.post(f"{url}/earlier", data={}).status_code == 422
    assert client.post(f"{url}/earlier", data={"people": [str(stranger.id)]}).status_code == 422
    assert client.post(f"{url}/earlier", data={"people": [str(again.id)]}).status_code == 302
    asked = db.session.scalars(select(Reviewer).filter_by(call_id=call.id, person_id=again.person_id)).one()
    assert (asked.status, asked.max_entries, asked.languages) == (ReviewerStatus.INVITED, 6, ["fr"])


def test_a_manager_of_this_call_alone_is_offered_nobody_of_a_round_of_others(app: FundApp, signed_in: SignedIn) -> None:
    last = make_call()
    call = make_call(programme=last.programme)
    make_reviewer(last).person.name = "Earlier-Canary"
    client = signed_in(make_staff(Role.MANAGER, call))
    assert "Earlier-Canary" not in text(client, f"/manage/{call.slug}/reviewers")


def test_the_manager_reads_who_answered_what_and_who_is_behind(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    slow, quick = make_reviewer(call), make_reviewer(call)
    slow.person.name, quick.person.name = "Zoe Slow", "Abe Quick"
    invited = make_invited(call)
    declined = make_reviewer(call, status=ReviewerStatus.DECLINED, answer_reason="No time this year.")
    for _ in range(2):
        make_assignment(make_application(call).entries[0], slow, AssignmentStatus.READING)
    make_review(make_application(call).entries[0], quick, [3, 3])
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/reviewers"
    page = text(client, url)
    assert "2 accepted · 1 has not answered · 1 declined" in page
    assert "No time this year." in page
    assert page.index("Abe Quick") < page.index("Zoe Slow")
    behind = text(client, f"{url}?sort=behind")
    assert behind.index("Zoe Slow") < behind.index("Abe Quick")
    assert "0 / 2" in behind[behind.index("<svg") : behind.index("</svg>")]
    assert text(client, f"{url}?sort=nonsense").index("Abe Quick") < page.index("Zoe Slow")
    assert invited.person.email in page
    assert declined.person.email in page


def test_the_manager_reminds_changes_the_limit_and_takes_off(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    make_assignment(make_application(call).entries[0], reviewer, AssignmentStatus.ASSIGNED)
    begun = make_assignment(make_application(call).entries[0], reviewer, AssignmentStatus.READING)
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/reviewers/{reviewer.id}"
    client.post(f"{url}/remind")
    assert "A mail goes to them now." in text(client, url)
    client.post(f"{url}/remind")
    assert "nobody gets two on one day" in text(client, url)
    assert client.post(url, data={"max_entries": "0", "languages": ["en"]}).status_code == 422
    assert client.post(url, data={"max_entries": "3", "languages": ["en", "ar"]}).status_code == 302
    assert (reviewer.max_entries, reviewer.languages) == (3, ["en", "ar"])
    assert client.post(f"{url}/take-off", data={}).status_code == 422
    assert client.post(f"{url}/take-off", data={"begun": "keep"}).status_code == 302
    assert reviewer.status is ReviewerStatus.REMOVED
    assert db.session.scalars(select(Assignment.id)).all() == [begun.id]
    assert client.post(f"{url}/take-off", data={"begun": "keep"}).status_code == 409
    assert client.post(f"{url}/take-off", data={"begun": "take"}).status_code == 302
    assert begun.status is AssignmentStatus.TAKEN_BACK


@pytest.mark.parametrize("path", ["", "/remind", "/take-off"])
def test_a_reviewer_of_another_call_is_not_reached_through_this_one(
    app: FundApp, signed_in: SignedIn, path: str
) -> None:
    call, elsewhere = make_call(), make_reviewer(make_call())
    client = signed_in(make_staff(Role.MANAGER))
    answer = client.post(f"/manage/{call.slug}/reviewers/{elsewhere.id}{path}", data={"begun": "keep"})
    assert answer.status_code == 404
    assert elsewhere.status is ReviewerStatus.ACCEPTED


def test_lists_take_the_same_number_of_statements_for_one_and_thirty(app: FundApp, signed_in: SignedIn) -> None:
    last = make_call()
    call = make_call(programme=last.programme)
    person = make_person()
    visitors = (
        (make_staff(Role.MANAGER).id, f"/manage/{call.slug}/reviewers?sort=behind"),
        (person.id, "/reviews/invitations"),
    )
    call_ids = (last.id, call.id)
    counts = []
    for number in (1, 30):
        earlier, now = (db.session.get_one(Call, each) for each in call_ids)
        for _ in range(number):
            make_reviewer(earlier)
            make_assignment(make_application(now).entries[0], make_reviewer(now), AssignmentStatus.READING)
            make_invited(make_call(), db.session.get_one(Person, visitors[1][0]))
        seen = []
        for person_id, url in visitors:
            client = signed_in(db.session.get_one(Person, person_id))
            db.session.remove()  # with the keys that it has opened
            with counted_statements() as statements:
                text(client, url)
            seen.append(len(statements))
        counts.append(seen)
    assert counts[0] == counts[1]
