"""The samples are whole, marked as samples, and big enough to show a round."""

import csv
from collections import Counter
from decimal import Decimal

import pytest

from fundapp.applications.call_package import CallPackage, read_package
from fundapp.applications.form_engine.eligibility import first_questions
from fundapp.applications.form_engine.filling import Filling, Surroundings
from fundapp.samples import SAMPLES, folder

MARKS = ("(sample)", "(exemple)", "(muestra)", "(نموذج)")


def rows(sample: str, name: str) -> list[dict[str, str]]:
    with (folder(sample) / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ineligible(row: dict[str, str]) -> bool:
    return row["partner"] == "yes" or row["form"] == "company"


@pytest.fixture(scope="module", params=SAMPLES)
def package(request: pytest.FixtureRequest) -> CallPackage:
    return read_package(folder(request.param))


def test_sample_says_that_it_is_one_in_every_language(package: CallPackage) -> None:
    assert package.is_sample
    texts = [package.titles, package.programme.titles, package.award_terms["decided_by"]]
    assert all(any(mark in text for mark in MARKS) for each in texts for text in each.values())
    assert all(row["organisation"].endswith(MARKS) for row in rows(package.slug, "applications.csv"))
    assert all(row["organisation"].endswith(MARKS) for row in rows(package.slug, "reviewers.csv"))
    people = [*rows(package.slug, "applications.csv"), *rows(package.slug, "reviewers.csv")]
    assert all(row["email"].endswith("@example.org") for row in people)


def test_every_text_of_the_form_is_in_every_language(package: CallPackage) -> None:
    for question in package.form.questions:
        for texts in (question.label, question.hint, question.constraint_message, question.ineligible_message):
            assert set(texts) in (set(), set(package.languages)), question.name
        for choice in question.choices:
            assert set(choice.label) == set(package.languages), (question.name, choice.name)


def test_fund_shows_a_round_with_too_little_money() -> None:
    package = read_package(folder("gjf-2020"))
    applications = rows("gjf-2020", "applications.csv")
    eligible = [row for row in applications if not ineligible(row)]

    assert len(eligible) >= 60
    assert 3 <= len(applications) - len(eligible) <= 8
    assert len(Counter(row["region"] for row in eligible)) == 6
    assert set(Counter(row["language"] for row in eligible)) == {"en", "fr", "es", "ar"}
    assert sum(Decimal(row["amount"]) for row in eligible) > Decimal(package.budget_minor) / 100
    assert package.invitations
    assert {row["email"] for row in applications} <= {each.email for each in package.invitations}


def test_prize_is_entered_in_one_to_three_categories() -> None:
    applications = rows("gjp-2019", "applications.csv")
    entered = Counter(category for row in applications for category in row["categories"].split())

    assert len(applications) >= 20
    assert set(entered) == {"innovation", "scale", "courage"}
    assert min(entered.values()) >= 5
    assert {len(row["categories"].split()) for row in applications} >= {1, 2}


@pytest.mark.parametrize("sample", SAMPLES)
def test_some_reviewers_know_an_applicant(sample: str) -> None:
    reviewers = rows(sample, "reviewers.csv")
    applicants = {row["organisation"] for row in rows(sample, "applications.csv")}

    assert len({row["email"] for row in reviewers}) == len(reviewers) >= 14
    assert sum(row["organisation"] in applicants for row in reviewers) >= 3
    for language in ("en", "fr", "es", "ar"):
        assert sum(language in row["languages"].split() for row in reviewers) >= 4


@pytest.mark.parametrize("sample", SAMPLES)
def test_applications_are_all_different(sample: str) -> None:
    applications = rows(sample, "applications.csv")

    for column in ("id", "organisation", "email", "title", "summary", "contact_name"):
        assert len({row[column] for row in applications}) == len(applications), column


@pytest.mark.parametrize("sample", SAMPLES)
def test_first_questions_stop_those_who_cannot_apply_and_say_why_in_every_language(sample: str) -> None:
    package = read_package(folder(sample))
    first = first_questions(package.form)
    assert 3 <= len(first) <= 6
    assert all(set(each.ineligible_message) == set(package.languages) for each in first)

    def fits(row: dict[str, str]) -> bool:
        answers = {each.name: row[each.name] for each in first}
        return not Filling(package.form, answers, Surroundings(package.opens_at)).ineligible("en")

    applications = rows(sample, "applications.csv")
    assert {fits(row) for row in applications} == {True, False}
    assert [row["id"] for row in applications if fits(row) == ineligible(row)] == []


def test_prize_has_nominations_of_its_own_time_and_bars_those_who_organise_it() -> None:
    package = read_package(folder("gjp-2019"))
    assert package.nominations is not None
    last_day = max(each.closes_at for each in package.extensions)
    assert package.opens_at <= package.nominations.opens_at < package.nominations.closes_at < last_day
    assert package.barred_domains == ("justice-commons.example",)
    assert all(name.endswith(MARKS) for name in package.barred_names)
    applicants = {row["organisation"] for row in rows("gjp-2019", "applications.csv")}
    assert not applicants & set(package.barred_names)
