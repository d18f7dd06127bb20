"""Rules of instalments and payments: what adds up, who may do what, and where each stands; no database, no web.

All amounts are in minor units of the award's currency.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.bank_rules import ISO_COUNTRIES, MOST, Account, account_problems, compact, is_plain

MOST_INSTALMENTS: Final = 12
MOST_CONDITION: Final = 500
"""Characters of what an instalment waits for."""
MOST_REASON: Final = 2_000


class FileStatus(StrEnum):
    """Where a payment file stands."""

    WAITING = "waiting"
    """Waits for whoever holds the private payee key."""
    MADE = "made"
    FAILED = "failed"
    RELEASED = "released"
    CANCELLED = "cancelled"


class PaymentStatus(StrEnum):
    """Where one payment of an instalment stands."""

    PREPARED = "prepared"
    RELEASED = "released"
    SENT = "sent"
    RECEIVED = "received"
    RETURNED = "returned"
    CANCELLED = "cancelled"


OVER: Final = frozenset({PaymentStatus.RETURNED, PaymentStatus.CANCELLED})
"""The instalment can be paid again. All others are live: at most one of an instalment."""
PAID: Final = frozenset({PaymentStatus.SENT, PaymentStatus.RECEIVED})
"""The money is out, and stands in the ledger as paid."""


class FileFormat(StrEnum):
    """What a payment file is made as."""

    CSV = "csv"
    XLSX = "xlsx"
    PAIN = "pain.001"
    """ISO 20022 customer credit transfer initiation."""


class Standing(StrEnum):
    """Where an instalment stands, in the order in which it goes."""

    WAITS = "waits"
    """What it waits for has not come."""
    PLANNED = "planned"
    APPROVED = "approved"
    IN_FILE = "in_file"
    RELEASED = "released"
    SENT = "sent"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class Planned:
    """An instalment as it was typed; `waits_for` "": it waits for nothing."""

    amount_minor: int
    waits_for: str = ""
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose account pays, as it was typed: IBAN or number, BIC ("": none) and country (ISO 3166)."""

    name: str
    account: str
    bic: str
    country: str

    @property
    def place(self) -> Account:
        """Return where the account is, in compact form."""
        return Account(self.country, compact(self.account), "", compact(self.bic))


def standing_of(*, waits: bool, is_approved: bool, payment: PaymentStatus | None) -> Standing:
    """Return where an instalment stands; `payment` is that of its live payment, None where there is none."""
    if payment is not None and payment not in OVER:
        return Standing.IN_FILE if payment is PaymentStatus.PREPARED else Standing(payment.value)
    if is_approved:
        return Standing.APPROVED
    return Standing.WAITS if waits else Standing.PLANNED


def plan_problems(planned: Sequence[Planned], *, kept_minor: int, award_minor: int) -> list[Problem]:
    """Return what is wrong with a plan; `kept_minor` is what the instalments that stay come to.

    Fields are amount-0, waits-0 and so on. Together it is the award, exactly.
    """
    problems = []
    for place, each in enumerate(planned):
        if each.amount_minor <= 0:
            problems.append(Problem(_l("Write an amount above zero."), field=f"amount-{place}"))
        if len(each.waits_for) > MOST_CONDITION:
            message = _l("Use at most %(most)s characters.", most=MOST_CONDITION)
            problems.append(Problem(message, field=f"waits-{place}"))
    if len(planned) > MOST_INSTALMENTS:
        problems.append(Problem(_l("Plan at most %(most)s instalments.", most=MOST_INSTALMENTS)))
    if not problems and kept_minor + sum(each.amount_minor for each in planned) != award_minor:
        problems.append(Problem(_l("Together the instalments must be exactly the award.")))
    return problems


def payer_problems(payer: Payer) -> list[Problem]:
    """Return what is wrong with the account that pays: fields name, account, bic, country."""
    problems = []
    if not is_plain(payer.name.strip()) or len(payer.name.strip()) > MOST:
        message = _l("Write the name on the account in Latin letters without accents.")
        problems.append(Problem(message, field="name"))
    if payer.country not in ISO_COUNTRIES:
        problems.append(Problem(_l("Choose the country."), field="country"))
    elif payer.place.is_iban or not payer.place.number:
        problems += account_problems(payer.place, bank="ours")
    elif not payer.place.bic:
        problems.append(Problem(_l("Write the BIC: the account has no IBAN."), field="bic"))
    return problems


def may_approve(person_id: UUID | None, *, made_by: Collection[UUID | None]) -> bool:
    """Say whether a person may approve what others made: neither who planned it, nor who said that it may go."""
    return person_id is not None and person_id not in made_by


def shares_of(amount_minor: int, to_pay: Mapping[UUID, int]) -> dict[UUID, int]:
    """Return what each fund pays of an amount, in proportion to what it has still to pay, to the last unit.

    What cannot be divided goes to the largest remainders, then by id. No fund pays more than it has to. Source: largest
    remainder (Hamilton).
    """
    whole = sum(to_pay.values())
    if not 0 < amount_minor <= whole:
        raise ValueError("the funds do not hold this amount")
    given = {fund: amount_minor * each // whole for fund, each in to_pay.items()}
    rest = amount_minor - sum(given.values())
    by_remainder = sorted(to_pay, key=lambda fund: (-(amount_minor * to_pay[fund] % whole), str(fund)))
    for fund in by_remainder[:rest]:
        given[fund] += 1
    return {fund: each for fund, each in given.items() if each}
