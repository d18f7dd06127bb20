"""Where a panel splits by language: who bridges, what is proposed, and nothing where nothing is split."""

from fundapp.review.assignment import Bar, EntryNeed, Pair, ReviewerOffer
from fundapp.review.assignment.bridges import (
    BRIDGES_PER_LANGUAGE,
    MOST_ANCHORS,
    anchor_proposals,
    bridge_proposals,
    language_blocks,
)

ENTRIES = [EntryNeed(f"a{n}", 2, "ar") for n in range(3)] + [EntryNeed(f"e{n}", 2, "en") for n in range(3)]
ARABIC, ENGLISH = (ReviewerOffer(code, 6, frozenset({code})) for code in ("ar", "en"))
BOTH = [ReviewerOffer(f"both{n}", 6, frozenset({"ar", "en"})) for n in range(3)]
SPLIT = {
    *(Pair(f"a{n}", reviewer) for n in range(3) for reviewer in ("ar", "both0")),
    *(Pair(f"e{n}", reviewer) for n in range(3) for reviewer in ("en", "both1")),
}


def test_a_split_panel_is_told_and_two_people_per_language_are_proposed() -> None:
    panel = [ARABIC, ENGLISH, *BOTH]
    blocks = language_blocks(ENTRIES, panel, SPLIT)
    assert [(block.language, block.entries, block.readers) for block in blocks] == [("ar", 3, 4), ("en", 3, 4)]
    assert all(block.able == ("both0", "both1", "both2") for block in blocks)
    assert not any(block.bridging for block in blocks)
    proposals = bridge_proposals(ENTRIES, panel, barred={}, pairs=SPLIT)
    joined = language_blocks(ENTRIES, panel, SPLIT | set(proposals))
    assert all(len(block.bridging) == BRIDGES_PER_LANGUAGE for block in joined)
    assert bridge_proposals(ENTRIES, panel, barred={}, pairs=SPLIT | set(proposals)) == []


def test_what_is_proposed_joins_by_itself_whatever_else_a_plan_moves() -> None:
    """Somebody bridges by chance; if only the second person were pinned, the next plan might move the first."""
    panel = [ARABIC, ENGLISH, *BOTH]
    by_chance = SPLIT | {Pair("e0", "both0")}
    proposals = bridge_proposals(ENTRIES, panel, barred={}, pairs=by_chance)
    assert all(block.is_joined for block in language_blocks(ENTRIES, panel, proposals))


def test_nobody_is_proposed_above_their_limit_or_against_a_bar() -> None:
    full = [ReviewerOffer(each.id, 3, each.languages) for each in BOTH[:2]]
    assert bridge_proposals(ENTRIES, [ARABIC, ENGLISH, *full], barred={}, pairs=SPLIT) == []
    barred = {Pair(entry.id, "both2"): Bar.CONFLICT for entry in ENTRIES if entry.language == "en"}
    proposals = bridge_proposals(ENTRIES, [ARABIC, ENGLISH, *full, BOTH[2]], barred=barred, pairs=SPLIT)
    assert proposals == []


def test_nothing_is_split_where_all_read_all_languages_or_there_is_one() -> None:
    assert language_blocks(ENTRIES, BOTH, SPLIT) == []
    assert language_blocks(ENTRIES[:3], [ARABIC, *BOTH], SPLIT) == []
    assert bridge_proposals(ENTRIES, BOTH, barred={}, pairs=()) == []
    assert anchor_proposals(ENTRIES, BOTH, barred={}, anchors=()) == []


def test_anchors_are_those_that_most_bridging_people_can_read() -> None:
    panel = [ARABIC, ENGLISH, *BOTH]
    barred = {Pair("a0", "both0"): Bar.CONFLICT}
    proposed = anchor_proposals(ENTRIES, panel, barred=barred, anchors=())
    assert [entry_id for entry_id, _ in proposed] == ["a1", "a2", "e0"]
    assert {readers for _, readers in proposed} == {4}
    assert anchor_proposals(ENTRIES, panel, barred=barred, anchors=["a1", "a2"]) == [("e0", 4)]


def test_large_calls_get_five_anchors_and_none_that_two_cannot_bridge() -> None:
    entries = [EntryNeed(f"x{n:03}", 2, "ar" if n % 2 else "en") for n in range(200)]
    panel = [ARABIC, ENGLISH, *BOTH]
    assert len(anchor_proposals(entries, panel, barred={}, anchors=())) == MOST_ANCHORS
    assert anchor_proposals(entries, [ARABIC, ENGLISH, BOTH[0]], barred={}, anchors=()) == []
