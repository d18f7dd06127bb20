"""Amounts in words: a table that people read through, and numbers that never share their words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fundapp.core.i18n import LANGUAGES
from fundapp.core.money import MAX_MINOR, Money
from fundapp.core.money_words import amount_in_words, number_in_words

NUMBERS = st.integers(0, MAX_MINOR)

READ_THROUGH = {
    0: ("zero", "zéro", "cero", "zero", "صفر"),
    1: ("one", "un", "uno", "um", "واحد"),
    2: ("two", "deux", "dos", "dois", "اثنان"),
    11: ("eleven", "onze", "once", "onze", "أحد عشر"),
    80: ("eighty", "quatre-vingts", "ochenta", "oitenta", "ثمانون"),
    81: ("eighty-one", "quatre-vingt-un", "ochenta y uno", "oitenta e um", "واحد وثمانون"),
    100: ("one hundred", "cent", "cien", "cem", "مائة"),
    101: ("one hundred one", "cent un", "ciento uno", "cento e um", "مائة وواحد"),
    571: (
        *("five hundred seventy-one", "cinq cent soixante-et-onze", "quinientos setenta y uno"),
        *("quinhentos e setenta e um", "خمسمائة وواحد وسبعون"),
    ),
    1_000: ("one thousand", "mille", "mil", "mil", "ألف"),
    2_000: ("two thousand", "deux mille", "dos mil", "dois mil", "ألفان"),
    3_000: ("three thousand", "trois mille", "tres mil", "três mil", "ثلاثة آلاف"),
    12_000: ("twelve thousand", "douze mille", "doce mil", "doze mil", "اثنا عشر ألفًا"),
    21_500: (
        *("twenty-one thousand five hundred", "vingt-et-un mille cinq cents", "veintiún mil quinientos"),
        *("vinte e um mil e quinhentos", "واحد وعشرون ألفًا وخمسمائة"),
    ),
    100_000: ("one hundred thousand", "cent mille", "cien mil", "cem mil", "مائة ألف"),
    102_000: (
        *("one hundred two thousand", "cent deux mille", "ciento dos mil", "cento e dois mil", "مائة ألف وألفان"),
    ),
    105_000: (
        *("one hundred five thousand", "cent cinq mille", "ciento cinco mil", "cento e cinco mil"),
        "مائة وخمسة آلاف",
    ),
    200_000: ("two hundred thousand", "deux cent mille", "doscientos mil", "duzentos mil", "مائتا ألف"),
    1_000_000: ("one million", "un million", "un millón", "um milhão", "مليون"),
    20_000_000: ("twenty million", "vingt millions", "veinte millones", "vinte milhões", "عشرون مليونًا"),
}


@pytest.mark.parametrize("number", READ_THROUGH)
def test_numbers_read_as_people_write_them(number: int) -> None:
    assert tuple(number_in_words(number, language) for language in LANGUAGES) == READ_THROUGH[number]


@pytest.mark.parametrize(
    ("minor", "currency", "words"),
    [
        (1_200_000, "USD", ("twelve thousand (US dollars)", "douze mille (dollars des États-Unis)")),
        (250_075, "EUR", ("two thousand five hundred and 75/100 (euros)", "deux mille cinq cents et 75/100 (euros)")),
        (20_000_000, "XOF", ("twenty million (West African CFA francs)", "vingt millions (francs CFA (BCEAO))")),
        (1_000_005, "KWD", ("one thousand and 005/1000 (Kuwaiti dinars)", "mille et 005/1000 (dinar koweïtiens)")),
    ],
)  # fmt: skip
def test_amounts_name_their_currency_and_what_is_less_than_one_unit(
    minor: int, currency: str, words: tuple[str, str]
) -> None:
    amount = Money(minor, currency)
    assert (amount_in_words(amount, "en"), amount_in_words(amount, "fr")) == words


def test_the_fraction_is_joined_in_each_language() -> None:
    amount = Money(100_050, "USD")
    assert amount_in_words(amount, "es") == "mil con 50/100 (dólares estadounidenses)"
    assert amount_in_words(amount, "pt") == "mil e 50/100 (Dólares americanos)"
    assert amount_in_words(amount, "ar") == "ألف و50/100 (دولار أمريكي)"


@given(one=NUMBERS, other=NUMBERS, language=st.sampled_from(sorted(LANGUAGES)))
def test_other_numbers_have_other_words(one: int, other: int, language: str) -> None:
    assert (number_in_words(one, language) == number_in_words(other, language)) is (one == other)


@given(minor=st.integers(0, MAX_MINOR - 1), language=st.sampled_from(sorted(LANGUAGES)))
def test_one_cent_more_is_told(minor: int, language: str) -> None:
    assert amount_in_words(Money(minor, "USD"), language) != amount_in_words(Money(minor + 1, "USD"), language)


def test_each_number_up_to_a_hundred_thousand_has_arabic_words_of_its_own() -> None:
    assert len({number_in_words(number, "ar") for number in range(100_000)}) == 100_000
