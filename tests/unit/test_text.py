"""What text is taken in, and how it is counted."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fundapp.core.text import TextError, clean_text, count_characters, count_words


@pytest.mark.parametrize(
    "hostile",
    [
        "a\x00b",
        "a\x07b",
        "a\x1b[31mb",
        "a\x7fb",
        "a\x9fb",
        "a\ud800b",
        "\udc80",
        "a\ufdd0b",
        "a\ufffeb",
        "a\U0010ffffb",
        "annexe\u202efdp.exe",
        "a\u202db",
        "a" + "\u0301" * 60,
        "\U0001f468" + "\u200d\U0001f468" * 60,
    ],
    ids=ascii,
)
@pytest.mark.parametrize("multiline", [False, True])
def test_clean_text_refuses_what_hides_or_reorders(hostile: str, multiline: bool) -> None:
    with pytest.raises(TextError) as caught:
        clean_text(hostile, multiline=multiline)
    assert str(caught.value.message)


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"], ids=ascii)
def test_clean_text_keeps_lines_only_where_they_are_asked_for(line_end: str) -> None:
    assert clean_text(f"one{line_end}two", multiline=True) == "one\ntwo"
    with pytest.raises(TextError):
        clean_text(f"one{line_end}two")


@pytest.mark.parametrize(
    "text",
    [
        "مؤسسة العدالة\u200f 2020",
        "نمی\u200cخواهم",
        "क्षत्रिय \u0915\u094d\u200d\u0937",
        "ဥပဒေအထောက်အကူပြုကွန်ရက်",
        "👩\u200d👩\u200d👧\u200d👦 🇰🇪",
        "Ủy ban · Ọ̀ṣun",
    ],
)
def test_clean_text_keeps_real_spelling(text: str) -> None:
    assert clean_text(text) == unicodedata.normalize("NFC", text)


def test_clean_text_takes_out_what_contact_lists_leave_around_numbers() -> None:
    assert clean_text("\u202a+254 700 000 000\u202c") == "+254 700 000 000"
    assert clean_text("\ufeffAfya\u2066 Haki\u2069") == "Afya Haki"


def test_clean_text_trims_and_composes() -> None:
    assert clean_text("  Re\u0301seau\tjuste \r\n") == "Réseau juste"


@given(st.text())
def test_clean_text_result_is_stable_and_storable(text: str) -> None:
    try:
        once = clean_text(text, multiline=True)
    except TextError:
        return
    assert clean_text(once, multiline=True) == once
    assert "\x00" not in once
    once.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        (" — … !", 0),
        ("peer-led justice", 2),
        ("l'État, c'est nous", 3),
        ("12,5 % of 100", 3),
        ("العدالة للجميع", 2),
        ("न्याय सबके लिए", 3),
        ("正义属于所有人", 7),
        ("正义 justice 正", 4),
        ("one\ntwo\n\nthree", 3),
    ],
)
def test_count_words(text: str, words: int) -> None:
    assert count_words(text) == words


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("", 0),
        ("né", 2),
        ("ne\u0301", 2),
        ("🇰🇪👩\u200d👧", 2),
        ("🇰🇪🇺🇬🇹", 3),
        ("a🇰b🇪", 4),
        ("🇰🇪\u200d👧", 2),
        ("क्षि", 1),
        ("a\nb", 3),
    ],
)
def test_count_characters_counts_what_a_reader_sees(text: str, characters: int) -> None:
    assert count_characters(text) == characters


def test_counting_is_linear_on_hostile_text() -> None:
    assert count_words("-" * 200_000) == 0
    assert count_words("a" * 200_000) == 1
    assert count_characters("🇰🇪" * 100_000) == 100_000
