"""Call packages: read whole, or refused with every problem named by file and key."""

# ruff: noqa: DTZ001 - times on a wall clock have no zone of their own

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fundapp.applications.call_package import (
    CallPackage,
    LocalTimeError,
    document_of,
    instant,
    package_files,
    read_package,
)
from fundapp.core.errors import RuleViolations

CALL = """
sample = true

[programme]
slug = "fund"
kind = "grant"
title.en = "A fund"
title.fr = "Un fonds"

[call]
slug = "fund-2020"
reference_prefix = "FUND-2020"
title.en = "First round"
title.fr = "Premier tour"
purpose.en = "For groups."
purpose.fr = "Pour les groupes."
languages = ["en", "fr"]
time_zone = "America/New_York"
opens = 2020-09-01T09:00:00
closes = 2020-11-15T23:59:00
reviews_per_application = 3
invitation_only = true
invitations = "invitations.csv"

[[call.extensions]]
closes = 2020-11-22T23:59:00
announced = 2020-11-10T12:00:00
reason.en = "The storm."
reason.fr = "La tempête."

[budget]
currency = "USD"
total = 1000000
ceiling = "17500.50"

[letters]
decided_by.en = "A panel"
decided_by.fr = "Un jury"
purpose.en = "General support"
purpose.fr = "Soutien général"
period_months = 12
next_step.en = "We will write."
next_step.fr = "Nous vous écrirons."

[letters.signatory]
name = "Ada Sample"
title.en = "Director"
title.fr = "Directrice"

[[criteria]]
code = "community"
label.en = "Community"
label.fr = "Communauté"
question.en = "Who leads?"
question.fr = "Qui décide ?"
weight = 1.5
minimum = 1
maximum = 5
anchors.1.en = "Others"
anchors.1.fr = "D’autres"
anchors.5.en = "The community"
anchors.5.fr = "La communauté"
"""
FORM = """
| survey |
| | type    | name | label::English (en) | label::Français (fr) | required | fundapp::role |
| | text    | org  | Organisation        | Organisation         | yes      | organisation  |
| | text    | mail | E-mail              | Courriel             | yes      | email         |
| | decimal | sum  | Amount              | Montant              | yes      | amount        |
"""
BUDGET = '[budget]\ncurrency = "USD"\ntotal = 1000000\nceiling = "17500.50"\n'
CATEGORIES = """
[[categories]]
code = "courage"
title.en = "Courage"
title.fr = "Courage"
description.en = "Despite risk"
description.fr = "Malgré le risque"
awards = 1
award = 10000

[[categories]]
code = "scale"
title.en = "Scale"
title.fr = "Échelle"
description.en = "Lasting"
description.fr = "Durable"
awards = 2
award = 10000
"""
PRIZE_FORM = (
    FORM.replace("| | decimal | sum  | Amount              | Montant              | yes      | amount        |", "")
    + "| | select_multiple cats | cats | Categories | Catégories | yes | categories |\n"
    "| choices |\n| | list_name | name | label::en | label::fr |\n"
    "| | cats | courage | Courage | Courage |\n| | cats | scale | Scale | Échelle |\n"
)


def write(
    folder: Path, call: str = CALL, form: str = FORM, invitations: str = "email,organisation\na@b.org,G\n"
) -> Path:
    (folder / "call.toml").write_text(call, encoding="utf-8")
    (folder / "form.md").write_text(form, encoding="utf-8")
    (folder / "invitations.csv").write_text(invitations, encoding="utf-8")
    return folder


def prize(call: str = CALL) -> str:
    return (
        call.replace('kind = "grant"', 'kind = "prize"')
        .replace('ceiling = "17500.50"\n', "")
        .replace("reviews_per", "max_categories = 2\nreviews_per")
        + CATEGORIES
    )


def problems(folder: Path) -> list[str]:
    with pytest.raises(RuleViolations) as caught:
        read_package(folder)
    return [str(problem) for problem in caught.value.problems]


def test_package_is_read_with_everything_that_it_says(tmp_path: Path) -> None:
    package = read_package(write(tmp_path))

    assert (package.programme.slug, package.programme.kind) == ("fund", "grant")
    assert package.titles == {"en": "First round", "fr": "Premier tour"}
    assert package.opens_at == datetime(2020, 9, 1, 13, 0, tzinfo=UTC)  # summer time
    assert package.closes_at == datetime(2020, 11, 16, 4, 59, tzinfo=UTC)  # winter time
    assert [extension.closes_at for extension in package.extensions] == [datetime(2020, 11, 23, 4, 59, tzinfo=UTC)]
    assert (package.budget_minor, package.ceiling_minor, package.currency) == (100_000_000, 1_750_050, "USD")
    assert (package.reviews_per_entry, package.max_categories, package.categories) == (3, 1, ())
    (criterion,) = package.criteria
    assert (criterion.weight, criterion.minimum, criterion.maximum) == (Decimal("1.5"), Decimal(1), Decimal(5))
    assert criterion.anchors["5"] == {"en": "The community", "fr": "La communauté"}
    assert [(each.email, each.organisation_name) for each in package.invitations or ()] == [("a@b.org", "G")]
    assert package.award_terms["period_months"] == 12
    assert package.award_terms["signatory"] == {"name": "Ada Sample", "title": {"en": "Director", "fr": "Directrice"}}
    assert package.is_sample
    assert [question.name for question in package.form.questions] == ["org", "mail", "sum"]


def test_how_an_award_is_paid_which_reports_it_asks_and_the_paper_of_letters_may_be_said(tmp_path: Path) -> None:
    plain = read_package(write(tmp_path)).award_terms
    assert "instalments" not in plain
    assert "reporting" not in plain
    assert plain["paper"] == "a4"
    said = """instalments.en = "In two parts"
instalments.fr = "En deux fois"
reporting.en = "None"
reporting.fr = "Aucun"
paper = "letter"
"""
    terms = read_package(write(tmp_path, call=CALL.replace("[letters]\n", f"[letters]\n{said}"))).award_terms
    assert terms["instalments"] == {"en": "In two parts", "fr": "En deux fois"}
    assert (terms["reporting"]["fr"], terms["paper"]) == ("Aucun", "letter")


def test_days_of_reminders_are_whole_numbers_each_once_the_largest_first(tmp_path: Path) -> None:
    def said(days: str) -> CallPackage:
        return read_package(write(tmp_path, call=CALL.replace("[letters]\n", f"[letters]\nreminder_days = {days}\n")))

    package = said("[2, 7, 2]")
    assert package.award_terms["reminder_days"] == [7, 2]
    assert document_of(package)["letters"]["reminder_days"] == [7, 2]
    assert "reminder_days" not in said("[]").award_terms
    for wrong in ("[0]", "[91]", '["7"]', "[true]", "[1.5]", "[1, 2, 3, 4, 5, 6]", "7"):
        with pytest.raises(RuleViolations):
            said(wrong)


TENTHS = CALL.replace("maximum = 5", 'maximum = 5\nstep = 0.1\ncomment = "extremes"\ncategory = "courage"').replace(
    "anchors.5.en", 'anchors.2_5.en = "Half"\nanchors.2_5.fr = "La moitié"\nanchors.5.en'
)


def test_scale_in_tenths_comes_back_exactly(tmp_path: Path) -> None:
    package = read_package(write(tmp_path, prize(TENTHS), PRIZE_FORM))
    (criterion,) = package.criteria
    assert (criterion.minimum, criterion.maximum, criterion.step) == (Decimal(1), Decimal(5), Decimal("0.1"))
    assert (criterion.comment_needed, criterion.category) == ("extremes", "courage")
    assert sorted(criterion.anchors) == ["1", "2.5", "5"]
    (tmp_path / "again").mkdir()
    for name, content in package_files(package, with_invitations=False).items():
        (tmp_path / "again" / name).write_bytes(content)
    assert read_package(tmp_path / "again").criteria == package.criteria


def test_prize_has_awards_by_category(tmp_path: Path) -> None:
    package = read_package(write(tmp_path, prize(), PRIZE_FORM))

    assert [(each.code, each.awards, each.award_minor) for each in package.categories] == [
        ("courage", 1, 1_000_000), ("scale", 2, 1_000_000),
    ]  # fmt: skip
    assert package.max_categories == 2
    assert package.ceiling_minor is None


def test_hash_changes_with_every_file(tmp_path: Path) -> None:
    hashes = {read_package(write(tmp_path)).sha256}
    assert read_package(write(tmp_path)).sha256 in hashes

    hashes.add(read_package(write(tmp_path, call=CALL + "\n")).sha256)
    hashes.add(read_package(write(tmp_path, form=FORM + "\n")).sha256)
    hashes.add(read_package(write(tmp_path, invitations="email,organisation\nc@d.org,G\n")).sha256)

    assert len(hashes) == 4


LIST_FORM = FORM + "| | select_one_from_file places.csv | place | Where? | Où ? | | |\n| | start | start | | | | |\n"


def test_a_form_takes_lists_from_files_beside_it_and_says_what_it_passes_over(tmp_path: Path) -> None:
    write(tmp_path, form=LIST_FORM)
    (tmp_path / "places.csv").write_text("name,label::en,label::fr,side\nn,North,Nord,up\ns,South,Sud,down\n")

    package = read_package(tmp_path)

    place = package.form.question("place")
    assert place is not None
    assert [(choice.name, choice.label, choice.columns) for choice in place.choices] == [
        ("n", {"en": "North", "fr": "Nord"}, {"side": "up"}),
        ("s", {"en": "South", "fr": "Sud"}, {"side": "down"}),
    ]
    assert [str(warning) for warning in package.warnings] == [
        "form.md, survey row 6, column type: “start” is noted by devices and left out; nobody types it."
    ]
    (tmp_path / "places.csv").write_text("name,label::en,label::fr,side\nn,North,Nord,up\n")
    assert read_package(tmp_path).sha256 != package.sha256


def test_a_list_that_is_missing_or_lies_elsewhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("name,label\nn,North\n")
    (folder := tmp_path / "call").mkdir()

    assert problems(write(folder, form=LIST_FORM)) == [
        "form.md, survey row 5, column type: The file places.csv is missing."
    ]
    assert problems(write(folder, form=LIST_FORM.replace("places.csv", "../secret.csv"))) == [
        "form.md, survey row 5, column type: Choices come from a CSV file only, such as regions.csv."
    ]
    (folder / "places.csv").write_text("name,label\n,North\n")
    assert problems(write(folder, form=LIST_FORM)) == [
        "places.csv row 2, column name: A choice needs a name of at most 100 characters."
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('total = 1000000\n', "", "budget.total: This is missing."),
        (BUDGET, "", "budget: This is missing."),
        ("total = 1000000", "total = 0", "budget.total: This has to be more than nothing."),
        ("total = 1000000", "total = 1000.5", "budget.total: Write the amount as a whole number"),
        ("total = 1000000", "total = true", "budget.total: Write the amount as a whole number"),
        ("total = 1000000", 'total = "a lot"', "budget.total: Write this in figures"),
        ('"17500.50"', '"17500.505"', "budget.ceiling: USD has at most 2 decimals."),
        ('currency = "USD"', 'currency = "US"', "budget.currency: US is not a currency code."),
        ('kind = "grant"', 'kind = "loan"', "programme.kind: A programme is"),
        ('slug = "fund-2020"', 'slug = "Fund 2020"', "call.slug: This is not written as it has to be"),
        ('"FUND-2020"', '"fund"', "call.reference_prefix: This is not written"),
        ('title.fr = "Premier tour"\n', "", "call.title.fr: The text in this language is missing."),
        ('title.fr = "Premier tour"', 'title.de = "Runde"', "call.title.de: The call is not in this"),
        ('title.en = "First round"', "title.en = 5", "call.title.en: Write this as text in quotes."),
        ('title.en = "First round"', 'title.en = "a\\u202eb"', "call.title.en: This text has a hidden"),
        ('["en", "fr"]', '["en", "fr", "tlh-x"]', "call.languages: “tlh-x” is not the code"),
        ('["en", "fr"]', "[]", "call.languages: Write a list"),
        ('"America/New_York"', '"Mars/Olympus"', "call.time_zone: This is not the name of a time zone"),
        ('"America/New_York"', '"../../etc/passwd"', "call.time_zone: This is not the name"),
        ("opens = 2020-09-01T09:00:00", "opens = 2020-03-08T02:30:00", "call.opens: 2020-03-08 02:30 does not"),
        ("closes = 2020-11-15T23:59:00", "closes = 2020-11-01T01:30:00", "call.closes: 2020-11-01 01:30 comes"),
        ("opens = 2020-09-01T09:00:00", "opens = 2020-09-01T09:00:00Z", "call.opens: Write day and time without"),
        ("opens = 2020-09-01T09:00:00", "opens = 2020-09-01", "call.opens: Write day and time without"),
        ("opens = 2020-09-01T09:00:00", "opens = 2020-12-01T09:00:00", "call.closes: The call closes before"),
        ("2020-11-22T23:59:00", "2020-11-15T23:59:00", "call.extensions 1.closes: An extension moves"),
        ("= 3\n", "= 0\n", "call.reviews_per_application: This lies between 1 and 50."),
        ("= 3\n", '= "3"\n', "call.reviews_per_application: Write a whole number."),
        ("= 3\n", "= true\n", "call.reviews_per_application: Write a whole number."),
        ("[letters]\n", "[letters]\nperiod_weeks = 3\n", "letters.period_weeks: This key is not known."),
        ("sample = true", "simple = true", "simple: This key is not known."),
        ('name = "Ada Sample"', 'name = ""', "letters.signatory.name: This is empty."),
        ("[[criteria]]", "[criteria]", "criteria: This is a list of tables"),
        ("weight = 1.5", "weight = 0", "criteria 1.weight: A weight is above 0"),
        ("weight = 1.5", "weight = nan", "criteria 1.weight: A weight is above 0"),
        ("maximum = 5", "maximum = 1", "criteria 1.maximum: The scale ends above where it starts."),
        ("maximum = 5", "maximum = 5\nstep = 0.3", "criteria 1.step: Steps of this size do not lead"),
        ("maximum = 5", "maximum = 5\nstep = 0.00001", "criteria 1.step: This lies between"),
        ("maximum = 5", "maximum = 5\nstep = 0.001", "criteria 1.step: Steps of this size do not lead"),
        ("maximum = 5", "maximum = 5\ncategory = \"other\"", "criteria 1.category: The call has no category"),
        ("maximum = 5", "maximum = 5\ncomment = \"often\"", "criteria 1.comment: Words are needed"),
        ("anchors.5.en", "anchors.4_5.en", "criteria 1.anchors.4_5: This is not a step of the scale."),
        ("maximum = 5", "maximum = 6", "criteria 1.anchors.6: Both ends of the scale need words."),
        ("anchors.5.en", "anchors.7.en", "criteria 1.anchors.7: This is not a step of the scale."),
        ('"invitations.csv"', '"../invitations.csv"', "call.invitations: This is not written"),
        ('"invitations.csv"', '"guests.csv"', "call.invitations: The file guests.csv is missing."),
        ("[budget]", "[budget", "This file cannot be read: Expected ']'"),
    ],
)  # fmt: skip
def test_broken_key_is_named(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in CALL

    found = problems(write(tmp_path, call=CALL.replace(old, new, 1)))

    assert any(expected in problem for problem in found), found


def test_line_of_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, call="a = 1\nb = \n"))

    assert "line 2" in problem


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    broken = CALL.replace("total = 1000000", "").replace('slug = "fund-2020"', "slug = 5").replace("maximum = 5", "")

    found = problems(write(tmp_path, broken, FORM.replace("| text ", "| txet "), "email,organisation\nnobody,G\n"))

    for expected in [
        "call.toml, key budget.total: This is missing.",
        "call.toml, key call.slug: Write this as text in quotes.",
        "call.toml, key criteria 1.maximum: This is missing.",
        "form.md, survey row 2, column type: The type “txet” is not supported.",
        "invitations.csv, row 2, column email: Enter an e-mail address",
    ]:
        assert any(problem.startswith(expected) for problem in found), f"{expected} is not in {found}"


@pytest.mark.parametrize(
    ("call", "form", "expected"),
    [
        (CALL, FORM.replace("amount        |", "|"), "question with the role “amount”"),
        (CALL, FORM.replace("yes      | email", "no | email"), "question with the role “email”"),
        (
            CALL,
            FORM.replace("label::Français (fr)", "label::ar"),
            "The form has no labels in this language: français (fr).",
        ),
        (prize(), FORM, "A prize fixes its amounts"),
        (prize(), FORM, "The form needs a required question with the role “categories”."),
        (prize(), PRIZE_FORM.replace("| cats | scale |", "| cats | reach |"), "The choices of “cats” are the codes"),
        (CALL, PRIZE_FORM, "The choices of “cats” are the codes of the categories: –."),
        (CALL.replace("[[criteria]]", "[[criteria]]\ncode = 1\n[[criteria]]"), FORM, "criteria 1.code: Write"),
        (prize().replace('code = "scale"', 'code = "courage"'), PRIZE_FORM, "categories: The code “courage”"),
        (prize().replace("total = 1000000", "total = 29999"), PRIZE_FORM, "budget.total: The awards of the"),
        (prize().replace("max_categories = 2", "max_categories = 3"), PRIZE_FORM, "call.max_categories: This"),
        (CALL.replace('"grant"', '"prize"'), FORM, "categories: A prize needs at least one category."),
        (CALL.replace('"grant"', '"prize"'), FORM, "budget.ceiling: A prize fixes its amounts"),
        (prize().replace("awards = 1\n", ""), PRIZE_FORM, "categories 1.awards: This is missing."),
    ],
)  # fmt: skip
def test_parts_have_to_fit_together(tmp_path: Path, call: str, form: str, expected: str) -> None:
    found = problems(write(tmp_path, call, form))

    assert any(expected in problem for problem in found), found


def test_folder_without_the_files_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path / "nowhere") == [f"{tmp_path}/nowhere: There is no such folder."]
    assert problems(tmp_path) == ["call.toml: This file is missing."]
    write(tmp_path)
    (tmp_path / "form.xlsx").write_bytes(b"PK")
    assert problems(tmp_path)[0] == "form.xlsx / form.md: A package has one form: form.xlsx or form.md."
    (tmp_path / "form.xlsx").unlink()
    (tmp_path / "form.md").unlink()
    assert problems(tmp_path) == ["form.xlsx / form.md: A package has one form: form.xlsx or form.md."]


def test_files_of_another_kind_or_too_large_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "call.toml").write_bytes(b"\xff\xfe" + CALL.encode("utf-16-le"))
    assert problems(tmp_path) == ["call.toml: This file is not text in UTF-8 (byte 0)."]
    (tmp_path / "call.toml").write_bytes(b"#" * (1024 * 1024 + 1))
    assert problems(tmp_path) == ["call.toml: This file is larger than 1 MB."]
    write(tmp_path, invitations="name\nx\n")
    assert problems(tmp_path)[0] == "invitations.csv: This list has two columns: email and organisation."


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("Africa/Nairobi", datetime(2020, 3, 29, 2, 30), datetime(2020, 3, 28, 23, 30)),
        ("Europe/Paris", datetime(2020, 3, 29, 1, 59), datetime(2020, 3, 29, 0, 59)),
        ("Europe/Paris", datetime(2020, 3, 29, 3, 0), datetime(2020, 3, 29, 1, 0)),
        ("Asia/Kathmandu", datetime(2020, 2, 29, 12, 0), datetime(2020, 2, 29, 6, 15)),
        ("UTC", datetime(2020, 12, 31, 23, 59), datetime(2020, 12, 31, 23, 59)),
    ],
)
def test_local_time_names_an_instant(zone: str, local: datetime, utc: datetime) -> None:
    assert instant(local, ZoneInfo(zone)) == utc.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "local", "words"),
    [
        ("Europe/Paris", datetime(2020, 3, 29, 2, 0), "does not exist"),
        ("Europe/Paris", datetime(2020, 3, 29, 2, 59), "does not exist"),
        ("Europe/Paris", datetime(2020, 10, 25, 2, 30), "comes twice"),
        ("Australia/Lord_Howe", datetime(2020, 10, 4, 2, 15), "does not exist"),
        ("Pacific/Apia", datetime(2011, 12, 30, 12, 0), "does not exist"),
    ],
)
def test_local_time_that_names_none_or_two_is_refused(zone: str, local: datetime, words: str) -> None:
    with pytest.raises(LocalTimeError) as caught:
        instant(local, ZoneInfo(zone))

    assert words in str(caught.value.message)
    assert zone in str(caught.value.message)
