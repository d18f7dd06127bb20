"""Payee details as they were typed: what each route asks for, what is kept sealed of it, and what pages may show."""

from dataclasses import dataclass
from typing import Any, Final

from fundapp.applications.sealed_answers import mask_of_payee
from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.money import MoneyError, exponent
from fundapp.disbursement.bank_rules import MOST, Account, account_problems, compact, is_plain, is_same_name
from fundapp.disbursement.payee_rules import Hint, Route

MOST_TEXT: Final = 2_000
NEEDED: Final = {
    Route.BANK: {"holder": _l("Write the name on the account.")},
    Route.HOST: {
        "host": _l("Write the name of the organisation that holds the money for you."),
        "holder": _l("Write the name on the account."),
    },
    Route.AGREED: {"agreed": _l("Write what was agreed, and with whom."), "holder": _l("Write who gets the money.")},
}
"""What each route asks for, by field."""
ALWAYS: Final = {
    "town": _l("Write the town."),
    "country": _l("Choose the country."),
    "currency": _l("Choose the currency."),
}


@dataclass(frozen=True)
class Given:
    """Payee details as they were typed; "" where nothing was. `holder` is the name on the account, `latin` the same in
    basic Latin letters, `country` that of the account and `lives_in` that of the payee (two letters of ISO 3166).
    """

    route: Route
    holder: str
    latin: str
    town: str
    lives_in: str
    country: str
    currency: str
    account: str = ""
    code: str = ""
    bic: str = ""
    bank: str = ""
    host: str = ""
    agreed: str = ""
    note: str = ""

    @property
    def place(self) -> Account:
        """Return where the account is, in compact form."""
        return Account(self.country, compact(self.account), compact(self.code), compact(self.bic))


def problems_of(given: Given) -> list[Problem]:
    """Return what is wrong with payee details, by field. No message repeats what was typed."""
    texts = vars(given)
    needed = {**NEEDED[given.route], **ALWAYS, "lives_in": ALWAYS["country"]}
    if given.route is Route.AGREED:
        del needed["country"]
    problems = [Problem(message, field=field) for field, message in needed.items() if not texts[field].strip()]
    problems += [
        Problem(too_long(MOST), field=field)
        for field in ("holder", "latin", "host", "bank", "town")
        if len(texts[field].strip()) > MOST
    ]
    problems += [
        Problem(too_long(MOST_TEXT), field=field)
        for field in ("agreed", "note")
        if len(texts[field].strip()) > MOST_TEXT
    ]
    name = given.latin.strip() or given.holder.strip()
    if name and not is_plain(name):
        message = _l("Write the name in Latin letters without accents as well, as banks abroad write it.")
        problems.append(Problem(message, field="latin"))
    if given.currency and not _is_currency(given.currency):
        problems.append(Problem(ALWAYS["currency"], field="currency"))
    if given.route is not Route.AGREED and given.country:
        problems += account_problems(given.place, bank=given.bank)
    return problems


def _is_currency(code: str) -> bool:
    try:
        exponent(code)
    except MoneyError:
        return False
    return True


def to_seal(given: Given) -> dict[str, str]:
    """Return what is sealed: what was typed for the route that was chosen, and nothing for another."""
    texts = {name: str(text).strip() for name, text in vars(given).items()}
    if given.route is Route.AGREED:
        texts |= dict.fromkeys(("account", "code", "bic", "bank", "host", "country"), "")
    else:
        texts |= {"account": given.place.number, "code": given.place.code, "bic": given.place.bic, "agreed": ""}
    if given.route is Route.BANK:
        texts["host"] = ""
    return {name: text for name, text in texts.items() if text}


def to_show(given: Given, *, organisation: str, currency: str) -> dict[str, Any]:
    """Return what pages may show of payee details: the end of the number, and what a person has to look at.

    `organisation` is whose award it is ("": hidden), and `currency` that of the award.
    """
    hints = []
    owner = given.host if given.route is Route.HOST else organisation
    if not is_same_name(given.holder, owner):
        hints.append(Hint.OTHER_NAME)
    if given.currency != currency:
        hints.append(Hint.OTHER_CURRENCY)
    if given.route is Route.AGREED or not given.place.is_checked:
        hints.append(Hint.UNCHECKED)
    is_account = given.route is not Route.AGREED
    return {
        "route": given.route.value,
        "mask": mask_of_payee(given.place.number) if is_account else "",
        "country": given.country if is_account else "",
        "currency": given.currency,
        "hints": [hint.value for hint in hints],
    }


def too_long(most: int) -> str:
    return _l("Use at most %(most)s characters.", most=most)
