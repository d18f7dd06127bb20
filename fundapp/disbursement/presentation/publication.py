"""What the public reads of awards, as its own people choose it and as everybody reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import Said, country_name, money, said
from fundapp.applications.queries.applicant import holds
from fundapp.core.collation import sort_key
from fundapp.core.dates import day
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.numbers import cldr
from fundapp.disbursement.models import Award
from fundapp.disbursement.publication_rules import Publication, region_sums
from fundapp.disbursement.queries.publication import Published, chosen_for
from fundapp.disbursement.services.publication import CHOICES, is_asked


@dataclass(frozen=True)
class PublicationAsked:
    """The question to an award's people; `chosen` is what holds now, in words."""

    chosen: str
    meaning: str
    kind: str
    may_choose: bool


@dataclass(frozen=True)
class RecipientShown:
    """Who received an award; of one whose people let only the name be read, the rest is empty."""

    name: str
    title: str
    country: str
    amount: str
    awarded: str


@dataclass(frozen=True)
class RegionShown:
    """Awards in one part of the world together."""

    region: str
    awards: int
    amount: str


@dataclass(frozen=True)
class CallRecipients:
    """What the public reads of the awards of one call."""

    title: Said
    programme: Said
    is_sample: bool
    recipients: Sequence[RecipientShown]
    regions: Sequence[RegionShown]


def publication_asked(award: Award | None) -> PublicationAsked | None:
    """Return what an award's people are asked; None where nobody is."""
    if award is None or not is_asked(award):
        return None
    chosen = chosen_for(award)
    return PublicationAsked(
        chosen=str(CHOICES[chosen][0]),
        meaning=str(CHOICES[chosen][1]),
        kind="" if chosen is Publication.WITHHELD else "good",
        may_choose=holds(actor=current_actor(), application=award.decision.entry.application),
    )


def recipients_shown(awards: Sequence[Published]) -> list[CallRecipients]:
    """Return the awards of each call of which the public may read something, the newest call first."""
    by_call = sorted(awards, key=lambda each: (each.call.closes_at, each.call.slug), reverse=True)
    shown = [_call_shown(call, list(found)) for call, found in groupby(by_call, key=lambda each: each.call)]
    return [each for each in shown if each.recipients or each.regions]


def _call_shown(call: Call, awards: Sequence[Published]) -> CallRecipients:
    here = current_language()
    named = [each for each in awards if each.choice.choice is not Publication.REGION_ONLY]
    counted = [
        (each.face.country, each.award.amount_minor) for each in awards if each.choice.choice is Publication.REGION_ONLY
    ]
    return CallRecipients(
        title=said(call.titles),
        programme=said(call.programme.titles),
        is_sample=call.is_sample,
        recipients=[_recipient_shown(each) for each in sorted(named, key=lambda each: sort_key(each.face.name, here))],
        regions=[
            RegionShown(_region_name(cell.region), cell.awards, money(cell.amount_minor, call.currency))
            for cell in region_sums(counted)
        ],
    )


def _recipient_shown(each: Published) -> RecipientShown:
    if each.choice.choice is Publication.NAME_ONLY:
        return RecipientShown(each.face.name, "", "", "", "")
    return RecipientShown(
        name=each.face.name,
        title=each.face.title,
        country=country_name(each.face.country),
        amount=money(each.award.amount_minor, each.award.currency),
        awarded=day(each.award.awarded_at.date()),
    )


def _region_name(code: str) -> str:
    return str(cldr(current_language()).territories[code]) if code else _("Other regions")
