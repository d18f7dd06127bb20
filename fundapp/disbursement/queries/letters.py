"""What is read about letters and awards: one's own, or those of a call in which one holds the permission."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, or_, select, true
from sqlalchemy.orm import contains_eager, joinedload

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.identity import FACE, Face
from fundapp.applications.models import Application, ApplicationStatus, Call, Category, Entry
from fundapp.applications.rules import is_small
from fundapp.applications.scope import in_calls, in_work, of_own_organisation, visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.core.i18n import language_name
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.listing import Choice, Filter, Listing, Order
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.disbursement.models import Award, AwardOffer, Letter, LetterKind, LetterStatus
from fundapp.disbursement.offer_rules import OPEN, OfferStatus
from fundapp.disbursement.rules import LATELY, Pace
from fundapp.disbursement.transitions import LETTER
from fundapp.review.models import Decision, Outcome, Slate

LETTER_KIND = "letter:make"
"""The outbox work that makes a letter."""
KIND_LABELS: Final = {
    LetterKind.AWARD: _l("Award"),
    LetterKind.RESERVE: _l("In reserve"),
    LetterKind.DECLINE: _l("Decline"),
    LetterKind.INELIGIBLE: _l("Notice: not eligible"),
    LetterKind.CERTIFICATE: _l("Certificate"),
}


@dataclass(frozen=True)
class LetterRow:
    """One line of the list of letters. `last_error` is that of an attempt which will be repeated, unless it is held."""

    letter: Letter
    face: Face
    last_error: str
    is_held: bool


@dataclass(frozen=True)
class DecidedCounts:
    """How many entries of a call were decided, and how many of them have an award.

    Both are None where the numbers are small and a protected application is among them.
    """

    considered: int | None
    awarded: int | None


@dataclass(frozen=True)
class DecidedNumbers:
    """How many entries were decided, awarded and protected, by the id of their category (None: without one)."""

    by_category: Mapping[UUID | None, tuple[int, int, int]]

    def beside(self, decision: Decision) -> DecidedCounts:
        """Count the decisions that an entry stood beside: of its category where that fixes the awards, else all."""
        category = decision.entry.category
        groups = list(self.by_category.values())
        if category is not None and category.awards is not None:
            groups = [self.by_category[category.id]]
        considered, awarded, protected = (sum(each) for each in zip(*groups, strict=True))
        if protected and any(is_small(group) for group in (considered, awarded, considered - awarded)):
            return NOTHING_TOLD
        return DecidedCounts(considered, awarded)


NOTHING_TOLD: Final = DecidedCounts(None, None)


def letter_counts(*, actor: Actor, call: Call) -> Mapping[LetterStatus, int]:
    """Return how many letters of a call stand where, zeros included."""
    rows = db.session.execute(
        select(Letter.status, func.count().label("number"))
        .join(Letter.application)
        .where(*_of_call(actor, call))
        .group_by(Letter.status)
    )
    return dict.fromkeys(LetterStatus, 0) | {row.status: row.number for row in rows}


def letters_held(*, actor: Actor, call: Call) -> int:
    """Return how many letters of a call wait because somebody stopped making them."""
    held = select(func.count()).select_from(Letter).join(Letter.application).where(*_of_call(actor, call), _is_held())
    return db.session.scalar(held) or 0


def letters_pace(*, actor: Actor, call: Call, now: datetime) -> Pace:
    """Return how fast letters of a call were made lately."""
    row = db.session.execute(
        select(
            func.count().label("lately"),
            func.min(Letter.made_at).label("first"),
            func.max(Letter.made_at).label("last"),
        )
        .join(Letter.application)
        .where(*_of_call(actor, call), Letter.made_at > now - LATELY)
    ).one()
    return Pace(row.lately, row.first, row.last)


def letters(*, actor: Actor, call: Call) -> Listing[LetterRow]:
    """Return the list of a call's letters, by reference."""
    last_error = (
        select(func.max(OutboxItem.last_error))
        .where(
            OutboxItem.kind == LETTER_KIND,
            OutboxItem.subject_id == Letter.id,
            OutboxItem.state.in_((OutboxState.READY, OutboxState.RUNNING)),
        )
        .scalar_subquery()
    )
    row = select(Letter, FACE, func.coalesce(last_error, ""), _is_held())
    reference = (func.length(Letter.reference), Letter.reference)
    return Listing(
        rows=row.join(Letter.application).where(*_of_call(actor, call)),
        row=LetterRow,
        filters={
            "status": Filter(
                _l("State"),
                {each.value: Choice(LETTER.labels[each].staff, Letter.status == each) for each in LetterStatus},
            ),
            "kind": Filter(
                _l("Kind"), {kind.value: Choice(label, Letter.kind == kind) for kind, label in KIND_LABELS.items()}
            ),
            "language": Filter(
                _l("Language"), {code: Choice(language_name(code), Letter.language == code) for code in call.languages}
            ),
        },
        orders={
            "reference": Order(_l("Reference"), reference),
            "name": Order(_l("Organisation"), text=lambda each: each.face.name),
            "made": Order(_l("When it was made"), (Letter.made_at,)),
        },
        last=reference,
        texts=lambda each: (each.letter.reference, each.face.name),
        columns={
            "call": lambda _each: call.slug,
            "letter_reference": lambda each: each.letter.reference,
            "kind": lambda each: each.letter.kind.value,
            "organisation": lambda each: each.face.name,
            "language": lambda each: each.letter.language,
            "letter_status": lambda each: each.letter.status.value,
            "queued_at": lambda each: each.letter.queued_at,
            "made_at": lambda each: each.letter.made_at,
            "failure": lambda each: each.letter.failure,
            "letter_sha256": lambda each: each.letter.sha256,
            "sample": lambda _each: "yes" if call.is_sample else "no",
        },
    )


def letters_of_call(*, actor: Actor, call: Call, status: LetterStatus) -> list[Letter]:
    """Return all letters of a call in a status, by reference."""
    return list(
        db.session.scalars(
            select(Letter)
            .join(Letter.application)
            .where(*_of_call(actor, call), Letter.status == status)
            .order_by(func.length(Letter.reference), Letter.reference)
        )
    )


def awards_to_certify(*, actor: Actor, call: Call) -> Sequence[Award]:
    """Return the awards of a call without a certificate, of those that the actor may see, by reference.

    Those that were refused or withdrawn get none, nor do protected applications: a certificate is to be shown.
    """
    certificate = (
        select(Letter.id).where(Letter.decision_id == Award.decision_id, Letter.kind == LetterKind.CERTIFICATE).exists()
    )
    return db.session.scalars(
        select(Award)
        .join(Award.decision)
        .join(Decision.entry)
        .join(Entry.application)
        .outerjoin(AwardOffer, AwardOffer.award_id == Award.id)
        .where(
            Award.call_id == call.id,
            visible_to(actor),
            in_work(),
            ~Application.is_protected,
            Application.erased_at.is_(None),
            or_(AwardOffer.id.is_(None), AwardOffer.status.in_((*OPEN, OfferStatus.ACCEPTED))),
            ~certificate,
        )
        .options(contains_eager(Award.decision).contains_eager(Decision.entry).contains_eager(Entry.application))
        .order_by(func.length(Award.reference), Award.reference)
    ).all()


def managed_letter(*, actor: Actor, letter_id: UUID) -> Letter:
    """Return a letter of a call whose letters the actor reads. Raises NotFound."""
    letter = db.session.scalar(
        select(Letter)
        .join(Letter.application)
        .where(Letter.id == letter_id, in_calls(actor, P.LETTERS_READ, Letter.call_id), visible_to(actor))
        .options(joinedload(Letter.application).joinedload(Application.call))
    )
    if letter is None:
        raise NotFound
    return letter


def my_letters(*, actor: Actor) -> list[Letter]:
    """Return the letters to the actor's organisations, the newest first."""
    return list(
        db.session.scalars(
            select(Letter)
            .join(Letter.application)
            .where(of_own_organisation(actor))
            .options(joinedload(Letter.application).joinedload(Application.call))
            .order_by(Letter.queued_at.desc(), Letter.reference)
        )
    )


def my_letter(*, actor: Actor, letter_id: UUID) -> Letter:
    """Return a letter to one of the actor's organisations that was made. Raises NotFound."""
    letter = db.session.scalar(
        select(Letter)
        .join(Letter.application)
        .where(Letter.id == letter_id, of_own_organisation(actor), Letter.status == LetterStatus.MADE)
        .options(joinedload(Letter.application).joinedload(Application.call))
    )
    if letter is None:
        raise NotFound
    return letter


def letter_to_make(letter_id: UUID) -> Letter:
    """Return a letter with everything that it tells: for the worker."""
    return db.session.execute(
        select(Letter)
        .where(Letter.id == letter_id)
        .options(
            joinedload(Letter.application).joinedload(Application.call).joinedload(Call.programme),
            joinedload(Letter.decision).joinedload(Decision.entry).joinedload(Entry.category),
        )
    ).scalar_one()


def decided_beside(decision: Decision | None) -> DecidedCounts:
    """Count the decisions that an entry stood beside: of its category where that fixes the awards, else all."""
    if decision is None:
        return NOTHING_TOLD
    return decided_in(decision.entry.call_id, true()).beside(decision)


def decided_in(call_id: UUID, counted: ColumnElement[bool]) -> DecidedNumbers:
    """Return how the entries of a call were decided, of those whose application `counted` lets count."""
    found = db.session.execute(
        select(
            Entry.category_id,
            func.count(),
            func.sum(case((Decision.outcome == Outcome.AWARD, 1), else_=0)),
            func.sum(case((Application.is_protected, 1), else_=0)),
        )
        .select_from(Decision)
        .join(Decision.slate)
        .join(Decision.entry)
        .join(Entry.application)
        .where(Slate.call_id == call_id, counted)
        .group_by(Entry.category_id)
    )
    return DecidedNumbers(
        {category_id: (decided, awarded, protected) for category_id, decided, awarded, protected in found}
    )


def ineligible_applications(call: Call) -> list[Application]:
    """Return the applications of a call that did not reach the reviewers."""
    return list(
        db.session.scalars(
            select(Application)
            .where(Application.call_id == call.id, Application.status == ApplicationStatus.INELIGIBLE, in_work())
            .order_by(Application.reference)
        )
    )


def ineligible_count(*, actor: Actor, call: Call) -> int:
    """Return how many applications of a call did not reach the reviewers, of those that the actor may see."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(Application)
            .where(
                Application.call_id == call.id,
                Application.status == ApplicationStatus.INELIGIBLE,
                in_work(),
                visible_to(actor),
            )
        )
        or 0
    )


def entries_of_call(*, actor: Actor, call: Call) -> list[Entry]:
    """Return every entry of every application that was sent to a call and not set aside, by reference and category."""
    return list(
        db.session.scalars(
            select(Entry)
            .join(Entry.application)
            .outerjoin(Entry.category)
            .where(
                Entry.call_id == call.id,
                Application.status != ApplicationStatus.DRAFT,
                in_work(),
                in_calls(actor, P.DECISION_EXPORT, Entry.call_id),
                visible_to(actor),
            )
            .options(joinedload(Entry.application), joinedload(Entry.category))
            .order_by(func.length(Application.reference), Application.reference, Category.position)
        )
    )


def decisions_by_entry(*, actor: Actor, call: Call) -> Mapping[UUID, Decision]:
    """Return the decisions of a call by the ids of their entries."""
    decisions = db.session.scalars(
        select(Decision)
        .join(Decision.slate)
        .join(Decision.entry)
        .join(Entry.application)
        .where(Slate.call_id == call.id, visible_to(actor))
        .options(joinedload(Decision.decided_by))
    )
    return {decision.entry_id: decision for decision in decisions}


def letters_by_subject(*, actor: Actor, call: Call) -> Mapping[UUID, Letter]:
    """Return the letters of a call by the id of their decision, or of their application for a notice.

    Certificates are not among them.
    """
    letters = db.session.scalars(
        select(Letter).join(Letter.application).where(*_of_call(actor, call), Letter.kind != LetterKind.CERTIFICATE)
    )
    return {letter.decision_id or letter.application_id: letter for letter in letters}


def _is_held() -> ColumnElement[bool]:
    """Return the condition that the work of making a letter is put aside."""
    return (
        select(OutboxItem.id)
        .where(
            OutboxItem.kind == LETTER_KIND,
            OutboxItem.subject_id == Letter.id,
            OutboxItem.state == OutboxState.HELD,
        )
        .exists()
    )


def _of_call(actor: Actor, call: Call) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on Letter, joined to its application, that keep to what the actor may see of a call."""
    return Letter.call_id == call.id, visible_to(actor)
