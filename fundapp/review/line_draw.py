"""Lots at the line: who is decided by lot, in which order they stand by it, and how anybody repeats that.

Each list that is ranked by itself (the call, a category with its own number of awards, a pool) has one line. With a
width of 0 lots decide among equals at the line that do not all fit; with a width of N among N entries on each side of
it, and whoever has the rank of the outermost. All of a band have the same chance at each place: the order is that of
the SHA-256 of the seed and a label that was picked at random. Those ahead of the band keep their place before it,
those behind it theirs after it; so what lots give is rank order once more, filled from the top while money and awards
reach, and stopped by the first that does not fit in full.

The seed can be repeated by anybody (compare RFC 3797, and `pools`): the list of lots is fixed and published first; then
a value that nobody could know becomes public.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from fundapp.review.pools import Lot, fingerprint, seed_of
from fundapp.review.rules import Candidate, Choice, by_rank_order


def bands(
    candidates: Collection[Candidate],
    *,
    width: int,
    left_minor: Mapping[str, int],
    awards_left: Mapping[str, int],
) -> list[list[str]]:
    """Return the ids of the entries that lots decide among, list by list, each band by rank; at least two in a band.

    Nothing may be decided yet. `left_minor` is what each purse gives, in minor units, `awards_left` how many awards
    each list gives; one that is not in it has no limit in number. Entries without a rank or an amount, and those that
    cannot win or are below the floor, are in no band.
    """
    choices = by_rank_order(candidates, left_minor=left_minor, awards_left=awards_left)
    lists: dict[str, list[Candidate]] = {}
    for each in sorted(candidates, key=lambda each: (each.pool, each.rank or 0, each.entry_id)):
        if each.rank is not None and each.ask_minor is not None and each.is_in_the_running and not each.stayed_behind:
            lists.setdefault(each.pool, []).append(each)
    found = [_band(members, choices, width) for members in lists.values()]
    return [band for band in found if len(band) > 1]


def _band(members: list[Candidate], choices: Mapping[str, Choice], width: int) -> list[str]:
    above = sum(choices.get(each.entry_id) is Choice.AWARD for each in members)
    equals = [each.entry_id for each in members if each.entry_id not in choices]
    if width == 0 or above == len(members) or (above == 0 and not equals):
        return equals
    first, last = members[max(0, above - width)], members[min(len(members), above + width) - 1]
    return [each.entry_id for each in members if _rank(first) <= _rank(each) <= _rank(last)]


def lot_order(lots: Iterable[Lot], seed: str) -> dict[str, int]:
    """Return the place of each label in its stratum, counted from 1: by the SHA-256 of seed, line feed, label."""
    strata: dict[int, list[str]] = {}
    for lot in lots:
        strata.setdefault(lot.stratum, []).append(lot.label)
    return {
        label: place
        for labels in strata.values()
        for place, label in enumerate(sorted(labels, key=lambda label: _sha256(f"{seed}\n{label}")), start=1)
    }


def ranks_by_lot(ranks: Mapping[str, int], places: Mapping[str, int]) -> dict[str, int]:
    """Return the ranks of one list once lots have decided: those with a place stand by it, where their band stood.

    `ranks` are those of the entries of the list, `places` the places in the draw of some of them. Numbers count among
    what is given alone, so that an entry which somebody may not see leaves no gap.
    """
    drawn = sorted((key for key in ranks if key in places), key=lambda key: places[key])
    if not drawn:
        return dict(ranks)
    begins = min(ranks[key] for key in drawn)
    ahead = {key: rank for key, rank in ranks.items() if key not in places and rank < begins}
    behind = {key: rank for key, rank in ranks.items() if key not in places and rank >= begins}
    found = dict(ahead)
    found.update((key, len(ahead) + place) for place, key in enumerate(drawn, start=1))
    before = len(ahead) + len(drawn)
    for key, rank in behind.items():
        found[key] = before + 1 + sum(other < rank for other in behind.values())
    return found


def faults_of(document: Mapping[str, Any]) -> list[str]:
    """Repeat a published draw and say what does not follow: [] where all of it does.

    `document` is what the page of the draw gives as JSON. Raises ValueError for anything else.
    """
    try:
        lots = {Lot(int(each["stratum"]), str(each["label"])): each["place"] for each in document["lots"]}
        stored, value, seed = str(document["fingerprint"]), document["public_value"], document["seed"]
    except (KeyError, TypeError) as error:
        raise ValueError("this is no draw at the line") from error
    faults = []
    if fingerprint(lots) != stored:
        faults.append(f"the fingerprint of the lots is {fingerprint(lots)}, not {stored}")
    if value is None:
        return faults
    if seed_of(stored, str(value)) != seed:
        faults.append(f"the seed is {seed_of(stored, str(value))}, not {seed}")
    order = lot_order(lots, str(seed))
    return faults + [
        f"lot {lot.label} has place {order[lot.label]}, not {place}"
        for lot, place in sorted(lots.items())
        if order[lot.label] != place
    ]


def _rank(each: Candidate) -> int:
    return each.rank or 0


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
