"""The pools of a call in words: for everybody, for applicants about themselves, and for those who run the call."""

from collections.abc import Sequence
from dataclasses import dataclass

from fundapp.applications.identity import face_of
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import money
from fundapp.applications.rules import UndoneReviews
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import current_language, localised, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.review.models import Duty, PoolDraw, PoolPlace
from fundapp.review.pools import PoolName
from fundapp.review.queries.pools import DutyRow, Pools


@dataclass(frozen=True)
class DrawShown:
    """One draw: which list, which value, and what became of it."""

    number: int
    source: str
    value_at: Moment
    fixed_at: Moment
    fingerprint: str
    lots: str
    public_value: str
    seed: str
    drawn_at: Moment | None
    opened_at: Moment | None
    is_replaced: bool


@dataclass(frozen=True)
class OnePoolShown:
    """A pool: who is in it, by reference, and what it gives."""

    name: str
    gives: Sequence[str]
    references: Sequence[str]


@dataclass(frozen=True)
class OwnShown:
    """Where an application stands with the reviews of its people."""

    reference: str
    lot: str
    pool: str
    duty: str
    kind: str


def draws_shown(draws: Sequence[PoolDraw], call: Call) -> list[DrawShown]:
    """Return all draws of a call, the last one first."""
    return [
        DrawShown(
            number=draw.number,
            source=draw.value_source,
            value_at=moment(draw.value_at, call.time_zone),
            fixed_at=moment(draw.fixed_at, call.time_zone),
            fingerprint=draw.fingerprint,
            lots=ngettext("%(num)s lot", "%(num)s lots", len(draw.lots)),
            public_value=draw.public_value or "",
            seed=draw.seed or "",
            drawn_at=moment(draw.drawn_at, call.time_zone) if draw.drawn_at else None,
            opened_at=moment(draw.opened_at, call.time_zone) if draw.opened_at else None,
            is_replaced=draw.number < len(draws),
        )
        for draw in reversed(draws)
    ]


def one_pool_shown(pools: Pools, places: Sequence[PoolPlace], call: Call) -> list[OnePoolShown]:
    """Return the pools with what they give; references alone say who is in them."""
    return [
        OnePoolShown(
            name=name.value,
            gives=_gives(pools, name, call),
            references=[place.application.reference or "" for place in places if place.lot.pool is name],
        )
        for name in PoolName
    ]


def own_shown(row: DutyRow, call: Call) -> OwnShown:
    """Return where the people of an application stand."""
    lot = row.place.lot
    return OwnShown(
        reference=row.place.application.reference or "",
        lot=lot.label,
        pool=lot.pool.value if lot.pool else "",
        duty=_duty_words(row, call),
        kind={Duty.UNDONE: "act", Duty.DONE: "good"}.get(row.place.duty or row.outcome, ""),
    )


def duty_choices(rows: Sequence[DutyRow]) -> list[tuple[str, str]]:
    """Return the applications whose people can still be excused, by id and name."""
    found = []
    for row in rows:
        if row.outcome is Duty.UNDONE:
            face = face_of(row.place.application)
            found.append((str(row.place.application_id), f"{face.reference}, {face.name}"))
    return found


def _duty_words(row: DutyRow, call: Call) -> str:
    outcome = row.place.duty or row.outcome
    match outcome:
        case Duty.NONE:
            return _("Nobody is asked to review now.")
        case Duty.DONE:
            return _("All reviews that were asked for are done. Thank you.")
        case Duty.EXCUSED:
            return _("Excused from the reviews that are not done.")
    if row.place.duty is Duty.UNDONE:
        return _consequence_words(call)
    if row.unanswered:
        return _("Somebody is asked to review and has not accepted.")
    left = row.given - row.done
    return ngettext("%(num)s review is left to do.", "%(num)s reviews are left to do.", left)


def _consequence_words(call: Call) -> str:
    match call.undone_reviews:
        case UndoneReviews.LAST:
            return _("The reviews were not finished, so the application is put last in its pool, as was announced.")
        case UndoneReviews.OUT:
            return _("The reviews were not finished, so the application can't get an award, as was announced.")
    return _("The reviews were not finished. Nothing follows from it.")


def _gives(pools: Pools, name: PoolName, call: Call) -> list[str]:
    found = []
    codes = {category.id: category for category in call.categories}
    for (category_id, pool), share in pools.shares.items():
        if pool is not name:
            continue
        if category_id is None:
            found.append(_("%(money)s to give", money=money(share.money_minor, call.currency)))
        else:
            awards = ngettext("%(num)s award", "%(num)s awards", share.awards or 0)
            title = localised(codes[category_id].titles, current_language())
            found.append(_("%(category)s: %(awards)s", category=title, awards=awards))
    return found
