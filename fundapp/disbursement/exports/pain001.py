"""Transfers as a file that a bank takes: ISO 20022 pain.001.001.09, customer credit transfer initiation; no network.

Nothing is changed on the way: what the rails of banks cannot carry is refused, with words for people. Sources: ISO
20022, pain.001.001.09 and External Code Sets (clearing); EPC230-15 (basic Latin set, slashes in references).
"""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from lxml import etree
from stdnum import bic

from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.money import MAX_MINOR, Money, MoneyError
from fundapp.disbursement.bank_rules import ISO_COUNTRIES, MOST, Account, account_problems, is_plain

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
MOST_REFERENCE: Final = 35
MOST_TOWN: Final = 35
MOST_REMITTANCE: Final = 140
MOST_FIGURES: Final = 18
"""Figures of a sum."""
CLEARING: Final = {"AU": "AUBSB", "GB": "GBDSC", "IN": "INFSC", "US": "USABA"}
"""Codes of clearing systems by country; elsewhere the code of a bank is written without naming the system."""
NOT_PROVIDED: Final = "NOTPROVIDED"
"""Stands for a bank that the IBAN alone names. Source: EPC132-08."""
_NUMBER: Final = re.compile(r"[A-Z0-9]{1,34}")


class CannotBePaid(Exception):
    """A transfer does not fit in a file for banks. `reference` is "" where it is the batch; `reason` is for people."""

    def __init__(self, reference: str, reason: str) -> None:
        super().__init__(reference, reason)
        self.reference = reference
        self.reason = reason


@dataclass(frozen=True)
class Debtor:
    """Whose account pays: its `iban`, or `account` in the bank's own form, at the bank `bic`. `country`: ISO 3166."""

    name: str
    country: str
    iban: str = ""
    account: str = ""
    bic: str = ""
    town: str = ""


@dataclass(frozen=True)
class Creditor:
    """Who is paid, living in `town` and `country` (ISO 3166): `iban`, or `account` with `routing` or `bic`, compact.

    `account_country` is that of an account without IBAN, where it is another country than the one they live in.
    """

    latin_name: str
    town: str
    country: str
    iban: str = ""
    account: str = ""
    routing: str = ""
    bic: str = ""
    account_country: str = ""

    @property
    def place(self) -> Account:
        """Return where the account is."""
        if self.iban:
            return Account(self.iban[:2], self.iban, bic=self.bic)
        return Account(self.account_country or self.country, self.account, self.routing, self.bic)


@dataclass(frozen=True)
class Transfer:
    """One payment of `amount_minor` whole minor units. `reference` comes back in every answer of the bank."""

    reference: str
    amount_minor: int
    creditor: Creditor
    remittance: str = ""


@dataclass(frozen=True)
class Batch:
    """Transfers in one `currency` (ISO 4217), from one account, on one day; `created_at` has a time zone."""

    message_id: str
    created_at: datetime
    initiating_party: str
    debtor: Debtor
    execution_date: date
    currency: str
    transfers: tuple[Transfer, ...]


def pain001(batch: Batch) -> bytes:
    """Return the file of a batch, UTF-8; the same bytes for the same batch. Raises CannotBePaid."""
    _check(batch)
    root = etree.Element(f"{{{NAMESPACE}}}Document", nsmap={None: NAMESPACE})
    top = _put(root, "CstmrCdtTrfInitn")
    header = _put(top, "GrpHdr")
    _put(header, "MsgId", batch.message_id)
    _put(header, "CreDtTm", batch.created_at.astimezone(UTC).isoformat(timespec="seconds"))
    _sums(header, batch)
    _put(_put(header, "InitgPty"), "Nm", batch.initiating_party)
    payment = _put(top, "PmtInf")
    _put(payment, "PmtInfId", batch.message_id)
    _put(payment, "PmtMtd", "TRF")
    _sums(payment, batch)
    _put(_put(payment, "ReqdExctnDt"), "Dt", batch.execution_date.isoformat())
    debtor = batch.debtor
    _party(_put(payment, "Dbtr"), debtor.name, debtor.town, debtor.country)
    account = _put(payment, "DbtrAcct")
    _account(account, debtor.iban, debtor.account)
    _put(account, "Ccy", batch.currency)
    _bank(_put(payment, "DbtrAgt"), Account(debtor.country, debtor.iban or debtor.account, bic=debtor.bic))
    for transfer in batch.transfers:
        _transfer(_put(payment, "CdtTrfTxInf"), transfer, batch.currency)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _transfer(parent: etree._Element, transfer: Transfer, currency: str) -> None:
    creditor = transfer.creditor
    _put(_put(parent, "PmtId"), "EndToEndId", transfer.reference)
    amount = _put(_put(parent, "Amt"), "InstdAmt", str(Money(transfer.amount_minor, currency).decimal))
    amount.set("Ccy", currency)
    if creditor.bic or creditor.place.code:
        _bank(_put(parent, "CdtrAgt"), creditor.place)
    _party(_put(parent, "Cdtr"), creditor.latin_name, creditor.town, creditor.country)
    _account(_put(parent, "CdtrAcct"), creditor.iban, creditor.account)
    if transfer.remittance:
        _put(_put(parent, "RmtInf"), "Ustrd", transfer.remittance)


def _sums(parent: etree._Element, batch: Batch) -> None:
    _put(parent, "NbOfTxs", str(len(batch.transfers)))
    total = sum((Money(each.amount_minor, batch.currency).decimal for each in batch.transfers), Decimal(0))
    _put(parent, "CtrlSum", str(total))


def _party(parent: etree._Element, name: str, town: str, country: str) -> None:
    _put(parent, "Nm", name)
    address = _put(parent, "PstlAdr")
    if town:
        _put(address, "TwnNm", town)
    _put(address, "Ctry", country)


def _account(parent: etree._Element, iban: str, account: str) -> None:
    number = _put(parent, "Id")
    if iban:
        _put(number, "IBAN", iban)
    else:
        _put(_put(number, "Othr"), "Id", account)


def _bank(parent: etree._Element, place: Account) -> None:
    bank = _put(parent, "FinInstnId")
    if place.bic:
        _put(bank, "BICFI", place.bic)
    if place.code:
        member = _put(bank, "ClrSysMmbId")
        if place.country in CLEARING:
            _put(_put(member, "ClrSysId"), "Cd", CLEARING[place.country])
        _put(member, "MmbId", place.code)
        _put(_put(bank, "PstlAdr"), "Ctry", place.country)
    elif not place.bic:
        _put(_put(bank, "Othr"), "Id", NOT_PROVIDED)


def _put(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    element.text = text
    return element


def _check(batch: Batch) -> None:
    """Raise CannotBePaid for the first thing that a bank would refuse, or that would reach it changed."""
    if batch.created_at.tzinfo is None:
        raise ValueError("created_at needs a time zone")
    _check_reference("", batch.message_id)
    _check_text("", _l("Name of who sends the file"), batch.initiating_party, MOST)
    _check_debtor(batch.debtor)
    if not batch.transfers:
        raise CannotBePaid("", _l("There is no payment to write."))
    times = Counter(each.reference for each in batch.transfers)
    for transfer in batch.transfers:
        _check_reference(transfer.reference, transfer.reference)
        if times[transfer.reference] > 1:
            raise CannotBePaid(transfer.reference, _l("Two payments have the same reference."))
        _check_transfer(transfer, batch.currency)
    if len(str(sum(each.amount_minor for each in batch.transfers))) > MOST_FIGURES:
        raise CannotBePaid("", _l("The sum of these payments is too large for one file."))


def _check_debtor(debtor: Debtor) -> None:
    _check_text("", _l("Name on the account that pays"), debtor.name, MOST)
    if debtor.town:
        _check_text("", _l("Town of who pays"), debtor.town, MOST_TOWN)
    _check_country("", debtor.country)
    if bool(debtor.iban) == bool(debtor.account):
        raise CannotBePaid("", _l("Write either the IBAN or the number of the account that pays."))
    if debtor.iban:
        _check_account("", Account(debtor.iban[:2], debtor.iban, bic=debtor.bic))
    elif not bic.is_valid(debtor.bic) or not _NUMBER.fullmatch(debtor.account):
        raise CannotBePaid("", _l("An account that pays without an IBAN needs its number and the BIC of its bank."))


def _check_transfer(transfer: Transfer, currency: str) -> None:
    reference, creditor = transfer.reference, transfer.creditor
    try:
        Money(transfer.amount_minor, currency)
    except MoneyError as error:
        raise CannotBePaid(reference, error.message) from error
    if not 0 < transfer.amount_minor <= MAX_MINOR:
        raise CannotBePaid(reference, _l("An amount to pay is more than zero, and not too large."))
    _check_text(reference, _l("Name on the account"), creditor.latin_name, MOST)
    _check_text(reference, _l("Town"), creditor.town, MOST_TOWN)
    _check_country(reference, creditor.country)
    if transfer.remittance:
        _check_text(reference, _l("What the payment is for"), transfer.remittance, MOST_REMITTANCE)
    if bool(creditor.iban) == bool(creditor.account):
        raise CannotBePaid(reference, _l("A payment needs either an IBAN or an account number."))
    if not (creditor.iban or creditor.bic or creditor.routing):
        raise CannotBePaid(reference, _l("The BIC or the code of the bank is missing."))
    _check_account(reference, creditor.place)


def _check_account(reference: str, place: Account) -> None:
    for problem in account_problems(place, bank=place.bic or place.code):
        raise CannotBePaid(reference, problem.message)
    if not _NUMBER.fullmatch(place.number) or (place.code and not _NUMBER.fullmatch(place.code)):
        raise CannotBePaid(reference, _l("Write the account number: 4 to 34 letters and figures."))


def _check_reference(reference: str, text: str) -> None:
    """Source: EPC230-15: a reference neither begins nor ends with a slash, and has no two of them together."""
    _check_text(reference, _l("Reference"), text, MOST_REFERENCE)
    if text.startswith("/") or text.endswith("/") or "//" in text:
        raise CannotBePaid(reference, _l("A reference cannot begin or end with a slash, or have two of them together."))


def _check_text(reference: str, what: str, text: str, most: int) -> None:
    """Raise CannotBePaid with what is wrong with a text; it is never repeated, for a reason may be kept."""
    if not text.strip():
        raise CannotBePaid(reference, _l("%(what)s: this is missing.", what=what))
    if len(text) > most:
        raise CannotBePaid(reference, _l("%(what)s: banks take at most %(most)s characters.", what=what, most=most))
    if not is_plain(text) or text != text.strip():
        raise CannotBePaid(
            reference, _l("%(what)s: banks take Latin letters without accents, figures and a few signs.", what=what)
        )


def _check_country(reference: str, country: str) -> None:
    if country not in ISO_COUNTRIES:
        raise CannotBePaid(reference, _l("Country: this is missing."))
