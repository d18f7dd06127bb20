"""The ranking on paper, for the panel: what was done and why, the list with its line, and how sure it is.

Nothing of single readers stands on it: no names, and no severities.
"""

from dataclasses import dataclass
from typing import Final

from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.presentation.copies import written
from fundapp.core import clock
from fundapp.core.dates import moment
from fundapp.core.i18n import current_language, localised, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.pdf import drawable, render_pdf
from fundapp.review.presentation.tally import Listed, entry_shown, listed, picture_of, pool_label, with_lines
from fundapp.review.presentation.tally_words import explained, picture_words, summary
from fundapp.review.queries.selection import Selection
from fundapp.review.queries.tally import PoolTally
from fundapp.review.rank_picture import RankPicture
from fundapp.review.terms_rules import Ranking

TEMPLATE: Final = "tally.html"
MOST_ROWS: Final = 300
"""So many entries of a pool are printed, the best ones."""


@dataclass(frozen=True)
class PaperRow:
    """An entry on paper, and the words of the line where it stands before it; what there is not is None."""

    line: str | None
    rank: str | None
    reference: str
    name: str | None
    adjusted_rank: str | None
    at_least: str | None
    score: str | None
    mean_rank: str | None
    mean: str | None
    median: str | None
    spread: str | None
    reviews: int
    is_short: bool
    chance: str | None


@dataclass(frozen=True)
class PaperPicture:
    """The picture of a ranking; the line is told in whole units, None without one."""

    width: int
    height: int
    bars: str
    dots: str
    walls: str | None
    line: int | None
    caption: str


@dataclass(frozen=True)
class PaperPool:
    """Entries that are ranked together."""

    title: str | None
    summary: tuple[str, ...]
    pictures: tuple[PaperPicture, ...]
    rows: tuple[PaperRow, ...]
    left_out: str | None


@dataclass(frozen=True)
class TallyPaper:
    """The paper; `closed` says that nobody may see scores yet."""

    call: str
    made: str
    is_sample: bool
    closed: str | None
    leads_adjusted: bool
    pools: tuple[PaperPool, ...]
    explained: tuple[str, ...]


def paper_pdf(found: Selection, tallies: list[PoolTally], form: FormDefinition) -> bytes:
    """Return the paper as PDF, in the current language. Raises PdfUnavailable where this machine lacks a part."""
    return render_pdf(TEMPLATE, tally_paper(found, tallies, form), language=current_language())


def tally_paper(found: Selection, tallies: list[PoolTally], form: FormDefinition) -> TallyPaper:
    """Return what stands on the paper."""
    rows = with_lines(listed(tallies))
    has_several = len(tallies) > 1
    return TallyPaper(
        call=drawable(localised(found.call.titles, current_language())),
        made=_("Made on %(moment)s", moment=written(moment(clock.now(), found.call.time_zone))),
        is_sample=found.call.is_sample,
        closed=_("The scores are closed until somebody opens them.") if found.hides_scores else None,
        leads_adjusted=found.terms.ranking is Ranking.ADJUSTED,
        pools=tuple(
            _pool(found, pool, [row for row in rows if row.pool == place], form, has_several)
            for place, pool in enumerate(tallies)
        ),
        explained=tuple(explained()),
    )


def _pool(found: Selection, pool: PoolTally, rows: list[Listed], form: FormDefinition, is_named: bool) -> PaperPool:
    picture = picture_of(pool.whole)
    left_out = len(rows) - MOST_ROWS
    return PaperPool(
        title=drawable(pool_label(found, pool)) if is_named else None,
        summary=tuple(summary(pool, found.terms.ranking, found.call.deciding_stage.reviews_per_entry)),
        pictures=(_picture(picture),) if picture else (),
        rows=tuple(_row(row, pool, found, form) for row in rows[:MOST_ROWS]),
        left_out=ngettext("%(num)s more is not printed.", "%(num)s more are not printed.", left_out)
        if left_out > 0
        else None,
    )


def _picture(picture: RankPicture) -> PaperPicture:
    line = None if picture.line_y is None else round(picture.line_y)
    return PaperPicture(
        picture.width, picture.height, picture.bars, picture.dots, picture.walls or None, line, picture_words(picture)
    )


def _row(row: Listed, pool: PoolTally, found: Selection, form: FormDefinition) -> PaperRow:
    shown = entry_shown(row, pool, found.call, form, None)
    return PaperRow(
        line=shown.line or None,
        rank=row.ranked.standing.rank_label or None,
        reference=shown.reference,
        name=drawable(shown.organisation) or None,
        adjusted_rank=" ".join(part for part in (shown.adjusted_rank, shown.part and f"({shown.part})") if part)
        or None,
        at_least=shown.at_least or None,
        score=shown.score or None,
        mean_rank=shown.mean_rank or None,
        mean=shown.mean or None,
        median=shown.median or None,
        spread=shown.spread or None,
        reviews=shown.reviews,
        is_short=shown.is_short,
        chance=shown.chance or None,
    )
