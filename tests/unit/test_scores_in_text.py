"""Scores that reviewers write into a comment, in several languages and digits, and what only looks like one."""

from decimal import Decimal

import pytest

from fundapp.review.scores_in_text import scores_in


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I give it 7/10, well done", ["7/10"]),
        ("A clear 4 / 5.", ["4 / 5"]),
        ("7.5/10 and again 7.5/10", ["7.5/10"]),
        ("I say 8 out of 10 for the plan.", ["8 out of 10"]),
        ("Score: 4", ["Score: 4"]),
        ("with a SCORE\nof 3.5, sadly", ["SCORE of 3.5"]),
        ("I rated it 2 because of the budget", ["rated it 2"]),
        ("I gave the plan a 3.", ["gave the plan a 3"]),
        ("This is worth 4 points", ["4 points"]),
        ("Je donne 4 pour le plan ; note : 3,5", ["donne 4", "note : 3,5"]),
        ("8 sur 10", ["8 sur 10"]),
        ("Le doy un 4. Puntuación: 3", ["doy un 4", "Puntuación: 3"]),
        ("Puntuacio\u0301n 3", ["Puntuación 3"]),
        ("Dou 4; pontuação 3", ["Dou 4", "pontuação 3"]),
        ("أعطيه ٧/١٠", ["٧/١٠"]),
        ("الدرجة: ٤", ["الدرجة: ٤"]),
        ("٨ من ١٠ والخطة جيدة", ["٨ من ١٠"]),
        ("٨ من ١٠ نساء", []),
        ("۷/۱۰", ["۷/۱۰"]),
        ("७/१० अच्छा", ["७/१०"]),
        ("７/１０", ["７/１０"]),
        ("3/4", []),
        ("3/4.5", []),
    ],
)
def test_scores_are_found_in_words_and_digits_of_several_languages(text: str, found: list[str]) -> None:
    assert scores_in(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It reaches 200 families in 12 villages, since 2020.",
        "Between 2019/2020 and 10/10/2024, on 4.5.2021",
        "They work 24/7 with 3 people.",
        "1/5 of the families, and 7 out of 10 families",
        "7 de 10 familias; 7 de octubre; 7 em cada 10",
        "40 % of 5,000, or 30/100%",
        "They gave 4 trainings, and gave 40,000 to schools",
        "We note 4 risks. Note: 12 women lead it.",
        "5 points d'eau, 3 points of sale, 2 puntos de agua",
        "The score of 2020 people",
        "Phone 555/10/7, room B/5, version 1.2.3",
    ],
)
def test_amounts_years_dates_and_counts_are_no_scores(text: str) -> None:
    assert scores_in(text) == []


def test_scales_and_names_of_the_criteria_of_a_call_count_too() -> None:
    text = "Strength of the need (3), 6/7, budget 40,000 and Budget 2020, plan 2"
    assert scores_in(text) == []
    criteria = ["Strength of the need", "Budget", "", "Plan?"]
    assert scores_in(text, maxima=[Decimal(7)], criteria=criteria) == ["Strength of the need (3", "6/7"]
    assert scores_in("Score 150") == []
    assert scores_in("Score 150", maxima=[Decimal(200)]) == ["Score 150"]
