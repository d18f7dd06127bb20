"""Account numbers: what each country asks for, and how a wrong one is noticed; no database, no web.

Sources: ISO 13616 (IBAN) and ISO 9362 (BIC) as python-stdnum knows them; ABA routing numbers; the standards of CLABE
(Banco de México), NUBAN (Central Bank of Nigeria), IFSC (Reserve Bank of India), BSB (AusPayNet), sort codes (Pay.UK).
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pycountry
from stdnum import bic, iban, numdb
from stdnum.us import rtn

from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l

MOST: Final = 140
"""Characters of a name, as ISO 20022 has room for."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]+")
"""The basic Latin set of payment messages. Source: EPC230-15, SEPA Requirements for an Extended Character Set."""
_FILLING: Final = re.compile(r"[\s./\-‐-―]+")
_IBAN_LIKE: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{4,}")
_WEIGHTS: Final = (3, 7, 1)
_NUBAN_WEIGHTS: Final = (3, 7, 3)


@dataclass(frozen=True)
class Account:
    """Where an account is. `number` and `code` are compact: capitals and figures alone; "" where there is none."""

    country: str
    number: str
    code: str = ""
    bic: str = ""

    @property
    def is_iban(self) -> bool:
        """Say whether the number is an IBAN."""
        return bool(_IBAN_LIKE.fullmatch(self.number)) and self.number[:2] in iban_countries()

    @property
    def is_checked(self) -> bool:
        """Say whether a rule of ours tells a wrong number from a right one."""
        return self.is_iban or self.country in OWN_FORMATS

    @property
    def identity(self) -> str:
        """Return what is the same for the same account, however it was typed."""
        return self.number if self.is_iban else "|".join((self.country, self.code, self.number))


@dataclass(frozen=True)
class Format:
    """What a country's own account numbers look like. `code` None: there is no code beside the number."""

    number: re.Pattern[str]
    number_wrong: str
    code: re.Pattern[str] | None = None
    code_wrong: str = ""
    agree: Callable[[str, str], bool] | None = None
    """Whether the check digits of (code, number) are right."""


def _has_routing_number(code: str, _number: str) -> bool:
    return bool(rtn.is_valid(code))


def _is_clabe(_code: str, number: str) -> bool:
    """Source: the last figure of a CLABE completes the sum of the others, weighed 3, 7, 1, to tens."""
    total = sum(int(figure) * _WEIGHTS[place % 3] % 10 for place, figure in enumerate(number[:17]))
    return int(number[17]) == -total % 10


def _is_nuban(code: str, number: str) -> bool:
    """Source: CBN, revised standards on NUBAN (2020): code in six figures and serial number, weighed 3, 7, 3."""
    figures = code.zfill(6) + number[:9]
    total = sum(int(figure) * _NUBAN_WEIGHTS[place % 3] for place, figure in enumerate(figures))
    return int(number[9]) == -total % 10


OWN_FORMATS: Final[Mapping[str, Format]] = {
    "AU": Format(
        re.compile(r"[0-9]{4,9}"),
        _l("An account number in Australia has 4 to 9 figures."),
        re.compile(r"[0-9]{6}"),
        _l("Write the BSB: 6 figures."),
    ),
    "GB": Format(
        re.compile(r"[0-9]{8}"),
        _l("An account number in the United Kingdom has 8 figures. You can also write the IBAN."),
        re.compile(r"[0-9]{6}"),
        _l("Write the sort code: 6 figures."),
    ),
    "IN": Format(
        re.compile(r"[0-9]{9,18}"),
        _l("An account number in India has 9 to 18 figures."),
        re.compile(r"[A-Z]{4}0[A-Z0-9]{6}"),
        _l("Write the IFSC: 4 letters, a zero, and 6 letters or figures."),
    ),
    "MX": Format(
        re.compile(r"[0-9]{18}"),
        _l("Write the CLABE: 18 figures."),
        agree=_is_clabe,
    ),
    "NG": Format(
        re.compile(r"[0-9]{10}"),
        _l("Write the NUBAN: 10 figures."),
        re.compile(r"[0-9]{3}|[0-9]{6}"),
        _l("Write the code of the bank: 3 or 6 figures."),
        agree=_is_nuban,
    ),
    "US": Format(
        re.compile(r"[0-9]{4,17}"),
        _l("An account number in the United States has 4 to 17 figures."),
        re.compile(r"[0-9]{9}"),
        _l("Write the routing number: 9 figures."),
        agree=_has_routing_number,
    ),
}
"""Countries whose own numbers have rules of their own. All others: an IBAN where there is one, else a person looks."""


ISO_COUNTRIES: Final = frozenset(country.alpha_2 for country in pycountry.countries) | {"XK"}
"""Countries by ISO 3166, and Kosovo under the code that banks use."""


def iban_countries() -> frozenset[str]:
    """Return the countries that have IBANs, by ISO 3166 (and XK)."""
    return _IBAN_COUNTRIES


_IBAN_COUNTRIES: Final = frozenset(str(row[1]) for row in numdb.get("iban").prefixes)


def compact(text: str) -> str:
    """Return a number in capitals without blanks, dots and dashes, with figures of any script as 0 to 9."""
    folded = _FILLING.sub("", unicodedata.normalize("NFKC", text)).upper()
    return "".join(str(unicodedata.digit(each)) if each.isdigit() else each for each in folded)


def account_problems(account: Account, *, bank: str) -> list[Problem]:
    """Return what is wrong with an account, by field: account, code, bic, bank. No message repeats what was typed."""
    problems = _bic_problems(account)
    if not account.number:
        return [Problem(_l("Write the account number or the IBAN."), field="account"), *problems]
    own = OWN_FORMATS.get(account.country)
    if account.is_iban or (own is None and account.country in iban_countries()):
        return [*_iban_problems(account), *problems]
    if own is not None:
        return [*_own_problems(account, own), *problems]
    if not re.fullmatch(r"[A-Z0-9]{4,34}", account.number):
        problems.append(Problem(_l("Write the account number: 4 to 34 letters and figures."), field="account"))
    if not bank.strip():
        problems.append(Problem(_l("Write the name of the bank and of its branch."), field="bank"))
    return problems


def is_plain(name: str) -> bool:
    """Say whether banks everywhere can write a name: basic Latin letters, figures and a few signs."""
    return bool(_PLAIN.fullmatch(name))


def is_same_name(one: str, other: str) -> bool:
    """Say whether two names are the same but for capitals, accents and signs."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name).casefold()
    return "".join(each for each in decomposed if each.isalnum())


def _iban_problems(account: Account) -> list[Problem]:
    if not account.is_iban or not iban.is_valid(account.number):
        return [Problem(_l("This IBAN is not right. Compare it with your bank's papers."), field="account")]
    if account.number[:2] != account.country:
        return [Problem(_l("This IBAN is of another country than the one you chose."), field="account")]
    return []


def _own_problems(account: Account, own: Format) -> list[Problem]:
    problems = []
    if not own.number.fullmatch(account.number):
        problems.append(Problem(own.number_wrong, field="account"))
    if own.code is not None and not own.code.fullmatch(account.code):
        problems.append(Problem(own.code_wrong, field="code"))
    if not problems and own.agree is not None and not own.agree(account.code, account.number):
        field = "code" if own.agree is _has_routing_number else "account"
        message = _l("The check figure of this number is not right. Compare it with your bank's papers.")
        problems.append(Problem(message, field=field))
    return problems


def _bic_problems(account: Account) -> list[Problem]:
    if not account.bic:
        return []
    if not bic.is_valid(account.bic):
        return [Problem(_l("A BIC has 8 or 11 letters and figures. Compare it with your bank's papers."), field="bic")]
    if account.bic[4:6] != account.country:
        return [Problem(_l("This BIC is of a bank in another country than the one you chose."), field="bic")]
    return []
