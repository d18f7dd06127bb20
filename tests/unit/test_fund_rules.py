"""What rows of the ledger add up to, which rows a change is made of, and what is proposed: over random money."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from fundapp.disbursement.fund_rules import (
    MovementKind,
    Need,
    Sums,
    Tied,
    needs_reason,
    proposal,
    reason_problems,
    steps_between,
    sums_of,
)

SHARES = st.dictionaries(st.sampled_from("abcde"), st.integers(0, 10**12), max_size=5)


@given(SHARES, SHARES)
def test_steps_lead_from_what_funds_give_to_what_they_shall_give(before, after):
    steps = steps_between(before, after)
    came = Counter(before)
    for step in steps:
        came[step.fund] += step.amount
    assert {fund: amount for fund, amount in came.items() if amount} == {f: a for f, a in after.items() if a}
    moved = [step.amount for step in steps if step.kind is MovementKind.REALLOCATED]
    assert sum(moved) == 0
    kinds = {step.kind for step in steps}
    assert not {MovementKind.ALLOCATED, MovementKind.RELEASED} <= kinds
    assert all(step.amount > 0 for step in steps if step.kind is MovementKind.ALLOCATED)
    assert all(step.amount < 0 for step in steps if step.kind is MovementKind.RELEASED)
    assert needs_reason(steps) == any(after.get(fund, 0) < amount for fund, amount in before.items())


def test_what_moves_between_funds_is_told_apart_from_what_is_new():
    assert [
        (step.kind.value, step.fund, step.amount) for step in steps_between({"a": 70, "b": 30}, {"b": 90, "c": 40})
    ] == [
        ("reallocated", "a", -70),
        ("reallocated", "b", 60),
        ("reallocated", "c", 10),
        ("allocated", "c", 30),
    ]


def test_rows_add_up_by_their_kind():
    rows = [
        (MovementKind.PROMISED, 900),
        (MovementKind.PROMISED, -100),
        (MovementKind.RECEIVED, 500),
        (MovementKind.ALLOCATED, 400),
        (MovementKind.RELEASED, -50),
        (MovementKind.REALLOCATED, -100),
        (MovementKind.PAID, 200),
        (MovementKind.RETURNED, -20),
    ]
    found = sums_of(rows)
    assert found == Sums(promised=800, received=500, allocated=250, paid=180)
    assert (found.left, found.to_pay, found.holds) == (550, 70, True)
    assert not Sums(promised=1, allocated=2).holds
    assert found + Sums(promised=1) == Sums(promised=801, received=500, allocated=250, paid=180)


def test_restricted_money_pays_only_what_its_pot_may_pay():
    assert Tied().may_pay(None)
    assert Tied().may_pay(frozenset())
    assert Tied(is_restricted=True, pot_code="africa").may_pay(frozenset({"africa", "rest"}))
    assert not Tied(is_restricted=True, pot_code="africa").may_pay(frozenset({"rest"}))
    assert not Tied(is_restricted=True, pot_code="africa").may_pay(None)
    assert not Tied(is_restricted=True).may_pay(frozenset({"africa"}))


@st.composite
def _situations(draw):
    left = draw(st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3000), max_size=4))
    numbers = range(draw(st.integers(0, 6)))
    needs = [
        Need(f"award{n}", draw(st.integers(0, 2000)), frozenset(draw(st.sets(st.sampled_from("abcd")))))
        for n in numbers
    ]
    return needs, left


@given(_situations())
def test_a_proposal_covers_whole_awards_from_money_that_is_there_and_may_be_used(situation):
    needs, left = situation
    found = proposal(needs, left)
    taken: Counter[str] = Counter()
    for award, given_by in found.items():
        (need,) = [each for each in needs if each.award == award]
        assert sum(given_by.values()) == need.lacks > 0
        assert set(given_by) <= need.funds
        taken.update(given_by)
    assert all(amount <= left[fund] for fund, amount in taken.items())
    for need in needs:  # nothing is left out that the rest of the money could still cover alone
        rest = sum(max(0, left.get(fund, 0) - taken[fund]) for fund in need.funds)
        assert need.award in found or not need.lacks or rest < need.lacks


def test_restricted_money_is_used_before_money_that_may_pay_for_everything():
    needs = [Need("one", 60, frozenset({"narrow", "wide"})), Need("two", 60, frozenset({"wide"}))]
    assert proposal(needs, {"narrow": 60, "wide": 60}) == {"one": {"narrow": 60}, "two": {"wide": 60}}


def test_where_money_does_not_reach_those_that_come_first_get_it():
    needs = [Need(name, 50, frozenset({"fund"})) for name in ("one", "two", "three")]
    assert proposal(needs, {"fund": 120}) == {"one": {"fund": 50}, "two": {"fund": 50}}
    assert proposal(needs, {}) == {}


def test_taking_back_is_written_down_with_its_reason():
    assert not reason_problems("", is_needed=False)
    assert [each.field for each in reason_problems("  ", is_needed=True)] == ["reason"]
    assert [each.field for each in reason_problems("x" * 2001, is_needed=False)] == ["reason"]
