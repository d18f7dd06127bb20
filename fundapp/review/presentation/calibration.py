"""The page of the readers of a call: how strict each one is, how far they agree, and who connects what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import Said, said
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name, ngettext
from fundapp.core.paging import Page
from fundapp.review.pictures import TallyPlot, marks_plot
from fundapp.review.presentation.selection import pool_category, pool_name
from fundapp.review.presentation.tally_words import number, percent, signed
from fundapp.review.queries.selection import Selection
from fundapp.review.queries.tally import PoolTally
from fundapp.review.tally.mixed_model import Grounds
from fundapp.review.tally.whole import Block, Reader, WholeTally

CLEAR = 2.0
"""A difference of at least so many standard errors is hardly chance."""


@dataclass(frozen=True)
class ListedReader:
    """A reader in a pool, by the place of the pool."""

    reader: Reader
    pool: int


@dataclass(frozen=True)
class ReaderShown:
    """A reader with their figures as texts; `leniency` is "" where the marks cannot tell it."""

    name: str
    reviews: int
    leniency: str
    error: str
    words: str
    kind: str
    mean: str
    spread: str
    part: str


@dataclass(frozen=True)
class BlockShown:
    """The entries of one language, and who reads them."""

    name: str
    entries: int
    readers: int
    bridging: int
    contrast: str
    words: str


@dataclass(frozen=True)
class ReadersShown:
    """The readers of a pool on a page; what is said of all of them comes with the first one only."""

    title: Said | None
    name: str
    money: str
    agreement: Sequence[str]
    blocks: Sequence[BlockShown]
    plot: TallyPlot
    rows: Sequence[ReaderShown]


def listed_readers(tallies: Sequence[PoolTally]) -> list[ListedReader]:
    """Return all readers by pool, strict ones first."""
    return [ListedReader(reader, place) for place, pool in enumerate(tallies) for reader in pool.whole.readers]


def readers_shown(
    page: Page[ListedReader], tallies: Sequence[PoolTally], found: Selection, names: Mapping[str, str]
) -> list[ReadersShown]:
    """Return the readers of a page, pool by pool."""
    groups: dict[int, list[Reader]] = {}
    for each in page.items:
        groups.setdefault(each.pool, []).append(each.reader)
    return [_pool_shown(tallies[place], readers, found, names) for place, readers in groups.items()]


def agreement_words(whole: WholeTally, call: Call) -> list[str]:
    """Say how far readers agree, and whether all of them can be compared."""
    told = []
    if whole.grounds is Grounds.MODEL:
        wanted = call.deciding_stage.reviews_per_entry
        variances = whole.variances
        told.append(
            ngettext(
                "Two readers' marks of one entry agree by %(one)s, where 1 is full agreement and 0 is chance (the "
                "intraclass correlation). One reading of each entry was asked for.",
                "Two readers' marks of one entry agree by %(one)s, where 1 is full agreement and 0 is chance (the "
                "intraclass correlation). The means of %(num)s readings agree by %(means)s.",
                wanted,
                one=number(variances.agreement),
                means=number(variances.agreement_of_means(wanted)),
            )
        )
        told.append(
            _(
                "Of what makes marks differ, %(readers)s is how strict readers are; %(chance)s is chance and taste.",
                readers=percent(variances.reviewers_share),
                chance=percent(variances.chance / sum(variances)),
            )
        )
        if not whole.is_corrected:
            told.append(_("No severity correction was needed: readers hardly differ in how strict they are."))
    elif whole.grounds is Grounds.EQUAL_MARKS:
        told.append(
            _("All marks are the same: nothing tells readers apart.")
            if whole.parts == 1
            else _("Within each part all marks are the same: nothing tells readers apart.")
        )
    else:
        told.append(_("No entry has two readings: whether readers are strict cannot be told."))
    told.append(
        ngettext(
            "All readers are connected by entries that they read in common, so their marks can be compared.",
            "The readers fall into %(num)s parts that have no entry in common. Marks of different parts cannot be "
            "compared. Somebody who reads in both parts would connect them.",
            whole.parts,
        )
    )
    return told


def block_shown(block: Block) -> BlockShown:
    """Return the entries of one language with what sets them apart."""
    contrast = block.contrast
    return BlockShown(
        name=language_name(block.name),
        entries=block.entries,
        readers=block.readers,
        bridging=block.bridging,
        contrast=_plus_minus(contrast.difference, contrast.error) if contrast else "",
        words=_contrast_words(contrast.difference, contrast.error) if contrast else "",
    )


def _pool_shown(pool: PoolTally, readers: Sequence[Reader], found: Selection, names: Mapping[str, str]) -> ReadersShown:
    whole = pool.whole
    category = pool_category(found, pool.rows[0])
    is_first = readers[0] is whole.readers[0]
    blocks = pool.by_language if is_first else ()
    return ReadersShown(
        title=said(category.titles) if category else None,
        name=pool_name(found, pool.rows[0]),
        money="",
        agreement=agreement_words(whole, found.call) if is_first else (),
        blocks=[block_shown(each) for each in blocks] if len(blocks) > 1 else [],
        plot=marks_plot(
            [(names[each.reviewer_id], each.lowest, each.highest, each.mean) for each in readers], found.scale
        ),
        rows=[_reader_shown(each, whole, names) for each in readers],
    )


def _reader_shown(reader: Reader, whole: WholeTally, names: Mapping[str, str]) -> ReaderShown:
    is_told = whole.grounds is Grounds.MODEL
    words, kind = _leniency_words(reader) if is_told else (_("cannot be told"), "")
    return ReaderShown(
        name=names[reader.reviewer_id],
        reviews=reader.reviews,
        leniency=signed(reader.leniency) if is_told else "",
        error=number(reader.error) if is_told else "",
        words=words,
        kind=kind,
        mean=number(reader.mean),
        spread="" if reader.spread is None else number(reader.spread),
        part=_("part %(number)s", number=reader.part + 1) if whole.parts > 1 else "",
    )


def _leniency_words(reader: Reader) -> tuple[str, str]:
    if abs(reader.leniency) < CLEAR * reader.error or reader.leniency == 0:
        return _("not clearly either"), ""
    return (_("lenient"), "wait") if reader.leniency > 0 else (_("strict"), "act")


def _contrast_words(difference: float, error: float) -> str:
    if abs(difference) < CLEAR * error:
        return _("no clear difference")
    return _("clearly higher") if difference > 0 else _("clearly lower")


def _plus_minus(value: float, error: float) -> str:
    return f"{signed(value)} ± {number(error)}"
