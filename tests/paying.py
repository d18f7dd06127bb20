"""Invented awards that can be paid, for tests: accepted, funded, with details that may be used."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Call
from fundapp.core.db import db
from fundapp.core.keys import Keyring, Part
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Award, Fund, Instalment, Payment, PaymentFile
from fundapp.disbursement.payment_rules import FileStatus, Payer, Planned
from fundapp.disbursement.queries.payments import plan_of
from fundapp.disbursement.services import instalments, payees, payments
from fundapp.disbursement.services.making_payments import make_file

from .conftest import actor_of
from .factories import NOW, make_call, make_staff
from .funding import give as give_money
from .funding import make_award, make_fund
from .payees import accept_award, call_back, give

PAYER: Final = Payer("Sample Justice Fund", "DE75512108001245126199", "", "DE")
PAYS_ON: Final = date(2020, 9, 21)


def private_keys(app: FundApp) -> Keyring:
    """Return the private payee key, as whoever holds it has it."""
    return Keyring.load(app.extensions["settings"].keys_dir, [Part.PAYEE_PRIVATE])


class Paying:
    """A call with an accepted award of 10,000.00 that two funds pay, and three of the staff."""

    def __init__(self, *, given: tuple[int, ...] = (700_000, 300_000), checked: bool = True) -> None:
        self.call: Call = make_call()
        self.one = make_staff(Role.FINANCE, self.call, name="Officer One")
        self.two = make_staff(Role.FINANCE, self.call, name="Officer Two")
        self.manager = make_staff(Role.MANAGER, self.call, name="Manager Sample")
        self.funds: list[Fund] = [make_fund(self.call, name=f"Fund {number}") for number, _each in enumerate(given)]
        self.award = self.add_award(given, checked=checked)
        self.person: Person = self.award.decision.entry.application.person
        db.session.commit()

    def add_award(
        self, given: tuple[int, ...] = (700_000, 300_000), *, checked: bool = True, lacking: int = 0
    ) -> Award:
        """Accept another award, with its money (but what is `lacking`) and account."""
        award = make_award(self.call, sum(given) + lacking)
        accept_award(award, award.decision.entry.application.person)
        for fund, amount in zip(self.funds, given, strict=True):
            give_money(fund, award, amount)
        if checked:
            self.check(award)
        return award

    def check(self, award: Award, *, seen: int = 0, at: Any = NOW, **values: Any) -> None:
        """Give payee details, and have them called back and approved."""
        give(award, award.decision.entry.application.person, seen=seen, at=at, **values)
        call_back(award, self.one, seen=seen + 1, at=at)
        payees.approve(actor=actor_of(self.two), award=award, seen=seen + 1, now=at)

    def plan(
        self, *parts: int, by: Person | None = None, award: Award | None = None, **values: Any
    ) -> list[Instalment]:
        """Plan instalments of these amounts."""
        award = award or self.award
        made = instalments.plan_award(
            actor=actor_of(by or self.manager),
            award=award,
            planned=[Planned(part, **values) for part in parts],
            seen=plan_of(award).seen,
            now=NOW,
        )
        db.session.commit()
        return made

    def approve(self, *chosen: Instalment, by: Person | None = None) -> None:
        """Approve instalments."""
        for each in chosen:
            instalments.approve(
                actor=actor_of(by or self.one), award=each.award, instalment_id=each.id, version=each.version, now=NOW
            )
        db.session.commit()

    def prepare(self, *chosen: Instalment, by: Person | None = None, at: Any = NOW) -> PaymentFile:
        """Put instalments into a payment file."""
        return prepare(self.call.id, (by or self.one).id, [each.id for each in chosen], at)

    def make(self, app: FundApp, file: PaymentFile, at: Any = NOW) -> FileStatus:
        """Make a payment file where the private key is."""
        status = make_file(storage=app.extensions["storage"], private=private_keys(app), file_id=file.id, now=at)
        db.session.commit()
        return status

    def release(self, app: FundApp, file: PaymentFile, by: Person | None = None, at: Any = NOW) -> None:
        """Release a payment file."""
        storage = app.extensions["storage"]
        payments.release_file(actor=actor_of(by or self.two), storage=storage, file=file, now=at)
        db.session.commit()

    def send(self, file: PaymentFile, by: Person | None = None) -> None:
        """Say that the bank took a payment file."""
        payments.mark_sent(actor=actor_of(by or self.one), file=file, now=NOW)
        db.session.commit()

    def sent(self, app: FundApp, *parts: int) -> list[Payment]:
        """Plan the award in these parts, and pay all of them; return the payments by number of their instalment."""
        planned = self.plan(*parts)
        self.approve(*planned)
        file = self.prepare(*planned)
        db.session.commit()
        self.make(app, file)
        self.release(app, file)
        self.send(file)
        return sorted(file.payments, key=lambda each: each.instalment.number)


def prepare(call_id: UUID, person_id: UUID, ids: list[UUID], at: Any = NOW) -> PaymentFile:
    """Put instalments into a payment file, as a person."""
    return payments.prepare_file(
        actor=actor_of(db.session.get_one(Person, person_id)),
        call=db.session.get_one(Call, call_id),
        instalment_ids=ids,
        payer=PAYER,
        execution_on=PAYS_ON,
        now=at,
    )
