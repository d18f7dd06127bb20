"""A list of invitations is read as people make it, and every problem names its row."""

import pytest

from fundapp.core.errors import RuleViolations
from fundapp.core.tables import read_table
from fundapp.review.invitations import DEFAULT_MAX_ENTRIES, Invitation, invitation_problems, read_invitations

LANGUAGES = ("ar", "en", "fr")


def read(text: str) -> list[Invitation]:
    return read_invitations(read_table(text.encode(), "list.csv"))


def test_columns_stand_in_any_order_and_case_and_extra_ones_do_not_matter() -> None:
    (invitation,) = read("LANGUAGES;Phone;E-Mail;Name\nen, FR;123;ana@example.org;Ana Sample\n")
    assert invitation == Invitation("ana@example.org", "Ana Sample", "", ("en", "fr"), DEFAULT_MAX_ENTRIES, "row 2")


def test_limit_that_is_no_number_is_named_with_every_other_one() -> None:
    with pytest.raises(RuleViolations) as caught:
        read("name,email,languages,limit\nA,a@example.org,en,x\nB,b@example.org,en,3\nC,c@example.org,en,2.5\n")
    assert [problem.place for problem in caught.value.problems] == ["row 2", "row 4"]


def test_missing_columns_are_named() -> None:
    with pytest.raises(RuleViolations, match="email, languages"):
        read("name\nAna\n")


def test_good_list_has_no_problems() -> None:
    found = read("name,email,languages,limit\nA,a@example.org,en ar,1\nB,b@example.org,fr,500\n")
    assert invitation_problems(found, LANGUAGES) == []


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (",a@example.org,en,1", "name"),
        ("A,a(at)example.org,en,1", "email"),
        ("A,a@example.org,,1", "languages"),
        ("A,a@example.org,en pt,1", "languages"),
        ("A,a@example.org,en,0", "max_entries"),
        ("A,a@example.org,en,501", "max_entries"),
        (f"{'A' * 201},a@example.org,en,1", "name"),
        ("A\u202e,a@example.org,en,1", "name"),
    ],
)
def test_bad_line_is_named(line: str, field: str) -> None:
    problems = invitation_problems(read(f"name,email,languages,limit\n{line}\n"), LANGUAGES)
    assert [(problem.place, problem.field) for problem in problems] == [("row 2", field)]


def test_address_twice_in_any_case_is_named_once() -> None:
    found = read("name,email,languages\nA,a@example.org,en\nB,A@Example.org,en\n")
    assert [(p.place, p.field) for p in invitation_problems(found, LANGUAGES)] == [("row 3", "email")]


def test_empty_list_is_said_to_be_empty() -> None:
    assert len(invitation_problems([], LANGUAGES)) == 1
