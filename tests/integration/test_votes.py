"""Votes of the chairs: who may vote on what, what counts, and what keeps the list from being sent."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, Role, system_actor
from fundapp.accounts.services.roles import revoke_role
from fundapp.applications.models import Entry
from fundapp.core.audit import AuditEntry, KeptVersion
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, RuleViolations
from fundapp.core.web import FundApp
from fundapp.review.models import ChairVote, Outcome, UnapprovedAward
from fundapp.review.queries.voting import RowVotes, votes_of, whole_votes
from fundapp.review.services import deciding, ratifying, sending
from fundapp.review.services.erasing import blank_reviews
from fundapp.review.services.voting import Ballot, field_of, give_votes, keep_unapproved, step_back
from fundapp.review.terms_rules import WantedTerms
from fundapp.review.voting_rules import Proposal, VoteChoice, VoteStanding
from tests.conftest import actor_of
from tests.factories import make_member, make_organisation, make_staff, make_terms
from tests.integration.test_selection import AFTER, Round
from tests.integration.test_selection_races import all_at_once

FOR, AGAINST, ABSTAIN = VoteChoice.FOR, VoteChoice.AGAINST, VoteChoice.ABSTAIN
AWARD, DECLINE = Proposal("award", 1_200_000), Proposal("decline", 0)


class VotingRound(Round):
    """A round whose chairs vote: the first entry has an award, the second is declined."""

    def __init__(self, chairs: int = 3, marks: list[list[int]] | None = None) -> None:
        super().__init__(marks or [[5], [3]])
        make_terms(self.call, WantedTerms(chairs_vote=True), by=self.person)
        self.chairs = [make_staff(Role.CHAIR, self.call, name=f"Chair {number}") for number in range(chairs)]
        self.award(0)
        self.decline(1)
        db.session.flush()

    def vote(
        self,
        chair: int,
        choice: VoteChoice,
        *,
        entry: int = 0,
        reason: str = "As agreed.",
        about: Proposal | None = None,
    ) -> ChairVote:
        about = about or (AWARD if entry == 0 else DECLINE)
        ballot = Ballot(self.entries[entry].id, about, choice, reason)
        (vote,) = give_votes(actor=actor_of(self.chairs[chair]), call=self.call, ballots=[ballot], now=AFTER)
        return vote

    def row(self, entry: int = 0) -> RowVotes:
        return whole_votes(call=self.call)[self.entries[entry].id]

    def keep(
        self, reason: str = "The panel asked for it.", about: Proposal | None = AWARD, actor: Actor | None = None
    ) -> UnapprovedAward:
        return keep_unapproved(
            actor=actor or self.manager,
            call=self.call,
            entry_id=self.entries[0].id,
            about=about,
            reason=reason,
            now=AFTER,
        )

    def send(self) -> None:
        sending.propose_slate(actor=self.manager, call=self.call, now=AFTER)


def test_the_rows_of_a_call_whose_chairs_do_not_vote_have_no_votes(app: FundApp) -> None:
    made = Round([[5]])
    made.award(0)
    chair = make_staff(Role.CHAIR, made.call)
    assert whole_votes(call=made.call) == {}
    ballot = Ballot(made.entries[0].id, AWARD, FOR, "")
    with pytest.raises(Conflict, match="do not vote"):
        give_votes(actor=actor_of(chair), call=made.call, ballots=[ballot], now=AFTER)
    sending.propose_slate(actor=made.manager, call=made.call, now=AFTER)


def test_votes_are_counted_and_named_and_those_who_have_not_voted_are_too(app: FundApp) -> None:
    made = VotingRound()
    made.vote(0, FOR)
    made.vote(1, ABSTAIN)
    row = made.row()
    assert (row.count.in_favour, row.count.against, row.count.abstained) == (1, 0, 1)
    assert row.count.is_approved
    assert [person.name for person in row.silent] == ["Chair 2"]
    assert [(each.vote.person.name, each.vote.choice) for each in row.cast] == [("Chair 0", FOR), ("Chair 1", ABSTAIN)]
    made.vote(2, AGAINST)
    assert not made.row().count.is_approved, "equal numbers do not approve"
    made.vote(2, FOR)
    assert made.row().count.in_favour == 2


def test_a_vote_can_be_changed_and_what_it_was_stays_in_its_versions(app: FundApp) -> None:
    made = VotingRound()
    vote = made.vote(0, AGAINST, reason="Too large.")
    db.session.commit()
    made.vote(0, FOR, reason="")
    db.session.commit()
    assert db.session.scalar(select(func.count()).select_from(ChairVote)) == 1
    kept = db.session.scalars(
        select(KeptVersion).where(KeptVersion.object_id == vote.id).order_by(KeptVersion.number)
    ).all()
    assert [each.content and each.content["choice"] for each in kept] == ["against", "for"]
    recorded = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "vote:give").order_by(AuditEntry.seq))
    assert [each.data["outcome"] for each in recorded] == ["against", "for"]


def test_a_vote_on_an_earlier_proposal_is_told_as_such_and_counts_no_more(app: FundApp) -> None:
    made = VotingRound()
    made.vote(0, FOR)
    made.award(0, amount=1_100_000, version=1)
    row = made.row()
    assert [each.standing for each in row.cast] == [VoteStanding.EARLIER_PROPOSAL]
    assert not row.count.is_approved
    assert len(row.silent) == 3
    made.award(0, version=2)
    assert made.row().count.is_approved, "what was voted on is proposed again"


def test_nobody_votes_on_what_was_changed_meanwhile(app: FundApp) -> None:
    made = VotingRound()
    made.award(0, amount=1_100_000, version=1)
    with pytest.raises(RuleViolations) as caught:
        made.vote(0, FOR)
    assert [problem.field for problem in caught.value.problems] == [field_of(made.entries[0].id, "choice")]
    assert made.row().cast == []


def test_a_vote_against_needs_a_reason_and_of_several_votes_none_is_kept(app: FundApp) -> None:
    made = VotingRound()
    ballots = [
        Ballot(made.entries[1].id, DECLINE, FOR, ""),
        Ballot(made.entries[0].id, AWARD, AGAINST, " "),
    ]
    with pytest.raises(RuleViolations) as caught:
        give_votes(actor=actor_of(made.chairs[0]), call=made.call, ballots=ballots, now=AFTER)
    assert [problem.field for problem in caught.value.problems] == [field_of(made.entries[0].id, "reason")]
    assert [row.cast for row in whole_votes(call=made.call).values()] == [[], []]


def test_only_chairs_of_the_call_vote(app: FundApp) -> None:
    made, other = VotingRound(), VotingRound()
    ballot = [Ballot(made.entries[0].id, AWARD, FOR, "")]
    for person in (other.chairs[0], made.person, make_staff(Role.RATIFIER), make_staff(Role.AUDITOR)):
        with pytest.raises(NotAllowed):
            give_votes(actor=actor_of(person), call=made.call, ballots=ballot, now=AFTER)
    with pytest.raises(NotAllowed):
        give_votes(actor=system_actor(), call=made.call, ballots=ballot, now=AFTER)
    with pytest.raises(NotFound):
        give_votes(actor=actor_of(other.chairs[0]), call=other.call, ballots=ballot, now=AFTER)


def test_a_chair_cannot_touch_or_see_what_their_own_organisation_sent(app: FundApp) -> None:
    made = VotingRound()
    made.vote(0, AGAINST)
    organisation = made.entries[0].application.organisation
    assert organisation is not None
    make_member(made.chairs[0], make_organisation(organisation.name))
    row = made.row()
    assert [each.standing for each in row.cast] == [VoteStanding.CONFLICT]
    assert [person.name for person in row.recused] == ["Chair 0"]
    assert (row.count.against, [person.name for person in row.silent]) == (0, ["Chair 1", "Chair 2"])
    seen = votes_of(actor=actor_of(made.chairs[0]), call=made.call)
    assert list(seen) == [made.entries[1].id]
    for entry_id in (made.entries[0].id, uuid4()):
        ballot = Ballot(entry_id, AWARD, FOR, "")
        with pytest.raises(NotFound):
            give_votes(actor=actor_of(made.chairs[0]), call=made.call, ballots=[ballot], now=AFTER)
        with pytest.raises(NotFound):
            step_back(actor=actor_of(made.chairs[0]), call=made.call, entry_id=entry_id, reason="", now=AFTER)


def test_a_chair_steps_back_from_a_row_and_sees_it_no_more(app: FundApp) -> None:
    made = VotingRound()
    made.vote(0, FOR)
    actor = actor_of(made.chairs[0])
    step_back(actor=actor, call=made.call, entry_id=made.entries[0].id, reason="A cousin.", now=AFTER)
    assert made.entries[0].id not in votes_of(actor=actor, call=made.call)
    row = made.row()
    assert (row.count.in_favour, [person.name for person in row.recused]) == (0, ["Chair 0"])
    db.session.commit()
    recorded = select(AuditEntry).where(AuditEntry.action == "conflict:record")
    assert db.session.scalars(recorded).one().actor_id == made.chairs[0].id


def test_whoever_is_a_chair_no_more_does_not_count(app: FundApp) -> None:
    made = VotingRound(chairs=1)
    made.vote(0, FOR)
    revoke_role(actor=system_actor(), person=made.chairs[0], role=Role.CHAIR, call_id=made.call.id, now=AFTER)
    row = made.row()
    assert [each.standing for each in row.cast] == [VoteStanding.NO_CHAIR]
    assert row.holds_up_the_list


def test_the_list_is_not_sent_with_an_award_that_is_not_approved(app: FundApp) -> None:
    made = VotingRound()
    with pytest.raises(RuleViolations) as caught:
        made.send()
    assert [problem.place for problem in caught.value.problems] == [made.entries[0].application.reference]
    made.vote(0, FOR)
    made.vote(1, AGAINST)
    with pytest.raises(RuleViolations):
        made.send()
    made.vote(2, FOR)
    made.send()
    db.session.commit()
    counted = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "vote:count")).one()
    assert counted.data["votes"][str(made.entries[0].id)] == {
        "for": 2, "against": 1, "abstained": 0, "approved": True,
    }  # fmt: skip
    with pytest.raises(Conflict, match="ratifiers"):
        made.vote(0, AGAINST)


def test_a_manager_may_keep_it_with_a_reason_that_holds_for_this_amount_only(app: FundApp) -> None:
    made = VotingRound()
    with pytest.raises(RuleViolations):
        made.keep(reason=" ")
    with pytest.raises(Conflict, match="meanwhile"):
        made.keep(about=DECLINE)
    kept = made.keep()
    assert made.row().without_approval is kept
    made.award(0, amount=1_100_000, version=1)
    assert made.row().without_approval is None
    with pytest.raises(RuleViolations):
        made.send()
    made.award(0, version=2)
    made.send()
    slate = made.row().decision.slate
    ratifying.ratify_slate(actor=actor_of(make_staff(Role.RATIFIER)), slate=slate, now=AFTER)


def test_an_approved_award_needs_no_reason_and_a_chair_gives_none(app: FundApp) -> None:
    made = VotingRound()
    with pytest.raises(NotAllowed):
        keep_unapproved(
            actor=actor_of(made.chairs[0]),
            call=made.call,
            entry_id=made.entries[0].id,
            about=AWARD,
            reason="x",
            now=AFTER,
        )
    made.vote(0, FOR)
    with pytest.raises(Conflict, match="needs no reason"):
        made.keep()


def test_erasing_an_application_erases_the_reasons_and_keeps_the_votes(app: FundApp) -> None:
    made = VotingRound()
    made.vote(0, AGAINST, reason="Nadia runs it alone.")
    made.keep(reason="Nadia needs it.")
    blank_reviews(actor=system_actor(), application=made.entries[0].application, now=AFTER)
    row = made.row()
    assert [each.vote.reason for each in row.cast] == [""]
    assert row.count.against == 1
    assert row.without_approval is not None
    assert row.without_approval.reason == ""


# At once


def voting(person_id: UUID, entry_id: UUID) -> Callable[[], object]:
    def task() -> object:
        actor = actor_of(db.session.get_one(Person, person_id))
        call = db.session.get_one(Entry, entry_id).application.call
        return give_votes(actor=actor, call=call, ballots=[Ballot(entry_id, AWARD, FOR, "")], now=AFTER)

    return task


def test_chairs_who_vote_at_once_are_all_counted(app: FundApp) -> None:
    made = VotingRound(chairs=4)
    people, entry_id = [chair.id for chair in made.chairs], made.entries[0].id
    db.session.commit()
    assert all_at_once(app, [voting(person_id, entry_id) for person_id in people]) == ["done"] * 4
    db.session.expire_all()
    assert made.row().count.in_favour == 4


def test_a_chair_who_votes_twice_at_once_has_one_vote(app: FundApp) -> None:
    made = VotingRound(chairs=1)
    person_id, entry_id = made.chairs[0].id, made.entries[0].id
    db.session.commit()
    results = all_at_once(app, [voting(person_id, entry_id)] * 3)
    assert "done" in results
    assert db.session.scalar(select(func.count()).select_from(ChairVote)) == 1


@pytest.mark.parametrize("attempt", range(3))
def test_a_vote_while_the_list_is_sent_is_counted_or_refused(app: FundApp, attempt: int) -> None:
    made = VotingRound(chairs=2)
    made.vote(0, FOR)
    call, manager_id, entry_id, person_id = made.call, made.person.id, made.entries[0].id, made.chairs[1].id
    call_id = call.id
    db.session.commit()

    def send() -> object:
        actor = actor_of(db.session.get_one(Person, manager_id))
        return sending.propose_slate(actor=actor, call=db.session.get_one(type(call), call_id), now=AFTER)

    results = all_at_once(app, [send, voting(person_id, entry_id)])
    assert results[0] == "done"
    db.session.expire_all()
    counted = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "vote:count")).one()
    voted = results[1] == "done"
    assert counted.data["votes"][str(entry_id)]["for"] == 1 + voted == made.row().count.in_favour


def test_a_vote_while_the_amount_changes_is_never_counted_for_another_amount(app: FundApp) -> None:
    made = VotingRound(chairs=1)
    manager_id, entry_id, person_id = made.person.id, made.entries[0].id, made.chairs[0].id
    db.session.commit()

    def change() -> object:
        return deciding.decide_entry(
            actor=actor_of(db.session.get_one(Person, manager_id)), entry=db.session.get_one(Entry, entry_id),
            outcome=Outcome.AWARD, amount_minor=900_000, reason="", version=1, now=AFTER,
        )  # fmt: skip

    results = all_at_once(app, [change, voting(person_id, entry_id)])
    assert results[0] == "done"
    db.session.expire_all()
    row = made.row()
    assert row.decision.amount_minor == 900_000
    assert row.count.in_favour == 0
    assert len(row.cast) == (results[1] == "done")
