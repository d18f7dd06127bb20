"""Entries given to reviewers as somebody says, outside the plan."""

import pytest
from sqlalchemy import func, select

from fundapp.accounts.permissions import Actor, Role
from fundapp.accounts.services import ensure_membership
from fundapp.applications.models import ApplicationStatus, Call, Entry
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, RuleViolations
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from fundapp.review.models import Assignment, Reviewer, SlateStatus
from fundapp.review.services.panel import assign_by_hand
from tests.conftest import actor_of
from tests.factories import NOW, make_application, make_call, make_reviewer, make_slate, make_staff


def pairs_in_database() -> set[tuple[Entry, Reviewer]]:
    return {(each.entry, each.reviewer) for each in db.session.scalars(select(Assignment))}


def mails() -> int:
    return db.session.scalar(select(func.count()).select_from(MailMessage)) or 0


@pytest.fixture
def call(app: FundApp) -> Call:
    return make_call()


@pytest.fixture
def manager(call: Call) -> Actor:
    return actor_of(make_staff(Role.MANAGER, call))


def test_pairs_are_assigned_once_with_one_mail_per_reviewer(call: Call, manager: Actor) -> None:
    first, second = (make_application(call).entries[0] for _ in range(2))
    ada, ben = make_reviewer(call), make_reviewer(call)
    pairs = [(first, ada), (second, ada), (first, ben)]
    assert len(assign_by_hand(actor=manager, call=call, pairs=pairs, now=NOW)) == 3
    assert pairs_in_database() == set(pairs)
    assert mails() == 2
    assert assign_by_hand(actor=manager, call=call, pairs=[*pairs, (second, ben)], now=NOW)[0].reviewer == ben
    assert len(pairs_in_database()) == 4
    assert mails() == 3
    audit = select(AuditEntry).where(AuditEntry.action == "assignment:by_hand").order_by(AuditEntry.id)
    assert sorted(len(each.data["added"]) for each in db.session.scalars(audit)) == [1, 3]


def test_every_impossible_pair_is_named_and_then_nothing_is_assigned(call: Call, manager: Actor) -> None:
    good, own = make_application(call), make_application(call)
    refused = make_application(call, status=ApplicationStatus.INELIGIBLE, eligibility_reason="A company.")
    elsewhere = make_application(make_call())
    ada = make_reviewer(call)
    assert own.organisation is not None
    ensure_membership(person=ada.person, organisation=own.organisation, now=NOW)
    pairs = [(each.entries[0], ada) for each in (good, own, refused, elsewhere)]
    with pytest.raises(RuleViolations) as caught:
        assign_by_hand(actor=manager, call=call, pairs=pairs, now=NOW)
    assert [str(problem) for problem in caught.value.problems] == [
        f"{own.reference}, {ada.person.name}: This reviewer has a conflict of interest.",
        f"{refused.reference}, {ada.person.name}: This application is not eligible.",
        f"{elsewhere.reference}, {ada.person.name}: The entry and the reviewer do not belong to this call.",
    ]
    assert pairs_in_database() == set()
    assert mails() == 0


def test_entry_that_the_manager_may_not_see_is_not_found(call: Call) -> None:
    hidden = make_application(call)
    staff = make_staff(Role.MANAGER, call)
    assert hidden.organisation is not None
    ensure_membership(person=staff, organisation=hidden.organisation, now=NOW)
    with pytest.raises(NotFound):
        assign_by_hand(actor=actor_of(staff), call=call, pairs=[(hidden.entries[0], make_reviewer(call))], now=NOW)


def test_frozen_list_and_missing_permission_refuse(call: Call, manager: Actor) -> None:
    pairs = [(make_application(call).entries[0], make_reviewer(call))]
    with pytest.raises(NotAllowed):
        assign_by_hand(actor=actor_of(make_staff(Role.RATIFIER, call)), call=call, pairs=pairs, now=NOW)
    make_slate(call, SlateStatus.PROPOSED)
    with pytest.raises(Conflict):
        assign_by_hand(actor=manager, call=call, pairs=pairs, now=NOW)
    assert pairs_in_database() == set()
