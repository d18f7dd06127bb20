"""A reviewer declares, saves and submits: services on a real database, and what stays out of reach."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from fundapp.accounts.models import RoleGrant
from fundapp.applications.models import ApplicationStatus, Attachment, ConflictOfInterest, FileStatus
from fundapp.core.db import db
from fundapp.core.errors import Conflict, InvalidTransition, NotFound, RuleViolations
from fundapp.core.web import FundApp
from fundapp.review.models import Assignment, AssignmentStatus, Review, ReviewStatus, Score, SlateStatus
from fundapp.review.queries import reading as queries
from fundapp.review.rules import MAX_COMMENT_CHARACTERS, Answer, Unjudged
from fundapp.review.services import reading
from tests.conftest import actor_of, counted_statements
from tests.factories import (
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_member,
    make_review,
    make_reviewer,
    make_slate,
)

ALL: dict[str, Answer] = {"need": 4, "plan": Unjudged.CANNOT_JUDGE}


def given(status: AssignmentStatus = AssignmentStatus.READING) -> Assignment:
    """Give a new reviewer one entry of a new call."""
    call = make_call()
    return make_assignment(make_application(call).entries[0], make_reviewer(call), status)


def save(assignment: Assignment, answers: dict[str, Answer], comment: str = "", version: int = 0) -> Review:
    return reading.save_review(
        actor=actor_of(assignment.reviewer.person),
        assignment=assignment,
        answers=answers,
        comment=comment,
        version=version,
        now=NOW,
    )


def submit(assignment: Assignment, answers: dict[str, Answer], version: int = 0) -> Review:
    return reading.submit_review(
        actor=actor_of(assignment.reviewer.person),
        assignment=assignment,
        answers=answers,
        comment="Clear.",
        version=version,
        now=NOW,
    )


def test_reading_starts_with_the_declaration(app: FundApp) -> None:
    assignment = given(AssignmentStatus.ASSIGNED)
    actor = actor_of(assignment.reviewer.person)
    with pytest.raises(NotFound):
        queries.application_to_read(actor=actor, assignment_id=assignment.id)
    with pytest.raises(InvalidTransition):
        save(assignment, {})
    reading.declare_no_conflict(actor=actor, assignment=assignment, now=NOW)
    assert (assignment.status, assignment.declared_at) == (AssignmentStatus.READING, NOW)
    application = queries.application_to_read(actor=actor, assignment_id=assignment.id)
    assert application.id == assignment.entry.application_id
    with pytest.raises(InvalidTransition):
        reading.declare_no_conflict(actor=actor, assignment=assignment, now=NOW)


@pytest.mark.parametrize("status", [AssignmentStatus.ASSIGNED, AssignmentStatus.READING, AssignmentStatus.REVIEWED])
def test_conflict_hides_the_application_at_once_in_every_category(app: FundApp, status: AssignmentStatus) -> None:
    call = make_call(categories=2, max_categories=2)
    reviewer = make_reviewer(call)
    here, beside = make_application(call).entries
    elsewhere = make_application(call).entries[0]
    first = make_assignment(here, reviewer, status)
    make_assignment(beside, reviewer, AssignmentStatus.ASSIGNED)
    stays = make_assignment(elsewhere, reviewer)
    actor = actor_of(reviewer.person)
    assert len(queries.my_assignments(actor=actor)) == 3
    reading.declare_conflict(actor=actor, assignment=first, reason="We share an office.", now=NOW)
    assert [assignment.id for assignment in queries.my_assignments(actor=actor)] == [stays.id]
    for look in (queries.my_assignment, queries.application_to_read):
        with pytest.raises(NotFound):
            look(actor=actor, assignment_id=first.id)
    conflict = db.session.scalars(select(ConflictOfInterest)).one()
    assert (conflict.application_id, conflict.person_id, conflict.reason) == (
        here.application_id,
        reviewer.person_id,
        "We share an office.",
    )
    statuses = db.session.scalars(
        select(Assignment.status).join(Assignment.entry).where(Assignment.id != stays.id)
    ).all()
    assert statuses == [AssignmentStatus.RECUSED] * 2


@pytest.mark.parametrize("status", [AssignmentStatus.ASSIGNED, AssignmentStatus.READING])
def test_reviewer_reaches_nothing_that_was_not_assigned(app: FundApp, status: AssignmentStatus) -> None:
    mine = given()
    beside = make_assignment(
        make_application(mine.entry.application.call).entries[0],
        make_reviewer(mine.entry.application.call),
        status,
    )
    actor = actor_of(mine.reviewer.person)
    for assignment_id in (beside.id, given(status).id, uuid4()):
        for look in (queries.my_assignment, queries.application_to_read):
            with pytest.raises(NotFound):
                look(actor=actor, assignment_id=assignment_id)
    for others in (beside, given(status)):
        with pytest.raises(NotFound):
            reading.declare_no_conflict(actor=actor, assignment=others, now=NOW)
        with pytest.raises(NotFound):
            reading.declare_conflict(actor=actor, assignment=others, reason="", now=NOW)
        for write in (reading.save_review, reading.submit_review):
            with pytest.raises(NotFound):
                write(actor=actor, assignment=others, answers=ALL, comment="", version=0, now=NOW)
    assert [assignment.id for assignment in queries.my_assignments(actor=actor)] == [mine.id]
    assert db.session.scalars(select(ConflictOfInterest)).all() == []


@pytest.mark.parametrize("change", ["ineligible", "recused", "colleague", "role taken away"])
def test_what_was_given_is_gone_when_the_facts_change(app: FundApp, change: str) -> None:
    assignment = given()
    actor = actor_of(assignment.reviewer.person)
    application = assignment.entry.application
    assert queries.my_assignment(actor=actor, assignment_id=assignment.id)
    if change == "ineligible":
        application.eligibility_reason = "Closed."
        application.status = ApplicationStatus.INELIGIBLE
    elif change == "recused":
        assignment.status = AssignmentStatus.RECUSED
    elif change == "colleague":
        assert application.organisation is not None
        make_member(assignment.reviewer.person, application.organisation)
    else:
        db.session.execute(RoleGrant.__table__.delete())  # type: ignore[attr-defined]
        actor = actor_of(assignment.reviewer.person)
    db.session.flush()
    with pytest.raises(NotFound):
        queries.my_assignment(actor=actor, assignment_id=assignment.id)
    assert queries.my_assignments(actor=actor) == []


def test_draft_keeps_what_is_there_and_forgets_what_was_taken_back(app: FundApp) -> None:
    assignment = given()
    review = save(assignment, {"need": 4}, "First thoughts.")
    assert (review.status, reading.answers_of(review)) == (ReviewStatus.DRAFT, {"need": 4})
    review = save(assignment, {"plan": Unjudged.CANNOT_JUDGE}, "Second.", version=review.version)
    db.session.expire_all()
    assert reading.answers_of(review) == {"plan": Unjudged.CANNOT_JUDGE}
    assert review.comment == "Second."
    score = db.session.scalars(select(Score)).one()
    assert (score.value, score.cannot_judge) == (None, True)


def test_draft_saved_in_another_window_is_not_overwritten_unseen(app: FundApp) -> None:
    assignment = given()
    review = save(assignment, {"need": 4})
    with pytest.raises(RuleViolations):
        save(assignment, {"need": 1}, version=0)
    assert reading.answers_of(review) == {"need": 4}
    save(assignment, {"need": 1}, version=review.version)
    assert reading.answers_of(review) == {"need": 1}


def test_answer_off_the_scale_and_endless_comment_are_refused_together(app: FundApp) -> None:
    assignment = given()
    with pytest.raises(RuleViolations) as caught:
        save(assignment, {"need": 6, "plan": 0}, "x" * (MAX_COMMENT_CHARACTERS + 1))
    assert [problem.field for problem in caught.value.problems] == ["need", "plan", "comment"]
    assert db.session.scalar(select(func.count()).select_from(Review)) == 0


def test_submitting_names_everything_that_is_missing(app: FundApp) -> None:
    assignment = given()
    with pytest.raises(RuleViolations) as caught:
        submit(assignment, {})
    assert [problem.field for problem in caught.value.problems] == ["need", "plan"]
    review = submit(assignment, ALL)
    assert (review.status, review.submitted_at) == (ReviewStatus.SUBMITTED, NOW)
    assert assignment.status is AssignmentStatus.REVIEWED


def test_submitted_review_does_not_change_any_more(app: FundApp) -> None:
    assignment = given()
    review = submit(assignment, ALL)
    for change in (save, submit):
        with pytest.raises(InvalidTransition):
            change(assignment, {"need": 1, "plan": 1}, version=review.version)
    assert reading.answers_of(review) == ALL


def test_review_that_comes_after_the_list_was_frozen_is_refused_and_its_draft_is_kept(app: FundApp) -> None:
    assignment = given()
    review = save(assignment, ALL, "Nearly done.")
    make_slate(
        db.session.get_one(type(assignment.entry.application.call), assignment.entry.call_id), SlateStatus.PROPOSED
    )
    with pytest.raises(Conflict):
        submit(assignment, ALL, version=review.version)
    save(assignment, ALL, "Still here.", version=review.version)
    assert (review.status, review.comment) == (ReviewStatus.DRAFT, "Still here.")


def test_file_of_the_application_is_in_reach_only_through_ones_own_assignment(app: FundApp) -> None:
    assignment = given()
    call = assignment.entry.application.call
    other = make_assignment(make_application(call).entries[0], make_reviewer(call))
    files = {}
    for each, named in ((assignment, True), (assignment, False), (other, True)):
        application = each.entry.application
        attachment = Attachment(
            application_id=application.id,
            question="paper" if named else "withdrawn",
            filename="paper.pdf",
            content_type="application/pdf",
            size_bytes=3,
            sha256="0" * 64,
            stored_as="0" * 64,
            uploaded_at=NOW,
            status=FileStatus.READY,
            copy_stored_as="1" * 64,
            copy_content_type="application/pdf",
            copy_size_bytes=3,
        )
        db.session.add(attachment)
        db.session.flush()
        files[each, named] = attachment
        if named:
            submission = application.submissions[-1]
            submission.answers = {**submission.answers, "paper": {"attachment": str(attachment.id)}}
    db.session.flush()
    actor = actor_of(assignment.reviewer.person)

    def fetch(attachment: Attachment) -> Attachment:
        return queries.attachment_to_read(
            actor=actor, application_id=attachment.application_id, attachment_id=attachment.id
        )

    assert fetch(files[assignment, True]) is files[assignment, True]
    for attachment in (files[assignment, False], files[other, True]):
        with pytest.raises(NotFound):
            fetch(attachment)
    with pytest.raises(NotFound):
        queries.attachment_to_read(
            actor=actor,
            application_id=assignment.entry.application_id,
            attachment_id=files[other, True].id,
        )
    reading.declare_conflict(actor=actor, assignment=assignment, reason="", now=NOW)
    with pytest.raises(NotFound):
        fetch(files[assignment, True])


def test_list_is_the_same_with_and_without_an_application_in_conflict(app: FundApp) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    for _ in range(2):
        make_assignment(make_application(call).entries[0], reviewer)
    actor = actor_of(reviewer.person)
    before = [assignment.id for assignment in queries.my_assignments(actor=actor)]
    hidden = make_assignment(make_application(call).entries[0], reviewer)
    assert len(queries.my_assignments(actor=actor)) == 3
    reading.declare_conflict(actor=actor, assignment=hidden, reason="", now=NOW + timedelta(hours=1))
    assert [assignment.id for assignment in queries.my_assignments(actor=actor)] == before


def test_list_takes_the_same_number_of_statements_for_one_and_thirty(app: FundApp) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    counts = []
    for size in (1, 30):
        for number in range(size):
            entry = make_application(call).entries[0]
            if number % 2:
                make_assignment(entry, reviewer)
            else:
                make_review(entry, reviewer, [3, 4])
        db.session.commit()
        db.session.expire_all()
        actor = actor_of(reviewer.person)
        with counted_statements() as statements:
            for assignment in queries.my_assignments(actor=actor):
                assert assignment.entry.application.call.programme.titles
                assert assignment.review is None or assignment.review.status
                assert assignment.entry.category is None
        counts.append(len(statements))
    assert counts[0] == counts[1] > 0
