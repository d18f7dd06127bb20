"""How an application is called, wherever it is named: one face for pages, lists, letters, exports and messages.

An ordinary application goes by the name of its organisation. A protected one goes by two words that were picked at
random, for everybody alike, and shows neither title nor place. Whoever needs more opens it, with a reason
(`services.openings`).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from mnemonic import Mnemonic
from sqlalchemy import Row, select
from sqlalchemy.orm import Bundle

from fundapp.applications.form_engine.definition import FILE_KINDS, FormDefinition, Question, Role, Sensitivity
from fundapp.applications.form_engine.rules import rules_of
from fundapp.applications.models import Application
from fundapp.applications.rules import ReviewersSee
from fundapp.core.db import db

WORD_LISTS: Final = {"en": "english", "fr": "french", "es": "spanish", "pt": "portuguese", "it": "italian"}
"""Languages with a list of plain words; others take the English one."""

_SENSITIVE: Final = frozenset({Sensitivity.IDENTITY, Sensitivity.PAYEE})
_NAMING: Final = frozenset({Role.ORGANISATION, Role.COUNTRY, Role.REGION})
_IDENTITY_OF_PROTECTED: Final = frozenset({Role.ORGANISATION, Role.COUNTRY, Role.REGION, Role.TITLE})


@dataclass(frozen=True)
class Face:
    """What everybody who may see an application reads of it. `name` is "" for a draft that named nobody yet."""

    reference: str
    name: str
    title: str
    country: str
    region: str
    is_protected: bool


class _FaceBundle(Bundle[Face]):
    """The face of an application as one value of a row, without loading the application."""

    def create_row_processor(self, _query: Any, procs: Any, _labels: Any) -> Callable[[Row[Any]], Face]:
        """Make a Face of the columns."""
        return lambda row: _face(*(proc(row) for proc in procs))


FACE: Final = _FaceBundle(
    "face",
    Application.reference,
    Application.is_protected,
    Application.pseudonym,
    Application.organisation_name,
    Application.title,
    Application.country,
    Application.region,
)
"""Select this where a list needs the face of each application and nothing else of it."""


def face_of(application: Application) -> Face:
    """Return the face of an application."""
    return _face(
        application.reference,
        application.is_protected,
        application.pseudonym,
        application.organisation_name,
        application.title,
        application.country,
        application.region,
    )


def face_to_reviewers(application: Application) -> Face:
    """Return what reviewers read of who applies, before they declare and later: what the call shows of it."""
    face = face_of(application)
    if face.is_protected:
        return face
    match application.call.reviewers_see:
        case ReviewersSee.REFERENCE:
            return replace(face, name="", title="", country="", region="")
        case ReviewersSee.NAME:
            return replace(face, title="", region="")
        case ReviewersSee.TITLE:
            return face


def called(face: Face) -> str:
    """Return an application's reference and name in one text, for messages."""
    return " ".join(part for part in (face.reference, face.name) if part)


def is_masked(question: Question, *, is_protected: bool) -> bool:
    """Return whether an answer tells who somebody is: staff see a mask until they open it, and reviewers nothing.

    In a protected application that is also where, and every file: nobody looked into it for names.
    """
    return question.sensitivity in _SENSITIVE or (
        is_protected and (question.role in _IDENTITY_OF_PROTECTED or question.identifies or question.kind in FILE_KINDS)
    )


def masked_names(form: FormDefinition, *, is_protected: bool) -> frozenset[str]:
    """Return the names of the questions of a form whose answers are masked, and of all that is computed from those."""
    return rules_of(form).derived_from(
        frozenset(each.name for each in form.questions if is_masked(each, is_protected=is_protected))
    )


def kept_from_reviewers(form: FormDefinition, *, is_protected: bool, see: ReviewersSee) -> frozenset[str]:
    """Return the names of the questions of a form whose answers no reviewer sees, nor what is computed from them.

    `see` is what their call shows of who applies: who reads blind, reads of nobody who stands behind it.
    """
    is_blind = see is ReviewersSee.REFERENCE
    hidden = frozenset(
        each.name
        for each in form.questions
        if each.identifies or each.hidden_from_reviewers or (is_blind and (each.role in _NAMING or each.party))
    )
    return rules_of(form).derived_from(hidden | masked_names(form, is_protected=is_protected))


def submitted_form(application: Application) -> FormDefinition:
    """Return the form of an application in the version that was sent last."""
    return FormDefinition.from_json(application.submissions[-1].form_version.definition)


def pseudonym_for(call_id: UUID, language: str) -> str:
    """Return two words in a language that name no application of the call yet; nothing about anybody is in them."""
    words = _words(language)
    while True:
        pseudonym = f"{secrets.choice(words)} {secrets.choice(words)}"
        taken = select(Application.id).where(Application.call_id == call_id, Application.pseudonym == pseudonym)
        if db.session.scalar(taken) is None:
            return pseudonym


def _words(language: str) -> list[str]:
    return Mnemonic(WORD_LISTS.get(language, "english")).wordlist


def _face(
    reference: str | None,
    is_protected: bool,
    pseudonym: str | None,
    organisation: str,
    title: str,
    country: str,
    region: str,
) -> Face:
    if is_protected:
        return Face(reference or "", pseudonym or "", "", "", "", is_protected=True)
    return Face(reference or "", organisation, title, country, region, is_protected=False)
