"""Money over any life: awards, allocations, instalments, payments, returns and changes; the sums always hold.

The model is a few numbers; after each step it is compared with what the database says, and so are the ledger, the
plans and the payments among themselves. Whoever steps, and in whatever order: what is refused changes nothing.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import Phase as Effort
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from fundapp.accounts.models import Person
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, InvalidTransition, NotFound, RuleViolations
from fundapp.core.web import FundApp
from fundapp.disbursement.fund_rules import MovementKind
from fundapp.disbursement.models import Award, FundMovement, FundShare, Instalment, Payment, PaymentFile
from fundapp.disbursement.payment_rules import OVER, PAID, FileStatus, Planned
from fundapp.disbursement.queries.fund_check import broken_funds
from fundapp.disbursement.queries.payment_check import broken_payments
from fundapp.disbursement.queries.payments import plan_of
from fundapp.disbursement.services import instalments, payments
from fundapp.disbursement.services.fund_ledger import Posting, post_of_award

from ..conftest import actor_of
from ..factories import NOW
from ..paying import PAYER, PAYS_ON, Paying

REFUSED = (Conflict, InvalidTransition, NotFound, RuleViolations)
AWARD = 100
STEPS = ("plan", "approve", "prepare", "release", "send", "cancel", "arrive", "come_back", "move")
BEGINNINGS = ("nothing", "made", "sent")
LIVES_PER_BEGINNING = 6
pick = st.integers(0, 3)
mostly = st.sampled_from([True, True, True, False])


class Money(RuleBasedStateMachine):
    """One award of 100 that two funds pay, and somebody who does anything at any time."""

    app: FundApp
    taken: Counter[tuple[str, bool]]
    stage: str

    def __init__(self) -> None:
        super().__init__()
        self.made = Paying(given=(70, 30))
        self.people: list[Person] = [self.made.one, self.made.two, self.made.manager]
        self.paid: Counter[Any] = Counter()
        """How much is out, by instalment."""
        if self.stage == "nothing":
            return
        planned = self.made.plan(33, 33, 34)
        self.made.approve(*planned)
        file = self.made.prepare(*planned[:2])
        db.session.commit()
        self.made.make(self.app, file)
        if self.stage == "sent":
            self.made.release(self.app, file)
            self.made.send(file)
            self.paid.update({each.id: each.amount_minor for each in planned[:2]})

    @property
    def award(self) -> Award:
        """Return the award."""
        return self.made.award

    def one_of(self, found: list[Any], number: int) -> Any:
        """Return one of some rows; None where there is none."""
        return found[number % len(found)] if found else None

    def planned(self) -> list[Instalment]:
        """Return the instalments that count."""
        return [row.instalment for row in plan_of(self.award).rows]

    def payments(self) -> list[Payment]:
        """Return all payments."""
        found = select(Payment).where(Payment.award_id == self.award.id)
        return list(db.session.scalars(found))

    def files(self) -> list[PaymentFile]:
        """Return all payment files that are not cancelled."""
        found = select(PaymentFile).where(PaymentFile.call_id == self.made.call.id)
        return list(db.session.scalars(found.where(PaymentFile.status != FileStatus.CANCELLED)))

    def attempt(self, name: str, step: Callable[[], object]) -> bool:
        """Take a step that may be refused; then nothing of it holds."""
        try:
            step()
            db.session.commit()
            done = True
        except REFUSED:
            db.session.rollback()
            done = False
        self.taken[name, done] += 1
        return done

    @rule(parts=st.lists(st.integers(-1, 60), max_size=2), who=pick, whole=mostly)
    def plan(self, parts: list[int], who: int, whole: bool) -> None:
        """Plan the rest of the award, right or wrong."""
        found = plan_of(self.award)
        if whole:
            rest = AWARD - found.kept_minor - sum(parts)
            parts = [*parts, rest]
        planned = [Planned(part) for part in parts]
        right = found.kept_minor + sum(parts) == AWARD and all(part > 0 for part in parts)
        done = self.attempt(
            "plan",
            lambda: instalments.plan_award(
                actor=actor_of(self.people[who % 3]), award=self.award, planned=planned, seen=found.seen, now=NOW
            ),
        )
        assert done is right

    @rule(number=pick, who=pick, forth=mostly)
    def approve(self, number: int, who: int, forth: bool) -> None:
        """Approve an instalment, or take the approval back."""
        found = self.one_of(self.planned(), number)
        if found is None:
            return
        step = instalments.approve if forth else instalments.take_back_approval
        person = self.people[who % 3]
        own = found.planned_by_id == person.id and found.approved_at is None
        about = {"instalment_id": found.id, "version": found.version, "now": NOW}
        done = self.attempt("approve", lambda: step(actor=actor_of(person), award=self.award, **about))
        assert not (done and own and forth)

    @rule(numbers=st.sets(pick, min_size=1, max_size=3), who=st.integers(0, 1), ready=mostly)
    def prepare(self, numbers: set[int], who: int, ready: bool) -> None:
        """Put instalments into a payment file, whatever they are."""
        planned = self.planned()
        chosen = {found.id for number in numbers if (found := self.one_of(planned, number)) is not None}
        live = {each.instalment_id for each in self.payments() if each.status not in OVER}
        approved = {each.id for each in planned if each.approved_at is not None}
        funded = self.award.is_funded
        if ready:
            chosen = approved - live
        done = self.attempt(
            "prepare",
            lambda: payments.prepare_file(
                actor=actor_of(self.people[who]), call=self.made.call, instalment_ids=chosen, payer=PAYER,
                execution_on=PAYS_ON, now=NOW,
            )
        )  # fmt: skip
        assert done is (bool(chosen) and chosen <= approved and not chosen & live and funded)

    @rule(step=st.sampled_from(["make", "release", "send", "cancel"]), number=pick, who=st.integers(0, 1))
    def go_on(self, step: str, number: int, who: int) -> None:
        """Make, release, send or cancel a file, whatever it is and once or again."""
        file, person = self.one_of(self.files(), number), self.people[who]
        if file is None:
            return
        before = file.status
        going = {each.instalment_id: each.amount_minor for each in file.payments}
        is_sent = any(each.sent_at for each in file.payments)
        if step == "make":
            self.made.make(self.app, file)
        elif step == "release":
            done = self.attempt("release", lambda: self.made.release(self.app, file, person))
            assert not (done and before is FileStatus.MADE and file.prepared_by_id == person.id)
        elif step == "send":
            if self.attempt("send", lambda: self.made.send(file, person)) and not is_sent:
                self.paid.update(going)
        else:
            self.attempt("cancel", lambda: payments.cancel_file(actor=actor_of(person), file=file, now=NOW))

    @rule(arrives=st.booleans(), number=pick)
    def end(self, arrives: bool, number: int) -> None:
        """Let the payee confirm a payment, or let it come back, whatever it is and once or again."""
        payment = self.one_of(self.payments(), number)
        if payment is None:
            return
        payee, officer = actor_of(self.made.person), actor_of(self.made.one)
        about = {"payment": payment, "now": NOW}
        if arrives:
            self.attempt("arrive", lambda: payments.confirm_received(actor=payee, **about))
        elif self.attempt("come_back", lambda: payments.note_returned(actor=officer, reason="Odd", **about)):
            self.paid[payment.instalment_id] -= payment.amount_minor

    @rule(amount=st.integers(-40, 40), back=mostly)
    def move(self, amount: int, back: bool) -> None:
        """Move the award's money between its funds, take some away, or give it back."""
        one, two = self.made.funds
        if not amount:
            return
        rows = [Posting(one, MovementKind.REALLOCATED, amount), Posting(two, MovementKind.REALLOCATED, -amount)]
        if back:
            kind = MovementKind.ALLOCATED if amount > 0 else MovementKind.RELEASED
            rows = [Posting(one, kind, amount)]

        def post() -> None:
            lock_row(self.award)
            post_of_award(actor=actor_of(self.made.one), award=self.award, postings=rows, reason="Moved", now=NOW)

        self.attempt("move", post)

    @invariant()
    def sums_hold(self) -> None:
        """Compare everything with everything."""
        db.session.rollback()
        assert broken_funds() == []
        assert broken_payments() == []
        planned = self.planned()
        assert sum(each.amount_minor for each in planned) in (0, AWARD)
        paid = sum(self.paid.values())
        assert 0 <= paid <= AWARD
        assert all(0 <= self.paid[each.id] <= each.amount_minor for each in planned)
        shares = select(func.coalesce(func.sum(FundShare.paid_minor), 0)).where(FundShare.award_id == self.award.id)
        assert db.session.scalar(shares) == paid
        ledger = select(func.coalesce(func.sum(FundMovement.amount_minor), 0)).where(
            FundMovement.award_id == self.award.id,
            FundMovement.kind.in_([MovementKind.PAID, MovementKind.RETURNED]),
        )
        assert db.session.scalar(ledger) == paid
        assert sum(fund.paid_minor for fund in self.made.funds) == paid
        live = Counter(each.instalment_id for each in self.payments() if each.status not in OVER)
        assert all(number == 1 for number in live.values())
        for each in self.payments():
            assert sum(each.from_funds.values()) == (each.amount_minor if each.sent_at else 0)
            assert (each.status in PAID) <= (each.sent_at is not None)


def test_row_101_the_sums_hold_over_any_life_of_an_award(app: FundApp) -> None:
    taken: Counter[tuple[str, bool]] = Counter()
    for number, stage in enumerate(BEGINNINGS):
        lives = type("Lives", (Money,), {"app": app, "taken": taken, "stage": stage})
        run_state_machine_as_test(
            seed(number)(lives),
            settings=settings(
                max_examples=LIVES_PER_BEGINNING,
                stateful_step_count=30,
                phases=[Effort.generate],  # a disagreement is shown as it was met: to make it shorter takes minutes
                database=None,
                deadline=None,
            ),
        )
    assert [(name, done) for name in STEPS for done in (True, False) if not taken[name, done]] == []
