"""Whether money may go where payee details say: one table; and who may approve them."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from fundapp.disbursement.payee_rules import Hold, PayeeFacts, holds_of, may_approve, usable_from

from ..factories import NOW

HOUR = timedelta(hours=1)
READY = PayeeFacts(is_accepted=True, has_details=True, is_confirmed=True, is_approved=True, usable_from=NOW - HOUR)


@pytest.mark.parametrize(
    ("changed", "holds"),
    [
        ({}, []),
        ({"is_accepted": False}, [Hold.NOT_ACCEPTED]),
        ({"has_details": False}, [Hold.NO_DETAILS]),
        ({"is_frozen": True}, [Hold.FROZEN]),
        ({"has_details": False, "is_frozen": True}, [Hold.NO_DETAILS, Hold.FROZEN]),
        ({"is_confirmed": False}, [Hold.UNCALLED]),
        ({"is_approved": False}, [Hold.UNAPPROVED]),
        ({"usable_from": NOW + HOUR}, [Hold.COOLING]),
        ({"usable_from": NOW}, []),
        ({"usable_from": None}, [Hold.COOLING]),
        ({"is_approved": False, "usable_from": NOW + HOUR}, [Hold.UNAPPROVED, Hold.COOLING]),
        ({"is_erased": True, "is_frozen": True}, [Hold.ERASED]),
        (
            {"is_accepted": False, "is_frozen": True, "is_confirmed": False, "is_approved": False},
            [Hold.NOT_ACCEPTED, Hold.FROZEN, Hold.UNCALLED, Hold.UNAPPROVED],
        ),
    ],
)
def test_row_96_money_goes_only_where_nothing_holds_it(changed, holds):
    assert holds_of(replace(READY, **changed), NOW) == holds


def test_only_a_changed_version_rests_before_it_is_used():
    assert usable_from(NOW, 1, 72 * HOUR) == NOW
    assert usable_from(NOW, 2, 72 * HOUR) == NOW + 72 * HOUR


def test_row_93_nobody_approves_what_they_typed_in_or_called_about():
    one, two, three = uuid4(), uuid4(), uuid4()
    assert may_approve(three, entered_by=one, called_by=[two])
    assert not may_approve(one, entered_by=one, called_by=[two])
    assert not may_approve(two, entered_by=one, called_by=[three, two])
