"""Tally, decisions, the list and its ratification: services on a real database."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, Role, system_actor
from fundapp.accounts.services.roles import grant_role
from fundapp.applications.models import ApplicationStatus, Call, Entry, ProgrammeKind
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, InvalidTransition, NotAllowed, NotFound, RuleViolations
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from fundapp.review.models import AssignmentStatus, Decision, Outcome, Slate, SlateStatus
from fundapp.review.queries import selection as queries
from fundapp.review.queries.freezing import newest_frozen
from fundapp.review.queries.ratifying import send_backs
from fundapp.review.services import deciding, ratifying, reading, sending
from tests.conftest import actor_of, counted_statements
from tests.factories import (
    CLOSES,
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_member,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
    parts_of,
)
from tests.frozen_tallies import frozen_document

AFTER = CLOSES + timedelta(days=1)


class Round:
    """A call with reviewed entries: `marks` has one list of marks for each entry, best first by convention."""

    def __init__(self, marks: list[list[int]], **values: Any) -> None:
        self.call = make_call(**values)
        self.person = make_staff(Role.MANAGER)
        self.manager = actor_of(self.person)
        self.entries: list[Entry] = []
        for of_entry in marks:
            self.add(of_entry)

    def add(self, marks: list[int], **values: Any) -> Entry:
        entry = make_application(self.call, **values).entries[0]
        for mark in marks:
            make_review(entry, make_reviewer(self.call), [mark, mark])
        self.entries.append(entry)
        return entry

    def decide(
        self,
        number: int,
        outcome: Outcome,
        amount: int | None = 1_200_000,
        reason: str = "",
        version: int = 0,
        actor: Actor | None = None,
        now: datetime = AFTER,
    ) -> Decision:
        return deciding.decide_entry(
            actor=actor or self.manager,
            entry=self.entries[number],
            outcome=outcome,
            amount_minor=amount,
            reason=reason,
            version=version,
            now=now,
        )

    def award(self, number: int, **values: Any) -> Decision:
        return self.decide(number, Outcome.AWARD, **values)

    def decline(self, number: int, **values: Any) -> Decision:
        return self.decide(number, Outcome.DECLINE, amount=None, **values)

    def committed(self) -> int:
        return db.session.scalars(select(Call.committed_minor).where(Call.id == self.call.id)).one()

    def seen(self, actor: Actor | None = None) -> list[tuple[str, str]]:
        rows = queries.selection(actor=actor or self.manager, call=self.call).ranked
        return [(row.entry.application.reference or "", row.figures.rank_label) for row in rows]


def refs(made: Round, *numbers: int) -> list[str]:
    return [made.entries[number].application.reference or "" for number in numbers]


def problems(caught: pytest.ExceptionInfo[RuleViolations]) -> list[str | None]:
    return [problem.field for problem in caught.value.problems]


# The tally


def test_tally_weighs_criteria_and_marks_ties(app: FundApp) -> None:
    made = Round([])
    first, tied, last = (make_application(made.call).entries[0] for _ in range(3))
    make_review(first, make_reviewer(made.call), [2, 5])  # weights 1 and 2: (2 + 10) / 3 = 4
    make_review(first, make_reviewer(made.call), [5, 5])
    make_review(tied, make_reviewer(made.call), [3, 3])
    make_review(last, make_reviewer(made.call), [None, 3])
    rows = queries.selection(actor=made.manager, call=made.call).ranked
    assert [(row.entry, row.figures.mean, row.figures.rank_label) for row in rows[:1]] == [(first, Fraction(9, 2), "1")]
    assert {row.entry for row in rows[1:]} == {tied, last}
    assert [row.figures.rank_label for row in rows[1:]] == ["=2", "=2"]


def test_equals_and_those_without_a_review_stand_in_the_order_of_references(app: FundApp) -> None:
    made = Round([[3], [5], [3], [3], [], [], []])
    assert [reference for reference, _ in made.seen()] == refs(made, 1, 0, 2, 3, 4, 5, 6)


def test_only_submitted_reviews_of_those_without_conflict_count(app: FundApp) -> None:
    made = Round([[4]])
    (entry,) = made.entries
    stepped_back, colleague = make_reviewer(made.call), make_reviewer(made.call)
    review = make_review(entry, stepped_back, [1, 1])
    make_review(entry, colleague, [1, 1])
    draft_of = make_assignment(entry, make_reviewer(made.call), AssignmentStatus.READING)
    reading.save_review(
        actor=actor_of(draft_of.reviewer.person),
        assignment=draft_of,
        parts=parts_of({"need": 1, "plan": 1}),
        now=NOW,
    )
    reading.declare_conflict(actor=actor_of(stepped_back.person), assignment=review.assignment, reason="", now=NOW)
    assert entry.application.organisation is not None
    make_member(colleague.person, entry.application.organisation)
    (row,) = queries.selection(actor=made.manager, call=made.call).ranked
    assert (row.figures.reviews, row.figures.mean) == (1, Fraction(4))
    (counted,) = queries.reviews_of(actor=made.manager, entry=entry)
    assert {score.value for score in counted.scores} == {4}


def test_what_a_manager_may_not_see_leaves_no_gap_in_the_ranks(app: FundApp) -> None:
    made = Round([[5], [4], [3]])
    hidden = made.entries[1].application
    assert made.seen() == list(zip(refs(made, 0, 1, 2), ["1", "2", "3"], strict=True))
    assert hidden.organisation is not None
    make_member(made.person, hidden.organisation)
    assert made.seen() == list(zip(refs(made, 0, 2), ["1", "2"], strict=True))
    with pytest.raises(NotFound):
        made.award(1)
    with pytest.raises(NotFound):
        deciding.withdraw_decision(actor=made.manager, entry=made.entries[1], now=AFTER)
    assert queries.reviews_of(actor=made.manager, entry=made.entries[1]) == []
    assert made.seen(actor_of(make_staff(Role.MANAGER)))[1] == (refs(made, 1)[0], "2")


def test_categories_with_their_own_awards_are_ranked_apart(app: FundApp) -> None:
    made = Round([], kind=ProgrammeKind.PRIZE, categories=2, max_categories=2)
    application = make_application(made.call)
    other = make_application(made.call)
    for entry, mark in zip([*application.entries, *other.entries], (5, 2, 3, 4), strict=True):
        make_review(entry, make_reviewer(made.call), [mark, mark])
    ranked = queries.selection(actor=made.manager, call=made.call).ranked
    assert [(row.pool, row.figures.mean, row.figures.rank) for row in ranked] == [
        ("cat1", Fraction(5), 1),
        ("cat1", Fraction(3), 2),
        ("cat2", Fraction(4), 1),
        ("cat2", Fraction(2), 2),
    ]


def test_number_of_statements_does_not_grow(app: FundApp) -> None:
    made = Round([])
    counts = []
    for size in (1, 30):
        for _ in range(size):
            made.add([3, 4])
            made.award(len(made.entries) - 1, amount=1000)
        db.session.commit()
        db.session.expire_all()
        db.session.refresh(made.call)
        with counted_statements() as statements:
            for row in queries.selection(actor=made.manager, call=made.call).ranked:
                assert row.entry.application.reference
                assert row.decision is not None
                assert row.decision.decided_by.name
        counts.append(len(statements))
    assert counts[0] == counts[1] > 0


# Deciding


def test_award_takes_its_money_and_a_later_decline_gives_it_back(app: FundApp) -> None:
    made = Round([[5], [4]])
    decision = made.award(0, amount=1_000_000)
    assert made.committed() == 1_000_000
    assert (decision.rank, decision.decided_by_id, decision.decided_at) == (1, made.person.id, AFTER)
    made.award(0, amount=700_000, version=decision.version)
    assert made.committed() == 700_000
    made.decline(0, reason="They found other money.", version=decision.version)
    assert made.committed() == 0
    assert decision.amount_minor == 0
    db.session.commit()
    actions = db.session.scalars(select(AuditEntry.action).where(AuditEntry.action == "decision:make")).all()
    assert len(actions) == 3


def test_withdrawn_decision_leaves_nothing_but_its_audit_row(app: FundApp) -> None:
    made = Round([[5]])
    made.award(0)
    deciding.withdraw_decision(actor=made.manager, entry=made.entries[0], now=AFTER)
    assert made.committed() == 0
    assert db.session.scalars(select(Decision)).all() == []
    db.session.commit()
    assert db.session.scalars(select(AuditEntry).where(AuditEntry.action == "decision:withdraw")).one()
    with pytest.raises(NotFound):
        deciding.withdraw_decision(actor=made.manager, entry=made.entries[0], now=AFTER)


def test_more_than_is_left_is_refused_by_the_service(app: FundApp) -> None:
    made = Round([[5], [4]], budget_minor=2_000_000)
    made.award(0)
    with pytest.raises(Conflict):
        made.award(1)
    assert made.committed() == 1_200_000
    assert made.award(1, amount=800_000).amount_minor == 800_000


def test_more_than_the_budget_is_refused_by_the_database(app: FundApp) -> None:
    made = Round([[5]], budget_minor=2_000_000)
    for committed in (2_000_001, -1):
        with pytest.raises(IntegrityError):
            db.session.execute(update(Call).where(Call.id == made.call.id).values(committed_minor=committed))
        db.session.rollback()
        made = Round([[5]], budget_minor=2_000_000)


@pytest.mark.parametrize("amount", [None, 0, -5, 1_200_001])
def test_amount_beyond_the_request_is_refused(app: FundApp, amount: int | None) -> None:
    made = Round([[5]])
    with pytest.raises(RuleViolations) as caught:
        made.award(0, amount=amount)
    assert problems(caught) == ["amount"]
    assert made.committed() == 0


def test_request_above_the_ceiling_gets_the_ceiling_at_most(app: FundApp) -> None:
    made = Round([])
    made.add([5], requested_minor=5_000_000)
    with pytest.raises(RuleViolations):
        made.award(0, amount=2_000_001)
    assert made.award(0, amount=2_000_000).amount_minor == made.call.ceiling_minor


def test_prize_has_its_fixed_amount_and_its_number(app: FundApp) -> None:
    made = Round([[5], [4]], kind=ProgrammeKind.PRIZE, categories=1)
    with pytest.raises(RuleViolations) as caught:
        made.award(0, amount=999_999)
    assert problems(caught) == ["amount"]
    first = made.award(0, amount=1_000_000)
    with pytest.raises(RuleViolations) as caught:
        made.award(1, amount=1_000_000, reason="Also good.")
    assert problems(caught) == ["outcome"]
    made.award(0, amount=1_000_000, reason="Decided again.", version=first.version)
    assert made.committed() == 1_000_000


def test_choice_against_rank_needs_a_reason(app: FundApp) -> None:
    made = Round([[5], [4], [3]])
    made.award(1)
    with pytest.raises(RuleViolations) as caught:
        made.decline(0)
    assert problems(caught) == ["reason"]
    made.decline(0, reason="Another fund pays for it.")
    rows = queries.selection(actor=made.manager, call=made.call).ranked
    assert [row.needs_reason for row in rows] == [False, True, False]


def test_a_reserve_takes_no_money_and_needs_a_reason_above_the_line_alone(app: FundApp) -> None:
    made = Round([[5], [4], [3]])
    made.award(1)
    made.decide(2, Outcome.RESERVE)
    with pytest.raises(RuleViolations) as caught:
        made.decide(0, Outcome.RESERVE)
    assert problems(caught) == ["reason"]
    held = made.decide(0, Outcome.RESERVE, reason="Their other money is decided first.")
    assert (held.amount_minor, made.committed()) == (0, 1_200_000)
    made.award(0, reason="It came through.", version=held.version)
    again = made.decide(0, Outcome.RESERVE, reason="It did not.", version=held.version)
    assert (again.amount_minor, made.committed()) == (0, 1_200_000)


def test_entry_without_a_review_is_decided_with_a_reason(app: FundApp) -> None:
    made = Round([[5], []])
    for outcome in Outcome:
        with pytest.raises(RuleViolations) as caught:
            made.decide(1, outcome)
        assert problems(caught) == ["reason"]
    assert made.decline(1, reason="Nobody could read it.").rank is None


def test_decision_that_somebody_changed_meanwhile_is_not_overwritten(app: FundApp) -> None:
    made = Round([[5]])
    made.award(0)
    with pytest.raises(Conflict):
        made.decline(0, version=0)
    assert made.committed() == 1_200_000


def test_only_those_who_may_decide_do(app: FundApp) -> None:
    made = Round([[5]])
    stranger = actor_of(make_staff(Role.MANAGER, make_call()))
    reviewer = actor_of(make_reviewer(made.call).person)
    ratifier = actor_of(make_staff(Role.RATIFIER))
    for actor in (stranger, reviewer, ratifier):
        with pytest.raises(NotAllowed):
            made.award(0, actor=actor)
        with pytest.raises(NotAllowed):
            deciding.decide_by_rank(actor=actor, call=made.call, now=AFTER)
        with pytest.raises(NotAllowed):
            sending.propose_slate(actor=actor, call=made.call, now=AFTER)
    assert db.session.scalars(select(Decision)).all() == []


def test_rank_order_awards_within_the_budget_and_declines_the_rest(app: FundApp) -> None:
    made = Round([[5], [4], [3], [2]], budget_minor=2_500_000)
    made.add([])
    deciding.decide_by_rank(actor=made.manager, call=made.call, now=AFTER)
    outcomes = {d.entry_id: d.outcome for d in db.session.scalars(select(Decision))}
    assert [outcomes.get(entry.id) for entry in made.entries] == [
        Outcome.AWARD,
        Outcome.AWARD,
        Outcome.DECLINE,
        Outcome.DECLINE,
        None,
    ]
    assert made.committed() == 2_400_000
    assert deciding.decide_by_rank(actor=made.manager, call=made.call, now=AFTER) == []


def test_rank_order_gives_each_prize_once(app: FundApp) -> None:
    made = Round([], kind=ProgrammeKind.PRIZE, categories=2, max_categories=2)
    for mark in (5, 4):
        for entry in make_application(made.call).entries:
            make_review(entry, make_reviewer(made.call), [mark, mark])
    made_decisions = deciding.decide_by_rank(actor=made.manager, call=made.call, now=AFTER)
    assert sorted(decision.amount_minor for decision in made_decisions) == [0, 0, 1_000_000, 1_000_000]
    assert made.committed() == 2_000_000


# The list


def decided(**values: Any) -> Round:
    """A round in which everything is decided by rank."""
    made = Round([[5], [4], [2]], **{"budget_minor": 2_500_000, **values})
    deciding.decide_by_rank(actor=made.manager, call=made.call, now=AFTER)
    return made


def propose(made: Round, actor: Actor | None = None, now: datetime = AFTER) -> Slate:
    return sending.propose_slate(actor=actor or made.manager, call=made.call, now=now)


def test_nothing_may_stay_undecided_unchecked_or_unexplained(app: FundApp) -> None:
    made = Round([[5], [4], [3], [2]])
    made.award(2)
    made.decline(1, reason="Paid by others.")
    make_application(made.call, status=ApplicationStatus.SUBMITTED)
    with pytest.raises(RuleViolations) as caught:
        propose(made, now=NOW)
    texts = [str(problem) for problem in caught.value.problems]
    assert len(texts) == 4
    assert "still open" in texts[0]
    assert "1 application was not marked" in texts[1]
    assert "2 entries are undecided" in texts[2]
    assert texts[3].startswith(refs(made, 2)[0])


def test_empty_call_has_nothing_to_propose(app: FundApp) -> None:
    with pytest.raises(RuleViolations):
        propose(Round([]))


def test_proposed_list_is_frozen_with_its_tally(app: FundApp) -> None:
    made = decided()
    slate = propose(made)
    assert (slate.status, slate.proposed_by_id, slate.proposed_at) == (SlateStatus.PROPOSED, made.person.id, AFTER)
    document = frozen_document(slate)
    assert [(e["entry"], e["mean"], e["rank"]) for e in document["entries"]] == [
        (str(entry.id), mean, rank) for entry, mean, rank in zip(made.entries, "542", (1, 2, 3), strict=True)
    ]
    best = next(each for each in document["reviews"] if each["entry"] == str(made.entries[0].id))
    scores = best["versions"][-1]["content"]["scores"].values()
    assert (best["counts"], [score["value"] for score in scores]) == (True, [5, 5])
    version = db.session.scalars(select(Decision.version).where(Decision.entry_id == made.entries[0].id)).one()
    with pytest.raises(Conflict):
        made.decline(0, reason="Too late.", version=version)
    with pytest.raises(Conflict):
        deciding.withdraw_decision(actor=made.manager, entry=made.entries[0], now=AFTER)
    with pytest.raises(Conflict):
        deciding.decide_by_rank(actor=made.manager, call=made.call, now=AFTER)
    with pytest.raises(Conflict):
        propose(made)


def test_second_person_ratifies(app: FundApp) -> None:
    made = decided()
    slate = propose(made)
    person = make_staff(Role.RATIFIER)
    ratifying.ratify_slate(actor=actor_of(person), slate=slate, now=AFTER)
    assert (slate.status, slate.ratified_by_id, slate.ratified_at) == (SlateStatus.RATIFIED, person.id, AFTER)
    with pytest.raises(InvalidTransition):
        ratifying.ratify_slate(actor=actor_of(person), slate=slate, now=AFTER)
    with pytest.raises(InvalidTransition):
        ratifying.send_back_slate(actor=actor_of(person), slate=slate, reason="Too late.", now=AFTER)
    ratifying.send_back_slate(
        actor=actor_of(person), slate=slate, reason="A reader stepped back.", now=AFTER, is_ratified=True
    )
    assert (slate.status, slate.ratified_by_id, slate.ratified_at) == (SlateStatus.OPEN, None, None)
    assert [each.reason for each in send_backs(slate)] == ["A reader stepped back."]
    with pytest.raises(InvalidTransition):
        ratifying.send_back_slate(actor=actor_of(person), slate=slate, reason="Again.", now=AFTER, is_ratified=True)


def told(now: datetime) -> list[tuple[str, str]]:
    """Return whom mail of this moment goes to, and where its link leads."""
    mails = db.session.scalars(select(MailMessage).where(MailMessage.created_at == now, MailMessage.template == "news"))
    return sorted((mail.to_address, mail.data["path"]) for mail in mails)


def test_whoever_must_act_on_a_list_is_told_and_nobody_else(app: FundApp) -> None:
    made = decided()
    ratifier = make_staff(Role.RATIFIER, made.call)
    make_staff(Role.RATIFIER, make_call())
    slate = propose(made)
    address = f"/manage/{made.call.slug}"
    assert told(AFTER) == [(ratifier.email, f"{address}/ratification")]
    ratifying.send_back_slate(
        actor=actor_of(ratifier), slate=slate, reason="Look again.", now=AFTER + timedelta(hours=1)
    )
    assert told(AFTER + timedelta(hours=1)) == [(made.person.email, f"{address}/selection")]
    propose(made)
    ratifying.ratify_slate(actor=actor_of(ratifier), slate=slate, now=AFTER + timedelta(hours=2))
    assert told(AFTER + timedelta(hours=2)) == [(made.person.email, address)]


def with_both_roles(person: Person) -> Actor:
    grant_role(actor=system_actor(), person=person, role=Role.RATIFIER, now=NOW)
    return actor_of(person)


def test_nobody_ratifies_what_they_sent_or_decided(app: FundApp) -> None:
    made = decided()
    sender = make_staff(Role.MANAGER)
    slate = propose(made, actor=actor_of(sender))
    for actor in (with_both_roles(sender), with_both_roles(made.person)):
        with pytest.raises(NotAllowed):
            ratifying.ratify_slate(actor=actor, slate=slate, now=AFTER)
        with pytest.raises(NotAllowed):
            ratifying.send_back_slate(actor=actor, slate=slate, reason="Mine.", now=AFTER)
    assert slate.status is SlateStatus.PROPOSED


def test_manager_without_the_permission_does_not_ratify(app: FundApp) -> None:
    made = decided()
    slate = propose(made)
    for person in (make_staff(Role.MANAGER), make_staff(Role.RATIFIER, make_call())):
        with pytest.raises(NotAllowed):
            ratifying.ratify_slate(actor=actor_of(person), slate=slate, now=AFTER)


def test_database_refuses_a_list_ratified_by_its_sender(app: FundApp) -> None:
    slate = make_slate(make_call(), SlateStatus.PROPOSED)
    with pytest.raises(IntegrityError):
        db.session.execute(
            update(Slate).values(status=SlateStatus.RATIFIED, ratified_by_id=slate.proposed_by_id, ratified_at=NOW)
        )
    db.session.rollback()


def test_whoever_has_a_conflict_neither_sends_nor_ratifies_the_list(app: FundApp) -> None:
    made = decided()
    organisation = made.entries[2].application.organisation
    assert organisation is not None
    manager, ratifier = make_staff(Role.MANAGER), make_staff(Role.RATIFIER)
    for person in (manager, ratifier):
        make_member(person, organisation)
    with pytest.raises(NotAllowed):
        propose(made, actor=actor_of(manager))
    slate = propose(made)
    with pytest.raises(NotAllowed):
        ratifying.ratify_slate(actor=actor_of(ratifier), slate=slate, now=AFTER)
    assert slate.status is SlateStatus.PROPOSED


def test_list_that_was_sent_back_is_open_again_with_the_reason(app: FundApp) -> None:
    made = decided()
    slate = propose(made)
    ratifier = actor_of(make_staff(Role.RATIFIER))
    with pytest.raises(RuleViolations):
        ratifying.send_back_slate(actor=ratifier, slate=slate, reason="  ", now=AFTER)
    ratifying.send_back_slate(actor=ratifier, slate=slate, reason="Look at the north again.", now=AFTER)
    assert (slate.status, slate.proposed_by_id, newest_frozen(slate)) == (SlateStatus.OPEN, None, None)
    assert [each.reason for each in send_backs(slate)] == ["Look at the north again."]
    deciding.withdraw_decision(actor=made.manager, entry=made.entries[2], now=AFTER)
    with pytest.raises(RuleViolations):
        propose(made)
    made.decline(2)
    assert propose(made).status is SlateStatus.PROPOSED


def test_decision_on_what_is_no_longer_eligible_is_named_and_can_be_withdrawn(app: FundApp) -> None:
    made = decided()
    application = made.entries[0].application
    application.eligibility_reason = "It closed down."
    application.status = ApplicationStatus.INELIGIBLE
    db.session.flush()
    with pytest.raises(RuleViolations) as caught:
        propose(made)
    assert str(caught.value.problems[0]).startswith(application.reference or "-")
    version = db.session.scalars(select(Decision.version).where(Decision.entry_id == made.entries[0].id)).one()
    with pytest.raises(RuleViolations) as caught:
        made.award(0, version=version)
    assert "outcome" in problems(caught)
    deciding.withdraw_decision(actor=made.manager, entry=made.entries[0], now=AFTER)
    assert made.entries[0] not in [row.entry for row in queries.selection(actor=made.manager, call=made.call).ranked]
    assert propose(made).status is SlateStatus.PROPOSED
