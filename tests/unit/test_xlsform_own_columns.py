"""Our own columns of a form: what they say is kept, and what cannot be kept is named by row and column."""

import pytest

from fundapp.applications.form_engine.definition import FormDefinition, Kind, Party, Question, Sensitivity
from fundapp.applications.xlsform import read_form, write_form
from fundapp.core.errors import Problem
from tests.unit.test_xlsform import problems, survey

YES_NO = (
    "| choices |\n| | list_name | name | label |\n| | yn | yes | Yes |\n| | yn | no | No |\n| | yn | other | Other |"
)
ELIGIBLE = "type | name | label | required | fundapp::eligible | fundapp::ineligible_message::en | relevant"
THREE = (
    "select_one yn | local | Do you work where you live? | yes | . = 'yes' | The fund is for local groups. | ",
    "integer | years | For how many years? | yes | . >= 1 | Begin, and come back next year. | ${local} = 'yes'",
    "acknowledge | agreed | All of us agreed to apply. | yes | . = 'OK' | Please ask the others first. | ",
)


def question(form: str, name: str, warnings: list[Problem] | None = None) -> Question:
    found = read_form(form.encode(), "form.md", warnings=warnings).question(name)
    assert found is not None
    return found


def one(row: str, columns: str, more: str = YES_NO) -> list[str]:
    """Return the problems of a form with one row, which stands in row 3, after a text called `a`."""
    return problems(survey("text | a | A | | | ", row, columns=columns, more=more))


def test_eligibility_questions_are_read_with_what_has_to_hold_and_why() -> None:
    warnings: list[Problem] = []
    form = survey(*THREE, "text | name | Name | | | | ", columns=ELIGIBLE, more=YES_NO)

    years = question(form, "years", warnings)

    assert years.eligible == ". >= 1"
    assert years.ineligible_message == {"en": "Begin, and come back next year."}
    assert not question(form, "name").eligible
    assert warnings == []


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            ("text | name | Name | | | | ", *THREE),
            [f"survey row {row}, column fundapp::eligible: Eligibility questions stand at the start of the form."
             for row in (3, 4, 5)],
        ),
        (
            (*(f"integer | n{number} | N | yes | . > 0 | Why. | " for number in range(7)),),
            ["survey row 8, column fundapp::eligible: At most 6 questions ask who may apply."],
        ),
        (
            ("integer | n | N | | . > 0 | Why. | ",),
            ["survey row 2, column fundapp::eligible: An eligibility question is always required: write yes in the"
             " column required."],
        ),
        (
            ("integer | n | N | yes | . > 0 | | ",),
            ["survey row 2, column fundapp::eligible: Say in the column fundapp::ineligible_message why somebody cannot"
             " apply."],
        ),
        (
            ("integer | n | N | yes | | Why. | ",),
            ["survey row 2, column fundapp::ineligible_message::en: This needs an expression in the column"
             " fundapp::eligible."],
        ),
        (
            ("text | n | N | yes | . != '' | Why. | ",),
            ["survey row 2, column fundapp::eligible: Who may apply is asked by choices, numbers, dates, places or"
             " a box to tick, without a role or sensitivity."],
        ),
        (
            ("integer | n | N | yes | . > ${later} | Why. | ", "integer | later | L | | | | "),
            ["survey row 2, column fundapp::eligible: “later” is no eligibility question, so it is not answered yet"
             " when this is asked."],
        ),
        (
            ("begin repeat | r | R | | | | ", "integer | n | N | yes | . > 0 | Why. | ", "end repeat | | | | | | "),
            ["survey row 3, column fundapp::eligible: This has no meaning in a repeat. Ask the question outside it."],
        ),
        (
            ("integer | n | N | yes | . > | Why. | ",),
            ["survey row 2, column fundapp::eligible: The expression cannot be read: unexpected end of source"],
        ),
    ],
)  # fmt: skip
def test_eligibility_that_cannot_be_asked_first_is_refused(rows: tuple[str, ...], expected: list[str]) -> None:
    assert problems(survey(*rows, columns=ELIGIBLE, more=YES_NO)) == expected


def test_fewer_than_three_eligibility_questions_are_allowed_with_a_remark() -> None:
    warnings: list[Problem] = []

    question(survey(THREE[0], columns=ELIGIBLE, more=YES_NO), "local", warnings)

    assert [str(warning) for warning in warnings] == [
        "survey row 2, column fundapp::eligible: Three to six plain questions work best to ask who may apply."
    ]


def test_what_reviewers_and_lists_show_is_read() -> None:
    form = survey(
        "text | plan | Plan | | |",
        "text | risk | Risk | no | |",
        "text | town | Town | yes | yes |",
        "text | head | Head | | | yes",
        columns="type | name | label | fundapp::reviewers | fundapp::lists | fundapp::identifies",
    )

    flags = {
        name: (question(form, name).hidden_from_reviewers, question(form, name).in_lists)
        for name in ("plan", "risk", "town", "head")
    }
    assert flags == {"plan": (False, False), "risk": (True, False), "town": (False, True), "head": (False, False)}
    assert question(form, "head").identifies


@pytest.mark.parametrize(
    ("row", "columns", "expected"),
    [
        ("text | b | B | perhaps", "fundapp::reviewers", "fundapp::reviewers: Write yes or no."),
        (
            "text | b | B | yes | yes", "fundapp::reviewers | fundapp::identifies",
            "fundapp::reviewers: An answer that tells who applies is never shown to reviewers.",
        ),
        ("file | b | B | yes", "fundapp::lists", "fundapp::lists: Files and notes cannot"),
        (
            "text | b | B | yes | identity", "fundapp::lists | fundapp::sensitivity",
            "fundapp::lists: What is identity or payee, or computed from it, cannot stand in lists.",
        ),
        (
            "text | b | B | yes | multiline", "fundapp::lists | appearance",
            "fundapp::lists: A text of several lines is too long to stand in lists.",
        ),
        ("integer | b | B | yes", "fundapp::spoken", "fundapp::spoken: Only a text can be spoken"),
        ("text | b | B | yes | payee", "fundapp::spoken | fundapp::sensitivity", "fundapp::spoken: Only a text can be"),
        ("text | b | B | yes | organisation", "fundapp::spoken | fundapp::role", "fundapp::spoken: Only a text can be"),
        ("text | b | B | yn", "fundapp::places", "fundapp::places: Only a geopoint has a list of places."),
        ("geopoint | b | B | zz", "fundapp::places", "type: The sheet choices has no list “zz”."),
        ("text | b | B | a", "fundapp::other_of", "fundapp::other_of: This names a choice question of the same group"),
        ("text | b | B | x", "fundapp::category", "fundapp::category: “x” is not a choice of the question with"),
        (
            "text | b | B | organisation | ${a} = 1", "fundapp::role | relevant",
            "relevant: The question with the role “organisation” is asked of everybody.",
        ),
        ("text | b | ${pay}", "hint", None),
    ],
)  # fmt: skip
def test_what_our_columns_cannot_keep_is_refused(row: str, columns: str, expected: str | None) -> None:
    if expected is None:
        expected = "label: No question is called “pay”."
    found = one(row, f"type | name | label | {columns}")

    assert len(found) == 1
    assert found[0].startswith(f"survey row 3, column {expected}"), found


@pytest.mark.parametrize(
    ("columns", "cells", "column"),
    [
        ("fundapp::role", "organisation", "role"), ("fundapp::lists", "yes", "lists"),
        ("fundapp::sensitivity", "payee", "sensitivity"),
    ],
)  # fmt: skip
def test_what_there_is_once_cannot_be_asked_in_a_repeat(columns: str, cells: str, column: str) -> None:
    form = survey(
        "begin repeat | r | R |",
        f"text | b | B | {cells}",
        "end repeat | | |",
        columns=f"type | name | label | {columns}",
    )

    assert problems(form) == [
        f"survey row 3, column fundapp::{column}: This has no meaning in a repeat. Ask the question outside it."
    ]


def test_at_most_six_answers_stand_in_lists() -> None:
    rows = [f"integer | n{number} | N | yes" for number in range(7)]

    assert problems(survey(*rows, columns="type | name | label | fundapp::lists")) == [
        "survey row 8, column fundapp::lists: At most 6 answers can stand in lists."
    ]


def test_place_is_chosen_where_the_form_names_a_list() -> None:
    form = survey(
        "geopoint | typed | Where? | ",
        "geopoint | chosen | Where? | yn",
        columns="type | name | label | fundapp::places",
        more=YES_NO,
    )

    chosen = question(form, "chosen")
    assert (chosen.kind, chosen.list_name) == (Kind.GEOPOINT, "yn")
    assert [choice.name for choice in chosen.choices] == ["yes", "no", "other"]
    assert question(form, "typed").choices == ()


def test_text_that_may_be_spoken_is_read() -> None:
    form = survey("text | story | Story | yes", "text | b | B | ", columns="type | name | label | fundapp::spoken")

    assert question(form, "story").spoken
    assert not question(form, "b").spoken


def test_words_for_other_are_as_private_as_the_choice() -> None:
    form = survey(
        "select_one yn or_other | who | Who? | yes | no | identity",
        columns="type | name | label | fundapp::identifies | fundapp::reviewers | fundapp::sensitivity", more=YES_NO,
    )  # fmt: skip

    other = question(form, "who_other")

    assert (other.identifies, other.hidden_from_reviewers, other.other_of) == (True, True, "who")
    assert other.sensitivity is Sensitivity.IDENTITY


def test_words_for_other_may_be_asked_by_a_row_of_their_own() -> None:
    form = survey(
        "select_one yn | who | Who? |",
        "text | else | Who else? | who",
        columns="type | name | label | fundapp::other_of",
        more=YES_NO,
    )

    assert question(form, "else").other_of == "who"


def test_payee_answers_are_used_by_nothing_else() -> None:
    rows = (
        "text | account | Account | payee | |",
        "text | twice | Twice | | . = ${account} |",
        "text | told | It is ${account} | | |",
        "calculate | kept | | | | ${account}",
        "text | itself | Itself | payee | string-length(.) > 3 |",
    )
    columns = "type | name | label | fundapp::sensitivity | constraint | calculation"

    assert {problem.split(":")[0] for problem in problems(survey(*rows, columns=columns))} == {
        "survey row 3, column constraint", "survey row 4, column label", "survey row 5, column calculation",
    }  # fmt: skip


def test_what_is_computed_is_as_private_as_what_it_is_computed_from() -> None:
    rows = (
        "text | head | Head | yes | identity | | ",
        "text | risk | Risk | | | no | ",
        "calculate | both | | | | | concat(${head}, ${risk})",
    )
    columns = "type | name | label | fundapp::identifies | fundapp::sensitivity | fundapp::reviewers | calculation"

    both = question(survey(*rows, columns=columns), "both")

    assert both.sensitivity is Sensitivity.IDENTITY
    assert both.identifies
    assert both.hidden_from_reviewers
    assert problems(
        survey(
            "text | head | Head | identity | |",
            "calculate | told | | | yes | ${head}",
            columns="type | name | label | fundapp::sensitivity | fundapp::lists | calculation",
        )
    ) == ["survey row 3, column fundapp::lists: What is identity or payee, or computed from it, cannot stand in lists."]


PARTY = "type | name | label | fundapp::party | fundapp::role"


def test_a_text_says_who_is_named_in_it_also_in_a_repeat() -> None:
    form = survey(
        "text | host | Host | fiscal_host | ",
        "begin repeat | allies | Allies | | ",
        "text | ally | Ally | partner | ",
        "end repeat | | | | ",
        "text | plain | Plain | | ",
        columns=PARTY,
    )
    found = read_form(form.encode(), "form.md")
    parties = {each.name: each.party for each in found.questions}
    assert parties == {"host": Party.FISCAL_HOST, "ally": Party.PARTNER, "plain": None}
    assert FormDefinition.from_json(found.to_json()) == found
    again = read_form(write_form(found), "form.xlsx")
    assert {each.name: each.party for each in again.questions} == parties


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("text | host | Host | cousin | ", "“cousin” is no party. Write one of: applicant, fiscal_host"),
        ("integer | host | Host | partner | ", "Only a text names a party."),
        ("text | host | Host | partner | email", "An answer with this role names the applicant by itself."),
    ],
)
def test_a_party_that_cannot_be_kept_is_refused(row: str, expected: str) -> None:
    found = problems(survey("text | a | A | | ", row, columns=PARTY))
    assert [each for each in found if "fundapp::party" in each and expected in each] != []
