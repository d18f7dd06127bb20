"""A reviewer declares, saves and submits: services on a real database, and what stays out of reach."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, select

from fundapp.accounts.models import RoleGrant
from fundapp.applications.models import ApplicationStatus, Attachment, ConflictOfInterest, FileStatus
from fundapp.core.db import db
from fundapp.core.errors import Conflict, InvalidTransition, NotFound, RuleViolations
from fundapp.core.web import FundApp
from fundapp.review.models import Assignment, AssignmentStatus, Review, Reviewer, ReviewStatus, Score, SlateStatus
from fundapp.review.queries import reading as queries
from fundapp.review.rules import reading_place
from fundapp.review.scoring_rules import COMMENT, CONFIDENCE, MAX_COMMENT_CHARACTERS, Answer, Judged, Parts, Unjudged
from fundapp.review.services import reading
from fundapp.review.services.erasing import blank_reviews
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
    parts_of,
)

ALL: dict[str, Answer] = {"need": 4, "plan": Unjudged.CANNOT_JUDGE}


def given(status: AssignmentStatus = AssignmentStatus.READING) -> Assignment:
    """Give a new reviewer one entry of a new call."""
    call = make_call()
    return make_assignment(make_application(call).entries[0], make_reviewer(call), status)


def save(
    assignment: Assignment, answers: dict[str, Answer], comment: str = "", seen: dict[str, str] | None = None
) -> reading.Saved:
    return reading.save_review(
        actor=actor_of(assignment.reviewer.person),
        assignment=assignment,
        parts=parts_of(answers, comment),
        seen=seen,
        now=NOW,
    )


def submit(assignment: Assignment, answers: dict[str, Answer]) -> Review:
    saved = reading.submit_review(
        actor=actor_of(assignment.reviewer.person), assignment=assignment, parts=parts_of(answers, "Clear."), now=NOW
    )
    assert not saved.conflicts
    return saved.review


def answers_of(parts: Parts) -> dict[str, Answer | None]:
    return {name: part.answer for name, part in parts.items() if isinstance(part, Judged)}


def marks_of(review: Review) -> dict[str, str]:
    """Return what a page would carry that shows the draft as it is stored."""
    stored = reading.draft_of(review)
    return {name: reading.part_mark(stored.get(name)) for name in ("need", "plan", ".comment")}


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
                write(actor=actor, assignment=others, parts=parts_of(ALL), now=NOW)
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
        db.session.execute(delete(RoleGrant))
        actor = actor_of(assignment.reviewer.person)
    db.session.flush()
    with pytest.raises(NotFound):
        queries.my_assignment(actor=actor, assignment_id=assignment.id)
    assert queries.my_assignments(actor=actor) == []


def test_draft_keeps_what_is_there_and_forgets_what_was_taken_back(app: FundApp) -> None:
    assignment = given()
    review = save(assignment, {"need": 4}, "First thoughts.").review
    assert (review.status, answers_of(reading.draft_of(review))) == (ReviewStatus.DRAFT, {"need": 4})
    actor = actor_of(assignment.reviewer.person)
    parts = {"need": Judged(), **parts_of({"plan": Unjudged.CANNOT_JUDGE}, "Second.")}
    reading.save_review(actor=actor, assignment=assignment, parts=parts, now=NOW)
    db.session.expire_all()
    assert reading.draft_of(review) == {
        "need": Judged(),
        "plan": Judged(Unjudged.CANNOT_JUDGE, "Not my field."),
        COMMENT: "Second.",
    }
    assert db.session.scalars(select(Score)).all() == [], "scores are what was submitted"


def test_part_that_another_window_changed_is_told_of_and_the_others_are_saved(app: FundApp) -> None:
    assignment = given()
    before = marks_of(save(assignment, {}).review)
    save(assignment, {"need": 4}, "Here.")
    saved = save(assignment, {"need": 1, "plan": 2}, "", seen=before)
    assert saved.conflicts == {"need": Judged(Decimal(4))}, "the comment was not touched in this window"
    assert reading.draft_of(saved.review) == {
        "need": Judged(Decimal(4)),
        "plan": Judged(Decimal(2)),
        COMMENT: "Here.",
    }
    assert not save(assignment, {"need": 1}, "", seen=marks_of(saved.review)).conflicts
    assert answers_of(reading.draft_of(saved.review)) == {"need": 1, "plan": 2}


def test_text_that_arrived_without_the_page_knowing_is_no_conflict(app: FundApp) -> None:
    assignment = given()
    before = marks_of(save(assignment, {}).review)
    save(assignment, {"need": 3}, seen=before)
    actor = actor_of(assignment.reviewer.person)
    saved = reading.save_review(
        actor=actor,
        assignment=assignment,
        parts=parts_of({"need": 5}),
        seen=before,
        sent_before=parts_of({"need": 3}),
        now=NOW,
    )
    assert not saved.conflicts
    assert answers_of(reading.draft_of(saved.review)) == {"need": 5}


def test_answer_off_the_scale_and_endless_comment_are_refused_together(app: FundApp) -> None:
    assignment = given()
    with pytest.raises(RuleViolations) as caught:
        save(assignment, {"need": 6, "plan": 0}, "x" * (MAX_COMMENT_CHARACTERS + 1))
    assert [problem.field for problem in caught.value.problems] == ["need", "plan", COMMENT]
    assert db.session.scalar(select(func.count()).select_from(Review)) == 0


def test_submitting_names_everything_that_is_missing(app: FundApp) -> None:
    assignment = given()
    with pytest.raises(RuleViolations) as caught:
        submit(assignment, {})
    assert [problem.field for problem in caught.value.problems] == ["need", "plan"]
    review = submit(assignment, ALL)
    assert (review.status, review.submitted_at) == (ReviewStatus.SUBMITTED, NOW)
    assert assignment.status is AssignmentStatus.REVIEWED


def test_submitted_review_counts_as_it_is_until_its_changes_are_submitted(app: FundApp) -> None:
    assignment = given()
    review = submit(assignment, ALL)
    with pytest.raises(InvalidTransition):
        save(assignment, {"need": 1})
    actor = actor_of(assignment.reviewer.person)
    reading.change_review(actor=actor, assignment=assignment, now=NOW)
    save(assignment, {"need": 1})
    assert answers_of(reading.submitted_parts(review)) == ALL
    assert (review.status, assignment.status) == (ReviewStatus.SUBMITTED, AssignmentStatus.REVIEWED)
    reading.leave_review(actor=actor, assignment=assignment, now=NOW)
    assert reading.shown_parts(review) == reading.submitted_parts(review)
    reading.change_review(actor=actor, assignment=assignment, now=NOW)
    submit(assignment, {"need": 1, "plan": 2})
    assert answers_of(reading.submitted_parts(review)) == {"need": 1, "plan": 2}
    assert review.draft is None


def test_review_that_comes_after_the_list_was_frozen_is_refused_and_its_draft_is_kept(app: FundApp) -> None:
    assignment = given()
    review = save(assignment, ALL, "Nearly done.").review
    make_slate(
        db.session.get_one(type(assignment.entry.application.call), assignment.entry.call_id), SlateStatus.PROPOSED
    )
    with pytest.raises(Conflict):
        submit(assignment, ALL)
    save(assignment, ALL, "Still here.")
    assert (review.status, reading.draft_of(review)[COMMENT]) == (ReviewStatus.DRAFT, "Still here.")
    assert not reading.may_score(assignment, NOW)


def test_submitted_review_is_not_reopened_once_the_list_is_frozen(app: FundApp) -> None:
    assignment = given()
    review = submit(assignment, ALL)
    call = db.session.get_one(type(assignment.entry.application.call), assignment.entry.call_id)
    make_slate(call, SlateStatus.PROPOSED)
    with pytest.raises(Conflict):
        reading.change_review(actor=actor_of(assignment.reviewer.person), assignment=assignment, now=NOW)
    assert review.draft is None


def test_words_beside_scores_are_erased_with_the_application_and_scores_stay(app: FundApp) -> None:
    assignment = given()
    review = submit(assignment, ALL)
    actor = actor_of(assignment.reviewer.person)
    reading.change_review(actor=actor, assignment=assignment, now=NOW)
    parts: Parts = {"need": Judged(2, comment="They wrote to me."), COMMENT: "Secret."}
    reading.save_review(actor=actor, assignment=assignment, parts=parts, now=NOW)
    assert "Not my field." in {score.reason for score in review.scores}
    blank_reviews(actor=actor, application=assignment.entry.application, now=NOW)
    db.session.flush()
    assert (review.comment, review.draft) == ("", None)
    assert {(score.reason, score.comment) for score in review.scores} == {("", "")}
    assert answers_of(reading.submitted_parts(review)) == ALL


def test_stage_that_asks_how_sure_somebody_is_needs_an_answer_and_keeps_it(app: FundApp) -> None:
    assignment = given()
    assignment.stage.asks_confidence = True
    with pytest.raises(RuleViolations) as caught:
        submit(assignment, ALL)
    assert [problem.field for problem in caught.value.problems] == [CONFIDENCE]
    actor = actor_of(assignment.reviewer.person)
    parts = {**parts_of(ALL), CONFIDENCE: "low"}
    saved = reading.submit_review(actor=actor, assignment=assignment, parts=parts, now=NOW)
    content = saved.review.kept()
    assert content is not None
    assert content["confidence"] == "low"


def test_score_in_tenths_is_kept_exactly_in_table_and_version(app: FundApp) -> None:
    assignment = given()
    need, plan = assignment.criteria
    need.minimum, need.maximum, need.step = Decimal(0), Decimal(5), Decimal("0.1")
    db.session.flush()
    review = submit(assignment, {"need": Decimal("4.1"), "plan": 3})
    db.session.expire_all()
    assert answers_of(reading.submitted_parts(review)) == {"need": Decimal("4.1"), "plan": Decimal(3)}
    content = review.kept()
    assert content is not None
    assert content["scores"][str(need.id)] == {"value": "4.1", "cannot_judge": False}
    assert content["scores"][str(plan.id)] == {"value": 3, "cannot_judge": False}


def test_criterion_of_another_category_is_not_asked(app: FundApp) -> None:
    call = make_call(categories=2, max_categories=2)
    here, beside = make_application(call).entries
    need, plan = call.criteria
    plan.category_id = beside.category_id
    db.session.flush()
    reviewer = make_reviewer(call)
    review = submit(make_assignment(here, reviewer), {"need": 4})
    assert [score.criterion_id for score in review.scores] == [need.id]
    with pytest.raises(RuleViolations) as caught:
        submit(make_assignment(beside, reviewer), {"need": 4})
    assert [problem.field for problem in caught.value.problems] == ["plan"]


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


def test_each_reviewer_reads_in_an_order_of_their_own_that_stays(app: FundApp) -> None:
    """Neither by time, name, reference nor score; and nothing that is given later or taken away turns it round."""
    call = make_call()
    one, other = make_reviewer(call), make_reviewer(call)
    applications = [make_application(call) for _ in range(8)]
    for application in applications:
        make_assignment(application.entries[0], one)
        make_review(application.entries[0], other, [3, 4])
    db.session.commit()

    def order_of(reviewer: Reviewer) -> list[UUID]:
        found = queries.my_assignments(actor=actor_of(reviewer.person))
        return [assignment.entry.application_id for assignment in found]

    first, second = order_of(one), order_of(other)
    assert first != second
    assert set(first) == set(second) == {application.id for application in applications}
    wanted = [
        sorted(first, key=lambda each: reading_place(call.id, call.stages[0].id, reviewer.id, each))
        for reviewer in (one, other)
    ]
    assert [first, second] == wanted
    as_sent = [application.id for application in applications]
    assert as_sent not in (first, second, first[::-1], second[::-1])
    late = make_application(call)
    gone = db.session.scalars(
        select(Assignment).join(Assignment.entry).where(Assignment.reviewer_id == one.id).order_by(Assignment.id)
    ).first()
    assert gone is not None
    left = [each for each in first if each != gone.entry.application_id]
    reading.declare_conflict(actor=actor_of(one.person), assignment=gone, reason="", now=NOW)
    make_assignment(late.entries[0], one)
    db.session.commit()
    assert [each for each in order_of(one) if each != late.id] == left
    assert order_of(other) == second


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
