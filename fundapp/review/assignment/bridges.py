"""Where a panel splits by language: who reads in two languages, and which entries more people should read.

Scores of people who share no entry, not even through others, cannot be compared. At least two reviewers should read in
each language and in another one, and a few entries (anchors) should be read by more people than others.

Source: docs/adr/0024-one-programme-for-assignment.md.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fundapp.review.assignment.model import Bar, EntryNeed, Pair, ReviewerOffer

BRIDGES_PER_LANGUAGE: Final = 2
FEWEST_ANCHORS: Final = 3
MOST_ANCHORS: Final = 5
ENTRIES_PER_ANCHOR: Final = 10
MORE_READERS: Final = 2
"""An anchor is read by this many times as many people as another entry, where so many may read it."""


@dataclass(frozen=True, slots=True)
class LanguageBlock:
    """The entries in one language, who can read them, and who joins them to entries in another one."""

    language: str
    entries: int
    readers: int
    able: tuple[str, ...]
    """Reviewers who read it and another language of the call."""
    bridging: tuple[str, ...]
    """Those of them who read entries in both, as things stand."""

    @property
    def is_joined(self) -> bool:
        """Say whether enough reviewers bridge it."""
        return len(self.bridging) >= BRIDGES_PER_LANGUAGE


def language_blocks(
    entries: Collection[EntryNeed], reviewers: Collection[ReviewerOffer], pairs: Collection[Pair]
) -> list[LanguageBlock]:
    """Return a block per language, where a call has several that not everybody reads; else nothing."""
    language_of = {entry.id: entry.language for entry in entries}
    languages = sorted({language for language in language_of.values() if language})
    if len(languages) < 2 or all(each.reads(language) for each in reviewers for language in languages):
        return []
    read: dict[str, set[str]] = {reviewer.id: set() for reviewer in reviewers}
    for pair in pairs:
        language = language_of.get(pair.entry_id)
        if language and pair.reviewer_id in read:
            read[pair.reviewer_id].add(language)
    ordered = sorted(reviewers, key=lambda reviewer: (reviewer.key, reviewer.id))
    return [
        LanguageBlock(
            language=language,
            entries=sum(each == language for each in language_of.values()),
            readers=sum(each.reads(language) for each in ordered),
            able=tuple(
                each.id
                for each in ordered
                if each.reads(language) and any(each.reads(other) for other in languages if other != language)
            ),
            bridging=tuple(each.id for each in ordered if language in read[each.id] and len(read[each.id]) > 1),
        )
        for language in languages
    ]


def bridge_proposals(
    entries: Sequence[EntryNeed],
    reviewers: Sequence[ReviewerOffer],
    *,
    barred: Mapping[Pair, Bar],
    pairs: Collection[Pair],
) -> list[Pair]:
    """Return pairs to pin so that two reviewers bridge each language, as far as there are such reviewers.

    Nothing where they do already. Otherwise those who bridge by chance are pinned too, or the next plan might move
    them. People who lack least for it come first; nobody is asked above their limit.
    """
    blocks = language_blocks(entries, reviewers, pairs)
    if all(block.is_joined for block in blocks):
        return []
    offers = {reviewer.id: reviewer for reviewer in reviewers}
    loads = {reviewer.id: sum(pair.reviewer_id == reviewer.id for pair in pairs) for reviewer in reviewers}
    ordered = sorted(entries, key=lambda entry: (entry.key, entry.id))
    proposals: dict[Pair, None] = {}
    for block in blocks:
        found = 0
        for reviewer_id in _least_asked(block, offers, loads, ordered, barred, {*pairs, *proposals}):
            wanted = _joining(offers[reviewer_id], block.language, ordered, barred, {*pairs, *proposals})
            more = sum(pair not in pairs and pair not in proposals for pair in wanted)
            if found < BRIDGES_PER_LANGUAGE and (not more or loads[reviewer_id] + more <= offers[reviewer_id].max_load):
                proposals |= dict.fromkeys(wanted)
                loads[reviewer_id] += more
                found += 1
    return list(proposals)


def anchor_proposals(
    entries: Sequence[EntryNeed],
    reviewers: Sequence[ReviewerOffer],
    *,
    barred: Mapping[Pair, Bar],
    anchors: Collection[str],
) -> list[tuple[str, int]]:
    """Return entries that more people should read, with the number of readers; nothing where all read all languages.

    They are those that most people can read who also read another language, and come after those that are anchors.
    """
    blocks = {block.language: block for block in language_blocks(entries, reviewers, ())}
    if not blocks:
        return []
    wanted = min(MOST_ANCHORS, max(FEWEST_ANCHORS, len(entries) // ENTRIES_PER_ANCHOR)) - len(anchors)
    rated = []
    for entry in entries:
        able = blocks[entry.language].able if entry.language in blocks else ()
        free = [each for each in able if Pair(entry.id, each) not in barred]
        readers = sum(each.reads(entry.language) and Pair(entry.id, each.id) not in barred for each in reviewers)
        if len(free) >= BRIDGES_PER_LANGUAGE and readers > entry.seats > 0 and entry.id not in anchors:
            rated.append((-len(free), entry.key, entry.id, min(readers, MORE_READERS * entry.seats)))
    return [(entry_id, readers) for _, _, entry_id, readers in sorted(rated)[: max(0, wanted)]]


def _least_asked(
    block: LanguageBlock,
    offers: Mapping[str, ReviewerOffer],
    loads: Mapping[str, int],
    entries: Sequence[EntryNeed],
    barred: Mapping[Pair, Bar],
    held: Collection[Pair],
) -> list[str]:
    """Return who can bridge a language: those first who lack least for it, then those with the most room."""
    lacking = {}
    for reviewer_id in block.able:
        wanted = _joining(offers[reviewer_id], block.language, entries, barred, held)
        if wanted:
            lacking[reviewer_id] = sum(pair not in held for pair in wanted)
    return sorted(
        lacking, key=lambda each: (lacking[each], loads[each] - offers[each].max_load, offers[each].key, each)
    )


def _joining(
    reviewer: ReviewerOffer,
    language: str,
    entries: Sequence[EntryNeed],
    barred: Mapping[Pair, Bar],
    held: Collection[Pair],
) -> list[Pair]:
    """Return one pair in a language and one in another, those that are held first; nothing where that cannot be."""
    found = []
    for is_this in (True, False):
        possible = [
            pair
            for entry in entries
            if entry.language and (entry.language == language) is is_this and entry.seats > 0
            if reviewer.reads(entry.language) and (pair := Pair(entry.id, reviewer.id)) not in barred
        ]
        if not possible:
            return []
        found.append(next((pair for pair in possible if pair in held), possible[0]))
    return found
