"""Account numbers of each country: right ones pass, wrong ones are noticed beside their field. Row 99."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fundapp.disbursement.bank_rules import (
    ISO_COUNTRIES,
    OWN_FORMATS,
    Account,
    account_problems,
    compact,
    iban_countries,
    is_plain,
    is_same_name,
)

RIGHT = {
    "an IBAN": Account("DE", "DE89370400440532013000", bic="DEUTDEFF"),
    "of Kosovo": Account("XK", "XK051212012345678906"),
    "of the United Kingdom": Account("GB", "GB33BUKB20201555555555"),
    "sort code": Account("GB", "55555555", "202015"),
    "routing number": Account("US", "12345678", "021000021"),
    "IFSC": Account("IN", "123456789012", "SBIN0001234"),
    "CLABE": Account("MX", "032180000118359719"),
    "NUBAN": Account("NG", "0152792740", "058"),
    "NUBAN with six figures": Account("NG", "0152792740", "000058"),
    "BSB": Account("AU", "123456789", "062000"),
}


@pytest.mark.parametrize("account", RIGHT.values(), ids=RIGHT)
def test_right_accounts_pass_and_no_person_has_to_wonder(account):
    assert account_problems(account, bank="") == []
    assert account.is_checked


@pytest.mark.parametrize(
    ("account", "fields"),
    [
        (Account("DE", "DE88370400440532013000"), ["account"]),  # check digits
        (Account("DE", "DE8937040044053201300"), ["account"]),  # too short
        (Account("DE", "0532013000", "37040044"), ["account"]),  # a country with IBANs
        (Account("FR", "DE89370400440532013000"), ["account"]),  # another country
        (Account("FR", "DE89370400440532013000", bic="DEUTDEFF"), ["bic", "account"]),
        (Account("DE", "DE89370400440532013000", bic="DEUT"), ["bic"]),
        (Account("US", "12345678", "021000022"), ["code"]),
        (Account("US", "", "021000021"), ["account"]),
        (Account("US", "12", "1"), ["account", "code"]),
        (Account("MX", "032180000118359718"), ["account"]),
        (Account("MX", "0321800001183597"), ["account"]),
        (Account("NG", "0152792741", "058"), ["account"]),
        (Account("IN", "123456789012", "SBIN1001234"), ["code"]),
        (Account("GB", "5555555", "202015"), ["account"]),
        (Account("AU", "123456789", "06200"), ["code"]),
        (Account("KE", "123"), ["account", "bank"]),
    ],
)
def test_row_99_wrong_accounts_are_noticed_beside_their_field(account, fields):
    problems = account_problems(account, bank="")
    assert sorted(str(problem.field) for problem in problems) == sorted(fields)
    assert not any(account.number and account.number in str(problem) for problem in problems)


def test_where_no_rule_tells_a_bank_is_named_and_a_person_looks():
    account = Account("KE", "0123456789")
    assert [problem.field for problem in account_problems(account, bank=" ")] == ["bank"]
    assert account_problems(account, bank="Sample Bank, Nairobi") == []
    assert not account.is_checked


def test_the_last_figure_of_an_account_with_a_check_figure_is_the_only_one_that_fits():
    for account in (RIGHT["CLABE"], RIGHT["NUBAN"]):
        fitting = [
            figure
            for figure in "0123456789"
            if not account_problems(Account(account.country, account.number[:-1] + figure, account.code), bank="")
        ]
        assert fitting == [account.number[-1]]


def test_numbers_are_read_however_they_are_typed():
    assert compact(" de89 3704-0044.0532 013 000 ") == "DE89370400440532013000"
    assert compact("٠١٢٣ ४५") == "012345"
    typed = Account("GB", compact("55-55 55.55"), compact("20‑20‑15"))
    assert typed.identity == RIGHT["sort code"].identity != RIGHT["of the United Kingdom"].identity


@given(st.text(max_size=40), st.sampled_from(sorted(ISO_COUNTRIES)), st.text(max_size=12), st.text(max_size=12))
def test_nothing_that_is_typed_breaks_the_check(number, country, code, bic):
    account = Account(country, compact(number), compact(code), compact(bic))
    problems = account_problems(account, bank="")
    assert problems or account.is_checked or country in OWN_FORMATS
    assert {problem.field for problem in problems} <= {"account", "code", "bic", "bank"}


def test_every_country_of_the_table_is_one():
    assert set(OWN_FORMATS) <= ISO_COUNTRIES
    assert len(iban_countries() & ISO_COUNTRIES) > 80


@pytest.mark.parametrize(
    ("name", "plain"),
    [("Sample Cooperative (Ltd.)", True), ("Coopérative", False), ("تعاونية", False), ("A\u2019B", False), ("", False)],
)
def test_names_that_banks_everywhere_can_write(name, plain):
    assert is_plain(name) is plain


def test_names_are_compared_without_accents_capitals_and_signs():
    assert is_same_name("Coopérative du Fleuve", "COOPERATIVE DU FLEUVE.")
    assert not is_same_name("Sample Group", "Sample Groups")
    assert not is_same_name("Sample Group", "")
