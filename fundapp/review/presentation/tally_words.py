"""What the tally says, in words: how sure it is, what was done and why, and what moved an entry."""

from collections.abc import Mapping

from babel.numbers import format_decimal, format_percent

from fundapp.core.i18n import current_language, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.numbers import cldr
from fundapp.review.queries.tally import PoolTally
from fundapp.review.rank_picture import RankPicture
from fundapp.review.slate import LineEnd
from fundapp.review.tally.mixed_model import Grounds
from fundapp.review.tally.whole import HARDLY, AdjustedEntry, WholeTally
from fundapp.review.terms_rules import Ranking

SEEN = 0.005
"""What comes to less than this is nothing once it is written with two places."""


def explained() -> list[str]:
    """Return what was done and why, a paragraph each."""
    return [
        _(
            "Each review comes to one mark: its scores, weighted by criterion. A criterion that is missing, or marked "
            "“cannot judge”, is left out and never counts as zero: the weights of the others are scaled up to the "
            "whole. A review without any score that has weight does not count. Where criteria have different scales, "
            "each score is turned into its share of its own scale, and marks run from 0 to 100."
        ),
        _(
            "An entry's mean is that of its marks, and its spread is their standard deviation. Equal means share a "
            "rank, shown with “=”. Small differences of rank mean little: people decide."
        ),
        _(
            "Some readers are strict, others are lenient, and nobody reads everything. So an adjusted score stands "
            "beside the mean. Readers are compared where they read the same entries: what strict readers gave is "
            "lifted, and what lenient readers gave is lowered, as far as the marks show that they differ. Where they "
            "hardly differ, nothing is corrected."
        ),
        _(
            "Few readings say less than many. So the adjusted score is also drawn towards the middle of all entries: "
            "the more so, the fewer readings an entry has and the less its readers agree."
        ),
        _(
            "How sure this is was found by drawing two thousand rankings that the marks leave possible. The ranks that "
            "are shown as possible hold nine draws in ten. What is truly open is at least that wide, because readers "
            "who stretch or squeeze the scale are not reckoned with. The chance of an entry is the share of the draws "
            "in which it is among as many as can be funded."
        ),
        _(
            "Whoever stands just above the line and whoever stands just below it are nearly as good as each other: "
            "between the two, the ranking hardly says more than a toss of a coin."
        ),
    ]


def summary(pool: PoolTally, ranking: Ranking, wanted: int) -> list[str]:
    """Return what is to be known of a pool before its list is read, a sentence or two each.

    `wanted` is how many reviews each entry should have.
    """
    whole = pool.whole
    if not whole.readers:
        return [_("Nobody has scored anything here yet.")]
    told = [_leading(ranking), *_grounds(whole)]
    if whole.grounds is Grounds.MODEL:
        told.append(_places(pool))
        if pool.expected_right is not None and whole.places:
            told.append(_right(ranking, whole.places, pool.expected_right))
    if short := sum(row.figures.reviews < wanted for row in pool.rows):
        told.append(
            ngettext(
                "%(num)s entry has fewer reviews than the %(wanted)s that it should have.",
                "%(num)s entries have fewer reviews than the %(wanted)s that they should have.",
                short,
                wanted=wanted,
            )
        )
    if unranked := sum(row.figures.reviews > 0 and row.standing.rank is None for row in pool.rows):
        told.append(
            ngettext(
                "%(num)s entry has no rank in the list, because the terms ask for more reviews. "
                "The ranks here count it.",
                "%(num)s entries have no rank in the list, because the terms ask for more reviews. "
                "The ranks here count them.",
                unranked,
            )
        )
    return told


def _right(ranking: Ranking, places: int, expected: float) -> str:
    """Say how many of the list that leads are truly among the best."""
    right = number(expected, 0 if places > 9 else 1)
    if ranking is Ranking.ADJUSTED:
        return ngettext(
            "Of the one chosen by adjusted rank, about %(right)s is truly the best.",
            "Of the %(num)s chosen by adjusted rank, about %(right)s are truly in the top %(num)s.",
            places,
            right=right,
        )
    return ngettext(
        "Of the one chosen by mean rank, about %(right)s is truly the best.",
        "Of the %(num)s chosen by mean rank, about %(right)s are truly in the top %(num)s.",
        places,
        right=right,
    )


def causes(entry: AdjustedEntry, *, in_figures: bool) -> list[str]:
    """Say why an adjusted score differs from the mean; nothing where it does not, or where nothing was adjusted.

    With figures, the severity of a reader could be reckoned from the entries that they read: those are for people who
    may know severities. All others read which way the score was moved.
    """
    told = []
    readers, few = entry.from_readers or 0.0, entry.from_few_readings or 0.0
    if readers <= -SEEN:
        told.append(_("its readers are lenient: %(by)s", by=_moved(readers, in_figures=in_figures)))
    elif readers >= SEEN:
        told.append(_("its readers are strict: %(by)s", by=_moved(readers, in_figures=in_figures)))
    if abs(few) >= SEEN:
        told.append(_("few readings, or readers who disagree: %(by)s", by=_moved(few, in_figures=in_figures)))
    return told


def swing(entry: AdjustedEntry, names: Mapping[str, str]) -> str:
    """Say what leaving out one reader would do to the rank; by name where `names` has them. "" where nothing moves."""
    if entry.swing is None or entry.rank is None:
        return ""
    words = {"before": entry.rank, "after": entry.swing.rank}
    falls = entry.swing.rank > entry.rank
    if name := names.get(entry.swing.reviewer_id):
        if falls:
            return _("Without %(reader)s this falls from %(before)s to %(after)s.", reader=name, **words)
        return _("Without %(reader)s this rises from %(before)s to %(after)s.", reader=name, **words)
    if falls:
        return _("Without one reader this falls from %(before)s to %(after)s.", **words)
    return _("Without one reader this rises from %(before)s to %(after)s.", **words)


def at_least(entry: AdjustedEntry) -> str:
    """Return the ranks that the marks leave possible, from the best to the worst; "" without a model."""
    if entry.lowest_rank is None or entry.highest_rank is None:
        return ""
    return _("%(best)s to %(worst)s", best=entry.lowest_rank, worst=entry.highest_rank)


def number(value: float, places: int = 2) -> str:
    """Write a figure of the model in the current language."""
    return str(format_decimal(round(value, places), format=_pattern(places), locale=cldr(current_language())))


def signed(value: float) -> str:
    """Write a difference with its sign."""
    pattern = f"+{_pattern(2)};-{_pattern(2)}"
    return str(format_decimal(round(value, 2), format=pattern, locale=cldr(current_language())))


def percent(share: float) -> str:
    """Write a share from 0 to 1 as a percentage in whole numbers; nothing that was estimated is none or all of it."""
    whole = round(100 * share)
    written = str(format_percent(min(max(whole, 1), 99) / 100, locale=cldr(current_language())))
    if whole < 1:
        return _("under %(share)s", share=written)
    return _("over %(share)s", share=written) if whole > 99 else written


def picture_words(picture: RankPicture) -> str:
    """Say how the picture of a ranking is read."""
    told = [
        _(
            "From left to right by adjusted rank, the best rank above: the dot is an entry's rank, the bar reaches "
            "over the ranks that it may truly have, at least."
        )
    ]
    if picture.walls:
        told.append(_("Parts that no reader connects stand side by side, each with ranks of its own."))
    if picture.line_y is not None:
        told.append(_("The line stands below the last place."))
    return " ".join(told)


def _moved(by: float, *, in_figures: bool) -> str:
    if in_figures:
        return signed(by)
    return _("the score is raised") if by > 0 else _("the score is lowered")


def _pattern(places: int) -> str:
    return "0." + "0" * places if places else "0"


def _leading(ranking: Ranking) -> str:
    if ranking is Ranking.ADJUSTED:
        return _("This call ranks by the adjusted score; the plain mean stands beside it.")
    return _("This call ranks by the plain mean; the adjusted score stands beside it.")


def _grounds(whole: WholeTally) -> list[str]:
    """Say what the adjusted scores stand on, and what they cannot say."""
    if whole.grounds is Grounds.EQUAL_MARKS:
        if whole.parts == 1:
            return [_("All marks are the same: nothing tells these entries apart, and nothing was adjusted.")]
        return [
            _("Within each part all marks are the same: nothing tells entries apart, and nothing was adjusted."),
            *_apart(whole),
        ]
    if whole.grounds is Grounds.SINGLE_READINGS:
        if len(whole.readers) == 1:
            return [_("One person read all of this. Whether they are strict cannot be told, and nothing was adjusted.")]
        return [
            _("No entry has two readings. Whether readers are strict cannot be told, and nothing was adjusted."),
            *_apart(whole),
        ]
    return [*_alike(whole), _severity(whole.variances.reviewers_share), *_apart(whole)]


def _alike(whole: WholeTally) -> list[str]:
    if whole.tells_apart:
        return []
    if sum(each.score is not None for each in whole.entries) == 1:
        return [_("Only one entry was read: there is nothing to compare it with.")]
    return [
        _(
            "Readers of the same entry differ as much as readers of different entries: nothing in the scores tells "
            "these entries apart. Their means may differ by chance alone, so no adjusted ranks and no chances are told."
        )
    ]


def _severity(share: float) -> str:
    if share < HARDLY:
        return _("No severity correction was needed: readers hardly differ in how strict they are.")
    return _("%(share)s of what makes marks differ is how strict their readers are.", share=percent(share))


def _apart(whole: WholeTally) -> list[str]:
    if whole.parts == 1:
        return []
    return [
        ngettext(
            "All entries are connected by their readers.",
            "These entries fall into %(num)s parts that no reader connects. Scores of different parts cannot be "
            "compared, so adjusted ranks count within each part, and no chances are told.",
            whole.parts,
        )
    ]


def _above_floor(places: int) -> str:
    if not places:
        return _("All of them are below the floor, so no line is drawn and no chances are told.")
    return ngettext(
        "The line stands below the first: the others are below the floor.",
        "The line stands below the first %(num)s: the others are below the floor.",
        places,
    )


def _places(pool: PoolTally) -> str:
    places = pool.whole.places
    if places >= len(pool.rows):
        return (
            _("There is an award for each of these entries, so no line is drawn.")
            if pool.ends is LineEnd.AWARDS
            else _("By rank order the money reaches all of them, so no line is drawn.")
        )
    if pool.ends is LineEnd.AWARDS:
        return ngettext(
            "The line stands below the first: one award is given here.",
            "The line stands below the first %(num)s: so many awards are given here.",
            places,
        )
    if pool.ends is LineEnd.FLOOR:
        return _above_floor(places)
    if not places:
        return _("By rank order the money reaches nobody in full, so no line is drawn and no chances are told.")
    return ngettext(
        "The line stands below the first: by rank order the money reaches one.",
        "The line stands below the first %(num)s: by rank order the money reaches so many.",
        places,
    )
