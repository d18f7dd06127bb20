"""Rules of instalments: what adds up, who may approve, and how funds share what is paid."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fundapp.disbursement.payment_rules import (
    PaymentStatus,
    Planned,
    Standing,
    may_approve,
    plan_problems,
    shares_of,
    standing_of,
)

amounts = st.integers(1, 10**15)


@given(parts=st.lists(amounts, min_size=1, max_size=12), kept=st.integers(0, 10**15), off=st.integers(-3, 3))
def test_row_101_a_plan_is_the_award_to_the_minor_unit(parts, kept, off):
    award = kept + sum(parts) + off
    problems = plan_problems([Planned(part) for part in parts], kept_minor=kept, award_minor=award)
    assert bool(problems) is (off != 0)


@pytest.mark.parametrize("amount", [0, -1, -(10**20)])
def test_row_100_an_instalment_is_more_than_nothing(amount):
    (problem,) = plan_problems([Planned(10), Planned(amount)], kept_minor=0, award_minor=10 + amount)
    assert problem.field == "amount-1"


@given(funds=st.lists(amounts, min_size=1, max_size=6), steps=st.lists(st.floats(0, 1), max_size=6))
def test_row_101_funds_pay_in_proportion_and_never_more_than_they_gave(funds, steps):
    to_pay = {UUID(int=number): each for number, each in enumerate(funds)}
    whole = sum(funds)
    for step in [*steps, 1.0]:
        left = sum(to_pay.values())
        amount = left if step == 1.0 else max(1, int(left * step))
        if not left:
            break
        given = shares_of(amount, to_pay)
        assert sum(given.values()) == amount
        for fund, each in given.items():
            assert 0 < each <= to_pay[fund]
            assert abs(each - amount * to_pay[fund] / left) <= max(1, whole * 1e-12)
            to_pay[fund] -= each
    assert sum(to_pay.values()) == 0


@pytest.mark.parametrize("amount", [0, -1, 31])
def test_funds_do_not_pay_what_they_do_not_hold(amount):
    with pytest.raises(ValueError, match="do not hold"):
        shares_of(amount, {uuid4(): 10, uuid4(): 20})


def test_row_93_nobody_approves_what_they_made():
    one, two, three = uuid4(), uuid4(), uuid4()
    assert may_approve(three, made_by=(one, two))
    assert not may_approve(one, made_by=(one, None))
    assert not may_approve(two, made_by=(one, two))
    assert not may_approve(None, made_by=(one, None))


@pytest.mark.parametrize(
    ("waits", "is_approved", "payment", "standing"),
    [
        (True, False, None, Standing.WAITS),
        (False, False, None, Standing.PLANNED),
        (False, True, None, Standing.APPROVED),
        (False, True, PaymentStatus.PREPARED, Standing.IN_FILE),
        (False, True, PaymentStatus.RELEASED, Standing.RELEASED),
        (False, True, PaymentStatus.SENT, Standing.SENT),
        (False, True, PaymentStatus.RECEIVED, Standing.RECEIVED),
        (False, True, PaymentStatus.RETURNED, Standing.APPROVED),
        (False, True, PaymentStatus.CANCELLED, Standing.APPROVED),
    ],
)
def test_where_an_instalment_stands(waits, is_approved, payment, standing):
    assert standing_of(waits=waits, is_approved=is_approved, payment=payment) is standing
