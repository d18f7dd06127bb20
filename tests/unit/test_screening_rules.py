"""Names on lists of sanctions: found across spellings and scripts, and others left alone. Invented people."""

from datetime import date
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fundapp.disbursement.screening_rules import (
    HitStatus,
    Index,
    Listed,
    Outcome,
    ScreeningHold,
    holds_of,
    is_stale,
    key_of,
    may_confirm,
    skeleton_of,
    status_of,
)

LIST = [
    Listed("1", ("QASSEMI SAMPLE, Mohammad Hossein",)),
    Listed("2", ("SAMPLENKO, Oleksandr Yuriyovych",)),
    Listed("3", ("SAMPLE TRADING AND SHIPPING CO., LTD.", "Samtrade")),
    Listed("4", ("ABD AL-RAHMAN AL-MITHALI",)),
    Listed("5", ("NAMUNAEV, Ruslan Akhmedovich",)),
    Listed("6", ("FRENTE DE LA MUESTRA", "Muestra Front")),
]
INDEX = Index(LIST)

PAIRS = [
    ("Mohammad Hossein Qassemi Sample", "1"),
    ("Muhammad Husain Qasemi Sample", "1"),
    ("محمد حسین قاسمی سمبل", "1"),
    ("Oleksandr Samplenko", "2"),
    ("Олександр Юрійович Самплeнко", "2"),
    ("Aleksandr Yurievich Samplenko", "2"),
    ("Sample Shipping & Trading", "3"),
    ("SAMTRADE", "3"),
    ("عبد الرحمن المثالي", "4"),
    ("Abdel Rahman al Mithali", "4"),
    ("Руслан Ахмедович Намунаев", "5"),
    ("Ruslan Ahmedovitch Namounaev", "5"),
    ("Frente de Muestra", "6"),
]
OTHERS = [
    "Casa de Ensaios",
    "Women of the River Cooperative",
    "Red de Defensoras Comunitarias de la Sierra",
    "Sample House",
    "Trading Post Library",
    "Юридическая помощь рядом",
    "جمعية نساء النهر",
    "नदी की महिलाएँ",
    "Ali",
    "",
    "***",
]


@pytest.mark.parametrize(("name", "uid"), PAIRS)
def test_a_name_is_found_in_another_spelling_order_or_script(name, uid):
    assert uid in {match.listed.uid for match in INDEX.matches(name)}


@pytest.mark.parametrize("name", OTHERS)
def test_other_names_ask_nobody(name):
    assert INDEX.matches(name) == []


@pytest.mark.parametrize("listed", LIST, ids=lambda listed: listed.uid)
def test_every_listed_name_finds_itself_with_the_full_score_and_once(listed):
    for name in listed.names:
        assert [(m.listed.uid, m.score) for m in INDEX.matches(name) if m.listed is listed] == [(listed.uid, 100)]


def test_the_likest_stands_first():
    index = Index([Listed("far", ("Samplenko Olexandra Petrivna",)), Listed("near", ("Samplenko Oleksandra",))])
    assert next(match.listed.uid for match in index.matches("Samplenko Oleksandra")) == "near"


def test_words_that_many_names_have_make_no_two_alike_and_never_leave_nothing():
    assert key_of("The Sample Foundation Ltd.") == "sample"
    assert key_of("The Foundation") == "foundation the"
    assert key_of("Ação Já") == "acao ja"


def test_consonants_are_the_same_in_a_script_without_vowels():
    assert skeleton_of("محمد") == skeleton_of("Mohammad") == skeleton_of("Muhammed")


@given(st.text(max_size=60))
def test_any_text_can_be_looked_up_and_scores_stay_within_a_hundred(name):
    assert all(0 < match.score <= 100 for match in INDEX.matches(name))


def test_a_list_is_stale_after_seven_days():
    assert not is_stale(date(2026, 11, 16), date(2026, 11, 23))
    assert is_stale(date(2026, 11, 15), date(2026, 11, 23))


def test_two_people_make_an_answer_and_only_somebody_else_lets_money_go():
    assert status_of(None, is_confirmed=False) is HitStatus.OPEN
    assert status_of(Outcome.OTHER, is_confirmed=False) is HitStatus.DECIDED
    assert status_of(Outcome.OTHER, is_confirmed=True) is HitStatus.OTHER
    assert status_of(Outcome.SAME, is_confirmed=True) is HitStatus.SAME
    assert holds_of([HitStatus.OTHER], is_screened=True) == []
    assert holds_of([], is_screened=False) == [ScreeningHold.UNSCREENED]
    for status in (HitStatus.OPEN, HitStatus.DECIDED):
        assert holds_of([HitStatus.OTHER, status], is_screened=True) == [ScreeningHold.UNDECIDED]
    assert holds_of([HitStatus.SAME], is_screened=True) == [ScreeningHold.SAME]


def test_nobody_confirms_alone():
    one, two = uuid4(), uuid4()
    assert may_confirm(two, decided_by=one)
    assert not may_confirm(one, decided_by=one)
    assert not may_confirm(None, decided_by=one)
    assert not may_confirm(one, decided_by=None)
