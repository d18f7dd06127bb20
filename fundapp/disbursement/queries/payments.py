"""Instalments of awards, their payments and the files that take them to a bank, as far as the reader may see them.

Sums are made from the rows that the reader may see: what belongs to an application with which they have a conflict of
interest is in no sum, no list and no file that they can take.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import joinedload

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.identity import FACE, Face
from fundapp.applications.models import Application, Call, Entry
from fundapp.applications.scope import in_calls, visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.disbursement.models import Award, AwardOffer, Instalment, PayeeDetails, Payment, PaymentFile
from fundapp.disbursement.offer_rules import OfferStatus
from fundapp.disbursement.payment_rules import OVER, Standing, standing_of
from fundapp.review.models import Decision


@dataclass(frozen=True)
class InstalmentRow:
    """An instalment that counts, with its payments, the newest first; one that is not over is the first."""

    instalment: Instalment
    payments: Sequence[Payment]

    @property
    def payment(self) -> Payment | None:
        """Return its live payment; None where there is none."""
        return next((each for each in self.payments if each.status not in OVER), None)

    @property
    def standing(self) -> Standing:
        """Return where it stands."""
        live = self.payment
        return standing_of(
            waits=self.instalment.waits,
            is_approved=self.instalment.approved_at is not None,
            payment=None if live is None else live.status,
        )

    @property
    def is_kept(self) -> bool:
        """Say whether another plan leaves it as it is."""
        return self.instalment.approved_at is not None


@dataclass(frozen=True)
class AwardPlan:
    """An award with its instalments; `offer` is None before the first step of its people."""

    award: Award
    offer: AwardOffer | None
    face: Face
    erased_at: Any
    rows: Sequence[InstalmentRow]

    @property
    def is_accepted(self) -> bool:
        """Say whether its people accepted it."""
        return self.offer is not None and self.offer.status is OfferStatus.ACCEPTED

    @property
    def kept_minor(self) -> int:
        """Return what the instalments come to that another plan leaves as they are."""
        return sum(row.instalment.amount_minor for row in self.rows if row.is_kept)

    @cached_property
    def seen(self) -> str:
        """Return a hash of what a page shows of it."""
        lines = [f"{row.instalment.id}:{row.instalment.version}" for row in self.rows]
        return hashlib.sha256("|".join(lines).encode()).hexdigest()

    def row(self, instalment_id: UUID) -> InstalmentRow:
        """Return one of its instalments. Raises NotFound."""
        found = next((row for row in self.rows if row.instalment.id == instalment_id), None)
        if found is None:
            raise NotFound
        return found

    def sums(self) -> Mapping[Standing, int]:
        """Return how much of it stands where, in minor units."""
        return {
            standing: sum(row.instalment.amount_minor for row in self.rows if row.standing is standing)
            for standing in Standing
        }


@dataclass(frozen=True)
class PaymentRow:
    """A payment as a file lists it."""

    payment: Payment
    face: Face


@dataclass(frozen=True)
class FileRow:
    """A payment file with those of its payments that the reader may see."""

    file: PaymentFile
    rows: Sequence[PaymentRow]

    @property
    def amount_minor(self) -> int:
        """Return what they come to, in minor units of the file's currency."""
        return sum(row.payment.amount_minor for row in self.rows)


def plans(*, actor: Actor, call: Call) -> list[AwardPlan]:
    """Return the accepted awards of a call, and others that have instalments, by reference. Raises NotAllowed."""
    actor.require(P.PAYMENTS_READ, call.id)
    found = _with_rows(_awards().where(Award.call_id == call.id, visible_to(actor)))
    return [plan for plan in found if plan.is_accepted or plan.rows]


def managed_plan(*, actor: Actor, call: Call, award_id: UUID) -> AwardPlan:
    """Return an award of a call with its instalments. Raises NotFound, also where the actor has a conflict."""
    found = _with_rows(
        _awards().where(
            Award.id == award_id,
            Award.call_id == call.id,
            visible_to(actor),
            in_calls(actor, P.PAYMENTS_READ, Award.call_id),
        )
    )
    if not found:
        raise NotFound
    return found[0]


def plan_of(award: Award) -> AwardPlan:
    """Return an award with its instalments as they are now, whoever asks: for its own people, and for services."""
    (found,) = _with_rows(_awards().where(Award.id == award.id))
    return found


def files(*, actor: Actor, call: Call) -> list[FileRow]:
    """Return the payment files of a call in which the actor may see a payment, the newest first."""
    actor.require(P.PAYMENTS_READ, call.id)
    return _files(actor, PaymentFile.call_id == call.id)


def managed_file(*, actor: Actor, call: Call, file_id: UUID) -> FileRow:
    """Return one of them. Raises NotFound, also where the actor may see none of its payments."""
    actor.require(P.PAYMENTS_READ, call.id)
    found = _files(actor, PaymentFile.call_id == call.id, PaymentFile.id == file_id)
    if not found:
        raise NotFound
    return found[0]


def is_whole(row: FileRow) -> bool:
    """Say whether its reader may see all that a file pays."""
    number = db.session.scalar(select(func.count()).select_from(Payment).where(Payment.file_id == row.file.id))
    return number == len(row.rows)


def file_of_documents(file_id: UUID) -> PaymentFile:
    """Return a payment file as it is now, with its payments and what was made of it: for services."""
    return (
        db.session.scalars(
            select(PaymentFile)
            .where(PaymentFile.id == file_id)
            .options(joinedload(PaymentFile.documents), joinedload(PaymentFile.payments).joinedload(Payment.award))
            .execution_options(populate_existing=True)
        )
        .unique()
        .one()
    )


def _files(actor: Actor, *conditions: ColumnElement[bool]) -> list[FileRow]:
    rows = db.session.execute(
        select(PaymentFile, Payment, FACE)
        .join(Payment, Payment.file_id == PaymentFile.id)
        .join(Payment.award)
        .join(Award.decision)
        .join(Decision.entry)
        .join(Entry.application)
        .where(*conditions, visible_to(actor))
        .options(
            joinedload(PaymentFile.prepared_by),
            joinedload(PaymentFile.released_by),
            joinedload(Payment.award),
            joinedload(Payment.details).joinedload(PayeeDetails.application),  # the data keys of all at once
            joinedload(Payment.instalment),
        )
        .order_by(PaymentFile.prepared_at.desc(), PaymentFile.id, func.length(Award.reference), Award.reference)
        .execution_options(populate_existing=True)
    ).all()
    found: dict[UUID, tuple[PaymentFile, list[PaymentRow]]] = {}
    for file, payment, face in rows:
        found.setdefault(file.id, (file, []))[1].append(PaymentRow(payment, face))
    return [FileRow(file, listed) for file, listed in found.values()]


def _awards() -> Select[*tuple[Any, ...]]:
    return (
        select(Award, AwardOffer, FACE, Application.erased_at)
        .join(Award.decision)
        .join(Decision.entry)
        .join(Entry.application)
        .outerjoin(AwardOffer, AwardOffer.award_id == Award.id)
        .options(joinedload(Award.decision).joinedload(Decision.entry).joinedload(Entry.application))
        .order_by(func.length(Award.reference), Award.reference)
        .execution_options(populate_existing=True)  # a service that waited for a lock must see what others did
    )


def _with_rows(awards: Select[*tuple[Any, ...]]) -> list[AwardPlan]:
    found = db.session.execute(awards).all()
    ids = [award.id for award, *_rest in found]
    payments: dict[UUID, list[Payment]] = {}
    for payment in db.session.scalars(
        select(Payment)
        .join(Payment.file)
        .where(Payment.award_id.in_(ids))
        .options(joinedload(Payment.file))
        .order_by(PaymentFile.prepared_at.desc(), Payment.id)
        .execution_options(populate_existing=True)
    ):
        payments.setdefault(payment.instalment_id, []).append(payment)
    rows: dict[UUID, list[InstalmentRow]] = {}
    for instalment in db.session.scalars(
        select(Instalment)
        .where(Instalment.award_id.in_(ids), Instalment.dropped_at.is_(None))
        .options(joinedload(Instalment.planned_by), joinedload(Instalment.met_by), joinedload(Instalment.approved_by))
        .order_by(Instalment.number)
        .execution_options(populate_existing=True)
    ):
        of_it = sorted(payments.get(instalment.id, []), key=lambda each: each.status in OVER)
        rows.setdefault(instalment.award_id, []).append(InstalmentRow(instalment, of_it))
    return [AwardPlan(award, offer, face, erased, rows.get(award.id, [])) for award, offer, face, erased in found]
