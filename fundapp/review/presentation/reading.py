"""Assignments and criteria as reviewers see them."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Final
from uuid import UUID

from flask import url_for

from fundapp.applications.identity import face_of, face_to_reviewers, kept_from_reviewers, submitted_form
from fundapp.applications.models import Application, Attachment, Clarification, Criterion
from fundapp.applications.presentation.applications import submitted_answers_shown
from fundapp.applications.presentation.files import FileShown, copy_shown
from fundapp.applications.presentation.questions import AnswersShown
from fundapp.applications.presentation.texts import Said, country_name, said
from fundapp.applications.presentation.translations import with_translations
from fundapp.applications.rules import CommentNeed
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.numbers import number_text
from fundapp.review.models import Assignment, AssignmentStatus, Review
from fundapp.review.queries.reading import step_of
from fundapp.review.queries.selection import weighted
from fundapp.review.scoring_forms import field_name
from fundapp.review.scoring_rules import (
    COMMENT,
    CONFIDENCE,
    CONFIDENCE_WORDS,
    Confidence,
    Judged,
    Part,
    Parts,
    Unjudged,
)
from fundapp.review.services.reading import part_mark
from fundapp.review.tally import mark_of_review, rounded, scale_of_marks

_SHAPE_DIGITS: Final = 10
_COMMENT_HINTS: Final = {
    CommentNeed.NEVER: "",
    CommentNeed.EXTREMES: _l("Needed with the lowest and the highest score."),
    CommentNeed.ALWAYS: _l("Needed with every score."),
}


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
class PartConflict:
    """A part of a review that another window changed: what is stored, in lines."""

    stored: list[str]
    pieces: tuple[()] = ()


@dataclass(frozen=True)
class PartAsked:
    """A part of a review with its fields; of a criterion, `hints` are the worded anchors by the value of each step.

    `shape` is another one when the part has to be drawn anew on an open page; `is_stub` ones are only named.
    """

    key: str
    kind: str
    mark: str
    shape: str
    conflict: PartConflict | None = None
    question: Said | None = None
    weight: str = ""
    scale: str = ""
    hints: Mapping[str, str] = field(default_factory=dict)
    lang: str | None = None
    comment_lang: str | None = None
    comment_hint: str = ""
    is_typed: bool = False
    is_stub: bool = False


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


def parts_asked(
    assignment: Assignment, stored: Parts, conflicts: Parts | None = None, *, as_stubs: bool = False
) -> list[PartAsked]:
    """Return the parts of a review in the order of the page, each with the mark of what is stored of it."""
    criteria, told = assignment.criteria, conflicts or {}
    whole = sum(criterion.weight for criterion in criteria)

    def conflict_of(name: str) -> PartConflict | None:
        return PartConflict(part_lines(told[name])) if name in told else None

    parts = [
        PartAsked(
            key=field_name(criterion),
            kind="criterion",
            mark=part_mark(stored.get(criterion.code)),
            shape="c",
            conflict=conflict_of(criterion.code),
            question=said(criterion.questions),
            weight=_("%(share)s %% of the score", share=number_text(round(100 * criterion.weight / whole))),
            scale=scale_words(criterion),
            hints={step: said(meanings).text for step, meanings in _in_order(criterion)},
            lang=said(criterion.labels).lang,
            comment_lang=said(criterion.comment_questions).lang if criterion.comment_questions else None,
            comment_hint=_COMMENT_HINTS[criterion.comment_needed],
            is_typed=step_of(criterion).is_typed,
            is_stub=as_stubs,
        )
        for criterion in criteria
    ]
    total = total_words(assignment, stored)
    mark = hashlib.sha256(total.encode()).hexdigest()[:_SHAPE_DIGITS]
    parts.append(PartAsked("total", "total", "", mark, question=Said(total)))
    general = [("comment", COMMENT)] + ([("confidence", CONFIDENCE)] if assignment.stage.asks_confidence else [])
    return parts + [
        PartAsked(key, key, part_mark(stored.get(name)), key, conflict_of(name), is_stub=as_stubs)
        for key, name in general
    ]


def total_words(assignment: Assignment, parts: Parts) -> str:
    """Say what the scores come to so far, reckoned exactly as the tally reckons them."""
    answers = {
        code: None if isinstance(part.answer, Unjudged) else part.answer
        for code, part in parts.items()
        if isinstance(part, Judged) and part.answer is not None
    }
    rubric = weighted(assignment.stage.criteria)
    known = {each.key for each in rubric}
    mark = mark_of_review({code: answer for code, answer in answers.items() if code in known}, rubric)
    if mark is None:
        return _("Your total so far: none yet.")
    scale = scale_of_marks(rubric)
    return _(
        "Your total so far: %(mark)s, on a scale from %(lowest)s to %(highest)s. Scored: %(scored)s of %(count)s.",
        mark=number_text(rounded(mark)),
        lowest=number_text(rounded(scale.lowest)),
        highest=number_text(rounded(scale.highest)),
        scored=sum(answer is not None for answer in answers.values()),
        count=len(assignment.criteria),
    )


def scale_words(criterion: Criterion) -> str:
    """Say which numbers a criterion takes."""
    if criterion.step == 1:
        return _(
            "A number from %(lowest)s to %(highest)s.",
            lowest=number_text(criterion.minimum),
            highest=number_text(criterion.maximum),
        )
    return _(
        "A number from %(lowest)s to %(highest)s, in steps of %(step)s.",
        lowest=number_text(criterion.minimum),
        highest=number_text(criterion.maximum),
        step=number_text(criterion.step),
    )


def confidence_words(confidence: Confidence | None) -> str:
    """Say how sure a reviewer is; "" where it was not said."""
    return "" if confidence is None else str(CONFIDENCE_WORDS[confidence.value])


def part_lines(part: Part) -> list[str]:
    """Return a part of a review as lines of text."""
    if isinstance(part, str):
        return [str(CONFIDENCE_WORDS.get(part, part))] if part else []
    answer = _("Cannot judge") if isinstance(part.answer, Unjudged) else part.typed
    if isinstance(part.answer, int | Decimal):
        answer = number_text(part.answer)
    return [text for text in (answer, part.reason, part.comment) if text]


def given_parts(assignment: Assignment, parts: Parts) -> list[tuple[Said, list[str]]]:
    """Return (label, lines) of each part of a review that was submitted."""
    given = [
        (said(each.labels), part_lines(parts[each.code]) if each.code in parts else []) for each in assignment.criteria
    ]
    if assignment.stage.asks_confidence:
        given.append((Said(_("How sure you are")), part_lines(parts.get(CONFIDENCE, ""))))
    return [*given, (Said(_("Comment")), part_lines(parts.get(COMMENT, "")))]


def _in_order(criterion: Criterion) -> list[tuple[str, dict[str, str]]]:
    return sorted(criterion.anchors.items(), key=lambda each: Decimal(each[0]))


def labels_of(criteria: Sequence[Criterion]) -> dict[str, str]:
    """Return the criteria's labels by code."""
    return {criterion.code: said(criterion.labels).text for criterion in criteria}


def answers_to_read(application: Application, reads: Sequence[str]) -> list[AnswersShown]:
    """Return what was submitted, without what tells who somebody is or is kept from reviewers: they open nothing.

    Beside each answer stand its translations into the languages that the reviewer reads.
    """
    kept = kept_from_reviewers(
        submitted_form(application),
        is_protected=application.is_protected,
        see=application.call.reviewers_see,
    )
    sections = [
        replace(section, answers=[answer for answer in section.answers if answer.question.name not in kept])
        for section in submitted_answers_shown(
            application, mask=True, for_reviewers=True, file_as=_copy_of(application)
        )
    ]
    return with_translations(sections, application, reads)


def _copy_of(application: Application) -> Callable[[Attachment], FileShown]:
    """Return how a reviewer sees a file: as a copy, named by the application's reference."""
    return partial(copy_shown, reference=face_of(application).reference)


def told_to_reviewers(application: Application) -> list[Clarification]:
    """Return what staff asked for reviewers too and was answered; of a protected application nothing."""
    if application.is_protected:
        return []
    return [each for each in application.clarifications if each.for_reviewers and each.answered_at is not None]


def _state(status: AssignmentStatus, review: Review | None) -> tuple[str, str, str]:
    match status:
        case AssignmentStatus.ASSIGNED:
            return _("To declare"), "act", _("Say whether you have a conflict of interest")
        case AssignmentStatus.REVIEWED:
            if review is not None and review.draft is not None:
                return _("Submitted, with changes that are not submitted"), "wait", _("Go on with your changes")
            return _("Submitted"), "good", _("See what you submitted")
    if review is None:
        return _("To read"), "act", _("Read and score")
    return _("Draft"), "wait", _("Go on with your draft")
