"""Assignments and criteria as reviewers see them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from flask import url_for

from fundapp.applications.identity import face_of, face_to_reviewers, kept_from_reviewers, submitted_form
from fundapp.applications.models import Application, Attachment, Clarification, Criterion
from fundapp.applications.presentation.applications import submitted_answers_shown
from fundapp.applications.presentation.files import FileShown, copy_shown
from fundapp.applications.presentation.questions import AnswersShown
from fundapp.applications.presentation.texts import Said, country_name, said
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name
from fundapp.review.forms import ReviewForm, field_name
from fundapp.review.models import Assignment, AssignmentStatus, Review


@dataclass(frozen=True)
class AssignmentShown:
    """One entry that somebody was given, with the next thing to do."""

    url: str
    reference: str
    organisation: str
    is_protected: bool
    title: str
    country: str
    region: str
    call_title: Said
    category: Said | None
    language: str
    tag: str
    kind: str
    action: str
    is_done: bool
    is_closed: bool
    is_declared: bool
    saved: Moment | None


@dataclass(frozen=True)
class CriterionAsked:
    """A criterion with its field; `hints` are the worded anchors by the value of each step."""

    field: str
    question: Said
    weight: str
    hints: Mapping[str, str]
    lang: str | None


def assignment_shown(assignment: Assignment, closed: Collection[UUID]) -> AssignmentShown:
    """Return an assignment for the list and for the head of its pages; `closed` calls take no more reviews."""
    application = assignment.entry.application
    face = face_to_reviewers(application)
    is_done = assignment.status is AssignmentStatus.REVIEWED
    is_closed = not is_done and assignment.entry.call_id in closed
    tag, kind, action = (
        (_("Closed"), "", _("See the application")) if is_closed else _state(assignment.status, assignment.review)
    )
    endpoint = "review.declare" if assignment.status is AssignmentStatus.ASSIGNED else "review.read"
    review = assignment.review
    return AssignmentShown(
        url=url_for(endpoint, assignment_id=assignment.id),
        reference=face.reference,
        organisation=face.name,
        is_protected=face.is_protected,
        title=face.title,
        country=country_name(face.country),
        region=face.region,
        call_title=said(application.call.titles),
        category=said(assignment.entry.category.titles) if assignment.entry.category else None,
        language=language_name(application.language),
        tag=tag,
        kind=kind,
        action=action,
        is_done=is_done,
        is_closed=is_closed,
        is_declared=assignment.status is not AssignmentStatus.ASSIGNED,
        saved=moment(review.saved_at, application.call.time_zone) if review else None,
    )


def criteria_asked(criteria: Sequence[Criterion]) -> list[CriterionAsked]:
    """Return the criteria in order, with what stands beside their fields."""
    whole = sum(criterion.weight for criterion in criteria)
    return [
        CriterionAsked(
            field=field_name(criterion),
            question=said(criterion.questions),
            weight=_("%(share)s %% of the score", share=f"{100 * criterion.weight / whole:.0f}"),
            hints={step: said(meanings).text for step, meanings in criterion.anchors.items()},
            lang=said(criterion.labels).lang,
        )
        for criterion in criteria
    ]


def labels_of(criteria: Sequence[Criterion]) -> dict[str, str]:
    """Return the criteria's labels by code."""
    return {criterion.code: said(criterion.labels).text for criterion in criteria}


def answers_to_read(application: Application) -> list[AnswersShown]:
    """Return what was submitted, without what tells who somebody is or is kept from reviewers: they open nothing."""
    kept = kept_from_reviewers(
        submitted_form(application),
        is_protected=application.is_protected,
        see=application.call.reviewers_see,
    )
    return [
        replace(section, answers=[answer for answer in section.answers if answer.question.name not in kept])
        for section in submitted_answers_shown(
            application, mask=True, for_reviewers=True, file_as=_copy_of(application)
        )
    ]


def _copy_of(application: Application) -> Callable[[Attachment], FileShown]:
    """Return how a reviewer sees a file: as a copy, named by the application's reference."""
    return partial(copy_shown, reference=face_of(application).reference)


def told_to_reviewers(application: Application) -> list[Clarification]:
    """Return what staff asked for reviewers too and was answered; of a protected application nothing."""
    if application.is_protected:
        return []
    return [each for each in application.clarifications if each.for_reviewers and each.answered_at is not None]


def given_answers(form: ReviewForm, criteria: Sequence[Criterion]) -> list[tuple[str, str]]:
    """Return (criterion, answer) of a review that was submitted."""
    return [
        (
            form[field_name(criterion)].label.text,
            next((str(option.label.text) for option in form[field_name(criterion)] if option.checked), _("No answer")),
        )
        for criterion in criteria
    ]


def _state(status: AssignmentStatus, review: Review | None) -> tuple[str, str, str]:
    match status:
        case AssignmentStatus.ASSIGNED:
            return _("To declare"), "act", _("Say whether you have a conflict of interest")
        case AssignmentStatus.REVIEWED:
            return _("Submitted"), "good", _("See what you submitted")
    if review is None:
        return _("To read"), "act", _("Read and score")
    return _("Draft"), "wait", _("Go on with your draft")
