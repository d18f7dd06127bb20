"""The public vote: announced, confirmed by one click, once for each address, unread until closed, odd groups aside."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from time_machine import TimeMachineFixture
from werkzeug.test import TestResponse

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.accounts.secrets import link_token
from fundapp.applications.models import Entry
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, RuleViolations
from fundapp.core.mail import MailMessage
from fundapp.core.outbox import OutboxItem
from fundapp.core.web import FundApp
from fundapp.retention import queries as retention
from fundapp.review.models import (
    Ballot,
    Decision,
    Finalist,
    Outcome,
    PublicVote,
    SetAsideVotes,
    SlateStatus,
    VoteRequest,
)
from fundapp.review.presentation import minutes_prize
from fundapp.review.presentation.minutes_parts import Minuted
from fundapp.review.queries import public_vote as queries
from fundapp.review.queries import vote_count
from fundapp.review.queries.selection import selection, whole_selection
from fundapp.review.rules import Choice
from fundapp.review.services.ballots import ask_to_vote, confirm_vote, drop_requests, forget_voters
from fundapp.review.services.deciding import decide_by_rank, decide_entry
from fundapp.review.services.public_vote import count_again, set_aside, set_terms
from fundapp.review.services.sending import propose_slate
from fundapp.review.terms_rules import WantedTerms
from fundapp.review.vote_rules import PatternKind, VoteMode
from tests.conftest import actor_of, without_tokens
from tests.factories import NOW, make_decision, make_member, make_slate, make_staff, make_terms
from tests.integration.test_finalists import Prize
from tests.integration.test_selection_races import all_at_once

from ..exporting import exported_rows

SignedIn = Callable[[Person | None], FlaskClient]
SECRET = "a secret for tests, long enough to be one"  # that of the application of the tests
DAY = timedelta(days=1)
OPENS, CLOSES = NOW + DAY, NOW + 8 * DAY
OPEN, CLOSED = OPENS + DAY, CLOSES


class Vote(Prize):
    """A prize whose three finalists agreed to be shown, with a public vote on it."""

    def __init__(self, mode: VoteMode = VoteMode.ADVISORY) -> None:
        super().__init__()
        self.agreed(self.best, self.good, self.weak)
        self.announce()
        self.vote = self.set(mode)

    def set(self, mode: VoteMode = VoteMode.ADVISORY, *, opens_at: datetime = OPENS, now: datetime = NOW) -> PublicVote:
        return set_terms(
            actor=actor_of(self.manager),
            call=self.call,
            category_code="",
            mode=mode,
            opens_at=opens_at,
            closes_at=CLOSES,
            now=now,
        )

    def finalist(self, entry: Entry) -> Finalist:
        return db.session.scalars(select(Finalist).where(Finalist.entry_id == entry.id)).one()

    def ask(self, entry: Entry, email: str, *, now: datetime = OPEN, network: str = "", may_mail: bool = True) -> None:
        ask_to_vote(
            vote=self.vote,
            chosen=[self.finalist(entry).id],
            email=email,
            network=network or email,
            language="en",
            may_mail=may_mail,
            secret_key=SECRET,
            now=now,
        )

    def request(self) -> VoteRequest:
        return db.session.scalars(select(VoteRequest).order_by(VoteRequest.asked_at.desc()).limit(1)).one()

    def cast(self, entry: Entry, email: str, *, now: datetime = OPEN, network: str = "") -> None:
        self.ask(entry, email, now=now, network=network)
        confirm_vote(request=self.request(), now=now)

    def results(self, *, person: Person | None = None, now: datetime = CLOSED) -> list[tuple[str, int, int]]:
        found = vote_count.result(actor=actor_of(person or self.manager), vote=self.vote, now=now)
        rows = [row for each in found for row in each.rows]
        return [(row.finalist.entry.application.organisation_name[:4], row.counted, row.confirmed) for row in rows]


def token_of(request_id: UUID) -> str:
    return link_token(SECRET, request_id)


def ballots() -> int:
    return db.session.scalars(select(func.count(Ballot.id))).one()


def at(moment: datetime, time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(moment, tick=False)


def choose(client: FlaskClient, vote: Vote, entry: Entry, email: str) -> TestResponse:
    finalist = str(vote.finalist(entry).id)
    return client.post(f"/calls/{vote.call.slug}/vote", data={"choice_cat1": finalist, "email": email})


def test_a_visitor_votes_by_a_link_and_only_the_click_on_the_page_counts(
    app, signed_in: SignedIn, time_machine: TimeMachineFixture
):
    vote = Vote()
    visitor = signed_in(None)
    at(OPEN, time_machine)
    assert "Vote for a finalist" in visitor.get(f"/calls/{vote.call.slug}").text
    assert "Best Paralegals" in visitor.get(f"/calls/{vote.call.slug}/vote").text
    assert choose(visitor, vote, vote.good, "Amina+vote@Example.org").status_code == 302
    waiting = vote.request()
    mail = db.session.get_one(MailMessage, waiting.mail_id)
    assert (mail.template, mail.to_address) == ("confirm_vote", "amina+vote@example.org")
    address = f"/vote/{token_of(waiting.id)}"
    for method in (visitor.get, visitor.head, visitor.get):
        assert method(address).status_code == 200
    assert ballots() == 0
    mail_id = waiting.mail_id
    answer = visitor.post(address)
    assert "Your vote counts." in answer.text
    (ballot,) = db.session.scalars(select(Ballot))
    assert ballot.finalist_id == vote.finalist(vote.good).id
    assert ballot.confirmed_at == OPEN.replace(second=0, microsecond=0)
    assert db.session.get(MailMessage, mail_id) is None
    assert db.session.scalars(select(OutboxItem).where(OutboxItem.subject_id == mail_id)).all() == []
    assert db.session.scalars(select(VoteRequest)).all() == []
    again = visitor.post(address)
    assert again.status_code == 404
    assert "does nothing any more" in again.text
    assert ballots() == 1


def test_what_is_stored_of_a_vote_holds_no_address(app):
    vote = Vote()
    vote.cast(vote.good, "amina7@example.org")
    (ballot,) = db.session.scalars(select(Ballot))
    stored = " ".join(str(getattr(ballot, column.name)) for column in Ballot.__table__.columns)
    assert "amina" not in stored
    assert "example" not in stored
    db.session.commit()
    (entry,) = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "ballot:confirm"))
    assert entry.data == {}


def test_the_first_vote_of_an_address_counts_and_a_later_one_is_told_so(app):
    vote = Vote()
    vote.cast(vote.good, "amina@gmail.com")
    vote.ask(vote.best, "a.mina+again@googlemail.com")
    done = confirm_vote(request=vote.request(), now=OPEN)
    assert (done.counted, done.known) == (0, 1)
    assert vote.results() == [("Good", 1, 1), ("Best", 0, 0), ("Weak", 0, 0)]


def test_nobody_can_see_from_the_answer_whether_an_address_has_voted(
    app, signed_in: SignedIn, time_machine: TimeMachineFixture
):
    vote = Vote()
    vote.cast(vote.good, "amina@example.org")
    visitor = signed_in(None)
    at(OPEN, time_machine)
    first = choose(visitor, vote, vote.best, "amina@example.org")
    second = choose(visitor, vote, vote.best, "somebody@example.org")
    assert (first.status_code, first.location, first.text) == (second.status_code, second.location, second.text)
    assert len(db.session.scalars(select(VoteRequest)).all()) == 2


def test_an_address_gets_no_more_mails_than_its_limit_and_the_answer_stays_the_same(
    app, signed_in: SignedIn, time_machine: TimeMachineFixture
):
    vote = Vote()
    visitor = signed_in(None)
    at(OPEN, time_machine)
    answers = {choose(visitor, vote, vote.best, f"amina+{number}@example.org").location for number in range(5)}
    assert len(answers) == 1
    assert len(db.session.scalars(select(VoteRequest)).all()) == 3
    vote.ask(vote.best, "another@example.org", may_mail=False)
    assert len(db.session.scalars(select(VoteRequest)).all()) == 3


def test_one_network_asks_so_often_and_no_more(app, signed_in: SignedIn, time_machine: TimeMachineFixture):
    vote = Vote()
    visitor = signed_in(None)
    at(OPEN, time_machine)
    statuses = [choose(visitor, vote, vote.best, f"p{number}@example{number}.org").status_code for number in range(61)]
    assert statuses == [302] * 60 + [429]


def test_two_clicks_of_one_address_at_once_are_one_vote(app: FundApp):
    vote = Vote()
    vote.ask(vote.good, "amina@example.org")
    vote.ask(vote.best, "amina+x@example.org", now=OPEN + timedelta(minutes=1))
    ids = list(db.session.scalars(select(VoteRequest.id)))
    db.session.commit()

    def click(number: int) -> None:
        confirm_vote(request=db.session.get_one(VoteRequest, ids[number]), now=OPEN + timedelta(minutes=2))

    assert all_at_once(app, [lambda: click(0), lambda: click(1)]) == ["done", "done"]
    db.session.rollback()
    assert ballots() == 1


def test_one_link_clicked_twice_at_once_counts_once(app: FundApp):
    vote = Vote()
    vote.ask(vote.good, "amina@example.org")
    token = token_of(vote.request().id)
    db.session.commit()

    def click() -> None:
        confirm_vote(request=queries.request_by_token(token), now=OPEN)

    results = all_at_once(app, [click, click])
    db.session.rollback()
    assert ballots() == 1
    assert sorted(results) == ["NotFound", "done"]


def test_a_link_ends_after_two_days_and_with_the_vote(app, signed_in: SignedIn, time_machine: TimeMachineFixture):
    vote = Vote()
    vote.ask(vote.good, "amina@example.org")
    with pytest.raises(Conflict):
        confirm_vote(request=vote.request(), now=OPEN + timedelta(hours=48))
    vote.ask(vote.good, "late@example.org", now=CLOSES - timedelta(hours=1))
    late = vote.request()
    assert late.expires_at == CLOSES
    with pytest.raises(Conflict):
        confirm_vote(request=late, now=CLOSES)
    visitor = signed_in(None)
    at(CLOSES, time_machine)
    assert visitor.post(f"/vote/{token_of(late.id)}").status_code == 409
    assert ballots() == 0


def test_nobody_votes_before_or_after_the_time_or_for_somebody_who_is_not_shown(
    app, signed_in: SignedIn, time_machine: TimeMachineFixture
):
    vote = Vote()
    for moment in (OPENS - timedelta(seconds=1), CLOSES):
        with pytest.raises(Conflict):
            vote.ask(vote.good, "amina@example.org", now=moment)
    profile = vote.write(vote.good, text="Changed.")
    with pytest.raises(RuleViolations):
        vote.ask(vote.good, "amina@example.org")
    vote.answer(profile)
    vote.ask(vote.good, "amina@example.org")
    vote.answer(profile, agrees=False)
    done = confirm_vote(request=vote.request(), now=OPEN)
    assert (done.counted, done.known) == (0, 0)
    visitor = signed_in(None)
    at(NOW, time_machine)
    assert "The vote has not begun yet." in visitor.get(f"/calls/{vote.call.slug}/vote").text
    assert choose(visitor, vote, vote.best, "amina@example.org").status_code == 409
    at(OPEN, time_machine)
    wrong = visitor.post(f"/calls/{vote.call.slug}/vote", data={"email": "kept@example.org"})
    assert wrong.status_code == 422
    assert "kept@example.org" in wrong.text


def test_there_is_no_vote_before_the_finalists_are_announced(app, signed_in: SignedIn):
    prize = Prize()
    prize.agreed(prize.best)
    set_terms(
        actor=actor_of(prize.manager), call=prize.call, category_code="cat1", mode=VoteMode.ADVISORY, opens_at=OPENS,
        closes_at=CLOSES, now=NOW,
    )  # fmt: skip
    assert signed_in(None).get(f"/calls/{prize.call.slug}/vote").status_code == 404


def test_the_rules_stand_fast_once_the_vote_has_opened(app):
    vote = Vote()
    vote.set(VoteMode.DECIDING, opens_at=OPENS + DAY)
    with pytest.raises(Conflict):
        vote.set(opens_at=OPENS + 3 * DAY, now=OPENS + DAY)
    with pytest.raises(NotAllowed):
        set_terms(
            actor=actor_of(make_staff(Role.AUDITOR)), call=vote.call, category_code="", mode=VoteMode.ADVISORY,
            opens_at=OPENS, closes_at=CLOSES, now=NOW,
        )  # fmt: skip


def test_until_it_is_closed_nobody_reads_for_whom_the_votes_are(
    app, signed_in: SignedIn, time_machine: TimeMachineFixture
):
    """Two rounds of votes that differ in nothing but the finalist: every page and table of staff says the same."""
    vote = Vote(VoteMode.DECIDING)
    auditor = make_staff(Role.AUDITOR)
    for number in range(7):
        vote.cast(vote.weak, f"person{number}@example{number}.org")
    at(OPEN, time_machine)
    clients = [signed_in(None), signed_in(vote.manager), signed_in(auditor)]
    before = [pages(client, vote) for client in clients]
    assert "7 votes were confirmed." in before[1]
    weak, best = vote.finalist(vote.weak).id, vote.finalist(vote.best).id
    for ballot in db.session.scalars(select(Ballot).where(Ballot.finalist_id == weak)):
        ballot.finalist_id = best
    db.session.commit()
    assert [pages(client, vote) for client in clients] == before
    with pytest.raises(NotFound):
        vote.results(now=CLOSES - timedelta(seconds=1))
    with pytest.raises(NotFound):
        queries.odd_patterns(actor=actor_of(vote.manager), vote=vote.vote, now=OPEN)
    at(CLOSED, time_machine)
    page = signed_in(vote.manager).get(f"/manage/{vote.call.slug}/public-vote").text
    assert "Chosen by the vote" in page


def pages(client: FlaskClient, vote: Vote) -> str:
    slug = vote.call.slug
    addresses = [
        f"/calls/{slug}",
        f"/calls/{slug}/finalists",
        f"/calls/{slug}/vote",
        f"/manage/{slug}",
        f"/manage/{slug}/finalists",
        f"/manage/{slug}/public-vote",
        f"/manage/{slug}/selection",
        f"/manage/{slug}/selection/{vote.weak.id}",
    ]
    seen = "".join(re.sub(r"\d+ s(econds)?", "", without_tokens(client.get(each).text)) for each in addresses)
    may_export = client.get(f"/manage/{slug}/exports").status_code == 200
    return seen + str(exported_rows(client, slug) if may_export else "")


def test_somebody_in_conflict_reads_of_a_vote_without_that_finalist(app):
    vote = Vote()
    vote.cast(vote.best, "a@example.org", network="one")
    vote.cast(vote.good, "b@example.org")
    other = make_staff(Role.MANAGER, vote.call)
    make_member(other, vote.applications[0].organisation)
    assert queries.confirmed_ballots(actor=actor_of(other), vote=vote.vote) == 1
    assert vote.results(person=other) == [("Good", 1, 1), ("Weak", 0, 0)]
    with pytest.raises(NotAllowed):
        set_aside(actor=actor_of(other), call=vote.call, pattern_id="x", reason="Odd.", now=CLOSED)


def test_a_group_that_looks_odd_is_left_out_with_a_reason_and_both_counts_are_shown(
    app, signed_in: SignedIn, time_machine: TimeMachineFixture
):
    vote = Vote()
    for number in range(12):
        vote.cast(vote.weak, f"p{'abcdefghijkl'[number]}@example{number}.org", network="one",
                  now=OPEN + timedelta(minutes=number))  # fmt: skip
    vote.cast(vote.good, "b@example.org")
    manager = actor_of(vote.manager)
    (odd,) = queries.odd_patterns(actor=manager, vote=vote.vote, now=CLOSED)
    assert (odd.kind, len(odd.casts)) == (PatternKind.NETWORK, 12)
    with pytest.raises(NotFound):
        set_aside(actor=manager, call=vote.call, pattern_id="network-nothing", reason="Odd.", now=CLOSED)
    at(CLOSED, time_machine)
    client, address = signed_in(vote.manager), f"/manage/{vote.call.slug}/public-vote"
    assert "Many from one network" in client.get(address).text
    refused = client.post(f"{address}/set-aside", data={"pattern": odd.id, "reason": " "})
    assert refused.status_code == 422
    assert "Give a reason." in refused.text
    data = {"pattern": odd.id, "reason": "One machine in one office."}
    assert client.post(f"{address}/set-aside", data=data).status_code == 302
    assert vote.results() == [("Good", 1, 1), ("Best", 0, 0), ("Weak", 0, 12)]
    page = client.get(address).text
    assert "One machine in one office." in page
    assert "Nothing looks odd." in page
    (group,) = db.session.scalars(select(SetAsideVotes))
    assert client.post(f"{address}/count-again", data={"group": str(group.id)}).status_code == 302
    assert vote.results()[0] == ("Weak", 12, 12)
    actions = set(db.session.scalars(select(AuditEntry.action)))
    assert {"ballots:set_aside", "ballots:count_again", "public-vote:set", "ballot:confirm"} <= actions


def test_nothing_is_left_out_once_the_list_is_with_the_ratifiers(app):
    vote = Vote()
    for number in range(5):
        vote.cast(vote.weak, f"v{number}@example.org", now=OPEN + timedelta(minutes=number))
    manager = actor_of(vote.manager)
    (odd,) = queries.odd_patterns(actor=manager, vote=vote.vote, now=CLOSED)
    assert odd.kind is PatternKind.SEQUENCE
    group = set_aside(actor=manager, call=vote.call, pattern_id=odd.id, reason="Made up.", now=CLOSED)
    make_slate(vote.call, SlateStatus.PROPOSED)
    with pytest.raises(Conflict):
        count_again(actor=manager, call=vote.call, group_id=group.id, now=CLOSED)


def test_who_awards_against_a_vote_that_decides_says_why(app):
    vote = Vote(VoteMode.DECIDING)
    vote.cast(vote.good, "a@example.org")
    manager = actor_of(vote.manager)

    def decide(entry: Entry, outcome: Outcome, reason: str, now: datetime = CLOSED) -> Decision:
        return decide_entry(
            actor=manager, entry=entry, outcome=outcome, amount_minor=1_000_000, reason=reason, version=0, now=now
        )

    with pytest.raises(RuleViolations) as early:
        decide(vote.good, Outcome.AWARD, "Because.", OPEN)
    assert [problem.field for problem in early.value.problems] == ["outcome"]
    with pytest.raises(RuleViolations) as against:
        decide(vote.best, Outcome.AWARD, "")
    assert "The public vote chose otherwise" in str(against.value.problems[0])
    with pytest.raises(RuleViolations):
        decide(vote.good, Outcome.DECLINE, "")
    assert decide(vote.best, Outcome.AWARD, "The winner asked us not to.").outcome is Outcome.AWARD


def award_the_weakest(vote: Vote) -> Decision:
    return decide_entry(
        actor=actor_of(vote.manager), entry=vote.weak, outcome=Outcome.AWARD, amount_minor=1_000_000, reason="",
        version=0, now=CLOSED,
    )  # fmt: skip


def decline_the_others(vote: Vote) -> None:
    for entry in (vote.best, vote.good):
        decide_entry(
            actor=actor_of(vote.manager), entry=entry, outcome=Outcome.DECLINE, amount_minor=None, reason="",
            version=0, now=CLOSED,
        )  # fmt: skip


def test_what_a_vote_that_decides_gives_needs_no_other_reason_and_what_one_that_advises_does_still(
    app, time_machine: TimeMachineFixture
):
    vote = Vote(VoteMode.DECIDING)
    vote.cast(vote.weak, "a@example.org")
    decline_the_others(vote)
    award_the_weakest(vote)
    vote.call.closes_at = NOW
    at(CLOSED, time_machine)
    rows = whole_selection(call=vote.call).ranked
    assert [row.by_vote for row in rows] == [Choice.DECLINE, Choice.DECLINE, Choice.AWARD]
    assert not any(row.is_against_rank for row in rows)
    propose_slate(actor=actor_of(vote.manager), call=vote.call, now=CLOSED)
    advised = Vote()
    advised.cast(advised.weak, "a@example.org")
    decline_the_others(advised)
    with pytest.raises(RuleViolations, match="against rank"):
        award_the_weakest(advised)


def test_where_nobody_voted_or_a_tie_is_left_to_people_rank_is_the_measure(app):
    silent, tied = Vote(VoteMode.DECIDING), Vote(VoteMode.DECIDING)
    tied.cast(tied.weak, "a@example.org")
    tied.cast(tied.good, "b@example.org")
    for vote in (silent, tied):
        decline_the_others(vote)
        with pytest.raises(RuleViolations, match="against rank"):
            award_the_weakest(vote)
    rows = {row.entry.id: row.by_vote for row in whole_selection(call=tied.call, now=CLOSED).ranked}
    assert rows == {tied.best.id: Choice.DECLINE, tied.good.id: None, tied.weak.id: None}
    decide_entry(
        actor=actor_of(tied.manager), entry=tied.good, outcome=Outcome.AWARD, amount_minor=1_000_000, reason="",
        version=1, now=CLOSED,
    )  # fmt: skip


def test_before_a_vote_has_closed_the_selection_tells_nothing_of_it(app, time_machine: TimeMachineFixture):
    vote = Vote(VoteMode.DECIDING)
    vote.cast(vote.weak, "a@example.org")
    slate = make_slate(vote.call)
    make_decision(slate, vote.weak)
    make_decision(slate, vote.best, outcome=Outcome.DECLINE)
    at(OPEN, time_machine)
    rows = selection(actor=actor_of(vote.manager), call=vote.call).ranked
    assert [(row.by_vote, row.is_against_rank) for row in rows] == [(None, True), (None, False), (None, True)]


def test_who_wins_the_vote_below_the_floor_needs_a_reason(app):
    vote = Vote(VoteMode.DECIDING)
    vote.cast(vote.weak, "a@example.org")
    make_terms(vote.call, WantedTerms(floor=Decimal(3)), by=vote.manager)
    with pytest.raises(RuleViolations, match="below the floor"):
        award_the_weakest(vote)


def test_the_list_says_what_the_vote_chose_and_what_goes_against_it(
    app, signed_in: SignedIn, time_machine: TimeMachineFixture
):
    vote = Vote(VoteMode.DECIDING)
    vote.cast(vote.weak, "a@example.org")
    at(CLOSED, time_machine)
    client, address = signed_in(vote.manager), f"/manage/{vote.call.slug}/selection"
    assert "Against the public vote." not in client.get(address).text
    award_the_weakest(vote)
    db.session.commit()
    page = client.get(address).text
    assert "Given by the public vote." in page
    assert "against rank<" not in page
    decide_entry(
        actor=actor_of(vote.manager), entry=vote.weak, outcome=Outcome.DECLINE, amount_minor=None,
        reason="They asked us not to.", version=1, now=CLOSED,
    )  # fmt: skip
    db.session.commit()
    page = client.get(address).text
    assert "Against the public vote." in page
    assert "Given by the public vote." not in page


def test_between_those_who_tie_people_decide(app):
    vote = Vote(VoteMode.DECIDING)
    vote.cast(vote.good, "a@example.org")
    vote.cast(vote.best, "b@example.org")
    (found,) = vote_count.result(actor=actor_of(vote.manager), vote=vote.vote, now=CLOSED)
    assert found.is_tied
    decide_entry(
        actor=actor_of(vote.manager), entry=vote.best, outcome=Outcome.AWARD, amount_minor=1_000_000, reason="",
        version=0, now=CLOSED,
    )  # fmt: skip


def test_a_vote_that_decides_is_left_to_people_by_rank_order_and_one_that_advises_is_not(app):
    for mode, made in ((VoteMode.DECIDING, 0), (VoteMode.ADVISORY, 3)):
        vote = Vote(mode)
        assert len(decide_by_rank(actor=actor_of(vote.manager), call=vote.call, now=CLOSED)) == made


def test_a_list_with_a_decision_against_the_vote_is_not_sent_without_its_reason(app):
    vote = Vote(VoteMode.DECIDING)
    vote.cast(vote.good, "a@example.org")
    vote.call.closes_at = NOW
    slate = make_slate(vote.call)
    make_decision(slate, vote.best)
    for entry in (vote.good, vote.weak):
        make_decision(slate, entry, outcome=Outcome.DECLINE)
    with pytest.raises(RuleViolations) as refused:
        propose_slate(actor=actor_of(vote.manager), call=vote.call, now=CLOSED)
    problems = [(each.place, str(each.message)) for each in refused.value.problems]
    reference = vote.applications[0].reference
    assert (reference, "The public vote chose otherwise. Say why this is right.") in problems


def test_everybody_reads_the_votes_after_the_release_and_not_before(
    app, signed_in: SignedIn, time_machine: TimeMachineFixture
):
    vote = Vote()
    vote.cast(vote.good, "a@example.org")
    slate = make_slate(vote.call, SlateStatus.RATIFIED)
    visitor, address = signed_in(None), f"/calls/{vote.call.slug}/finalists"
    at(CLOSED, time_machine)
    assert "1 vote of the public" not in visitor.get(address).text
    slate.status, slate.released_at, slate.released_by_id = SlateStatus.RELEASED, NOW, vote.manager.id
    db.session.commit()
    assert "1 vote of the public" in visitor.get(address).text


def test_what_nobody_confirmed_goes_with_its_mail_and_voters_are_forgotten_in_time(app: Flask):
    vote = Vote()
    vote.cast(vote.good, "a@example.org")
    vote.ask(vote.best, "never@example.org")
    (waiting,) = retention.vote_requests_due()
    (voters,) = retention.voters_due()
    assert waiting.at == OPEN + timedelta(hours=48) + DAY
    assert voters.at == CLOSES + 90 * DAY
    db.session.commit()
    drop_requests([waiting.id], CLOSED)
    db.session.commit()
    assert db.session.scalars(select(MailMessage.template)).all() == ["news"] * 3
    forget_voters([voters.id], CLOSED)
    db.session.commit()
    (ballot,) = db.session.scalars(select(Ballot))
    assert (ballot.voter_key, ballot.network_key, ballot.domain_key, ballot.shape_key) == (None, None, None, None)
    assert retention.voters_due() == []
    assert vote.results()[0] == ("Good", 1, 1)


def test_the_selection_shows_the_vote_beside_the_ranks(app, signed_in: SignedIn, time_machine: TimeMachineFixture):
    vote = Vote()
    vote.cast(vote.weak, "a@example.org")
    at(CLOSED, time_machine)
    client = signed_in(vote.manager)
    page = client.get(f"/manage/{vote.call.slug}/selection").text
    assert "Chosen by the vote" in page
    assert "It does not bind them." in page
    assert len(selection(actor=actor_of(vote.manager), call=vote.call).ranked) == 3


def test_the_minutes_tell_both_counts_and_why_votes_were_left_out(app: FundApp):
    vote = Vote(VoteMode.DECIDING)
    for number in range(5):
        vote.cast(vote.weak, f"v{number}@example.org", now=OPEN + timedelta(minutes=number))
    vote.cast(vote.good, "a@example.org")
    actor = actor_of(vote.manager)
    (odd,) = queries.odd_patterns(actor=actor, vote=vote.vote, now=CLOSED)
    set_aside(actor=actor, call=vote.call, pattern_id=odd.id, reason="Made by one hand.", now=CLOSED)
    slate = make_slate(vote.call, SlateStatus.PROPOSED)
    found = selection(actor=actor, call=vote.call)
    with app.test_request_context():
        early = minutes_prize.public_vote(Minuted(actor, found, slate))
        slate.proposed_at = CLOSED
        section = minutes_prize.public_vote(Minuted(actor, found, slate))
    assert early is not None
    assert early.tables == ()
    assert section is not None
    counts, left_out = section.tables
    assert [row.cells[1:] for row in counts.rows] == [("1", "1"), ("0", "0"), ("0", "5")]
    assert [(row.cells[1], row.note) for row in left_out.rows] == [("5 votes", "Made by one hand.")]
    assert section.texts == ("As announced, the vote decides. Awarding somebody else needs a reason.",)
