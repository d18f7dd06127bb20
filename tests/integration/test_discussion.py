"""Phases on pages: nothing of the others before its time, then reviews, discussion, and who is told."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.conflicts import record_conflict
from fundapp.applications.models import Application, Call, ConflictSource, Entry, ReviewPhase
from fundapp.applications.phase_rules import SeenOthers, ShownAs
from fundapp.core.audit import AuditEntry, KeptVersion
from fundapp.core.db import db
from fundapp.core.errors import Conflict
from fundapp.core.mail import MailMessage
from fundapp.review.discussion_rules import MOST_CHARACTERS, alias_of
from fundapp.review.models import (
    Assignment,
    AssignmentStatus,
    DiscussionPost,
    Review,
    Reviewer,
    ReviewerNews,
    SlateStatus,
)
from fundapp.review.services.discussing import post_as_reader
from fundapp.review.services.erasing import blank_reviews
from fundapp.review.services.news import tell_of_the_day
from fundapp.review.services.reading import change_review, submit_review
from tests.conftest import actor_of, counted_statements
from tests.factories import (
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_person,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
    parts_of,
)

SignedIn = Callable[[Person | None], FlaskClient]
DAY = timedelta(days=1)
CANARY = "CANARY-what-only-others-may-read-later"


def make_phase(call: Call, starts_at: datetime, **values: object) -> ReviewPhase:
    """Make a phase of one day of the call's last stage: scores, and nothing of the others, unless values say more."""
    phase = ReviewPhase(
        **{
            "call_id": call.id,
            "stage_id": call.deciding_stage.id,
            "position": 1,
            "code": f"phase-{starts_at:%d}",
            "titles": {"en": "A phase"},
            "starts_at": starts_at,
            "ends_at": starts_at + DAY,
            "may_score": True,
            "others": SeenOthers.NEVER,
            "shown_as": ShownAs.ALIASES,
            "may_discuss": False,
            **values,
        }
    )
    db.session.add(phase)
    db.session.flush()
    return phase


class Panel:
    """A call with three phases of a day from NOW on: alone, then discussion by alias, then by name without scores.

    `ana` and `ben` have reviewed the one entry; `cleo` reads it and has not submitted.
    """

    def __init__(self) -> None:
        self.call = make_call()
        make_phase(self.call, NOW)
        make_phase(self.call, NOW + DAY, others=SeenOthers.AFTER_OWN, may_discuss=True)
        make_phase(
            self.call,
            NOW + 2 * DAY,
            may_score=False,
            others=SeenOthers.ALWAYS,
            shown_as=ShownAs.NAMES,
            may_discuss=True,
        )
        self.application: Application = make_application(self.call)
        self.entry: Entry = self.application.entries[0]
        self.people = [make_person(f"{name} Sample") for name in ("Ana", "Ben", "Cleo")]
        self.ana, self.ben, self.cleo = (make_reviewer(self.call, person=person) for person in self.people)
        make_review(self.entry, self.ana, [4, 5], "A plan that holds.")
        make_review(self.entry, self.ben, [1, 2], CANARY)
        make_assignment(self.entry, self.cleo)
        db.session.flush()

    def assignment(self, reviewer: Reviewer) -> Assignment:
        return db.session.scalars(select(Assignment).where(Assignment.reviewer_id == reviewer.id)).one()

    def url(self, reviewer: Reviewer) -> str:
        return f"/reviews/{self.assignment(reviewer).id}/others"


def page(client: FlaskClient, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, response.get_data(as_text=True)[:1500]
    return response.get_data(as_text=True)


SECRETS = (CANARY, "Ben Sample", "A plan that holds.", "Ana Sample")


@pytest.mark.parametrize("day", [0.5, 1.5])
def test_row_05_no_page_of_a_reviewer_holds_what_others_said_before_their_own(app, signed_in: SignedIn, day):
    panel = Panel()
    assignment_id = panel.assignment(panel.cleo).id
    aliases = [alias_of(panel.assignment(each).id) for each in (panel.ana, panel.ben)]
    with time_machine.travel(NOW + day * DAY, tick=False):
        client = signed_in(panel.people[2])
        for url in ("/reviews", f"/reviews/{assignment_id}", f"/reviews/{assignment_id}/others"):
            said = page(client, url)
            assert not [each for each in (*SECRETS, *aliases) if each in said], url


def test_reviewer_sees_the_others_after_their_own_review_by_alias_then_by_name(app, signed_in: SignedIn):
    panel = Panel()
    url, alias = panel.url(panel.ana), alias_of(panel.assignment(panel.ben).id)
    with time_machine.travel(NOW + 0.5 * DAY, tick=False):
        before = page(signed_in(panel.people[0]), url)
    with time_machine.travel(NOW + 1.5 * DAY, tick=False):
        discussing = page(signed_in(panel.people[0]), url)
    with time_machine.travel(NOW + 2.5 * DAY, tick=False):
        named = page(signed_in(panel.people[0]), url)
    with time_machine.travel(NOW + 3.5 * DAY, tick=False):
        after = page(signed_in(panel.people[0]), url)
    assert CANARY not in before
    assert alias not in before
    assert CANARY in discussing
    assert alias in discussing
    assert "Ben Sample" not in discussing
    assert "Ben Sample" in named
    assert CANARY not in after


def test_a_call_without_phases_shows_no_reviewer_what_others_said(app, signed_in: SignedIn):
    panel = Panel()
    for phase in db.session.scalars(select(ReviewPhase)):
        db.session.delete(phase)
    said = page(signed_in(panel.people[0]), panel.url(panel.ana))
    assert CANARY not in said
    assert "In this call each reviewer scores alone." in said


def test_whoever_steps_back_loses_all_at_once_and_what_they_wrote_stays(app, signed_in: SignedIn):
    panel = Panel()
    with time_machine.travel(NOW + 1.5 * DAY, tick=False):
        ben = signed_in(panel.people[1])
        url = panel.url(panel.ben)
        assert ben.post(url, data={"text": "My own words stay."}).status_code == 302
        assert page(ben, url).count("My own words stay.") == 1
        record_conflict(
            actor=system_actor(),
            application=panel.application,
            person_id=panel.people[1].id,
            source=ConflictSource.DECLARED,
            reason="",
            now=NOW,
        )
        db.session.commit()
        page(ben, url, 404)
        assert ben.post(url, data={"text": "More."}).status_code == 404
        said = page(signed_in(panel.people[0]), panel.url(panel.ana))
    assert "My own words stay." in said
    assert CANARY not in said  # the review counts no more


def test_somebody_else_cannot_read_or_write_there(app, signed_in: SignedIn):
    panel = Panel()
    other = make_reviewer(panel.call)
    with time_machine.travel(NOW + 1.5 * DAY, tick=False):
        client = signed_in(other.person)
        page(client, panel.url(panel.ana), 404)
        assert client.post(panel.url(panel.ana), data={"text": "Hello"}).status_code == 404
    assert db.session.scalar(select(func.count()).select_from(DiscussionPost)) == 0


def test_only_readers_of_the_entry_can_be_addressed_and_all_is_kept_that_was_typed(app, signed_in: SignedIn):
    panel = Panel()
    stranger = make_assignment(make_application(panel.call).entries[0], make_reviewer(panel.call))
    with time_machine.travel(NOW + 1.5 * DAY, tick=False):
        client = signed_in(panel.people[0])
        for mention in (alias_of(stranger.id), alias_of(panel.assignment(panel.ana).id), "nobody at all"):
            response = client.post(panel.url(panel.ana), data={"text": "What of the budget?", "mentions": mention})
            assert response.status_code == 422
            assert "What of the budget?" in response.get_data(as_text=True)
        long = client.post(panel.url(panel.ana), data={"text": "x" * (MOST_CHARACTERS + 1)})
        empty = client.post(panel.url(panel.ana), data={"text": "  "})
        alias = alias_of(panel.assignment(panel.ben).id)
        assert client.post(panel.url(panel.ana), data={"text": "And you?", "mentions": alias}).status_code == 302
        to_ben = page(signed_in(panel.people[1]), panel.url(panel.ben))
    assert (long.status_code, empty.status_code) == (422, 422)
    assert "For you" in to_ben
    assert alias_of(panel.assignment(panel.ana).id) in to_ben


def test_a_contribution_after_the_phase_is_refused_and_shown_again(app, signed_in: SignedIn):
    panel = Panel()
    with time_machine.travel(NOW + 3.5 * DAY, tick=False):
        response = signed_in(panel.people[0]).post(panel.url(panel.ana), data={"text": "Too late, but typed."})
    assert response.status_code == 409
    assert "Too late, but typed." in response.get_data(as_text=True)
    assert db.session.scalar(select(func.count()).select_from(DiscussionPost)) == 0


def test_no_discussion_once_the_list_of_decisions_was_sent(app):
    panel = Panel()
    make_slate(panel.call, SlateStatus.PROPOSED)
    with pytest.raises(Conflict):
        post_as_reader(
            actor=actor_of(panel.people[0]),
            assignment=panel.assignment(panel.ana),
            text="Still here?",
            mentions=(),
            now=NOW + 1.5 * DAY,
        )


def test_digest_names_nobody_and_comes_once_a_day(app):
    panel = Panel()
    now = NOW + 1.5 * DAY
    for words in ("First words.", "Second words."):
        post_as_reader(
            actor=actor_of(panel.people[0]),
            assignment=panel.assignment(panel.ana),
            text=words,
            mentions=[alias_of(panel.assignment(panel.ben).id)],
            now=now,
        )
    assert db.session.scalars(select(MailMessage)).all() == []
    waiting = {news.person_id: news.waiting for news in db.session.scalars(select(ReviewerNews))}
    assert waiting == {panel.people[1].id: ["discussion"]}  # Cleo, who may not see it yet, is not told of it
    for hours in (1, 2):
        tell_of_the_day(secret_key="a secret", now=now + timedelta(hours=hours), commit=db.session.flush)
    mails = db.session.scalars(select(MailMessage).where(MailMessage.recipient_id == panel.people[1].id)).all()
    assert [(mail.template, mail.data) for mail in mails] == [("reviews_discussion", {"path": "/reviews"})]


def test_the_record_holds_no_word_of_what_was_said_and_erasing_takes_it_away(app, signed_in: SignedIn):
    panel = Panel()
    with time_machine.travel(NOW + 1.5 * DAY, tick=False):
        assert signed_in(panel.people[0]).post(panel.url(panel.ana), data={"text": CANARY}).status_code == 302
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "discussion:post")).one()
        assert CANARY not in str(entry.data)
        blank_reviews(actor=system_actor(), application=panel.application, now=NOW)
        db.session.commit()
        said = page(signed_in(panel.people[0]), panel.url(panel.ana))
    assert CANARY not in said
    assert "This text was erased." in said
    assert db.session.scalars(select(DiscussionPost.text)).all() == [""]


def test_managers_and_chairs_follow_and_write_auditors_only_read(app, signed_in: SignedIn):
    panel = Panel()
    url = f"/manage/{panel.call.slug}/discussions/{panel.entry.id}"
    with time_machine.travel(NOW + 1.5 * DAY, tick=False):
        for role in (Role.MANAGER, Role.CHAIR):
            client = signed_in(make_staff(role, panel.call, name=f"{role} Staff"))
            assert CANARY in page(client, url)
            assert "Ben Sample" in page(client, url)
            assert client.post(url, data={"text": f"Asked by the {role}."}).status_code == 302
        auditor = signed_in(make_staff(Role.AUDITOR, panel.call))
        assert "Asked by the chair." in page(auditor, url)
        assert auditor.post(url, data={"text": "No."}).status_code == 403
        to_ana = page(signed_in(panel.people[0]), panel.url(panel.ana))
    assert "Somebody who runs the call" in to_ana
    assert "manager Staff" not in to_ana


def test_a_manager_who_still_reads_the_entry_sees_nothing_there(app, signed_in: SignedIn):
    panel = Panel()
    manager = make_staff(Role.MANAGER, panel.call)
    make_assignment(panel.entry, make_reviewer(panel.call, person=manager))
    with time_machine.travel(NOW + 1.5 * DAY, tick=False):
        page(signed_in(manager), f"/manage/{panel.call.slug}/discussions/{panel.entry.id}", 404)


def test_number_of_statements_does_not_grow_with_reviews_and_contributions(app, signed_in: SignedIn):
    panel = Panel()
    with time_machine.travel(NOW + 1.5 * DAY, tick=False):
        client = signed_in(panel.people[0])
        client.post(panel.url(panel.ana), data={"text": "One."})
        page(client, panel.url(panel.ana))
        with counted_statements() as few:
            page(client, panel.url(panel.ana))
        for _number in range(6):
            make_review(panel.entry, make_reviewer(panel.call), [2, 3])
            client.post(
                panel.url(panel.ana), data={"text": "More.", "mentions": alias_of(panel.assignment(panel.ben).id)}
            )
        db.session.commit()
        page(client, panel.url(panel.ana))
        with counted_statements() as many:
            page(client, panel.url(panel.ana))
    assert len(many) == len(few)


def test_a_review_changed_after_the_discussion_is_a_new_version_and_both_stay_visible(app, signed_in: SignedIn):
    panel = Panel()
    now = NOW + 0.5 * DAY
    reviewer = make_reviewer(panel.call, person=make_person("Dora Sample"))
    assignment = make_assignment(panel.entry, reviewer)
    actor = actor_of(reviewer.person)
    submit_review(actor=actor, assignment=assignment, parts=parts_of({"need": 2, "plan": 3}, "At first."), now=now)
    db.session.commit()
    later = NOW + 1.5 * DAY
    change_review(actor=actor, assignment=assignment, now=later)
    submit_review(actor=actor, assignment=assignment, parts=parts_of({"need": 5, "plan": 3}, "Then."), now=later)
    db.session.commit()
    with time_machine.travel(later, tick=False):
        for person, url in (
            (reviewer.person, f"/reviews/{assignment.id}/others"),
            (make_staff(Role.AUDITOR, panel.call), f"/manage/{panel.call.slug}/discussions/{panel.entry.id}"),
        ):
            said = page(signed_in(person), url)
            assert "Changed after it was first submitted" in said
            assert "before: <bdi>2</bdi>" in said
    review = db.session.scalars(select(Review).where(Review.assignment_id == assignment.id)).one()
    kept = db.session.scalars(
        select(KeptVersion).where(KeptVersion.object_id == review.id).order_by(KeptVersion.number)
    ).all()
    values = [
        sorted(score["value"] for score in version.content["scores"].values()) for version in kept if version.content
    ]
    assert values == [[2, 3], [3, 5]]
    with pytest.raises(Conflict):
        change_review(actor=actor, assignment=assignment, now=NOW + 2.5 * DAY)


def test_nothing_is_scored_before_the_first_phase_or_between_phases(app):
    call = make_call()
    make_phase(call, NOW + DAY)
    reviewer = make_reviewer(call)
    assignment = make_assignment(make_application(call).entries[0], reviewer)
    actor, parts = actor_of(reviewer.person), parts_of({"need": 2, "plan": 3})
    for at in (NOW, NOW + 2 * DAY):  # the end is exclusive
        with pytest.raises(Conflict):
            submit_review(actor=actor, assignment=assignment, parts=parts, now=at)
    submit_review(actor=actor, assignment=assignment, parts=parts, now=NOW + DAY)
    assert assignment.status is AssignmentStatus.REVIEWED
