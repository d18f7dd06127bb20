"""What is read about the templates and the letterhead of a call, and about letters that were made anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Application, Call, Entry
from fundapp.applications.scope import in_calls, visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.disbursement.letter_language import AWARDS, TemplateKind
from fundapp.disbursement.letters import kind_of, kind_of_letter
from fundapp.disbursement.models import Letter, Letterhead, LetterStatus, LetterTemplate, SupersededLetter
from fundapp.review.models import Decision, Slate

Key = tuple[TemplateKind, str]
"""Kind and language."""


@dataclass(frozen=True)
class Stale:
    """Letters that were made from another wording than holds now: those nobody opened, and those that stay."""

    unopened: Sequence[Letter]
    opened: Sequence[Letter]


def newest_templates(call_id: UUID) -> Mapping[Key, LetterTemplate]:
    """Return the version of each template of a call that was saved last, those that end a wording of its own too."""
    rows = db.session.scalars(
        select(LetterTemplate)
        .where(LetterTemplate.call_id == call_id)
        .options(joinedload(LetterTemplate.made_by))
        .order_by(LetterTemplate.number)
    )
    return {(row.kind, row.language): row for row in rows}


def template_versions(*, call: Call, kind: TemplateKind, language: str) -> list[LetterTemplate]:
    """Return all versions of a template, the newest first."""
    return list(
        db.session.scalars(
            select(LetterTemplate)
            .where(LetterTemplate.call_id == call.id, LetterTemplate.kind == kind, LetterTemplate.language == language)
            .options(joinedload(LetterTemplate.made_by))
            .order_by(LetterTemplate.number.desc())
        )
    )


def holding(newest: Mapping[Key, LetterTemplate], kind: TemplateKind, language: str) -> LetterTemplate | None:
    """Return the template that words a letter of a kind in a language; None is the wording of the house.

    A part award that has none of its own takes that of an award. Never one in another language.
    """
    found = newest.get((kind, language))
    if found is None and kind is TemplateKind.PART_AWARD:
        found = newest.get((TemplateKind.AWARD, language))
    return None if found is None or found.is_house else found


def newest_letterhead(call_id: UUID) -> Letterhead | None:
    """Return the letterhead of a call that was saved last."""
    return db.session.scalar(
        select(Letterhead)
        .where(Letterhead.call_id == call_id)
        .options(joinedload(Letterhead.made_by))
        .order_by(Letterhead.number.desc())
        .limit(1)
    )


def stale_letters(*, actor: Actor, call: Call) -> Stale:
    """Return the letters of a call whose wording is not the one that holds now, of those that the actor may see."""
    newest = newest_templates(call.id)
    letters = db.session.scalars(
        select(Letter)
        .join(Letter.application)
        .where(Letter.call_id == call.id, Letter.status == LetterStatus.MADE, visible_to(actor))
        .options(joinedload(Letter.decision).joinedload(Decision.entry))
        .order_by(Letter.reference)
    )
    stale = [
        each for each in letters if each.template_id != _id_of(holding(newest, kind_of_letter(each), each.language))
    ]
    return Stale(
        unopened=[each for each in stale if not each.was_opened],
        opened=[each for each in stale if each.was_opened],
    )


def superseded_letters(*, actor: Actor, call: Call) -> list[SupersededLetter]:
    """Return what letters of a call were before they were made anew, the newest first."""
    return list(
        db.session.scalars(
            _superseded(actor)
            .where(Letter.call_id == call.id)
            .order_by(SupersededLetter.superseded_at.desc(), Letter.reference, SupersededLetter.number.desc())
        )
    )


def superseded_letter(*, actor: Actor, superseded_id: UUID) -> SupersededLetter:
    """Return what a letter was before it was made anew. Raises NotFound."""
    found = db.session.scalar(
        _superseded(actor).where(
            SupersededLetter.id == superseded_id,
            in_calls(actor, P.LETTERS_READ, Letter.call_id),
            Application.erased_at.is_(None),
        )
    )
    if found is None:
        raise NotFound
    return found


def to_preview(*, actor: Actor, call: Call, kind: TemplateKind) -> list[Decision]:
    """Return the decisions that a letter of a kind would be about, of those that the actor may see, by reference."""
    kinds = AWARDS if kind is TemplateKind.CERTIFICATE else {kind}
    return [each for each in decisions_to_tell(actor=actor, call=call) if kind_of(each) in kinds]


def decisions_to_tell(*, actor: Actor, call: Call) -> Sequence[Decision]:
    """Return the decisions of a call that letters are about, of those that the actor may see, by reference."""
    return db.session.scalars(
        select(Decision)
        .join(Decision.slate)
        .join(Decision.entry)
        .join(Entry.application)
        .where(Slate.call_id == call.id, visible_to(actor))
        .options(
            joinedload(Decision.entry).joinedload(Entry.application),
            joinedload(Decision.entry).joinedload(Entry.category),
        )
        .order_by(Application.reference)
    ).all()


def _superseded(actor: Actor) -> Select[SupersededLetter]:
    return (
        select(SupersededLetter)
        .join(SupersededLetter.letter)
        .join(Letter.application)
        .where(visible_to(actor))
        .options(joinedload(SupersededLetter.letter), joinedload(SupersededLetter.superseded_by))
    )


def _id_of(template: LetterTemplate | None) -> UUID | None:
    return None if template is None else template.id
