"""Pages of reviewers: what they have, declaring a conflict, reading and scoring."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.identity import face_of
from fundapp.applications.models import Criterion
from fundapp.applications.presentation.files import copy_name
from fundapp.applications.views.files import copy_response
from fundapp.core import clock
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import requires
from fundapp.core.web import problems_into
from fundapp.review.forms import ConflictForm, ReviewForm, answers_in, field_name, review_form, version_in
from fundapp.review.models import Assignment, AssignmentStatus
from fundapp.review.presentation.reading import (
    answers_to_read,
    assignment_shown,
    criteria_asked,
    given_answers,
    labels_of,
    told_to_reviewers,
)
from fundapp.review.queries import reading as queries
from fundapp.review.rules import completeness_problems
from fundapp.review.services import reading as services
from fundapp.review.views import bp

SUBMIT = "submit"


@bp.get("/reviews")
@requires(P.REVIEW_WRITE)
def my_reviews() -> ResponseReturnValue:
    """List what the reviewer was given, what waits first."""
    assignments = queries.my_assignments(actor=current_actor())
    closed = queries.closed_calls(assignments)
    shown = [assignment_shown(assignment, closed) for assignment in assignments]
    return render_template(
        "review/my_reviews.html",
        waiting=[each for each in shown if not each.is_done and not each.is_closed],
        closed=[each for each in shown if each.is_closed],
        done=[each for each in shown if each.is_done],
    )


@bp.get("/reviews/<uuid:assignment_id>/conflict")
@requires(P.REVIEW_WRITE)
def declare(assignment_id: UUID) -> ResponseReturnValue:
    """Ask for a conflict of interest, with nothing but names."""
    assignment = queries.my_assignment(actor=current_actor(), assignment_id=assignment_id)
    return _conflict_page(assignment, ConflictForm(formdata=None))


@bp.post("/reviews/<uuid:assignment_id>/conflict")
@requires(P.REVIEW_WRITE)
def save_declaration(assignment_id: UUID) -> ResponseReturnValue:
    """Keep the declaration: go on to read, or hide the application."""
    actor = current_actor()
    assignment = queries.my_assignment(actor=actor, assignment_id=assignment_id)
    form = ConflictForm()
    if not form.validate():
        return _conflict_page(assignment, form), 422
    if form.answer.data == ConflictForm.NONE:
        if assignment.status is AssignmentStatus.ASSIGNED:
            services.declare_no_conflict(actor=actor, assignment=assignment, now=clock.now())
        return redirect(url_for("review.read", assignment_id=assignment_id))
    try:
        services.declare_conflict(actor=actor, assignment=assignment, reason=form.reason.data or "", now=clock.now())
    except RuleViolations as violations:
        problems_into(form, violations)
        return _conflict_page(assignment, form), 422
    flash(_("Thank you. You will not see this application any more, and somebody else will read it."))
    return redirect(url_for("review.my_reviews"))


@bp.get("/reviews/<uuid:assignment_id>")
@requires(P.REVIEW_WRITE)
def read(assignment_id: UUID) -> ResponseReturnValue:
    """Show the application beside the form; with ?check=1 say what is missing."""
    assignment = queries.my_assignment(actor=current_actor(), assignment_id=assignment_id)
    if assignment.status is AssignmentStatus.ASSIGNED:
        return redirect(url_for("review.declare", assignment_id=assignment_id))
    form = _stored_form(assignment)
    if "check" in request.args and assignment.status is AssignmentStatus.READING:
        criteria = assignment.criteria
        missing = completeness_problems(answers_in(form, criteria), services.steps(criteria))
        problems_into(form, _beside_fields(RuleViolations(missing), criteria))
    return _reading_page(assignment, form)


@bp.post("/reviews/<uuid:assignment_id>")
@requires(P.REVIEW_WRITE)
def save(assignment_id: UUID) -> ResponseReturnValue:
    """Save the draft, or submit; what cannot be submitted yet is saved all the same."""
    actor, now = current_actor(), clock.now()
    assignment = queries.my_assignment(actor=actor, assignment_id=assignment_id)
    criteria = assignment.criteria
    form = review_form(criteria, labels_of(criteria))
    if not form.validate():
        return _reading_page(assignment, form), 422
    answers, comment, version = answers_in(form, criteria), form.comment.data or "", version_in(form)
    check = None
    if request.form.get("action") == SUBMIT:
        try:
            services.submit_review(
                actor=actor, assignment=assignment, answers=answers, comment=comment, version=version, now=now
            )
        except RuleViolations:
            check = 1
        except Conflict as refusal:
            flash(refusal.message, "stop")
        else:
            flash(_("Thank you. Your review was submitted."))
            return redirect(url_for("review.my_reviews"))
    try:
        services.save_review(
            actor=actor, assignment=assignment, answers=answers, comment=comment, version=version, now=now
        )
    except RuleViolations as violations:
        problems_into(form, _beside_fields(violations, criteria))
        form.version.data = str(assignment.review.version if assignment.review else 0)
        return _reading_page(assignment, form), 422
    if check is None:
        flash(_("Your draft is saved."))
    return redirect(url_for("review.read", assignment_id=assignment_id, check=check))


@bp.get("/reviews/applications/<uuid:application_id>/files/<uuid:attachment_id>")
@requires(P.REVIEW_WRITE)
def file(application_id: UUID, attachment_id: UUID) -> ResponseReturnValue:
    """Give a copy of a file, without what tells who made it, to somebody who reads the application."""
    attachment = queries.attachment_to_read(
        actor=current_actor(), application_id=application_id, attachment_id=attachment_id
    )
    return copy_response(attachment, name=copy_name(attachment, face_of(attachment.application).reference))


def _stored_form(assignment: Assignment) -> ReviewForm:
    criteria = assignment.criteria
    review = assignment.review
    answers = services.answers_of(review) if review else {}
    return review_form(
        criteria,
        labels_of(criteria),
        comment=review.comment if review else "",
        version=str(review.version if review else 0),
        **{field_name(each): str(answers[each.code]) for each in criteria if each.code in answers},
    )


def _beside_fields(violations: RuleViolations, criteria: list[Criterion]) -> RuleViolations:
    """Put problems of criteria beside the fields that stand for them."""
    names = {criterion.code: field_name(criterion) for criterion in criteria}
    return RuleViolations(
        [
            Problem(problem.message, names.get(problem.field or "", problem.field), problem.place)
            for problem in violations.problems
        ]
    )


def _conflict_page(assignment: Assignment, form: ConflictForm) -> str:
    shown = assignment_shown(assignment, queries.closed_calls([assignment]))
    return render_template("review/conflict.html", assignment=shown, form=form)


def _reading_page(assignment: Assignment, form: ReviewForm) -> str:
    criteria = assignment.criteria
    application = queries.application_to_read(actor=current_actor(), assignment_id=assignment.id)
    return render_template(
        "review/read.html",
        assignment=assignment_shown(assignment, queries.closed_calls([assignment])),
        assignment_id=assignment.id,
        application_id=application.id,
        sections=answers_to_read(application),
        asked=told_to_reviewers(application),
        criteria=criteria_asked(criteria),
        given=given_answers(form, criteria),
        form=form,
        submit=SUBMIT,
    )
