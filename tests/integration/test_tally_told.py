"""What the tally says and what it does not: no rank out of nothing, no certainty, no severity to those who may not."""

import re
from decimal import Decimal

import pytest

from fundapp.accounts.permissions import Role
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.presentation.tally_words import number, percent
from fundapp.review.terms_rules import Ranking, WantedTerms
from tests.conftest import SignedIn
from tests.factories import make_staff, make_terms

from .test_tally_pages import TEN, Round, page_of, ranked, text_of

ALIKE = {"one": (1, 5, 2, 4), "other": (5, 2, 4, 1)}
"""Readers of one entry differ more than entries do; means are 3, 3.5, 3 and 2.5."""
SEVERE = {
    "severe": (1, 1, 2, 1, 1, 2, 1, 1, 2, 1),
    "plain": (3, 4, 5, 3, 2, 4, 3, 2, 5, None),
    "usual": (3, 4, 4, 3, 3, 4, 3, 3, 5, None),
}
"""The last entry was read by one person alone, who is two marks stricter than the others."""


def paper_of(signed_in: SignedIn, made: Round) -> str:
    return text_of(signed_in(made.manager).get(f"/manage/{made.call.slug}/tally.pdf").data)


def test_where_nothing_tells_entries_apart_no_rank_and_no_chance_is_told(app: FundApp, signed_in: SignedIn) -> None:
    made = Round(ALIKE, budget_minor=2_400_000)
    whole = made.whole()
    assert (whole.variances.entries, whole.places, whole.expected_right) == (0, 1, None)
    page = page_of(signed_in(made.manager), made.url)
    said = "nothing in the scores tells these entries apart"
    assert said in page
    assert said in paper_of(signed_in, made)
    for row in ranked(page):
        assert (row["Adjusted rank"], row["At least this wide"], row["Chance"]) == ("no rank", "", "")
        assert row["Why it differs"].startswith("few readings, or readers who disagree: ") or row["Mean"] == "3.00"
    assert sorted(row["Mean rank · used"] for row in ranked(page)) == ["1", "4", "=2", "=2"]
    assert "truly" not in page.partition("<main")[2].partition("</details>")[2]


@pytest.mark.parametrize("ranking", list(Ranking))
def test_how_many_are_rightly_chosen_is_told_of_the_list_that_leads(
    app: FundApp, signed_in: SignedIn, ranking: Ranking
) -> None:
    """By means the last entry is behind: its only reader is the severe one."""
    made = Round(SEVERE, entries=10, budget_minor=9 * 1_200_000)
    make_terms(made.call, WantedTerms(ranking=ranking))
    whole = made.whole()
    by_mean, by_adjusted = whole.expected_right_by_mean or 0, whole.expected_right or 0
    assert number(by_mean, 1) != number(by_adjusted, 1)
    right, places = by_mean if ranking is Ranking.MEAN else by_adjusted, whole.places
    said = f"Of the {places} chosen by {ranking.value} rank, about {number(right, 1)} are truly in the top {places}."
    assert said in page_of(signed_in(made.manager), made.url)
    assert said in paper_of(signed_in, made)


def test_one_entry_alone_is_compared_with_nothing(app: FundApp, signed_in: SignedIn) -> None:
    made = Round({"one": (4, None), "other": (3, None)}, entries=2)
    page = page_of(signed_in(made.manager), made.url)
    assert "Only one entry was read: there is nothing to compare it with." in page
    assert [row["Adjusted rank"] for row in ranked(page)] == ["no rank", "no review"]


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "under 1%"),
        (0.0049, "under 1%"),
        (0.0051, "1%"),
        (0.99, "99%"),
        (0.9949, "99%"),
        (0.9951, "over 99%"),
        (1.0, "over 99%"),
    ],
)
def test_what_was_estimated_is_never_none_or_all(app: FundApp, share: float, words: str) -> None:
    with app.test_request_context():
        assert percent(share) == words


def test_a_share_is_written_as_the_language_has_it(app: FundApp) -> None:
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        assert "99\xa0%" in percent(1.0)


def test_chances_that_leave_no_doubt_are_over_and_under(app: FundApp, signed_in: SignedIn) -> None:
    made = Round({"one": (5, 1, 1, 1), "other": (5, 1, 2, 1), "third": (5, 1, 1, 1)}, budget_minor=1_200_000)
    page, paper = page_of(signed_in(made.manager), made.url), paper_of(signed_in, made)
    chances = [row["Chance"] for row in ranked(page)]
    assert (chances[0], chances[-1]) == ("over 99%", "under 1%")
    for text in (*chances, paper):
        assert not re.search(r"(?<!\d)(100|0)%", text)


def rows_with_line(page: str) -> list[str]:
    """Return the references of a list, and "line" where the line stands."""
    rows = re.findall(r'<tr role="row"(?: class="(line)")?>.*?(?:class="reference">([^<]+)<|</tr>)', page, re.DOTALL)
    return [line or reference for line, reference in rows if line or reference]


def test_the_line_is_a_row_of_the_list_and_of_the_paper(app: FundApp, signed_in: SignedIn) -> None:
    made = Round(TEN, entries=10, budget_minor=3_600_000)
    assert made.whole().places == 3
    client = signed_in(made.manager)
    page = page_of(client, made.url)
    rows = rows_with_line(page)
    assert (rows.index("line"), len(rows)) == (3, 11)
    assert '<td role="cell" colspan="12"><div>The line: by rank alone, the money ends here.' in page
    assert rows_with_line(page_of(client, f"{made.url}?reverse=1")) == rows[::-1]
    assert "line" not in rows_with_line(page_of(client, f"{made.url}?sort=disagreement"))
    text = paper_of(signed_in, made)
    above, _line, below = text.partition("The line: by rank alone, the money ends here.")
    assert all(reference in above for reference in rows[:3])
    assert all(reference in below for reference in rows[4:])


def test_the_line_says_what_ends_there(app: FundApp, signed_in: SignedIn) -> None:
    made = Round(TEN, entries=10, budget_minor=99_000_000)
    terms = make_terms(made.call, WantedTerms(places=3))
    db.session.commit()
    client = signed_in(made.manager)
    for places, floor, said in (
        (3, None, ("The line stands below the first 3: so many awards are given here.", "the awards end here.")),
        (None, Decimal(3), (": the others are below the floor.", "what stands below it is below the floor.")),
        (None, Decimal(5), ("All of them are below the floor, so no line is drawn",)),
        (None, None, ("By rank order the money reaches all of them",)),
    ):
        terms.places, terms.floor = places, floor
        db.session.commit()
        page, paper = page_of(client, made.url), paper_of(signed_in, made)
        for words in said:
            assert words in page
            assert words in paper
        assert ("line" in rows_with_line(page)) is (len(said) == 2)


def test_both_pictures_stand_there_and_speak_of_a_line_only_where_one_is_drawn(
    app: FundApp, signed_in: SignedIn
) -> None:
    line = "The line stands below the last place."
    for budget, is_drawn in ((3_600_000, True), (100, False), (99_000_000, False)):
        made = Round(TEN, entries=10, budget_minor=budget)
        page = page_of(signed_in(made.manager), made.url)
        assert page.count("<figure>") == 2
        assert (page.count(line) > 0) is is_drawn
        assert ("line" in rows_with_line(page)) is is_drawn
        assert ("so no line is drawn" in page) is not is_drawn
        assert (line in paper_of(signed_in, made)) is is_drawn
        assert ("The line: " in paper_of(signed_in, made)) is is_drawn


def test_parts_have_their_pictures_too_and_marks_stand_in_the_table(app: FundApp, signed_in: SignedIn) -> None:
    made = Round({"a": (5, 3, None, None), "b": (4, 3, None, None), "c": (None, None, 2, 1), "d": (None, None, 3, 1)})
    page = page_of(signed_in(made.manager), made.url)
    assert page.count("<figure>") == 2
    assert "Parts that no reader connects stand side by side" in page
    assert sorted(row["Marks"] for row in ranked(page)) == [
        "1.00 to 1.00",
        "2.00 to 3.00",
        "3.00 to 3.00",
        "4.00 to 5.00",
    ]


def test_what_was_done_with_missing_criteria_is_said_on_page_and_paper(app: FundApp, signed_in: SignedIn) -> None:
    made = Round()
    rule = "A criterion that is missing, or marked “cannot judge”, is left out and never counts as zero"
    assert rule in page_of(signed_in(made.manager), made.url)
    assert rule in paper_of(signed_in, made)


@pytest.mark.parametrize("role", [Role.CHAIR, Role.RATIFIER])
def test_causes_let_nobody_reckon_a_severity_that_is_for_managers(
    app: FundApp, signed_in: SignedIn, role: Role
) -> None:
    """The last row would leak: one reader, and what their severity does to the score, divided by a known weight."""
    made = Round(SEVERE, entries=10)
    lonely = next(each for each in made.whole().entries if each.plain.reviews == 1)
    assert (lonely.from_readers or 0) > 0.2
    reference = made.reference(9)

    def why(page: str) -> str:
        return next(row["Why it differs"] for row in ranked(page) if row["Entry"].startswith(reference))

    manager = why(page_of(signed_in(made.manager), made.url))
    assert f"its readers are strict: +{number(lonely.from_readers or 0)}" in manager
    page = page_of(signed_in(make_staff(role, made.call)), made.url)
    assert "its readers are strict: the score is raised" in why(page)
    for row in ranked(page):
        causes = row["Why it differs"].partition("Without")[0]
        assert not re.search(r"\d", causes), causes
