"""Forms from elsewhere load as they are, are understood, and can be written back."""

import pytest
from pyxform.xls2xform import convert

from fundapp.applications.form_engine.definition import FormDefinition, Kind, Question
from fundapp.applications.xlsform import read_form, write_form
from fundapp.core.errors import Problem
from tests.unit.foreign_forms import FOREIGN_FORMS


def read(name: str) -> tuple[FormDefinition, list[Problem]]:
    foreign = FOREIGN_FORMS[name]
    files = {file: text.encode() for file, text in foreign.files.items()}
    warnings: list[Problem] = []
    form = read_form(foreign.workbook(), "form.xlsx", read_file=files.get, warnings=warnings)
    return form, warnings


def asked(form: FormDefinition, name: str) -> Question:
    question = form.question(name)
    assert question is not None
    return question


@pytest.mark.parametrize("name", FOREIGN_FORMS)
def test_form_from_elsewhere_loads_and_says_what_it_passes_over(name: str) -> None:
    _form, warnings = read(name)

    assert sorted(str(warning) for warning in warnings) == sorted(FOREIGN_FORMS[name].warnings)


@pytest.mark.parametrize("name", FOREIGN_FORMS)
def test_form_from_elsewhere_is_written_so_that_it_loads_unchanged_everywhere(name: str) -> None:
    form, _warnings = read(name)

    written = write_form(form)

    warnings: list[Problem] = []
    assert read_form(written, "form.xlsx", warnings=warnings) == form
    assert warnings == []
    assert convert(written, file_type=".xlsx").xform


@pytest.mark.parametrize("name", FOREIGN_FORMS)
def test_no_row_that_asks_something_is_dropped(name: str) -> None:
    form, warnings = read(name)
    rows = FOREIGN_FORMS[name].sheets["survey"]
    headings = [str(heading).strip() for heading in rows[0]]
    column = headings.index("name")
    names = {str(row[column]).strip() for row in rows[1:] if len(row) > column and row[column]}
    left_out = {
        str(rows[int(place.split()[2].rstrip(",")) - 1][column])
        for place in (warning.place for warning in warnings if "left out" in str(warning.message))
        if place.startswith("survey") and place.endswith(("column type", "column disabled"))
    }

    known = {question.name for question in form.questions} | {group.name for group in form.groups}
    assert names - left_out <= known
    assert not left_out & {question.name for question in form.questions}


def test_kobo_form_is_understood() -> None:
    form, _warnings = read("kobo_profile")

    assert (form.title, form.form_id, form.version) == ("Profile of a group", "aXb7", "1 (2021-03-01 10:00:00)")
    assert (form.languages, form.default_language) == (("en", "fr"), "en")
    assert [group.appearance for group in form.groups] == ["field-list"]
    assert asked(form, "What_is_your_group_called").required
    assert asked(form, "What_is_your_group_called").hint == {"en": "In full"}
    assert asked(form, "Registered").appearance == "horizontal-compact"
    assert asked(form, "number").relevant == "${Registered} = 'yes'"
    assert not asked(form, "number").required
    assert asked(form, "topics").appearance == "minimal"
    assert [choice.label["fr"] for choice in asked(form, "topics").choices] == ["Terre", "Travail", "Aucun"]
    assert asked(form, "thanks").label["en"] == "Thank you, **${What_is_your_group_called}**."


def test_repeats_with_counts_are_understood() -> None:
    form, _warnings = read("kobo_households")

    assert [(group.path, group.is_repeat, group.repeat_count, group.relevant) for group in form.groups] == [
        (("person",), True, "${members}", ""),
        (("person", "school"), False, "", "${is_child} = 1"),
    ]
    assert asked(form, "is_child").kind is Kind.CALCULATE
    assert asked(form, "is_child").group == ("person",)
    assert asked(form, "children").calculation == "sum(${is_child})"
    nested, _warnings = read("nested_repeats")
    assert [(group.name, group.repeat_count) for group in nested.groups] == [
        ("project", ""), ("partner", "${partners_number}"), ("witness", "2"),
    ]  # fmt: skip


def test_lists_are_understood_wherever_they_stand() -> None:
    cascade, _warnings = read("odk_cascade")
    assert asked(cascade, "district").choice_filter == "region = ${region}"
    assert asked(cascade, "district").appearance == "minimal autocomplete"
    assert [choice.columns for choice in asked(cascade, "best").choices] == [
        {"region": "coast"}, {"region": "coast"}, {"region": "lake"},
    ]  # fmt: skip
    external, _warnings = read("odk_external")
    town = asked(external, "town")
    assert (town.kind, town.list_name, len(town.choices)) == (Kind.SELECT_ONE, "towns", 3)
    files, _warnings = read("odk_files")
    villages = asked(files, "villages")
    assert (villages.kind, villages.list_name) == (Kind.SELECT_MULTIPLE, "")
    first = villages.choices[0]
    assert (first.name, first.label, first.columns) == ("1", {"en": "One"}, {"province": "n"})


def test_what_a_device_notes_is_kept_where_an_expression_uses_it() -> None:
    form, _warnings = read("odk_visit")

    assert (asked(form, "today").kind, asked(form, "today").calculation) == (Kind.CALCULATE, "once(today())")
    assert form.question("deviceid") is None
    assert (asked(form, "visit").default, asked(form, "visit").default_is_expression) == ("today()", True)
    assert (asked(form, "at").default, asked(form, "at").default_is_expression) == ("09:30", False)
    assert asked(form, "code").constraint == "regex(., '[A-Z]+')"
    assert (asked(form, "code").required, asked(form, "code").required_if) == (False, "${age} >= 18")
    assert asked(form, "code").guidance == {"en": "Ask the office when the card is lost."}
    assert asked(form, "born").required_message == {"en": "Please give the date."}
    assert (asked(form, "fee").readonly, asked(form, "fee").default) == ("true()", "2.50")


def test_older_names_are_understood() -> None:
    form, _warnings = read("old_formhub")

    assert [(question.name, question.kind) for question in form.questions] == [
        ("full_name", Kind.TEXT), ("years", Kind.INTEGER), ("sex", Kind.SELECT_ONE), ("fruits", Kind.SELECT_MULTIPLE),
        ("chief", Kind.SELECT_ONE), ("chief_other", Kind.TEXT), ("picture", Kind.IMAGE), ("place", Kind.GEOPOINT),
        ("seen", Kind.ACKNOWLEDGE),
    ]  # fmt: skip
    assert asked(form, "years").constraint_message == {"en": "Adults only"}
    assert asked(form, "fruits").relevant == "${years} > 20"
    assert asked(form, "chief").choices[-1].name == "other"
    assert asked(form, "chief_other").relevant == "selected(${chief}, 'other')"
    assert asked(form, "chief_other").other_of == "chief"


def test_cells_that_are_no_text_are_understood() -> None:
    form, _warnings = read("excel_habits")

    assert asked(form, "group").label == {"en": "Your group"}
    assert asked(form, "group").required
    assert not asked(form, "staff").required
    assert asked(form, "staff").default == "3"
    assert asked(form, "since").default == "2015-01-01"
    assert asked(form, "met").default == "2020-05-01T09:30"
    assert asked(form, "how_much").default == "2"
    assert [(choice.name, choice.label["en"]) for choice in asked(form, "how_much").choices] == [
        ("1", "A little"), ("2", "2"), ("3", "3"),
    ]  # fmt: skip
    assert asked(form, "generated_note_name_9").kind is Kind.NOTE


def test_ranges_become_numbers_on_steps() -> None:
    form, _warnings = read("ranges_and_hidden")

    trust, hours = asked(form, "trust"), asked(form, "hours")
    assert (trust.kind, trust.constraint) == (Kind.INTEGER, ". >= 0 and . <= 10 and (. - 0) mod 2 = 0")
    assert hours.kind is Kind.DECIMAL
    assert hours.constraint.endswith(" and (. != 0.75)")
    assert (asked(form, "round").kind, asked(form, "round").default) == (Kind.HIDDEN, "2021")
    assert (asked(form, "stamp").kind, asked(form, "stamp").default_is_expression) == (Kind.HIDDEN, True)
    assert asked(form, "needs").choices[-1].label == {"en": "Other", "es": "Otro"}
    assert asked(form, "needs_other").label == {"en": "Please say which.", "es": "Por favor, especifique."}
    assert asked(form, "consent").group == ("consent",)
    assert asked(read("media_and_files")[0], "long").multiline
