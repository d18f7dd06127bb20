"""What declined applicants read of the reviews: putting a text together, and names in it."""

import pytest

from fundapp.core.i18n import LANGUAGES
from fundapp.review.declined_rules import (
    MOST_CHARACTERS,
    Found,
    Piece,
    Wording,
    names_in,
    with_pieces,
    wording_problems,
)

NAMES = ["José Núñez", "Ada Obi", "王芳", "Jo Li", "فاطمة علي"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("As Núñez wrote, the plan is good.", ["José Núñez"]),
        ("as NUNEZ's note says", ["José Núñez"]),
        ("Ask Ada.", ["Ada Obi"]),
        ("Work in Canada and Adaland; joy and life", []),
        ("Jo Li liked it", ["Jo Li"]),
        ("我同意王芳的意见", ["王芳"]),
        ("قالت فاطمة إن الخطة جيدة", ["فاطمة علي"]),
        ("Jose and Obi", ["Ada Obi", "José Núñez"]),
        ("", []),
    ],
)
def test_names_of_reviewers_are_found_whatever_their_accents_and_not_within_other_words(
    text: str, found: list[str]
) -> None:
    assert names_in(text, NAMES) == found
    assert names_in(text, [""]) == []


def test_ticked_comments_are_put_below_what_is_written_once() -> None:
    one, other = Piece("r1", "need", " Clear need. "), Piece("r2", "", "A budget\nis missing.")
    text = with_pieces("Dear friends,\n", [one, other])
    assert text == "Dear friends,\n\nClear need.\n\nA budget\nis missing."
    assert with_pieces(text, [one, other]) == text
    assert with_pieces(" ", [one]) == "Clear need."
    assert [one.key, other.key] == ["r1:need", "r2:"]


def fields(wording: Wording, names: list[str] | None = None, scores: list[str] | None = None) -> list[str | None]:
    found = Found(names or [], scores or [])
    return [problem.field for problem in wording_problems(wording, found=found, languages=LANGUAGES)]


def test_a_text_needs_words_and_a_language_and_names_that_are_confirmed_one_by_one() -> None:
    good = Wording(True, "Good plan.", "fr", ())
    assert fields(good) == []
    assert fields(Wording(True, " \n", "fr", ())) == fields(Wording(False, "", "fr", ())) == ["text"]
    assert fields(Wording(True, "x" * (MOST_CHARACTERS + 1), "xx", ())) == ["text", "language"]
    assert fields(good, ["Ada Obi"]) == ["confirmed"]
    assert fields(Wording(True, "Good.", "fr", (), {"Ada Obi"}), ["Ada Obi"]) == []
    assert fields(Wording(True, "Good.", "fr", (), {"Ada Obi"}), ["Ada Obi", "Jo Li"]) == ["confirmed"]
    assert fields(Wording(False, "Nobody but Ada wrote.", "en", ()), ["Ada Obi"]) == []


def test_what_looks_like_a_score_is_named_and_confirmed_one_by_one() -> None:
    text = "I give 7/10, so score: 7."
    assert fields(Wording(True, text, "en", ()), scores=["7/10", "score: 7"]) == ["scores_stay"]
    assert fields(Wording(True, text, "en", (), (), {"7/10"}), scores=["7/10", "score: 7"]) == ["scores_stay"]
    assert fields(Wording(True, text, "en", (), (), {"7/10", "score: 7"}), scores=["7/10", "score: 7"]) == []
    assert fields(Wording(True, text, "en", (), {"7/10"}), ["Ada Obi"], ["7/10"]) == ["confirmed", "scores_stay"]
    assert fields(Wording(False, text, "en", ()), scores=["7/10"]) == []
