"""What pages say of a call's money: whoever has a conflict of interest reads no hidden award off it."""

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.services.roles import grant_role
from fundapp.applications.conflicts import pin_conflict
from fundapp.applications.models import Call
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.models import Outcome
from fundapp.review.services import deciding
from tests.conftest import SignedIn, actor_of, without_tokens
from tests.factories import (
    CLOSES,
    NOW,
    make_application,
    make_call,
    make_decision,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
)

NOT_SHOWN = "Whatever is promised to applications with which you have a conflict of interest is not shown to you."


def who_decides() -> Person:
    person = make_staff(Role.MANAGER)
    grant_role(actor=system_actor(), person=person, role=Role.RATIFIER, now=NOW)
    return person


def test_whoever_has_a_conflict_reads_no_hidden_award_off_the_money(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call(budget_minor=5_000_000)
    seen, hidden = (make_application(call).entries[0] for _ in range(2))
    tied, free = who_decides(), who_decides()
    pin_conflict(
        actor=actor_of(free),
        application=hidden.application,
        person_id=tied.id,
        is_conflict=True,
        reason="Kin.",
        now=NOW,
    )
    slate = make_slate(call)
    make_decision(slate, seen, amount_minor=700_000)
    db.session.commit()
    base = f"/manage/{call.slug}"
    own = f"{base}/selection/{seen.id}"
    addresses = [base, f"{base}/selection", own, f"{base}/ratification", f"{base}/letters"]

    def pages(person: Person) -> dict[str, str]:
        client = signed_in(person)
        found = {address: client.get(address) for address in addresses}
        assert {each.status_code for each in found.values()} == {200}
        return {address: without_tokens(each.text) for address, each in found.items()}

    before, others_before = pages(tied), pages(free)
    make_decision(slate, hidden, amount_minor=1_300_000)
    db.session.commit()
    after, others_after = pages(tied), pages(free)

    assert after == before
    assert others_after[base] == others_before[base], "the page of the call says what the budget is, and no more"
    for address in addresses[1:]:
        assert others_after[address] != others_before[address], address
        assert (NOT_SHOWN in after[address], NOT_SHOWN in others_after[address]) == (True, True), address
        assert "US$20,000.00" not in after[address]
        assert "US$20,000.00" in others_after[address], address
        assert "US$7,000.00" in after[address]
        assert "US$50,000.00" in after[address], "the budget is no secret"
    for address in addresses[1:4]:
        assert "US$43,000.00 (USD) left" in after[address]
        assert "US$30,000.00 (USD) left" in others_after[address]


def test_rules_hold_to_the_true_budget_also_for_whoever_does_not_see_it(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call(budget_minor=2_000_000)
    seen, hidden = (make_application(call).entries[0] for _ in range(2))
    make_review(seen, make_reviewer(call), [5, 5])
    tied = who_decides()
    pin_conflict(
        actor=system_actor(),
        application=hidden.application,
        person_id=tied.id,
        is_conflict=True,
        reason="Kin.",
        now=NOW,
    )
    make_decision(make_slate(call), hidden, amount_minor=1_300_000)
    db.session.commit()
    data = {"outcome": "award", "amount": "8,000", "reason": "Nobody else reads.", "version": "0"}
    answer = signed_in(tied).post(f"/manage/{call.slug}/selection/{seen.id}", data=data)
    assert (answer.status_code, "more than the money that is left" in answer.text) == (409, True)
    made = deciding.decide_by_rank(actor=actor_of(tied), call=db.session.get_one(Call, call.id), now=CLOSES)
    assert [(each.entry_id, each.outcome) for each in made] == [(seen.id, Outcome.DECLINE)]
    assert db.session.get_one(Call, call.id).committed_minor == 1_300_000
