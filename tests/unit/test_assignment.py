"""Assignment is checked by its cost and constraints: many plans may be equally good."""

import random
from collections import Counter
from collections.abc import Collection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fundapp.review.assignment import (
    Bar,
    EntryNeed,
    Pair,
    ReviewerOffer,
    Shortage,
    ShortfallCause,
    plan_assignment,
)
from fundapp.review.assignment.fit import points

LANGUAGES = ("ar", "en", "es", "fr")
VALLEY = frozenset({"valley", "the valley"})
COAST = frozenset({"coast"})
WATER = frozenset({"water"})
LAND = frozenset({"land"})


@st.composite
def instances(draw: st.DrawFn) -> tuple[list[EntryNeed], list[ReviewerOffer], dict[Pair, Bar]]:
    entries = [
        EntryNeed(f"e{n}", draw(st.integers(0, 4)), draw(st.sampled_from([None, *LANGUAGES])))
        for n in range(draw(st.integers(0, 8)))
    ]
    reviewers = [
        ReviewerOffer(
            f"r{n}",
            draw(st.integers(0, 5)),
            draw(st.frozensets(st.sampled_from(LANGUAGES))),
            is_experienced=draw(st.booleans()),
        )
        for n in range(draw(st.integers(0, 6)))
    ]
    every = [Pair(entry.id, reviewer.id) for entry in entries for reviewer in reviewers]
    barred = draw(st.dictionaries(st.sampled_from(every), st.sampled_from(list(Bar)))) if every else {}
    return entries, reviewers, barred


@settings(max_examples=150, deadline=None)
@given(instances(), st.randoms(use_true_random=False))
def test_plan_keeps_every_constraint_and_names_every_empty_seat(
    instance: tuple[list[EntryNeed], list[ReviewerOffer], dict[Pair, Bar]], rng: random.Random
) -> None:
    entries, reviewers, barred = instance
    every = [Pair(entry.id, reviewer.id) for entry in entries for reviewer in reviewers]
    started = {pair for pair in every if pair not in barred and rng.random() < 0.1}
    pinned = {pair for pair in every if rng.random() < 0.1}
    plan = plan_assignment(entries, reviewers, barred=barred, started=started, pinned=pinned)

    fixed = started | (pinned - set(barred))
    assert fixed <= plan.pairs
    assert not plan.pairs & set(barred)
    assert plan.cost == plan.bound
    reads = {reviewer.id: reviewer for reviewer in reviewers}
    language = {entry.id: entry.language for entry in entries}
    assert all(reads[p.reviewer_id].reads(language[p.entry_id]) for p in plan.pairs - fixed)
    for reviewer in reviewers:
        of_theirs = sum(pair.reviewer_id == reviewer.id for pair in fixed)
        assert plan.loads[reviewer.id] == sum(pair.reviewer_id == reviewer.id for pair in plan.pairs)
        assert plan.loads[reviewer.id] <= max(reviewer.max_load, of_theirs)
    empty = {shortfall.entry_id: shortfall.seats for shortfall in plan.shortfalls}
    for entry in entries:
        got = sum(pair.entry_id == entry.id for pair in plan.pairs)
        of_theirs = sum(pair.entry_id == entry.id for pair in fixed)
        assert got + empty.get(entry.id, 0) == max(entry.seats, of_theirs)
        is_read = any(reads[p.reviewer_id].is_experienced for p in plan.pairs if p.entry_id == entry.id)
        assert (entry.id in plan.inexperienced) == (not is_read)
    full = {shortfall.language for shortfall in plan.shortfalls if shortfall.cause is ShortfallCause.REVIEWERS_FULL}
    assert {shortage.language for shortage in plan.shortages} == full
    assert all(shortage.needed > shortage.room for shortage in plan.shortages)


@settings(max_examples=60, deadline=None)
@given(instances(), st.randoms(use_true_random=False))
def test_neither_order_nor_ids_change_the_plan(
    instance: tuple[list[EntryNeed], list[ReviewerOffer], dict[Pair, Bar]], rng: random.Random
) -> None:
    """The same call in another database: other ids, other order, the same references and names."""
    entries, reviewers, barred = instance
    ids = [f"x{number}" for number in rng.sample(range(1000), len(entries) + len(reviewers))]
    names = [*(entry.id for entry in entries), *(reviewer.id for reviewer in reviewers)]
    other = dict(zip(names, ids, strict=True))

    def planned(is_other: bool) -> set[Pair]:
        def name(each: str) -> str:
            return other[each] if is_other else each

        e = [EntryNeed(name(each.id), each.seats, each.language, key=each.id) for each in entries]
        r = [ReviewerOffer(name(each.id), each.max_load, each.languages, key=each.id) for each in reviewers]
        if is_other:
            rng.shuffle(e)
            rng.shuffle(r)
        bars = {Pair(name(pair.entry_id), name(pair.reviewer_id)): bar for pair, bar in barred.items()}
        pairs = plan_assignment(e, r, barred=bars, salt="call").pairs
        back = {name(each): each for each in other}
        return {Pair(back[pair.entry_id], back[pair.reviewer_id]) for pair in pairs}

    assert planned(is_other=True) == planned(is_other=False)


@pytest.mark.parametrize("seed", range(3))
def test_ids_do_not_choose_where_chance_leaves_several_best_plans(seed: int) -> None:
    """Twenty values of chance for 480 pairs: many plans cost the same, and the order of rows would tell them apart."""
    rng = random.Random(seed)

    def planned(ids: list[int]) -> set[tuple[str, str]]:
        entries = [EntryNeed(f"e{number:03}", 2, key=f"A-{n}") for n, number in enumerate(ids[:40])]
        reviewers = [ReviewerOffer(f"r{number:03}", 9, key=f"Person {n}") for n, number in enumerate(ids[40:])]
        keys = {entry.id: entry.key for entry in entries} | {each.id: each.key for each in reviewers}
        pairs = plan_assignment(entries, reviewers, barred={}, salt="call").pairs
        return {(keys[pair.entry_id], keys[pair.reviewer_id]) for pair in pairs}

    assert planned(list(range(52))) == planned(rng.sample(range(1000), 52))


def test_another_salt_gives_another_plan() -> None:
    entries = [EntryNeed(f"e{n}", 1) for n in range(8)]
    reviewers = [ReviewerOffer(f"r{n}", 1) for n in range(8)]
    plans = {plan_assignment(entries, reviewers, barred={}, salt=str(salt)).pairs for salt in range(5)}
    assert len(plans) == 5


def test_points_say_how_well_a_reviewer_fits_and_chance_never_outweighs_them() -> None:
    entry = EntryNeed("e0", 1, "ar", regions=VALLEY, themes=(WATER, LAND))
    known = [
        ReviewerOffer("all", 1, regions=VALLEY, themes=WATER | LAND, own_language="ar"),
        ReviewerOffer("region", 1, regions=frozenset({"the valley"}), own_language="en"),
        ReviewerOffer("a theme", 1, themes=LAND),
        ReviewerOffer("language", 1, own_language="ar"),
        ReviewerOffer("nothing", 1, regions=COAST, themes=frozenset({"money"})),
    ]
    for salt in ("one", "two", "three"):
        (row,) = points([entry], known, salt)
        assert all(0 <= got - least < 20 for got, least in zip(row, [980, 450, 225, 80, 0], strict=True))


def test_region_themes_and_own_language_choose_the_reader() -> None:
    entries = [
        EntryNeed("in the valley", 1, regions=VALLEY),
        EntryNeed("of water", 1, themes=(WATER,)),
        EntryNeed("in Arabic", 1, "ar"),
    ]
    reviewers = [
        ReviewerOffer("arab", 1, own_language="ar"),
        ReviewerOffer("neighbour", 1, regions=VALLEY),
        ReviewerOffer("engineer", 1, themes=WATER),
    ]
    assert plan_assignment(entries, reviewers, barred={}).pairs == {
        ("in the valley", "neighbour"),
        ("of water", "engineer"),
        ("in Arabic", "arab"),
    }


def test_every_entry_gets_an_experienced_reader_where_that_can_be() -> None:
    entries = [EntryNeed(f"e{n}", 2, themes=(WATER,)) for n in range(4)]
    experienced = [ReviewerOffer(f"x{n}", 2, is_experienced=True, themes=WATER) for n in range(2)]
    new = [ReviewerOffer(f"n{n}", 2) for n in range(2)]
    plan = plan_assignment(entries, [*experienced, *new], barred={})
    assert not plan.inexperienced
    few = plan_assignment(entries, [experienced[0], *new], barred={})
    assert len(few.inexperienced) == 2
    begun = plan_assignment(
        [EntryNeed("e0", 2), EntryNeed("e1", 1)],
        [ReviewerOffer("x0", 2, is_experienced=True), ReviewerOffer("x1", 1, is_experienced=True), *new],
        barred={},
        started={Pair("e0", "x0")},
    )
    assert not begun.inexperienced


def test_recusal_moves_nothing_else_when_somebody_has_room() -> None:
    entries = [EntryNeed(f"e{n}", 3) for n in range(12)]
    reviewers = [ReviewerOffer(f"r{n}", 8) for n in range(6)]
    before = plan_assignment(entries, reviewers, barred={}, salt="call")
    recused = min(before.pairs)
    after = plan_assignment(entries, reviewers, barred={recused: Bar.CONFLICT}, current=before.pairs, salt="call")
    assert before.pairs - after.pairs == {recused}
    assert len(after.pairs - before.pairs) == 1
    assert not after.shortfalls


def test_no_better_fit_moves_a_present_pair() -> None:
    """The newcomer fits everything perfectly; only the seat that the recusal leaves is theirs."""
    entries = [EntryNeed(f"e{n}", 2, themes=(WATER,)) for n in range(10)]
    reviewers = [ReviewerOffer(f"r{n}", 10) for n in range(4)]
    before = plan_assignment(entries, reviewers, barred={})
    newcomer = ReviewerOffer("new", 10, themes=WATER, is_experienced=True)
    recused = min(before.pairs)
    after = plan_assignment(entries, [*reviewers, newcomer], barred={recused: Bar.CONFLICT}, current=before.pairs)
    assert before.pairs - after.pairs == {recused}
    assert after.pairs - before.pairs == {Pair(recused.entry_id, "new")}


def test_late_entry_moves_nothing() -> None:
    entries = [EntryNeed(f"e{n}", 3) for n in range(9)]
    reviewers = [ReviewerOffer(f"r{n}", 6) for n in range(6)]
    before = plan_assignment(entries, reviewers, barred={})
    after = plan_assignment([*entries, EntryNeed("late", 3)], reviewers, barred={}, current=before.pairs)
    assert before.pairs < after.pairs
    assert {pair.entry_id for pair in after.pairs - before.pairs} == {"late"}


def test_whoever_does_not_answer_keeps_what_they_began_and_loses_the_rest() -> None:
    entries = [EntryNeed(f"e{n}", 1) for n in range(4)]
    reviewers = [ReviewerOffer("silent", 4), ReviewerOffer("r1", 4)]
    held = {Pair(f"e{n}", "silent") for n in range(3)} | {Pair("e3", "r1")}
    begun = Pair("e0", "silent")
    barred = {Pair(entry.id, "silent"): Bar.SILENT for entry in entries if entry.id != "e0"}
    plan = plan_assignment(entries, reviewers, barred=barred, started={begun}, current=held)
    assert plan.pairs == {begun, *(Pair(f"e{n}", "r1") for n in (1, 2, 3))}


def test_recusal_moves_one_other_pair_when_only_a_chain_fills_the_seat() -> None:
    """Only r1 can take over e0 from r0, and r1 is full: r1 hands e1 to r2."""
    entries = [EntryNeed("e0", 1), EntryNeed("e1", 1)]
    reviewers = [ReviewerOffer("r0", 0), ReviewerOffer("r1", 1), ReviewerOffer("r2", 1)]
    current = {Pair("e0", "r0"), Pair("e1", "r1")}
    barred = dict.fromkeys([Pair("e0", "r0"), Pair("e0", "r2")], Bar.CONFLICT)
    plan = plan_assignment(entries, reviewers, barred=barred, current=current)
    assert plan.pairs == {Pair("e0", "r1"), Pair("e1", "r2")}
    frozen = plan_assignment(entries, reviewers, barred=barred, started={Pair("e1", "r1")}, current=current)
    assert frozen.pairs == {Pair("e1", "r1")}
    assert [(s.entry_id, s.seats) for s in frozen.shortfalls] == [("e0", 1)]


@pytest.mark.parametrize("length", [3, 40])
def test_no_number_of_worse_fits_leaves_a_seat_empty(length: int) -> None:
    """Filling the last seat shifts a whole chain of people to entries that they fit far worse."""
    entries = [EntryNeed(f"e{n:02}", 1, themes=(frozenset({f"t{n}"}),)) for n in range(length)]
    reviewers = [ReviewerOffer(f"r{n:02}", 1, themes=frozenset({f"t{n + 1}"})) for n in range(length)]
    barred = {
        Pair(entry.id, reviewer.id): Bar.CONFLICT
        for n, entry in enumerate(entries)
        for m, reviewer in enumerate(reviewers)
        if m not in (n, n - 1)
    }
    plan = plan_assignment(entries, reviewers, barred=barred)
    assert plan.pairs == {Pair(f"e{n:02}", f"r{n:02}") for n in range(length)}


def test_loads_are_even_counting_reviews_already_started() -> None:
    entries = [EntryNeed(f"e{n}", 1) for n in range(6)]
    reviewers = [ReviewerOffer("r0", 6), ReviewerOffer("r1", 6), ReviewerOffer("r2", 6)]
    started = {Pair("e0", "r0"), Pair("e1", "r0")}
    plan = plan_assignment(entries, reviewers, barred={}, started=started)
    assert plan.loads == {"r0": 2, "r1": 2, "r2": 2}


def test_pin_holds_above_the_limit_and_yields_to_a_conflict() -> None:
    entries = [EntryNeed(f"e{n}", 1) for n in range(3)]
    reviewers = [ReviewerOffer("r0", 1), ReviewerOffer("r1", 3)]
    pinned = {Pair("e0", "r0"), Pair("e1", "r0"), Pair("e2", "r0")}
    plan = plan_assignment(entries, reviewers, barred={Pair("e2", "r0"): Bar.CONFLICT}, pinned=pinned)
    assert plan.pairs == {Pair("e0", "r0"), Pair("e1", "r0"), Pair("e2", "r1")}


def test_empty_seats_are_shared_before_anybody_is_left_unread() -> None:
    entries = [EntryNeed(f"e{n}", 3) for n in range(3)]
    plan = plan_assignment(entries, [ReviewerOffer(f"r{n}", 2) for n in range(3)], barred={})
    assert [shortfall.seats for shortfall in plan.shortfalls] == [1, 1, 1]


def test_worst_fit_comes_first_where_that_is_asked_for() -> None:
    """Both of the valley's entries cannot have the neighbour; the sum is best with one good and one bad pair."""
    entries = [EntryNeed("e0", 1, regions=VALLEY, themes=(WATER,)), EntryNeed("e1", 1, regions=VALLEY)]
    reviewers = [
        ReviewerOffer("both", 1, regions=VALLEY, themes=WATER),
        ReviewerOffer("water", 1, themes=WATER),
    ]
    plain = plan_assignment(entries, reviewers, barred={})
    fair = plan_assignment(entries, reviewers, barred={}, is_fair=True)
    assert plain.pairs in ({("e0", "both"), ("e1", "water")}, {("e0", "water"), ("e1", "both")})
    assert fair.pairs == {("e0", "water"), ("e1", "both")}


@settings(max_examples=60, deadline=None)
@given(instances(), st.randoms(use_true_random=False))
def test_fairness_costs_neither_a_seat_nor_a_change_and_the_worst_pair_fits_no_worse(
    instance: tuple[list[EntryNeed], list[ReviewerOffer], dict[Pair, Bar]], rng: random.Random
) -> None:
    entries, reviewers, barred = instance
    themed = [EntryNeed(e.id, e.seats, e.language, themes=(rng.choice([WATER, LAND]),)) for e in entries]
    knowing = [ReviewerOffer(r.id, r.max_load, r.languages, themes=rng.choice([WATER, LAND])) for r in reviewers]
    every = [Pair(entry.id, reviewer.id) for entry in entries for reviewer in reviewers]
    current = {pair for pair in every if rng.random() < 0.2}
    plain = plan_assignment(themed, knowing, barred=barred, current=current)
    fair = plan_assignment(themed, knowing, barred=barred, current=current, is_fair=True)

    def seats(pairs: Collection[Pair]) -> list[int]:
        return sorted(Counter(pair.entry_id for pair in pairs).values())

    assert len(fair.pairs) == len(plain.pairs)
    assert len(fair.pairs & current) == len(plain.pairs & current)
    fit = points(themed, knowing, "")
    row = {entry.id: number for number, entry in enumerate(themed)}
    column = {reviewer.id: number for number, reviewer in enumerate(knowing)}

    def worst(pairs: Collection[Pair]) -> int:
        return min((int(fit[row[p.entry_id], column[p.reviewer_id]]) for p in pairs if p not in current), default=999)

    assert worst(fair.pairs) >= worst(plain.pairs)


def test_shortfall_says_that_too_few_people_may_read() -> None:
    reviewers = [
        ReviewerOffer("r0", 5, frozenset({"ar"})),
        ReviewerOffer("r1", 5, frozenset({"ar", "fr"})),
        ReviewerOffer("r2", 5, frozenset({"fr"})),
        ReviewerOffer("r3", 5),
        ReviewerOffer("r4", 5),
    ]
    barred = {Pair("e0", "r0"): Bar.CONFLICT, Pair("e0", "r4"): Bar.FORBIDDEN}
    plan = plan_assignment([EntryNeed("e0", 3, "ar")], reviewers, barred=barred)
    (shortfall,) = plan.shortfalls
    assert shortfall.seats == 1
    assert shortfall.cause is ShortfallCause.TOO_FEW_REVIEWERS
    assert (shortfall.may_read, shortfall.without_language) == (2, 1)
    assert shortfall.barred == {Bar.CONFLICT: 1, Bar.FORBIDDEN: 1}
    assert not plan.shortages


def test_shortage_says_what_the_readers_of_a_language_can_take() -> None:
    """The Arabic readers can take 4 in all, 6 seats need them; the reader of French has room that does not help."""
    entries = [EntryNeed(f"a{n}", 2, "ar") for n in range(3)] + [EntryNeed("f0", 1, "fr")]
    reviewers = [
        ReviewerOffer("r0", 2, frozenset({"ar"})),
        ReviewerOffer("r1", 2, frozenset({"ar"})),
        ReviewerOffer("r2", 9, frozenset({"fr"})),
    ]
    plan = plan_assignment(entries, reviewers, barred={})
    assert {shortfall.cause for shortfall in plan.shortfalls} == {ShortfallCause.REVIEWERS_FULL}
    assert plan.shortages == (Shortage("ar", seats=2, entries=2, readers=2, room=4, needed=6),)
    begun = plan_assignment(entries, reviewers, barred={}, started={Pair("a0", "r0"), Pair("a0", "r1")})
    assert begun.shortages == (Shortage("ar", seats=2, entries=2, readers=2, room=2, needed=4),)


@pytest.mark.parametrize("barred", [{Pair("e0", "r0"): Bar.CONFLICT}, {}])
def test_started_pair_that_cannot_be_is_refused(barred: dict[Pair, Bar]) -> None:
    reviewer = "r0" if barred else "unknown"
    with pytest.raises(ValueError, match="started pair"):
        plan_assignment([EntryNeed("e0", 1)], [ReviewerOffer("r0", 1)], barred=barred, started=[Pair("e0", reviewer)])
