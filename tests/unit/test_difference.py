"""Two texts in one, with what differs between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fundapp.core import difference as module
from fundapp.core.difference import Piece, Side, difference


def marked(first: str, second: str) -> str:
    signs = {Side.BOTH: "{}", Side.FIRST: "[-{}-]", Side.SECOND: "[+{}+]"}
    return "".join(signs[piece.side].replace("{}", piece.text) for piece in difference(first, second))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("open days in six villages", "open days in nine villages", "open days in [-six-][+nine+] villages"),
        ("the same", "the same", "the same"),
        ("", "new", "[+new+]"),
        ("old", "", "[-old-]"),
        ("أيام مفتوحة في ست قرى", "أيام مفتوحة في تسع قرى", "أيام مفتوحة في [-ست-][+تسع+] قرى"),
        ("我们有六个村", "我们有九个村", "我们有[-六-][+九+]个村"),
        ("one\ntwo", "one\nthree", "one\n[-two-][+three+]"),
    ],
)
def test_words_that_differ_are_marked(first: str, second: str, expected: str) -> None:
    assert marked(first, second) == expected


@given(st.text(alphabet="ab \n我é"), st.text(alphabet="ab \n我é"))
def test_both_texts_stand_whole_in_their_difference(first: str, second: str) -> None:
    pieces = difference(first, second)
    assert "".join(piece.text for piece in pieces if piece.side is not Side.SECOND) == first
    assert "".join(piece.text for piece in pieces if piece.side is not Side.FIRST) == second


def test_long_texts_are_compared_by_lines_and_endless_ones_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WORDS", 4)
    monkeypatch.setattr(module, "MOST_LINES", 2)
    assert difference("a b c\nd e f", "a b c\nd e g") == [
        Piece(Side.BOTH, "a b c\n"),
        Piece(Side.FIRST, "d e f"),
        Piece(Side.SECOND, "d e g"),
    ]
    assert difference("a\nb\nc d", "a\nb\nc e") == [Piece(Side.FIRST, "a\nb\nc d"), Piece(Side.SECOND, "a\nb\nc e")]
