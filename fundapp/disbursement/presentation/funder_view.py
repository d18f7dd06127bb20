"""A funder's money as its people read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import url_for

from fundapp.accounts.home_links import HomeLink
from fundapp.accounts.permissions import Actor
from fundapp.applications.presentation.texts import Said, money, said
from fundapp.core.i18n import gettext as _
from fundapp.disbursement.models import Funder
from fundapp.disbursement.presentation.funds import MoneyShown, money_in_parts
from fundapp.disbursement.queries.funder_view import (
    PaidAward,
    awards_of_funder,
    money_of_funder,
    own_funders,
    people_of,
)


@dataclass(frozen=True)
class PaidAwardShown:
    """A published award; amounts are "" where its people let everybody read the name alone."""

    name: str
    call: Said
    set_aside: str
    paid: str


@dataclass(frozen=True)
class FunderShown:
    """A funder, its money by currency, and the awards that everybody may read of."""

    name: str
    parts: Sequence[MoneyShown]
    awards: Sequence[PaidAwardShown]


@dataclass(frozen=True)
class ReaderShown:
    """Somebody who reads for a funder."""

    id: UUID
    name: str
    email: str


def funder_shown(funder: Funder, actor: Actor, now: datetime) -> FunderShown:
    """Return what somebody of a funder reads."""
    return FunderShown(
        name=funder.name,
        parts=money_in_parts(money_of_funder(funder, now), {}, actor),
        awards=[_award_shown(each) for each in awards_of_funder(funder, now)],
    )


def readers_shown(funder: Funder) -> list[ReaderShown]:
    """Return who reads for a funder."""
    return [ReaderShown(each.id, each.person.name, each.person.email) for each in people_of(funder)]


def funders_to_read(actor: Actor) -> list[HomeLink]:
    """Return the funders for which a person reads."""
    return [
        HomeLink(
            url_for("disbursement.funder_view", funder_id=funder.id),
            _("Money of %(funder)s", funder=funder.name),
            _("What was promised, received, set aside and paid."),
        )
        for funder in own_funders(actor=actor)
    ]


def _award_shown(each: PaidAward) -> PaidAwardShown:
    currency = each.published.award.currency
    return PaidAwardShown(
        name=each.published.face.name,
        call=said(each.published.call.titles),
        set_aside="" if each.allocated_minor is None else money(each.allocated_minor, currency),
        paid="" if each.paid_minor is None else money(each.paid_minor, currency),
    )
