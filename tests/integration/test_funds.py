"""Funds behind calls: what is promised, set aside, moved and paid, who sees which of it, and who may change it."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, Role, system_actor
from fundapp.applications.conflicts import record_conflict
from fundapp.applications.models import Application, Call, ConflictSource
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, NotAllowed, NotFound, RuleViolations
from fundapp.core.web import FundApp
from fundapp.disbursement.fund_rules import MovementKind, Sums
from fundapp.disbursement.models import Award, Fund, Funder, FundMovement, FundShare
from fundapp.disbursement.queries.fund_check import broken_funds
from fundapp.disbursement.queries.funds import backing, funders_for, money_of_call
from fundapp.disbursement.services.allocating import fund_award, keep_proposal
from fundapp.disbursement.services.fund_ledger import Posting, post_of_award, post_of_funder
from fundapp.disbursement.services.funds import WantedFund, add_fund, change_fund, note_of_funder
from fundapp.doctor import examine
from fundapp.review.terms_rules import PotTerms, WantedTerms
from tests.conftest import actor_of
from tests.factories import NOW, make_call, make_protected, make_staff, make_terms
from tests.funding import make_award, make_fund
from tests.integration.test_selection_races import all_at_once

WANTED: dict[str, Any] = {
    "name": "Open fund (sample)",
    "funder_name": "Kind Foundation (sample)",
    "funder_reference": "KF-7",
    "funder_is_named": False,
    "is_restricted": False,
    "restriction": "",
    "pot_code": "",
    "currency": "USD",
}


def finance(call: Call | None = None) -> Actor:
    return actor_of(make_staff(Role.FINANCE, call))


def fund_of(actor: Actor, award: Award, given: dict[Fund, int], reason: str = "", seen: str | None = None) -> int:
    call = db.session.get_one(Call, award.call_id)
    return fund_award(
        actor=actor,
        call=call,
        award_id=award.id,
        wanted={fund.id: amount for fund, amount in given.items()},
        reason=reason,
        seen=backing(actor=actor, call=call).seen if seen is None else seen,
        now=NOW,
    )


def sums(actor: Actor, call: Call) -> dict[str, Sums]:
    return {row.fund.name: row.sums for row in money_of_call(actor=actor, call=call)}


def rows(award: Award) -> list[tuple[str, int]]:
    found = select(FundMovement.kind, FundMovement.amount_minor).where(FundMovement.award_id == award.id)
    return sorted((kind.value, amount) for kind, amount in db.session.execute(found))


def test_a_fund_is_entered_with_its_funder_and_what_it_promised(app: FundApp) -> None:
    call = make_call()
    actor = finance(call)
    fund = add_fund(actor=actor, call=call, wanted=WantedFund(**WANTED), now=NOW)
    note_of_funder(actor=actor, call=call, fund=fund, kind=MovementKind.PROMISED, amount_minor=500, reason="", now=NOW)
    note_of_funder(actor=actor, call=call, fund=fund, kind=MovementKind.RECEIVED, amount_minor=200, reason="", now=NOW)
    db.session.commit()
    assert sums(actor, call) == {"Open fund (sample)": Sums(promised=500, received=200)}
    assert (fund.funder.name, fund.funder.reference, fund.funder.is_named) == (
        "Kind Foundation (sample)",
        "KF-7",
        False,
    )
    recorded = select(AuditEntry.action).where(AuditEntry.call_id == call.id).order_by(AuditEntry.seq)
    assert db.session.scalars(recorded).all()[-4:] == ["funder:add", "fund:add", "fund:promise", "fund:receive"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"funder_name": ""}, "funder_name"),
        ({"currency": "EUR"}, "currency"),
        ({"is_restricted": True}, "restriction"),
        ({"is_restricted": True, "restriction": "Land", "pot_code": "gone"}, "pot"),
        ({"is_restricted": True, "restriction": "Land", "pot_code": "p1", "for_programme": True}, "pot"),
        ({"for_programme": True}, "for_programme"),
    ],
)
def test_what_is_wrong_with_a_fund_is_told_beside_its_field(app: FundApp, wrong: dict[str, Any], field: str) -> None:
    call = make_call()
    with pytest.raises(RuleViolations) as refused:
        add_fund(actor=finance(call), call=call, wanted=WantedFund(**(WANTED | wrong)), now=NOW)
    assert field in [problem.field for problem in refused.value.problems]


def test_a_fund_of_a_programme_is_behind_each_of_its_calls_and_for_people_of_all_calls(app: FundApp) -> None:
    call = make_call()
    other = make_call(programme=call.programme)
    everywhere, of_call = finance(), finance(call)
    fund = add_fund(actor=everywhere, call=call, wanted=WantedFund(**WANTED, for_programme=True), now=NOW)
    assert [row.fund for row in money_of_call(actor=everywhere, call=other)] == [fund]
    with pytest.raises(NotAllowed):
        note_of_funder(
            actor=of_call, call=call, fund=fund, kind=MovementKind.PROMISED, amount_minor=5, reason="", now=NOW
        )
    assert funders_for(of_call) == []
    assert funders_for(everywhere) == [fund.funder]


def test_changing_a_fund_of_a_shared_funder_leaves_the_funders_name(app: FundApp) -> None:
    call = make_call()
    actor, everywhere = finance(call), finance()
    fund = add_fund(actor=everywhere, call=call, wanted=WantedFund(**WANTED), now=NOW)
    change_fund(
        actor=actor, call=call, fund=fund, wanted=WantedFund(**(WANTED | {"funder_name": "Other"})), edition=2, now=NOW
    )
    assert db.session.scalars(select(Funder.name)).all() == ["Other"]
    again = WantedFund(**(WANTED | {"funder_name": "Other"}), funder_id=fund.funder_id)
    add_fund(actor=everywhere, call=make_call(), wanted=again, now=NOW)
    with pytest.raises(RuleViolations):
        change_fund(actor=actor, call=call, fund=fund, wanted=WantedFund(**WANTED), edition=3, now=NOW)
    with pytest.raises(Conflict):
        change_fund(actor=actor, call=call, fund=fund, wanted=again, edition=2, now=NOW)


def test_an_award_is_paid_from_several_funds_and_is_whole_before_anything_is_paid(app: FundApp) -> None:
    call = make_call()
    actor, award = finance(call), make_award(call, 1000)
    one, two = make_fund(call, 700, name="One"), make_fund(call, 700, name="Two")
    fund_of(actor, award, {one: 600})
    db.session.commit()
    pay: dict[str, Any] = {
        "actor": actor,
        "award": award,
        "postings": [Posting(one, MovementKind.PAID, 500)],
        "reason": "",
        "now": NOW,
    }
    with pytest.raises(Conflict, match="all of it"):
        post_of_award(**pay)
    db.session.rollback()
    fund_of(actor, award, {one: 600, two: 400})
    assert award.is_funded
    post_of_award(**pay)
    assert sums(actor, call)["One"] == Sums(promised=700, allocated=600, paid=500)
    with pytest.raises(Conflict, match="paid already"):
        fund_of(actor, award, {one: 499, two: 400}, reason="Too late.")
    db.session.rollback()


def test_moving_an_awards_money_between_funds_makes_rows_with_one_reason(app: FundApp) -> None:
    call = make_call()
    actor, award = finance(call), make_award(call, 1000)
    one, two = make_fund(call, 1000, name="One"), make_fund(call, 700, name="Two")
    fund_of(actor, award, {one: 1000})
    with pytest.raises(RuleViolations) as refused:
        fund_of(actor, award, {one: 400, two: 600})
    assert [problem.field for problem in refused.value.problems] == ["reason"]
    fund_of(actor, award, {one: 400, two: 600}, reason="The donor asked for it.")
    assert rows(award) == [("allocated", 1000), ("reallocated", -600), ("reallocated", 600)]
    moved = db.session.scalars(select(FundMovement).where(FundMovement.kind == MovementKind.REALLOCATED)).all()
    assert {(each.reason, each.move_id) for each in moved} == {("The donor asked for it.", moved[0].move_id)}
    fund_of(actor, award, {two: 600}, reason="Less was needed.")
    assert sums(actor, call) == {"One": Sums(promised=1000), "Two": Sums(promised=700, allocated=600)}
    assert award.funded_minor == 600


def test_restricted_money_goes_only_to_awards_of_its_pot(app: FundApp) -> None:
    call = make_call(budget_minor=3_000_000)
    make_terms(call, WantedTerms(pots=(PotTerms("", (("en", "North"),), 2_000_000, ("region:north",)),)))
    north, south = make_award(call, 900, region="North"), make_award(call, 900, region="South")
    actor = finance(call)
    tied: dict[str, Any] = {"is_restricted": True, "restriction": "The north"}
    pot, words = make_fund(call, 2000, name="Pot", pot_code="p1", **tied), make_fund(call, 2000, name="Words", **tied)
    fund_of(actor, north, {pot: 900})
    for fund, award in ((pot, south), (words, north)):
        with pytest.raises(RuleViolations, match="may not be used"):
            fund_of(actor, award, {fund: 900})
    free = make_fund(call, 1000, name="Free")
    found = backing(actor=actor, call=call)
    assert found.proposal == {str(south.id): {str(free.id): 900}}


def test_a_proposal_is_kept_as_it_was_shown_or_not_at_all(app: FundApp) -> None:
    call = make_call()
    actor, awards, fund = finance(call), [make_award(call, 400) for _ in range(3)], make_fund(call, 1000)
    shown = backing(actor=actor, call=call).seen
    assert keep_proposal(actor=actor, call=call, seen=shown, now=NOW) == 2
    assert [award.is_funded for award in awards] == [True, True, False]
    assert sums(actor, call)[fund.name].left == 200
    with pytest.raises(Conflict, match="meanwhile"):
        keep_proposal(actor=actor, call=call, seen=shown, now=NOW)


def test_another_currency_is_refused_in_words(app: FundApp) -> None:
    call = make_call()
    award, fund = make_award(call, 900), make_fund(call, 1000, currency="EUR")
    with pytest.raises(RuleViolations, match="EUR and the award in USD"):
        fund_of(finance(call), award, {fund: 900})
    assert backing(actor=finance(call), call=call).proposal == {}


def test_more_than_the_award_and_more_than_the_fund_are_refused(app: FundApp) -> None:
    call = make_call()
    actor, award, fund = finance(call), make_award(call, 900), make_fund(call, 500)
    with pytest.raises(RuleViolations, match="more than the award"):
        fund_of(actor, award, {fund: 901})
    with pytest.raises(Conflict, match="more than what is left"):
        fund_of(actor, award, {fund: 900})
    db.session.rollback()


def test_a_promise_is_not_lowered_below_what_is_set_aside(app: FundApp) -> None:
    call = make_call()
    actor, award, fund = finance(call), make_award(call, 900), make_fund(call, 1000)
    fund_of(actor, award, {fund: 900})
    lower: dict[str, Any] = {"actor": actor, "call": call, "fund": fund, "kind": MovementKind.PROMISED, "now": NOW}
    with pytest.raises(RuleViolations):
        note_of_funder(**lower, amount_minor=-100, reason="")
    with pytest.raises(Conflict, match="set aside"):
        note_of_funder(**lower, amount_minor=-101, reason="They took it back.")
    note_of_funder(**lower, amount_minor=-100, reason="They took it back.")
    assert sums(actor, call)[fund.name] == Sums(promised=900, allocated=900)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.AUDITOR])
def test_managers_and_auditors_read_and_change_nothing(app: FundApp, role: Role) -> None:
    call = make_call()
    award, fund = make_award(call, 900), make_fund(call, 1000)
    actor = actor_of(make_staff(role, call))
    assert sums(actor, call) == {fund.name: Sums(promised=1000)}
    for change in (
        lambda: fund_of(actor, award, {fund: 900}, seen=""),
        lambda: keep_proposal(actor=actor, call=call, seen="", now=NOW),
        lambda: add_fund(actor=actor, call=call, wanted=WantedFund(**WANTED), now=NOW),
    ):
        with pytest.raises(NotAllowed):
            change()


@pytest.mark.parametrize("role", [Role.RATIFIER, Role.REVIEWER, Role.CHAIR, Role.ADMINISTRATOR])
def test_others_do_not_read_whose_money_it_is(app: FundApp, role: Role) -> None:
    call = make_call()
    with pytest.raises(NotAllowed):
        money_of_call(actor=actor_of(make_staff(role, None if role is Role.ADMINISTRATOR else call)), call=call)


def pin(application: Application, person: Person) -> None:
    source = ConflictSource.SET_BY_MANAGER
    record_conflict(
        actor=system_actor(), application=application, person_id=person.id, source=source, reason="x", now=NOW
    )


def test_money_of_a_hidden_award_is_in_no_sum_of_somebody_in_conflict(app: FundApp) -> None:
    """What they read is the same with and without the award."""
    call = make_call()
    person = make_staff(Role.FINANCE, call)
    fund = make_fund(call, 5000)
    seen_award = make_award(call, 1000)
    fund_of(actor_of(person), seen_award, {fund: 1000})

    def read() -> tuple[Any, ...]:
        actor = actor_of(person)
        found = backing(actor=actor, call=call)
        return sums(actor, call), [each.face.reference for each in found.awards], found.seen

    before = read()
    hidden = make_award(call, 2000)
    fund_of(system_actor(), hidden, {fund: 2000})
    pin(hidden.decision.entry.application, person)
    assert read() == before
    assert sums(system_actor(), call)[fund.name].allocated == 3000
    with pytest.raises(NotFound):
        fund_of(actor_of(person), hidden, {fund: 0}, reason="x")


def test_where_one_of_several_funds_is_empty_nothing_of_the_change_holds(app: FundApp) -> None:
    """The money is gone to something that is hidden: what another fund would have given is not taken either."""
    call = make_call()
    person = make_staff(Role.FINANCE, call)
    full, empty = make_fund(call, 1000, name="Full"), make_fund(call, 1000, name="Empty")
    awards, hidden = [make_award(call, 900) for _ in range(2)], make_award(call, 1000)
    fund_of(system_actor(), hidden, {empty: 1000})
    pin(hidden.decision.entry.application, person)
    db.session.commit()
    actor = actor_of(person)
    before = sums(actor, call), backing(actor=actor, call=call).seen
    with pytest.raises(Conflict, match="“Empty”"):
        fund_of(actor, awards[0], {full: 500, empty: 400})
    assert (sums(actor, call), backing(actor=actor, call=call).seen) == before
    with pytest.raises(Conflict):
        keep_proposal(actor=actor, call=call, seen=before[1], now=NOW)
    assert (sums(actor, call), backing(actor=actor, call=call).seen) == before
    db.session.commit()
    assert broken_funds() == []
    assert [row for award in awards for row in rows(award)] == []


def test_money_of_a_call_that_one_does_not_follow_is_in_no_sum(app: FundApp) -> None:
    call = make_call()
    other = make_call(programme=call.programme)
    fund, elsewhere = make_fund(call, 5000, whole_programme=True), make_award(other, 2000)
    fund_of(system_actor(), elsewhere, {fund: 2000})
    assert sums(finance(call), call)[fund.name] == Sums(promised=5000)
    assert sums(finance(), call)[fund.name] == Sums(promised=5000, allocated=2000)


def test_a_protected_award_goes_by_its_pseudonym(app: FundApp) -> None:
    call = make_call()
    award = make_award(call, 1000)
    name = award.decision.entry.application.organisation_name
    application = make_protected(award.decision.entry.application)
    (found,) = backing(actor=finance(call), call=call).awards
    assert found.face.name == application.pseudonym
    assert name
    assert name not in repr(found.face)


AMOUNTS = st.integers(1, 700)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["promised", "received"]), st.integers(0, 1), st.integers(-900, 900)),
        st.tuples(st.just("fund"), st.integers(0, 1), st.tuples(st.integers(0, 700), st.integers(0, 700))),
        st.tuples(st.sampled_from(["paid", "returned"]), st.integers(0, 1), st.tuples(st.integers(0, 1), AMOUNTS)),
    ),
    max_size=14,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS)
def test_sums_hold_whatever_happens(app: FundApp, events: list[Any]) -> None:
    """Promises, receipts, allocations, moves, payments and returns in any order: no sum is ever impossible."""
    call, actor = make_call(), system_actor()
    funds = [make_fund(call, 0, name=name) for name in ("One", "Two")]
    awards = [make_award(call, 700) for _ in range(2)]
    db.session.commit()
    expected = {fund.id: Counter[str]() for fund in funds}
    for what, which, detail in events:
        try:
            if what in ("promised", "received"):
                posting = Posting(funds[which], MovementKind(what), detail)
                if detail:
                    post_of_funder(actor=actor, posting=posting, call_id=call.id, reason="why", now=NOW)
                    changes = {funds[which].id: {what: detail}}
            elif what == "fund":
                before = backing(actor=actor, call=call).of(awards[which].id).given
                wanted = dict(zip(funds, detail, strict=True))
                fund_of(actor, awards[which], wanted, reason="why")
                changes = {
                    fund.id: {"allocated": amount - before.get(str(fund.id), 0)} for fund, amount in wanted.items()
                }
            else:
                fund, amount = funds[detail[0]], detail[1] if what == "paid" else -detail[1]
                lock_row(awards[which])
                posting = Posting(fund, MovementKind(what), amount)
                post_of_award(actor=actor, award=awards[which], postings=[posting], reason="why", now=NOW)
                changes = {fund.id: {"paid": amount}}
            db.session.commit()
        except (Conflict, RuleViolations):
            db.session.rollback()
            continue
        if what not in ("promised", "received") or detail:
            for fund_id, change in changes.items():
                expected[fund_id].update(change)
        for row in money_of_call(actor=actor, call=call):
            assert row.sums == Sums(**expected[row.fund.id])
            assert row.sums.holds
        for award in awards:
            given_by = db.session.scalars(select(FundShare).where(FundShare.award_id == award.id)).all()
            assert award.funded_minor == sum(share.allocated_minor for share in given_by) <= award.amount_minor
            assert award.is_funded or not any(share.paid_minor for share in given_by) or what != "paid"
    assert broken_funds() == []


def test_the_check_up_names_a_fund_whose_counters_are_not_its_rows(app: FundApp) -> None:
    call = make_call()
    fund = make_fund(call, 1000)
    fund_of(system_actor(), make_award(call, 900), {fund: 900})
    assert broken_funds() == []
    db.session.execute(update(Fund).values(allocated_minor=899).execution_options(synchronize_session=False))
    (finding,) = [each for each in examine(app) if each.name == "funds"]
    assert (finding.healthy, finding.detail) == (False, "differ from their ledger: Open fund (sample)")
    db.session.rollback()


@pytest.mark.parametrize(
    "values",
    [
        {"allocated_minor": 1001},
        {"promised_minor": 899},
        {"paid_minor": 901},
        {"allocated_minor": -1},
        {"received_minor": -1},
    ],
)
def test_the_database_itself_takes_no_impossible_sum(app: FundApp, values: dict[str, int]) -> None:
    call = make_call()
    fund = make_fund(call, 1000)
    fund_of(system_actor(), make_award(call, 900), {fund: 900})
    db.session.commit()
    with pytest.raises(IntegrityError):
        db.session.execute(update(Fund).values(**values))
    db.session.rollback()


def test_the_database_itself_gives_no_award_more_than_it_is(app: FundApp) -> None:
    award = make_award(make_call(), 900)
    db.session.commit()
    with pytest.raises(IntegrityError):
        db.session.execute(update(Award).where(Award.id == award.id).values(funded_minor=901))
    db.session.rollback()


@pytest.mark.parametrize("statement", ["UPDATE fund_movement SET amount_minor = 5", "DELETE FROM fund_movement"])
def test_no_row_of_the_ledger_is_changed_or_taken_away(app: FundApp, statement: str) -> None:
    make_fund(make_call(), 1000)
    db.session.commit()
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(text(statement))
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(FundMovement)) == 1


def test_two_calls_that_share_a_fund_cannot_both_take_its_last_money(app: FundApp) -> None:
    """Two threads, two calls, one fund: one wins, the other is told."""
    call = make_call()
    other = make_call(programme=call.programme)
    fund = make_fund(call, 1000, whole_programme=True)
    awards = [make_award(each, 600) for each in (call, other)]
    actor = finance()
    seen = [backing(actor=actor, call=each).seen for each in (call, other)]
    ids = [(each.call_id, each.id) for each in awards]
    fund_id = fund.id
    db.session.commit()

    def taking(call_id: UUID, award_id: UUID, shown: str) -> Callable[[], object]:
        return lambda: fund_award(
            actor=actor,
            call=db.session.get_one(Call, call_id),
            award_id=award_id,
            wanted={fund_id: 600},
            reason="",
            seen=shown,
            now=NOW,
        )

    tasks = [taking(*each, shown) for each, shown in zip(ids, seen, strict=True)]
    assert sorted(all_at_once(app, tasks)) == ["Conflict", "done"]
    db.session.expire_all()
    assert db.session.get_one(Fund, fund_id).allocated_minor == 600
    assert db.session.scalar(select(func.count()).where(FundMovement.award_id.is_not(None))) == 1
    assert broken_funds() == []


def test_the_last_money_of_a_fund_is_set_aside_once(app: FundApp) -> None:
    """Eight threads write 30 of 100 each into the ledger, with no lock before: three fit."""
    call = make_call()
    fund_id = make_fund(call, 100).id
    awards = [make_award(call, 30).id for _ in range(8)]
    db.session.commit()

    def taking(award_id: UUID) -> Callable[[], object]:
        def take() -> None:
            posting = Posting(db.session.get_one(Fund, fund_id), MovementKind.ALLOCATED, 30)
            award = db.session.get_one(Award, award_id)
            post_of_award(actor=system_actor(), award=award, postings=[posting], reason="", now=NOW)

        return take

    assert sorted(all_at_once(app, [taking(each) for each in awards])) == ["Conflict"] * 5 + ["done"] * 3
    db.session.expire_all()
    assert db.session.get_one(Fund, fund_id).allocated_minor == 90
    assert broken_funds() == []
