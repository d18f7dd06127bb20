"""The ranked page of the tally: entries with plain and adjusted figures, narrowed and put in order, pool by pool."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from uuid import UUID

from flask import url_for

from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.form_engine.definition import Role as QuestionRole
from fundapp.applications.identity import Face, face_of
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import Said, said
from fundapp.core.collation import mentions, sort_key
from fundapp.core.i18n import current_language, language_name
from fundapp.core.i18n import gettext as _
from fundapp.core.list_pages import ChoiceShown, ListShown
from fundapp.core.paging import Page
from fundapp.review.list_words import line_words
from fundapp.review.pictures import TallyPlot, tally_plot
from fundapp.review.presentation.selection import figure, pool_category, pool_money, pool_name
from fundapp.review.presentation.tally_words import (
    at_least,
    causes,
    number,
    percent,
    picture_words,
    summary,
    swing,
)
from fundapp.review.queries.ranking import Ranked
from fundapp.review.queries.selection import Selection
from fundapp.review.queries.tally import PoolTally
from fundapp.review.rank_picture import RankPicture, rank_picture
from fundapp.review.tally.whole import AdjustedEntry, WholeTally
from fundapp.review.tally_list import Order, Wanted, in_order, page_of
from fundapp.review.terms_rules import Ranking


@dataclass(frozen=True)
class Listed:
    """An entry in the list: what is known of it, and the place of its pool.

    `is_below_line` is None where its pool has no line; `has_line` says that the line stands just before it in a list.
    """

    ranked: Ranked
    entry: AdjustedEntry
    adjusted_rank: str
    pool: int
    is_below_line: bool | None
    has_line: bool = False

    @cached_property
    def face(self) -> Face:
        """Return the face of its application."""
        return face_of(self.ranked.entry.application)


@dataclass(frozen=True)
class EntryShown:
    """An entry with its figures as texts, and the line's words where it stands before it; "" where there is none."""

    line: str
    reference: str
    organisation: str
    title: str
    region: str
    adjusted_rank: str
    at_least: str
    score: str
    part: str
    mean_rank: str
    mean: str
    median: str
    spread: str
    marks: str
    reviews: int
    is_short: bool
    chance: str
    causes: Sequence[str]
    swing: str


@dataclass(frozen=True)
class PoolShown:
    """Entries of one pool on a page, with a picture of all its ranks where there are any, and of these entries' marks.

    What is said of the whole pool stands where its list begins, and not again where a page goes on with it.
    """

    title: Said | None
    name: str
    money: str
    summary: Sequence[str]
    picture: RankPicture | None
    picture_words: str
    plot: TallyPlot
    rows: Sequence[EntryShown]


@dataclass(frozen=True)
class SortShown:
    """A way to put the list in order."""

    label: str
    url: str
    is_current: bool


def listed(tallies: Sequence[PoolTally]) -> list[Listed]:
    """Return all entries by pool, and in the order of the rank that the call uses."""
    found = []
    for place, pool in enumerate(tallies):
        of_entry = {each.plain.entry_id: each for each in pool.whole.entries}
        sharing = Counter((each.part, each.rank) for each in pool.whole.entries)
        below = _below_line(pool)
        for row in pool.rows:
            entry = of_entry[row.figures.entry_id]
            label = "" if entry.rank is None else f"{'=' if sharing[entry.part, entry.rank] > 1 else ''}{entry.rank}"
            found.append(Listed(row, entry, label, place, row.entry.id in below if below else None))
    return found


def with_lines(rows: Sequence[Listed], *, reverse: bool = False) -> list[Listed]:
    """Return rows of a list that goes by the rank of the call, with the line of each pool between its two sides."""
    crossed: set[int] = set()
    found = []
    for row in rows:
        crosses = row.is_below_line is (not reverse) and row.pool not in crossed
        if crosses:
            crossed.add(row.pool)
        found.append(replace(row, has_line=crosses))
    return found


def choices_of(
    rows: Sequence[Listed], tallies: Sequence[PoolTally], found: Selection, form: FormDefinition
) -> dict[str, dict[str, str]]:
    """Return what the list can be filtered by: values and their labels, by the name of a filter."""
    language = current_language()
    pools = {str(place): pool_label(found, pool) for place, pool in enumerate(tallies)}
    regions = {row.face.region: region_label(form, row.face.region) for row in rows if row.face.region}
    languages = {row.ranked.entry.application.language for row in rows}
    short = {"1": _("Short of reviews")} if any(is_short(row, found.call) for row in rows) else {}
    return {
        "pool": pools if len(pools) > 1 else {},
        "region": dict(sorted(regions.items(), key=lambda pair: sort_key(pair[1], language))),
        "language": {code: language_name(code) for code in sorted(languages)} if len(languages) > 1 else {},
        "short": short,
    }


def page_listed(rows: Sequence[Listed], wanted: Wanted, call: Call, regions: Mapping[str, str]) -> Page[Listed]:
    """Return one page of the entries that are asked for."""
    language = current_language()
    kept = [row for row in rows if _is_wanted(row, wanted, call)]
    if wanted.search:
        kept = [
            row
            for row in kept
            if mentions((row.face.reference, row.face.name, row.face.title), wanted.search, language)
        ]
    match wanted.order:
        case Order.ADJUSTED:
            kept = in_order(kept, lambda row: row.entry.rank)
            kept = in_order(kept, lambda row: row.entry.part)
        case Order.MEAN:
            kept = in_order(
                kept, lambda row: None if row.entry.plain.mean is None else float(row.entry.plain.mean), falls=True
            )
        case Order.DISAGREEMENT:
            kept = in_order(
                kept, lambda row: None if row.entry.plain.spread is None else float(row.entry.plain.spread), falls=True
            )
        case Order.REGION:
            kept.sort(key=lambda row: (not row.face.region, sort_key(regions.get(row.face.region, ""), language)))
    if wanted.reverse:
        kept.reverse()
    kept = in_order(kept, lambda row: row.pool)
    if wanted.order is Order.LEADING:
        kept = with_lines(kept, reverse=wanted.reverse)
    return page_of(kept, wanted.number)


def readers_named(page: Page[Listed]) -> set[str]:
    """Return the reviewers whom a page's swings are about."""
    return {row.entry.swing.reviewer_id for row in page.items if row.entry.swing is not None}


def pools_shown(
    page: Page[Listed],
    tallies: Sequence[PoolTally],
    found: Selection,
    form: FormDefinition,
    names: Mapping[str, str] | None,
) -> list[PoolShown]:
    """Return the pools of a page; `names` of readers are None for those who may know nothing of single ones."""
    groups: dict[int, list[Listed]] = {}
    for row in page.items:
        groups.setdefault(row.pool, []).append(row)
    return [
        _pool_shown(rows, tallies[place], found, form, names, goes_on=page.number > 1 and number == 0)
        for number, (place, rows) in enumerate(groups.items())
    ]


def entry_shown(
    row: Listed, pool: PoolTally, call: Call, form: FormDefinition, names: Mapping[str, str] | None
) -> EntryShown:
    """Return an entry with its figures; `names` of readers are None for those who may know nothing of single ones."""
    entry, plain, whole = row.entry, row.entry.plain, pool.whole
    chance = percent(entry.fundable) if entry.fundable is not None and whole.places else ""
    given = sorted(mark.mark for mark in plain.marks)
    return EntryShown(
        line=line_words(pool.ends) if row.has_line else "",
        reference=row.face.reference,
        organisation=row.face.name,
        title=row.face.title,
        region=region_label(form, row.face.region),
        adjusted_rank=row.adjusted_rank,
        at_least=at_least(entry),
        score="" if entry.score is None else number(entry.score),
        part=_("part %(number)s", number=entry.part + 1) if entry.part is not None and whole.parts > 1 else "",
        mean_rank=row.ranked.figures.rank_label,
        mean=figure(plain.mean),
        median=figure(plain.median),
        spread=figure(plain.spread),
        marks=_("%(lowest)s to %(highest)s", lowest=figure(given[0]), highest=figure(given[-1])) if given else "",
        reviews=plain.reviews,
        is_short=is_short(row, call),
        chance=chance,
        causes=causes(entry, in_figures=names is not None),
        swing=swing(entry, names or {}),
    )


def picture_of(whole: WholeTally) -> RankPicture | None:
    """Return the picture of a pool's adjusted ranking; None where there is none."""
    parts: list[list[tuple[int, int, int]]] = [[] for _part in range(whole.parts)]
    for each in whole.entries:
        if each.part is not None and each.rank and each.lowest_rank and each.highest_rank:
            parts[each.part].append((each.rank, each.lowest_rank, each.highest_rank))
    return rank_picture(parts, whole.places)


def list_shown(call: Call, wanted: Wanted, choices: Mapping[str, Mapping[str, str]]) -> ListShown:
    """Return how the list can be narrowed, and where that leads."""
    labels = {
        "pool": _("Ranked together"),
        "region": _("Region"),
        "language": _("Language"),
        "short": _("Reviews"),
    }
    return ListShown(
        url=url_for("review.tally", slug=call.slug),
        endpoint="review.tally",
        search_url=url_for("review.search_tally", slug=call.slug),
        file_urls={},
        arguments=wanted.arguments(),
        address={**wanted.arguments(), "slug": call.slug},
        search=wanted.search,
        search_label=_("Reference, name or title"),
        choices=[
            ChoiceShown(name, labels[name], [("", _("Any")), *options.items()], wanted.filters.get(name, ""))
            for name, options in choices.items()
            if len(options) > 1 or (name == "short" and options) or wanted.filters.get(name)
        ],
        is_reversed=wanted.reverse,
    )


def sorts_shown(call: Call, wanted: Wanted) -> list[SortShown]:
    """Return the ways to put the list in order, as links."""
    labels = {
        Order.LEADING: _("Rank of this call"),
        Order.ADJUSTED: _("Adjusted score"),
        Order.MEAN: _("Mean"),
        Order.DISAGREEMENT: _("Disagreement"),
        Order.REGION: _("Region"),
    }
    return [
        SortShown(
            label,
            url_for("review.tally", slug=call.slug, **replace(wanted, order=order, reverse=False).arguments()),
            order is wanted.order,
        )
        for order, label in labels.items()
    ]


def leads_adjusted(found: Selection) -> bool:
    """Say whether the call ranks by adjusted scores."""
    return found.terms.ranking is Ranking.ADJUSTED


def is_short(row: Listed, call: Call) -> bool:
    """Say whether an entry has fewer reviews than it should have."""
    return row.entry.plain.reviews < call.deciding_stage.reviews_per_entry


def region_label(form: FormDefinition, code: str) -> str:
    """Return what the form calls a region."""
    question = form.with_role(QuestionRole.REGION)
    choice = question.choice(code) if question and code else None
    return said(choice.label).text if choice else code


def pool_label(found: Selection, pool: PoolTally) -> str:
    """Return what a pool is called, on one line."""
    category, name = pool_category(found, pool.rows[0]), pool_name(found, pool.rows[0])
    return " · ".join(part for part in (said(category.titles).text if category else "", name) if part) or _(
        "All others"
    )


def _below_line(pool: PoolTally) -> set[UUID]:
    """Return the entries below a pool's line; none where no line is drawn. Who cannot be reached takes no place."""
    places = pool.whole.places
    below: set[UUID] = set()
    for row in pool.rows if places else ():
        if places == 0:
            below.add(row.entry.id)
        elif row.is_eligible and not row.stayed_behind and row.candidate.is_in_the_running:
            places -= 1
    return below


def _is_wanted(row: Listed, wanted: Wanted, call: Call) -> bool:
    having = {
        "pool": str(row.pool),
        "region": row.face.region,
        "language": row.ranked.entry.application.language,
        "short": "1" if is_short(row, call) else "",
    }
    return all(having[name] == value for name, value in wanted.filters.items())


def _pool_shown(
    rows: Sequence[Listed],
    pool: PoolTally,
    found: Selection,
    form: FormDefinition,
    names: Mapping[str, str] | None,
    *,
    goes_on: bool,
) -> PoolShown:
    category = pool_category(found, pool.rows[0])
    picture = picture_of(pool.whole)
    return PoolShown(
        title=said(category.titles) if category else None,
        name=pool_name(found, pool.rows[0]),
        money=pool_money(found, pool.rows[0]),
        summary=() if goes_on else summary(pool, found.terms.ranking, found.call.deciding_stage.reviews_per_entry),
        picture=picture,
        picture_words=picture_words(picture) if picture else "",
        plot=tally_plot([(row.face.reference, row.entry.plain) for row in rows], found.scale),
        rows=[entry_shown(row, pool, found.call, form, names) for row in rows],
    )
