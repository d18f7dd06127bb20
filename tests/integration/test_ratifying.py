"""Two people who ratify, sending back with reasons that are kept, and what a page that is open too long may do."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, Role, system_actor
from fundapp.accounts.services.roles import grant_role, revoke_role
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, InvalidTransition, NotAllowed, RuleViolations
from fundapp.core.web import FundApp
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.review.models import Outcome, Ratification, SendBack, Slate, SlateStatus
from fundapp.review.queries.ratifying import needed_for_all, ratifications, send_backs
from fundapp.review.services import deciding, ratifying, sending
from fundapp.review.terms_rules import WantedTerms

from ..conftest import actor_of
from ..factories import CLOSES, make_application, make_call, make_review, make_reviewer, make_staff, make_terms

AFTER = CLOSES + timedelta(hours=1)
LIMIT = 1_000_000


class Round:
    """A call whose list is decided and sent: an award of 1.2 million, and an entry in reserve."""

    def __init__(self, limit: int | None = LIMIT) -> None:
        self.call = make_call()
        self.manager = make_staff(Role.MANAGER)
        self.ratifiers = [make_staff(Role.RATIFIER, name=f"Ratifier {number}") for number in (1, 2, 3)]
        self.entries = [make_application(self.call).entries[0] for _ in range(2)]
        for entry, mark in zip(self.entries, (5, 3), strict=True):
            make_review(entry, make_reviewer(self.call), [mark, mark])
        if limit is not None:
            make_terms(self.call, WantedTerms(two_ratifiers_from_minor=limit))
        self.decide(0, Outcome.AWARD)
        self.decide(1, Outcome.RESERVE)
        self.slate = self.send()

    def decide(self, number: int, outcome: Outcome, *, by: Person | None = None, version: int = 0) -> None:
        deciding.decide_entry(
            actor=actor_of(by or self.manager),
            entry=self.entries[number],
            outcome=outcome,
            amount_minor=1_200_000,
            reason="The panel wants it so.",
            version=version,
            now=AFTER,
        )

    def send(self, by: Person | None = None) -> Slate:
        return sending.propose_slate(actor=actor_of(by or self.manager), call=self.call, now=AFTER)

    def ratify(self, number: int, **values: Any) -> bool:
        return ratifying.ratify_slate(
            actor=actor_of(self.ratifiers[number]), slate=self.slate, now=AFTER + timedelta(minutes=number), **values
        )

    def send_back(self, number: int, reason: str = "Look at the north again.") -> None:
        ratifying.send_back_slate(actor=actor_of(self.ratifiers[number]), slate=self.slate, reason=reason, now=AFTER)

    def release(self) -> Slate:
        return release_decisions(actor=actor_of(self.manager), call=self.call, now=AFTER)


def both(person: Person, role: Role = Role.RATIFIER) -> Actor:
    grant_role(actor=system_actor(), person=person, role=role, now=CLOSES)
    return actor_of(person)


def test_an_award_at_the_limit_needs_two_different_people(app: FundApp) -> None:
    made = Round(limit=1_200_000)
    assert made.ratify(0) is False
    assert (made.slate.status, made.slate.ratified_by_id) == (SlateStatus.PROPOSED, None)
    with pytest.raises(Conflict, match="A second person"):
        made.ratify(0)
    with pytest.raises(InvalidTransition):
        made.release()
    assert made.ratify(1) is True
    assert (made.slate.status, made.slate.ratified_by_id) == (SlateStatus.RATIFIED, made.ratifiers[1].id)
    assert [each.person_id for each in ratifications(made.slate)] == [person.id for person in made.ratifiers[:2]]
    with pytest.raises(InvalidTransition):
        made.ratify(2)
    assert made.release().status is SlateStatus.RELEASED


@pytest.mark.parametrize("limit", [None, 1_200_001])
def test_below_the_limit_one_is_enough(app: FundApp, limit: int | None) -> None:
    made = Round(limit=limit)
    assert needed_for_all(made.slate) == 1
    assert made.ratify(0) is True
    assert made.slate.status is SlateStatus.RATIFIED


def test_a_sending_back_voids_the_first_of_two_ratifications_and_is_kept_with_its_reason(app: FundApp) -> None:
    made = Round()
    made.ratify(0)
    made.send_back(1)
    assert (made.slate.status, made.slate.proposed_by_id) == (SlateStatus.OPEN, None)
    assert ratifications(made.slate) == []
    other = make_staff(Role.MANAGER)
    made.send(other)
    assert made.ratify(2) is False, "that of the first sending does not count"
    made.send_back(0, "And at the south.")
    made.send()
    assert [made.ratify(0), made.ratify(1)] == [False, True]
    backs = [(each.sending, each.person_id, each.reason, each.sent_by_id) for each in send_backs(made.slate)]
    assert backs == [
        (1, made.ratifiers[1].id, "Look at the north again.", made.manager.id),
        (2, made.ratifiers[0].id, "And at the south.", other.id),
    ]
    assert len(db.session.scalars(select(Ratification)).all()) == 4, "what counts no more stays to be read"


def test_a_reason_is_needed_and_nothing_else_is_taken_for_one(app: FundApp) -> None:
    made = Round()
    for reason in ("", "  ", "x" * 2_001):
        with pytest.raises(RuleViolations):
            made.send_back(0, reason)
    assert made.slate.status is SlateStatus.PROPOSED
    assert send_backs(made.slate) == []


def test_a_page_of_an_earlier_sending_ratifies_nothing(app: FundApp) -> None:
    made = Round(limit=None)
    made.send_back(0)
    made.send()
    with pytest.raises(Conflict, match="sent again"):
        made.ratify(1, sending=1)
    assert made.slate.status is SlateStatus.PROPOSED
    assert made.ratify(1, sending=2) is True


def test_row_93_whoever_decided_or_sent_it_once_never_ratifies_even_if_others_did_it_again(app: FundApp) -> None:
    made = Round(limit=None)
    once, sender, withdrew = (make_staff(Role.MANAGER) for _ in range(3))
    made.send_back(0)
    made.decide(1, Outcome.DECLINE, by=once, version=1)
    deciding.withdraw_decision(actor=actor_of(withdrew), entry=made.entries[0], now=AFTER)
    made.decide(0, Outcome.AWARD)
    made.decide(1, Outcome.RESERVE, version=2)
    made.send(sender)
    made.send_back(0)
    made.send()
    db.session.commit()
    for person in (once, sender, withdrew, made.manager):
        for act in (ratifying.ratify_slate, ratifying.send_back_slate):
            values: dict[str, Any] = {"reason": "Mine."} if act is ratifying.send_back_slate else {}
            with pytest.raises(NotAllowed) as refused:
                act(actor=both(person), slate=made.slate, now=AFTER, **values)
            assert "decided or sent" in str(refused.value.reason)
    assert made.slate.status is SlateStatus.PROPOSED
    assert made.ratify(1) is True


def test_row_93_nobody_is_both_of_two_under_two_roles(app: FundApp) -> None:
    made = Round()
    person = made.ratifiers[0]
    made.ratify(0)
    grant_role(actor=system_actor(), person=person, role=Role.RATIFIER, call_id=made.call.id, now=CLOSES)
    with pytest.raises(Conflict):
        made.ratify(0)
    assert made.slate.status is SlateStatus.PROPOSED


def test_a_role_that_was_taken_after_the_page_was_asked_for_ratifies_nothing(app: FundApp) -> None:
    made = Round(limit=None)
    person = made.ratifiers[0]
    actor = actor_of(person)
    revoke_role(actor=system_actor(), person=person, role=Role.RATIFIER, call_id=None, now=AFTER)
    for act in (ratifying.ratify_slate, ratifying.send_back_slate):
        values: dict[str, Any] = {"reason": "Too late."} if act is ratifying.send_back_slate else {}
        with pytest.raises(NotAllowed):
            act(actor=actor, slate=made.slate, now=AFTER, **values)
    assert made.slate.status is SlateStatus.PROPOSED


def test_what_those_who_ratify_did_is_in_the_record(app: FundApp) -> None:
    made = Round()
    made.ratify(0)
    made.send_back(1)
    made.send()
    made.ratify(0)
    made.ratify(1)
    db.session.commit()
    actions = db.session.execute(
        select(AuditEntry.action, AuditEntry.actor_id)
        .where(AuditEntry.actor_id.in_([person.id for person in made.ratifiers]))
        .order_by(AuditEntry.seq)
    ).all()
    first, second = (person.id for person in made.ratifiers[:2])
    assert [tuple(row) for row in actions] == [
        ("slate:ratify_first", first),
        ("ratification:keep", first),
        ("slate:send_back", second),
        ("send_back:keep", second),
        ("slate:ratify_first", first),
        ("ratification:keep", first),
        ("slate:ratify", second),
        ("ratification:keep", second),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        update(SendBack).values(reason=""),
        update(SendBack).values(person_id=SendBack.sent_by_id),
        update(Ratification).values(sending=0),
    ],
)
def test_the_database_refuses_what_must_never_be(app: FundApp, statement: Any) -> None:
    made = Round()
    made.ratify(0)
    made.send_back(1)
    with pytest.raises(IntegrityError):
        db.session.execute(statement)
    db.session.rollback()
