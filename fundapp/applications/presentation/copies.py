"""A copy of what was sent, as PDF: the same words as the page and the plain text, in the application's language."""

from dataclasses import dataclass

from fundapp.applications.identity import face_of
from fundapp.applications.models import Application, Submission
from fundapp.applications.presentation.applications import submission_shown, submitted_answers_shown
from fundapp.applications.presentation.questions import AnswerShown
from fundapp.core.dates import Moment
from fundapp.core.i18n import DEFAULT_LANGUAGE, LANGUAGES, in_language, localised
from fundapp.core.i18n import gettext as _
from fundapp.core.pdf import drawable, render_pdf

TEMPLATE = "application_copy.html"


@dataclass(frozen=True)
class CopiedAnswer:
    """A question with its answer, a text for each choice."""

    label: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class CopiedSection:
    """The answers under one heading."""

    title: str | None
    answers: tuple[CopiedAnswer, ...]


@dataclass(frozen=True)
class ApplicationCopy:
    """One version of an application as it was sent, and what was asked about it and answered since."""

    reference: str
    call: str
    name: str | None
    number: int
    received: str
    fingerprint: str
    is_sample: bool
    sections: tuple[CopiedSection, ...]
    asked: tuple[CopiedAnswer, ...]
    replaced: bool
    """Whether a character that no font can draw was replaced."""


def copy_pdf(application: Application, submission: Submission, *, mask: bool = False) -> bytes:
    """Return a version that was sent as an accessible PDF; with `mask`, without what staff have to open.

    Raises PdfUnavailable where this machine lacks a part.
    """
    language = application.language if application.language in LANGUAGES else DEFAULT_LANGUAGE
    with in_language(language):
        copy = _copy(application, submission, language, mask=mask)
    return render_pdf(TEMPLATE, copy, language=language)


def _copy(application: Application, submission: Submission, language: str, *, mask: bool) -> ApplicationCopy:
    call, shown = application.call, submission_shown(submission, application.call)
    sections = [
        (section.title.text, [(answer.label.text, _texts(answer)) for answer in section.answers])
        for section in submitted_answers_shown(application, mask=mask, submission=submission)
        if section.answers
    ]
    hidden = mask and application.is_protected
    asked = [
        (each.question, [_("Hidden") if hidden else each.answer])
        for each in application.clarifications
        if each.answered_at is not None
    ]
    name = face_of(application).name
    everything = f"{sections}{asked}{name}"
    return ApplicationCopy(
        reference=application.reference or "",
        call=drawable(localised(call.titles, language)),
        name=drawable(name) or None,
        number=submission.number,
        received=written(shown.submitted),
        fingerprint=submission.content_sha256,
        is_sample=call.is_sample,
        sections=tuple(CopiedSection(drawable(title) or None, _copied(answers)) for title, answers in sections),
        asked=_copied(asked),
        replaced=drawable(everything) != everything,
    )


def _copied(answers: list[tuple[str, list[str]]]) -> tuple[CopiedAnswer, ...]:
    return tuple(
        CopiedAnswer(drawable(label) or "–", tuple(drawable(text) for text in texts if text.strip()))
        for label, texts in answers
    )


def _texts(answer: AnswerShown) -> list[str]:
    if answer.is_masked:
        return [_("Hidden")]
    return [answer.attachment.filename] if answer.attachment else answer.texts


def written(at: Moment) -> str:
    """Return an instant as it stands on paper: by the clock of its zone, and in UTC."""
    if not at.local:
        return f"{at.utc} UTC"
    return f"{at.local} {_('(time in %(place)s)', place=at.place)} = {at.utc} UTC"
