"""The draw of lots at the line, as everybody reads it and as those who decide do."""

from collections.abc import Sequence
from dataclasses import dataclass

from fundapp.applications.identity import face_of
from fundapp.applications.models import Call
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.review.models import LineDraw
from fundapp.review.queries.line_draw import DrawSeen
from fundapp.review.queries.ranking import Ranked
from fundapp.review.rules import Choice


@dataclass(frozen=True)
class PublicLot:
    """A lot as everybody sees it: of which line, its label, where it came ("" before the draw)."""

    stratum: int
    label: str
    place: str


@dataclass(frozen=True)
class LineDrawShown:
    """A draw as everybody sees it; it names nobody. The names are those of the macro that shows draws of pools too."""

    number: int
    is_replaced: bool
    fixed_at: Moment
    lots: int
    fingerprint: str
    source: str
    value_at: Moment
    public_value: str
    seed: str
    drawn_at: Moment | None
    public_lots: Sequence[PublicLot]
    opened_at: None = None


@dataclass(frozen=True)
class OwnLot:
    """A lot with its entry, for those who decide."""

    stratum: int
    label: str
    place: str
    reference: str
    organisation: str


def line_draws_shown(draws: Sequence[LineDraw], call: Call) -> list[LineDrawShown]:
    """Return the draws of a call, the one that counts first."""
    return [_draw_shown(draw, call, is_replaced=draw is not draws[-1]) for draw in reversed(draws)]


def own_lots_shown(seen: DrawSeen) -> list[OwnLot]:
    """Return the lots of the entries that somebody sees. Places count among those alone."""
    shown, before = [], dict[int, int]()
    for lot in seen.lots:
        before[lot.stratum] = before.get(lot.stratum, 0) + 1
        face = face_of(lot.entry.application)
        place = str(before[lot.stratum]) if lot.place is not None else ""
        shown.append(OwnLot(lot.stratum, lot.label, place, face.reference, face.name))
    return shown


def band_words(width: int | None) -> str:
    """Say among whom lots decide; None: among nobody."""
    if width is None:
        return _("In this call no lots decide.")
    if width == 0:
        return _(
            "Lots decide among entries with the same rank at the line, where the money does not reach all of them."
        )
    return ngettext(
        "Lots decide among %(num)s entry on each side of the line, and those with the same rank as the outermost.",
        "Lots decide among %(num)s entries on each side of the line, and those with the same rank as the outermost.",
        width,
    )


def lot_words(row: Ranked) -> str:
    """Say what the lot of an entry came to: "lot 2 of 5", and once it is decided whether that follows the lot."""
    if row.lot is None:
        return ""
    numbers = {"place": row.lot, "lots": row.lots}
    if row.decision is None:
        return _("lot %(place)s of %(lots)s", **numbers)
    if row.is_against_rank:
        return _("against the lot, %(place)s of %(lots)s", **numbers)
    if row.candidate.choice is Choice.AWARD:
        return _("in by lot, %(place)s of %(lots)s", **numbers)
    return _("out by lot, %(place)s of %(lots)s", **numbers)


def _draw_shown(draw: LineDraw, call: Call, *, is_replaced: bool) -> LineDrawShown:
    lots = sorted(draw.lots, key=lambda lot: (lot.stratum, lot.place or 0, lot.label))
    return LineDrawShown(
        number=draw.number,
        is_replaced=is_replaced,
        fixed_at=moment(draw.fixed_at, call.time_zone),
        lots=len(lots),
        fingerprint=draw.fingerprint,
        source=draw.value_source,
        value_at=moment(draw.value_at, call.time_zone),
        public_value=draw.public_value or "",
        seed=draw.seed or "",
        drawn_at=moment(draw.drawn_at, call.time_zone) if draw.drawn_at else None,
        public_lots=[PublicLot(lot.stratum, lot.label, str(lot.place or "")) for lot in lots],
    )
