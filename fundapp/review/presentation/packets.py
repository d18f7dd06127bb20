"""An application as its reviewer reads it away from the pages: one packet for plain text and for print."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fundapp.applications.identity import face_to_reviewers
from fundapp.applications.models import Application, Attachment, Clarification
from fundapp.applications.presentation.questions import AnswersShown
from fundapp.applications.presentation.texts import Said, said
from fundapp.core.i18n import language_name
from fundapp.review.models import Assignment
from fundapp.review.presentation.reading import answers_to_read, parts_asked, told_to_reviewers


@dataclass(frozen=True)
class CriterionToRead:
    """A criterion as somebody reads it on paper; `anchors` are the worded steps, by their value."""

    label: Said
    question: Said
    scale: str
    weight: str
    anchors: Sequence[tuple[str, str]]
    comment: Said | None
    comment_hint: str


@dataclass(frozen=True)
class Rubric:
    """What is judged of an application, in one of its categories if it has any."""

    category: Said | None
    criteria: Sequence[CriterionToRead]


@dataclass(frozen=True)
class Packet:
    """What a reviewer may read of an application. `files` are its copies by the names that tell nothing."""

    reference: str
    name: str
    is_protected: bool
    call: Said
    language: str
    language_name: str
    sections: Sequence[AnswersShown]
    asked: Sequence[Clarification]
    rubrics: Sequence[Rubric]
    assignments: Sequence[Assignment]
    files: dict[UUID, Attachment]


def packets_of(assignments: Sequence[Assignment]) -> list[Packet]:
    """Return a packet for each application that these assignments, loaded with all that is read, are about."""
    by_application: dict[UUID, list[Assignment]] = {}
    for assignment in assignments:
        by_application.setdefault(assignment.entry.application_id, []).append(assignment)
    return [packet_of(given[0].entry.application, given) for given in by_application.values()]


def packet_of(application: Application, assignments: Sequence[Assignment]) -> Packet:
    """Return the packet of an application that was given to somebody, be it in several categories."""
    face = face_to_reviewers(application)
    sections = answers_to_read(application, assignments[0].reviewer.languages)
    shown = {
        answer.attachment.id
        for section in sections
        for answer in section.answers
        if answer.attachment and answer.attachment.has_link
    }
    return Packet(
        reference=face.reference,
        name=face.name,
        is_protected=face.is_protected,
        call=said(application.call.titles),
        language=application.language,
        language_name=language_name(application.language),
        sections=sections,
        asked=told_to_reviewers(application),
        rubrics=[_rubric(each) for each in assignments],
        assignments=assignments,
        files={each.id: each for each in application.attachments if each.id in shown},
    )


def entry_called(assignment: Assignment) -> str:
    """Return the reference, the name if the call shows it, and the category of what was given to somebody."""
    face = face_to_reviewers(assignment.entry.application)
    category = assignment.entry.category
    return " · ".join(filter(None, [face.reference, face.name, said(category.titles).text if category else ""]))


def _rubric(assignment: Assignment) -> Rubric:
    category = assignment.entry.category
    criteria = zip(assignment.criteria, parts_asked(assignment, {}), strict=False)
    return Rubric(
        said(category.titles) if category else None,
        [
            CriterionToRead(
                label=said(criterion.labels),
                question=said(criterion.questions),
                scale=part.scale,
                weight=part.weight,
                anchors=[(value, words) for value, words in part.hints.items()],
                comment=said(criterion.comment_questions) if criterion.comment_questions else None,
                comment_hint=str(part.comment_hint),
            )
            for criterion, part in criteria
        ],
    )
