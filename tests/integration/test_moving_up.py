"""The reserve moves up when money is free: decided by one, ratified by others, released by itself, one letter alive."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.services.roles import grant_role
from fundapp.applications.models import Application, Call
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, InvalidTransition, NotAllowed, NotFound, RuleViolations
from fundapp.core.mail import MailMessage
from fundapp.core.outbox import OutboxItem, run
from fundapp.core.web import FundApp
from fundapp.disbursement.fund_rules import MovementKind
from fundapp.disbursement.models import Award, Fund, FundMovement, Letter, LetterKind, LetterStatus, MovingUp
from fundapp.disbursement.moving_rules import InReserve, MoveStatus, passed_over
from fundapp.disbursement.offer_rules import OfferStatus
from fundapp.disbursement.queries.letters import LETTER_KIND
from fundapp.disbursement.services import moving_up as services
from fundapp.disbursement.services import offers
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.disbursement.services.templates import open_letter
from fundapp.disbursement.tasks import letter_job
from fundapp.doctor import examine
from fundapp.retention.models import ErasureCause
from fundapp.retention.services import erase_application
from fundapp.review.models import Decision, Outcome, SlateStatus
from fundapp.review.terms_rules import WantedTerms

from ..conftest import NOW, SignedIn, actor_of
from ..factories import (
    make_application,
    make_call,
    make_decision,
    make_person,
    make_slate,
    make_staff,
    make_terms,
)
from ..funding import give, make_fund
from .test_selection_races import all_at_once

DAY = timedelta(days=1)
ASKED = 1_200_000


class Round:
    """A released call: one award of all its money, and a reserve in order of rank."""

    def __init__(
        self, app: FundApp, *, reserve: int = 2, awards: int = 1, budget: int | None = None, **call: Any
    ) -> None:
        self.app = app
        self.call = make_call(budget_minor=budget or awards * ASKED, **call)
        slate = make_slate(self.call, SlateStatus.RATIFIED)
        self.applications: list[Application] = []
        for number in range(awards + reserve):
            application = make_application(self.call, requested_minor=ASKED)
            outcome = Outcome.AWARD if number < awards else Outcome.RESERVE
            make_decision(slate, application.entries[0], outcome=outcome).rank = number + 1
            self.applications.append(application)
        self.manager, self.other = make_staff(Role.MANAGER, self.call), make_staff(Role.MANAGER, self.call)
        self.ratifiers = [make_staff(Role.RATIFIER, self.call) for _ in range(2)]
        db.session.flush()
        release_decisions(actor=actor_of(self.manager), call=self.call, now=NOW)
        self.make_letters()
        self.awards = list(db.session.scalars(select(Award).where(Award.call_id == self.call.id)))
        self.reserve = self.applications[awards:]

    def make_letters(self) -> None:
        db.session.commit()
        kinds = {LETTER_KIND: letter_job(self.app.extensions["storage"])}
        waiting = select(OutboxItem.id).where(OutboxItem.kind == LETTER_KIND, OutboxItem.done_at.is_(None))
        for item in db.session.scalars(waiting).all():
            assert run(item, kinds)
        db.session.expire_all()

    def refuse(self, number: int = 0) -> None:
        award = self.awards[number]
        people = award.decision.entry.application.person
        offers.refuse(actor=actor_of(people), award=award, reason="", now=NOW + DAY)
        db.session.commit()

    def propose(self, application: Application | None = None, **values: Any) -> MovingUp:
        entry = (application or self.reserve[0]).entries[0]
        given: dict[str, Any] = {"amount_minor": ASKED, "reason": "It is the next.", "over_reason": ""} | values
        actor = actor_of(given.pop("by", self.manager))
        return services.propose_move(actor=actor, call=self.call, entry_id=entry.id, now=NOW + 2 * DAY, **given)

    def ratify(self, move: MovingUp, person: Person | None = None) -> bool:
        return services.ratify_move(actor=actor_of(person or self.ratifiers[0]), move=move, now=NOW + 3 * DAY)

    def release(self, move: MovingUp, person: Person | None = None) -> Award:
        return services.release_move(actor=actor_of(person or self.manager), move=move, now=NOW + 4 * DAY)

    def moved(self, application: Application | None = None) -> Award:
        move = self.propose(application)
        assert self.ratify(move)
        return self.release(move)

    @property
    def committed(self) -> int:
        return db.session.scalars(select(Call.committed_minor).where(Call.id == self.call.id)).one()

    def letters(self, application: Application) -> list[Letter]:
        return list(db.session.scalars(select(Letter).where(Letter.application_id == application.id)))


def mails_to(person: Person) -> int:
    found = select(func.count()).select_from(MailMessage).where(MailMessage.recipient_id == person.id)
    return db.session.scalar(found) or 0


def budgets_hold(app: FundApp) -> bool:
    return next(each.healthy for each in examine(app) if "their decisions" in each.detail)


def test_who_is_passed_over_follows_from_the_order_of_the_reserve() -> None:
    rows = [InReserve("a", "", 3, True), InReserve("b", "", 4, False), InReserve("c", "", 4, False),
            InReserve("d", "x", 1, False), InReserve("e", "", None, False)]  # fmt: skip
    assert passed_over(rows, "b") == passed_over(rows, "c") == passed_over(rows, "d") == []
    assert passed_over(rows, "e") == ["b", "c"]


def test_an_entry_moves_up_by_a_decision_of_its_own_and_its_letter_says_so(app: FundApp) -> None:
    made = Round(app)
    application = made.reserve[0]
    (letter,) = made.letters(application)
    before, told = letter.sha256, mails_to(application.person)
    open_letter(actor=actor_of(application.person), letter=letter, now=NOW)
    decided = letter.decision
    assert decided is not None
    version = decided.version
    made.refuse()
    move = made.propose()
    assert mails_to(made.ratifiers[0]) == 1
    with pytest.raises(InvalidTransition):
        made.release(move)
    assert made.ratify(move)
    award = made.release(move)
    assert made.release(move).id == award.id
    made.make_letters()
    db.session.refresh(letter)
    assert (letter.kind, letter.status, letter.first_opened_at) == (LetterKind.AWARD, LetterStatus.MADE, None)
    assert letter.content["amount"] == "US$12,000.00 (USD)"
    assert letter.sha256 != before
    (superseded,) = letter.superseded
    assert (superseded.sha256, superseded.kind) == (before, "reserve")
    assert len(made.letters(application)) == 1
    assert mails_to(application.person) == told + 1
    assert (award.amount_minor, award.awarded_at) == (ASKED, NOW + 4 * DAY)
    assert (decided.outcome, decided.version) == (Outcome.RESERVE, version)  # the released list stays as it was
    accepted = offers.ask(actor=actor_of(application.person), award=award, question="May we?", now=NOW + 5 * DAY)
    assert accepted.status is OfferStatus.ASKED
    told_of = select(AuditEntry.action).where(AuditEntry.object_id == move.id).order_by(AuditEntry.seq)
    assert list(db.session.scalars(told_of)) == ["move_up:propose", "move_up:ratify", "move_up:release"]
    assert budgets_hold(app)


def test_without_free_money_nobody_moves_up_and_money_is_given_once(app: FundApp) -> None:
    made = Round(app)
    with pytest.raises(Conflict):
        made.propose()
    db.session.rollback()
    made.refuse()
    assert made.committed == 0
    made.propose()
    with pytest.raises(Conflict):
        made.propose(made.reserve[1], over_reason="Sample.")
    db.session.rollback()
    made = Round(app)
    made.refuse()
    made.propose()
    db.session.commit()
    with pytest.raises(Conflict):  # its money is somebody else's now
        offers.extend(actor=actor_of(made.manager), award=made.awards[0], days=5, now=NOW + 3 * DAY)
    db.session.rollback()
    assert budgets_hold(app)


def test_an_offer_made_again_takes_its_money_back(app: FundApp) -> None:
    made = Round(app)
    made.refuse()
    offers.extend(actor=actor_of(made.manager), award=made.awards[0], days=5, now=NOW + 3 * DAY)
    assert made.committed == ASKED
    with pytest.raises(Conflict):
        made.propose()


def test_funds_get_back_what_they_set_aside(app: FundApp) -> None:
    made = Round(app)
    fund = make_fund(made.call)
    give(fund, made.awards[0], 700_000)
    made.refuse()
    assert db.session.scalars(select(Fund.allocated_minor)).one() == 0
    movement = db.session.scalars(select(FundMovement).where(FundMovement.kind == MovementKind.RELEASED)).one()
    assert (movement.amount_minor, movement.made_by_id) == (-700_000, None)
    assert made.awards[0].funded_minor == 0


def test_nobody_ratifies_their_own_and_two_must_above_the_limit(app: FundApp) -> None:
    made = Round(app)
    make_terms(made.call, WantedTerms(two_ratifiers_from_minor=ASKED))
    both = make_staff(Role.MANAGER, made.call)
    made.refuse()
    move = made.propose(by=both)
    for person in (made.manager, make_staff(Role.AUDITOR, made.call), make_staff(Role.FINANCE, made.call)):
        with pytest.raises(NotAllowed):
            made.ratify(move, person)

    grant_role(actor=system_actor(), person=both, role=Role.RATIFIER, now=NOW, call_id=made.call.id)
    with pytest.raises(NotAllowed):
        made.ratify(move, both)
    assert not made.ratify(move)
    with pytest.raises(Conflict):
        made.ratify(move)
    with pytest.raises(InvalidTransition):
        made.release(move)
    assert made.ratify(move, made.ratifiers[1])
    with pytest.raises(NotAllowed):
        made.release(move, made.ratifiers[0])
    assert made.release(move)


def test_what_is_sent_back_frees_its_money_and_can_be_decided_anew_by_somebody_else(app: FundApp) -> None:
    made = Round(app)
    made.refuse()
    move = made.propose()
    with pytest.raises(RuleViolations):
        services.send_back_move(actor=actor_of(made.ratifiers[0]), move=move, reason=" ", now=NOW + 3 * DAY)
    services.send_back_move(actor=actor_of(made.ratifiers[0]), move=move, reason="Ask them first.", now=NOW + 3 * DAY)
    assert (move.status, made.committed) == (MoveStatus.SENT_BACK, 0)
    assert mails_to(made.manager) == 1
    assert made.ratify(made.propose(by=made.other))
    assert budgets_hold(app)


def test_passing_over_somebody_asks_for_a_reason(app: FundApp) -> None:
    made = Round(app)
    made.refuse()
    with pytest.raises(RuleViolations) as refused:
        made.propose(made.reserve[1], reason=" ")
    assert sorted(str(each.field) for each in refused.value.problems) == ["over_reason", "reason"]
    assert (made.reserve[0].reference or "-") in str(refused.value)
    assert made.propose(made.reserve[1], over_reason="They withdrew their wish.").over_reason
    with pytest.raises(NotFound):
        made.propose(made.applications[0])


def test_amounts_keep_to_what_was_asked_and_to_a_prize(app: FundApp) -> None:
    made = Round(app)
    made.refuse()
    for amount in (None, 0, ASKED + 1):
        with pytest.raises(RuleViolations):
            made.propose(amount_minor=amount)
    assert made.propose(amount_minor=ASKED - 200_000).amount_minor == ASKED - 200_000


def test_a_category_gives_no_more_awards_than_it_has(app: FundApp) -> None:
    made = Round(app, budget=5 * ASKED)
    make_terms(made.call, WantedTerms(places=1))
    db.session.commit()
    with pytest.raises(Conflict):
        made.propose()
    db.session.rollback()
    made.refuse()
    made.propose()
    with pytest.raises(Conflict):
        made.propose(made.reserve[1])


def test_an_erased_or_ineligible_application_does_not_move_up(app: FundApp) -> None:
    made = Round(app)
    made.refuse()
    move = made.propose()
    made.ratify(move)
    erase_application(
        actor=actor_of(made.manager), application=made.reserve[0], cause=ErasureCause.REQUEST, now=NOW + 3 * DAY
    )
    db.session.commit()
    assert (move.reason, move.over_reason) == ("", "")
    with pytest.raises(Conflict):
        made.release(move)


def acting(step: Callable[..., Any], person_id: UUID, **values: Any) -> Callable[[], object]:
    def task() -> object:
        found = {key: db.session.get_one(kind, row) for key, (kind, row) in values.items()}
        return step(found, actor_of(db.session.get_one(Person, person_id)))

    return task


def test_two_managers_at_once_do_not_give_the_same_money_twice(app: FundApp) -> None:
    made = Round(app)
    made.refuse()
    call_id, entries = made.call.id, [each.entries[0].id for each in made.reserve]
    people = [made.manager.id, made.other.id]
    db.session.remove()

    def proposing(entry_id: UUID) -> Callable[..., Any]:
        return lambda found, actor: services.propose_move(
            actor=actor, call=found["call"], entry_id=entry_id, amount_minor=ASKED, reason="Sample.",
            over_reason="Sample.", now=NOW + 2 * DAY,
        )  # fmt: skip

    tasks = [
        acting(proposing(entry), person, call=(Call, call_id)) for entry, person in zip(entries, people, strict=True)
    ]
    assert sorted(all_at_once(app, tasks)) == ["Conflict", "done"]
    assert db.session.scalars(select(Call.committed_minor).where(Call.id == call_id)).one() == ASKED
    db.session.remove()
    same = [acting(proposing(entries[0]), person, call=(Call, call_id)) for person in people]
    assert "done" not in all_at_once(app, same)


def test_released_twice_at_once_makes_one_award_and_one_letter(app: FundApp) -> None:
    made = Round(app)
    made.refuse()
    move = made.propose()
    made.ratify(move)
    db.session.commit()
    move_id, people, application_id = move.id, [made.manager.id, made.other.id], made.reserve[0].id
    db.session.remove()

    def releasing(found: dict[str, Any], actor: Any) -> object:
        return services.release_move(actor=actor, move=found["move"], now=NOW + 4 * DAY)

    tasks = [acting(releasing, person, move=(MovingUp, move_id)) for person in people]
    assert "done" in all_at_once(app, tasks)
    found = select(func.count()).select_from(Award).join(Decision, Decision.id == Award.decision_id)
    entry_id = db.session.get_one(Application, application_id).entries[0].id
    assert db.session.scalar(found.where(Decision.entry_id == entry_id)) == 1


def test_the_page_takes_an_entry_from_the_reserve_to_its_letter(app: FundApp, signed_in: SignedIn) -> None:
    made = Round(app)
    made.refuse()
    address = f"/manage/{made.call.slug}/reserve"
    staff, ratifier = signed_in(made.manager), signed_in(made.ratifiers[0])
    first, second = (each.entries[0].id for each in made.reserve)
    assert (made.reserve[0].reference or "-") in staff.get(address).text
    given = {"entry": str(second), "amount": "12000", "reason": "Sample.", "over_reason": ""}
    refused = staff.post(address, data=given)
    assert refused.status_code == 422
    assert "Others stand before it" in refused.text
    assert 'value="12000"' in refused.text  # nothing typed is lost
    assert staff.post(address, data=given | {"amount": "many"}).status_code == 422
    assert staff.post(address, data=given | {"entry": str(made.applications[0].entries[0].id)}).status_code == 422
    assert staff.post(address, data=given | {"entry": str(first)}).status_code == 302
    move = db.session.scalars(select(MovingUp)).one()
    assert staff.post(f"{address}/release", data={"move": str(move.id)}).status_code == 409
    assert staff.post(f"{address}/ratify", data={"move": str(move.id)}).status_code == 403
    assert "1 person more must ratify it." in ratifier.get(address).text
    assert ratifier.post(f"{address}/back", data={"move": str(move.id), "reason": ""}).status_code == 422
    assert ratifier.post(f"{address}/ratify", data={"move": "nothing"}).status_code == 404
    assert ratifier.post(f"{address}/ratify", data={"move": str(move.id)}).status_code == 302
    assert staff.post(f"{address}/release", data={"move": str(move.id)}).status_code == 302
    page = signed_in(make_staff(Role.AUDITOR, made.call)).get(address).text
    assert "Moved up" in page
    assert "Sample." in page
    assert signed_in(make_person()).get(address).status_code == 403
    other = Round(app)
    assert ratifier.get(f"/manage/{other.call.slug}/reserve").status_code == 404
