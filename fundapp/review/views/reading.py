"""Pages of reviewers: what they have, declaring a conflict, reading and scoring."""

from collections.abc import Collection, Sequence
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from werkzeug.datastructures import MultiDict

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.identity import face_of
from fundapp.applications.presentation.files import copy_name
from fundapp.applications.views.files import copy_response
from fundapp.applications.views.form_page import read_seen
from fundapp.applications.views.writing import copy_key, saved_text
from fundapp.core import clock
from fundapp.core.errors import Conflict, InvalidTransition, Problem, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import requires
from fundapp.core.web import problems_into
from fundapp.review.forms import ConflictForm
from fundapp.review.models import Assignment, AssignmentStatus
from fundapp.review.presentation.invitations import progress_shown
from fundapp.review.presentation.reading import (
    answers_to_read,
    assignment_shown,
    given_parts,
    labels_of,
    parts_asked,
    told_to_reviewers,
)
from fundapp.review.queries import reading as queries
from fundapp.review.queries.due import due_at
from fundapp.review.queries.invitations import waiting_invitations
from fundapp.review.scoring_forms import ReviewForm, field_name, parts_in, review_form
from fundapp.review.scoring_rules import COMMENT, CONFIDENCE, Parts
from fundapp.review.services import reading as services
from fundapp.review.views import bp

SUBMIT = "submit"


@bp.get("/reviews")
@requires(P.REVIEW_WRITE)
def my_reviews() -> ResponseReturnValue:
    """List what the reviewer was given, how far they are in each call, and what waits first."""
    actor = current_actor()
    assignments = queries.my_assignments(actor=actor)
    closed = queries.closed_calls(assignments)
    due = due_at({assignment.stage_id for assignment in assignments})
    shown = [assignment_shown(assignment, closed) for assignment in assignments]
    return render_template(
        "review/my_reviews.html",
        is_asked=waiting_invitations(actor.person_id),
        progress=progress_shown(assignments, due, closed),
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
    stored = services.shown_parts(assignment.review)
    form = review_form(assignment, labels_of(assignment.criteria), stored)
    if "check" in request.args and _is_written(assignment):
        problems_into(form, _beside_fields(services.missing_in(assignment, stored), assignment))
    return _reading_page(assignment, form)


@bp.post("/reviews/<uuid:assignment_id>")
@requires(P.REVIEW_WRITE)
def save(assignment_id: UUID) -> ResponseReturnValue:
    """Save the draft, or submit; what cannot be submitted yet is saved all the same."""
    actor, now = current_actor(), clock.now()
    assignment = queries.my_assignment(actor=actor, assignment_id=assignment_id)
    form = review_form(assignment, labels_of(assignment.criteria), formdata=request.form)
    if not form.validate():
        return _reading_page(assignment, form), 422
    parts = parts_in(form, assignment.criteria)
    seen = _seen(form, assignment) if form.seen.data else None
    check: int | None = None
    saved: services.Saved | None = None
    if request.form.get("action") == SUBMIT:
        try:
            saved = services.submit_review(actor=actor, assignment=assignment, parts=parts, seen=seen, now=now)
        except RuleViolations:
            check = 1
        except Conflict as refusal:
            flash(refusal.message, "stop")
        else:
            if not saved.conflicts:
                flash(_("Thank you. Your review was submitted."))
                return redirect(url_for("review.my_reviews"))
    try:
        saved = saved or services.save_review(actor=actor, assignment=assignment, parts=parts, seen=seen, now=now)
    except RuleViolations as violations:
        problems_into(form, _beside_fields(violations.problems, assignment))
        return _reading_page(assignment, form), 422
    if saved.conflicts:
        return _reading_page(assignment, form, saved.conflicts), 409
    if check is None:
        flash(_("Your draft is saved."))
    return redirect(url_for("review.read", assignment_id=assignment_id, check=check))


@bp.get("/reviews/<uuid:assignment_id>/scores")
@requires(P.REVIEW_WRITE)
def scores_token(assignment_id: UUID) -> ResponseReturnValue:
    """Give a page that outlived its session the form token of the present one, as JSON."""
    assignment = queries.my_assignment(actor=current_actor(), assignment_id=assignment_id)
    return {"assignment": str(assignment.id), "token": generate_csrf()}


@bp.post("/reviews/<uuid:assignment_id>/scores")
@requires(P.REVIEW_WRITE)
def save_scores(assignment_id: UUID) -> ResponseReturnValue:
    """Keep the parts that changed on an open page, and say as JSON what came of it."""
    actor, now = current_actor(), clock.now()
    assignment = queries.my_assignment(actor=actor, assignment_id=assignment_id)
    labels, criteria = labels_of(assignment.criteria), assignment.criteria
    form = review_form(assignment, labels, formdata=request.form)
    form.validate()  # takes out what no text may hold; what is wrong is said when the review is submitted
    before = MultiDict((name[4:], text) for name, text in request.form.items(multi=True) if name.startswith("was_"))
    earlier = parts_in(review_form(assignment, labels, formdata=before), criteria) if before else {}
    seen = _seen(form, assignment)
    parts = {name: part for name, part in parts_in(form, criteria).items() if name in seen}
    try:
        saved = services.save_review(
            actor=actor, assignment=assignment, parts=parts, seen=seen, sent_before=earlier, now=now
        )
    except RuleViolations as violations:
        return {"message": " ".join(str(each.message) for each in violations.problems)}, 409
    except InvalidTransition as refusal:
        return {"message": str(refusal.message)}, 409
    stored = services.draft_of(saved.review)
    asked = parts_asked(assignment, stored, saved.conflicts, as_stubs=True)
    answer = {
        "saved": saved_text(assignment.entry.application, now),
        "marks": {each.key: each.mark for each in asked if each.key in _keys(parts, assignment) and not each.conflict},
        "conflicts": {
            each.key: {
                "mark": each.mark,
                "shown": render_template("applications/_conflict.html", conflict=each.conflict),
            }
            for each in asked
            if each.conflict
        },
        "late": "" if services.may_score(assignment, now) else _closed_words(),
    }
    if "".join(each.shape for each in asked) != request.form.get("shape"):
        answer["fields"] = render_template("review/_parts.html", parts=asked, form=form)
    return answer


@bp.post("/reviews/<uuid:assignment_id>/change")
@requires(P.REVIEW_WRITE)
def change(assignment_id: UUID) -> ResponseReturnValue:
    """Let the reviewer change what they submitted."""
    actor = current_actor()
    assignment = queries.my_assignment(actor=actor, assignment_id=assignment_id)
    services.change_review(actor=actor, assignment=assignment, now=clock.now())
    return redirect(url_for("review.read", assignment_id=assignment_id, _anchor="scoring"))


@bp.post("/reviews/<uuid:assignment_id>/leave")
@requires(P.REVIEW_WRITE)
def leave(assignment_id: UUID) -> ResponseReturnValue:
    """Throw changes away that were not submitted."""
    actor = current_actor()
    assignment = queries.my_assignment(actor=actor, assignment_id=assignment_id)
    services.leave_review(actor=actor, assignment=assignment, now=clock.now())
    flash(_("Your review stays as you submitted it."))
    return redirect(url_for("review.read", assignment_id=assignment_id))


@bp.get("/reviews/applications/<uuid:application_id>/files/<uuid:attachment_id>")
@requires(P.REVIEW_WRITE)
def file(application_id: UUID, attachment_id: UUID) -> ResponseReturnValue:
    """Give a copy of a file, without what tells who made it, to somebody who reads the application."""
    attachment = queries.attachment_to_read(
        actor=current_actor(), application_id=application_id, attachment_id=attachment_id
    )
    return copy_response(attachment, name=copy_name(attachment, face_of(attachment.application).reference))


def _is_written(assignment: Assignment) -> bool:
    """Say whether there is something that can be submitted."""
    review = assignment.review
    return assignment.status is AssignmentStatus.READING or (review is not None and review.draft is not None)


def _closed_words() -> str:
    return _("Reviews of this call are closed. What you write is kept, but it cannot be submitted.")


def _seen(form: ReviewForm, assignment: Assignment) -> dict[str, str]:
    """Return the marks that a page carried, by the names of parts."""
    names = _names(assignment)
    return {names[key]: mark for key, mark in read_seen(form.seen.data or "").items() if key in names}


def _names(assignment: Assignment) -> dict[str, str]:
    """Return the names of the parts of a review by the keys that pages have for them."""
    criteria = {field_name(criterion): criterion.code for criterion in assignment.criteria}
    return {**criteria, "comment": COMMENT, "confidence": CONFIDENCE}


def _keys(names: Collection[str], assignment: Assignment) -> set[str]:
    return {key for key, name in _names(assignment).items() if name in names}


def _beside_fields(problems: Sequence[Problem], assignment: Assignment) -> RuleViolations:
    """Put problems of parts beside the fields that stand for them."""
    keys = {name: key for key, name in _names(assignment).items()}

    def beside(problem: Problem) -> Problem:
        key = keys.get(problem.field or "")
        return Problem(problem.message, f"{key}_{problem.place}" if key and problem.place else key)

    return RuleViolations([beside(problem) for problem in problems])


def _conflict_page(assignment: Assignment, form: ConflictForm) -> str:
    shown = assignment_shown(assignment, queries.closed_calls([assignment]))
    return render_template("review/conflict.html", assignment=shown, form=form)


def _reading_page(assignment: Assignment, form: ReviewForm, conflicts: Parts | None = None) -> str:
    application = queries.application_to_read(actor=current_actor(), assignment_id=assignment.id)
    review, now = assignment.review, clock.now()
    stored = services.shown_parts(review)
    parts = parts_asked(assignment, stored, conflicts)
    form.seen.data = " ".join(f"{part.key}={part.mark}" for part in parts if part.mark)
    is_submitted = review is not None and review.submitted_at is not None
    typed = parts_in(form, assignment.criteria) if form.errors or conflicts else {}
    return render_template(
        "review/read.html",
        assignment=assignment_shown(assignment, queries.closed_calls([assignment])),
        assignment_id=assignment.id,
        application_id=application.id,
        sections=answers_to_read(application, assignment.reviewer.languages),
        asked=told_to_reviewers(application),
        parts=parts,
        unsaved=" ".join(
            part.key
            for part in parts
            if (name := _names(assignment).get(part.key)) in typed and services.part_mark(typed[name]) != part.mark
        ),
        given=given_parts(assignment, services.submitted_parts(review) if review and is_submitted else stored),
        is_submitted=is_submitted,
        is_written=_is_written(assignment),
        may_score=services.may_score(assignment, now),
        has_phases=bool(assignment.stage.phases),
        closed_words=_closed_words(),
        form=form,
        submit=SUBMIT,
        copy_key="" if application.is_protected else copy_key(assignment.id, current_actor().person_id),
    )
