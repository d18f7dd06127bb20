"""What a payment file holds, as tables and for banks: made of opened payee details, where the private key is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fundapp.core.errors import Problem
from fundapp.core.i18n import gettext as _
from fundapp.core.money import Money
from fundapp.core.tables import Cell, write_csv, write_xlsx
from fundapp.disbursement.bank_rules import Account
from fundapp.disbursement.exports.pain001 import Batch, CannotBePaid, Creditor, Debtor, Transfer, pain001
from fundapp.disbursement.models import Payment, PaymentFile
from fundapp.disbursement.payee_rules import Route
from fundapp.disbursement.payment_rules import FileFormat

COLUMNS: Final = (
    "payment_reference", "award_reference", "instalment", "execution_date", "amount", "currency", "route", "holder",
    "holder_latin", "town", "country", "account_country", "account", "bank_code", "bic", "bank", "host", "agreed",
    "account_currency", "note", "sample",
)  # fmt: skip


@dataclass(frozen=True)
class Opened:
    """A payment with the payee details that it goes to, in clear."""

    payment: Payment
    details: Mapping[str, str]

    @property
    def place(self) -> Account:
        """Return where the account is."""
        of = self.details.get
        return Account(of("country", ""), of("account", ""), of("code", ""), of("bic", ""))


def documents_of(file: PaymentFile, opened: Sequence[Opened]) -> dict[FileFormat, bytes]:
    """Return a file in each format; that for banks only where it can hold every payment of it."""
    rows = [_row(file, each) for each in opened]
    manifest: dict[str, Cell] = {"message_id": file.message_id, "payments": len(rows), "currency": file.currency}
    made = {
        FileFormat.CSV: write_csv(COLUMNS, rows),
        FileFormat.XLSX: write_xlsx("payments", COLUMNS, rows, manifest=manifest),
    }
    if not unfit(file, opened):
        made[FileFormat.PAIN] = pain001(_batch(file, opened))
    return made


def unfit(file: PaymentFile, opened: Sequence[Opened]) -> list[Problem]:
    """Return which payments a file for banks cannot hold, by reference as field ("": the file itself), and why.

    What is said repeats nothing of a payee.
    """
    problems = []
    for each in opened:
        try:
            pain001(_batch(file, [each]))
        except CannotBePaid as refusal:
            reason = str(refusal.reason)
            if refusal.reference and any(text in reason for text in each.details.values() if len(text) > 1):
                reason = _("Banks cannot write the name or the town: too long, or not in basic Latin letters.")
            problems.append(Problem(reason, field=refusal.reference))
    return problems


def _row(file: PaymentFile, each: Opened) -> list[Cell]:
    payment, of = each.payment, each.details.get
    return [
        payment.reference, payment.award.reference, payment.instalment.number, file.execution_on.isoformat(),
        Money(payment.amount_minor, file.currency).decimal, file.currency, of("route"), of("holder"), of("latin"),
        of("town"), of("lives_in"), of("country"), of("account"), of("code"), of("bic"), of("bank"), of("host"),
        of("agreed"), of("currency"), of("note"), "yes" if file.call.is_sample else "no",
    ]  # fmt: skip


def _batch(file: PaymentFile, opened: Sequence[Opened]) -> Batch:
    paying = Account(file.debtor_country, file.debtor_account, bic=file.debtor_bic)
    debtor = Debtor(name=file.debtor_name, country=file.debtor_country, bic=file.debtor_bic)
    debtor = replace(debtor, iban=paying.number) if paying.is_iban else replace(debtor, account=paying.number)
    return Batch(
        message_id=file.message_id,
        created_at=file.prepared_at,
        initiating_party=file.debtor_name,
        debtor=debtor,
        execution_date=file.execution_on,
        currency=file.currency,
        transfers=tuple(_transfer(each) for each in opened),
    )


def _transfer(each: Opened) -> Transfer:
    """Return a payment as a bank reads it. Raises CannotBePaid for one that goes no way that a bank knows."""
    payment, of = each.payment, each.details.get
    if of("route") == Route.AGREED:
        raise CannotBePaid(payment.reference, _("This goes another way than through a bank, as was agreed."))
    is_iban = each.place.is_iban
    creditor = Creditor(
        latin_name=of("latin") or of("holder", ""),
        town=of("town", ""),
        country=of("lives_in", ""),
        iban=each.place.number if is_iban else "",
        account="" if is_iban else each.place.number,
        routing=each.place.code,
        bic=each.place.bic,
        account_country=each.place.country,
    )
    number = payment.instalment.number
    return Transfer(payment.reference, payment.amount_minor, creditor, f"{payment.award.reference} / {number}")
