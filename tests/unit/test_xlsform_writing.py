"""A form that is written as a workbook loads again unchanged, here and in ODK's tools."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from pyxform.xls2xform import convert

from fundapp.applications.form_engine.definition import (
    CHOICE_KINDS,
    NUMBER_KINDS,
    Choice,
    FormDefinition,
    Group,
    Kind,
    Question,
    Role,
    Sensitivity,
    Texts,
)
from fundapp.applications.xlsform import read_form, write_form
from fundapp.core.errors import Problem
from fundapp.core.text import TextError, clean_text
from fundapp.samples import SAMPLES, folder

LANGUAGES = ("en", "fr", "ar", "sw", "pt_BR", "zh_Hans")
KINDS = [kind for kind in Kind if kind is not Kind.RECORDING]  # no form asks it: what is spoken in place of a text
# What spreadsheet programs, XML and XLSForm have their own ideas about.
AWKWARD = [
    "=1+1", "@x", "-", "'quoted'", "_x0041_", "{=SUM(A1)}", "https://example.org", "TRUE", "007", "a\nb",
    "é ?", "| bar |", "<b>&amp;</b>", "“smart”", "\u200fمرحبا", "👩‍👧", "a  b", "Qui\u00a0?", "yes", "no",
    "$ {a}", "#REF!",
]  # fmt: skip


def _cleaned(text: str) -> str:
    try:
        cleaned = clean_text(text, multiline=True)
    except TextError:
        return ""
    return "" if "${" in cleaned else cleaned


WORDS = st.one_of(st.sampled_from(AWKWARD), st.text(max_size=20)).map(_cleaned).filter(bool)


def texts(languages: Sequence[str]) -> st.SearchStrategy[Texts]:
    return st.dictionaries(st.sampled_from(languages), WORDS, min_size=1)


@dataclass
class Makings:
    """What a form is being made of."""

    languages: tuple[str, ...]
    lists: list[tuple[str, tuple[Choice, ...]]]
    groups: list[Group] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    names: int = 0
    usable: list[str] = field(default_factory=list)
    """Names that every expression may use."""

    def name(self) -> str:
        self.names += 1
        return f"Q-{self.names}.é_" if self.names % 7 == 0 else f"q{self.names}"


@st.composite
def choices_of(draw: Any, languages: Sequence[str]) -> tuple[Choice, ...]:
    names = draw(st.lists(st.from_regex(r"[a-z0-9-]{1,5}", fullmatch=True), min_size=1, max_size=4, unique=True))
    columns = st.dictionaries(
        st.sampled_from(["region", "Size", "geometry", "_x"]), WORDS.filter(str.strip), max_size=2
    )
    return tuple(Choice(name, draw(texts(languages)), draw(columns)) for name in [*names, "other"])


@st.composite
def questions(draw: Any, made: Makings, path: tuple[str, ...], in_repeat: bool) -> Question:
    kind = draw(st.sampled_from(KINDS))
    name = made.name()
    maybe = st.booleans()
    optional: st.SearchStrategy[Texts] = st.one_of(st.just({}), texts(made.languages))
    expressions = ["true()", "1 < 2 and 'a b' != \"c\"", *(f"${{{used}}} != 'x'" for used in made.usable)]
    expression = st.sampled_from(["", "", *expressions])
    asked = Question(name, kind, draw(texts(made.languages)), path, hint=draw(optional), relevant=draw(expression))
    if kind is Kind.CALCULATE:
        return replace(asked, hint={}, calculation=draw(st.sampled_from(expressions)))
    if kind is Kind.HIDDEN:
        return replace(asked, hint={}, label={}, default="plain")
    asked = replace(asked, guidance=draw(optional))
    if kind is Kind.NOTE:
        return asked
    if kind in CHOICE_KINDS or (kind is Kind.GEOPOINT and draw(maybe)):
        list_name, choices = draw(st.sampled_from([*made.lists, ("", draw(choices_of(made.languages)))]))
        columns = {column for choice in choices for column in choice.columns}
        filters = ["", "true()", *(f"{column} = '1'" for column in sorted(columns))]
        asked = replace(
            asked,
            list_name=list_name,
            choices=choices,
            choice_filter=draw(st.sampled_from(filters)),
            appearance=draw(st.sampled_from(["", "minimal", "horizontal", "likert columns-3"])),
            default=choices[0].name if draw(maybe) else "",
        )
    if kind is Kind.TEXT:
        asked = replace(
            asked,
            multiline=draw(maybe),
            appearance=draw(st.sampled_from(["", "numbers"])),
            max_words=draw(st.sampled_from([None, 1, 250])),
            max_characters=draw(st.sampled_from([None, 900])),
            default=draw(st.sampled_from(["", "abc"])),
            given_sensitivity=draw(st.sampled_from([None, *(set(Sensitivity) - {Sensitivity.PAYEE})])),
        )
        if asked.given_sensitivity is not Sensitivity.IDENTITY:
            asked = replace(asked, spoken=draw(maybe), in_lists=False)
    if kind in NUMBER_KINDS:
        default = "5" if kind is Kind.INTEGER else "2.50"
        asked = replace(
            asked, default=draw(st.sampled_from(["", default])), constraint=draw(st.sampled_from(["", ". > 0"]))
        )
    if kind is Kind.DATE and draw(maybe):
        asked = replace(asked, default="today()", default_is_expression=True)
    required = draw(maybe)
    identifies = draw(maybe)
    return replace(
        asked,
        required=required,
        required_if="" if required else draw(expression.filter(lambda source: source != "true()")),
        required_message=draw(optional),
        constraint_message=draw(optional),
        readonly=draw(expression),
        identifies=identifies,
        hidden_from_reviewers=draw(maybe),
        in_lists=not in_repeat and kind in NUMBER_KINDS and not any(each.in_lists for each in made.questions),
    )


@st.composite
def forms(draw: Any) -> FormDefinition:
    """Make a definition as the reader makes them: of groups, repeats and questions of all kinds."""
    languages = tuple(draw(st.lists(st.sampled_from(LANGUAGES), min_size=1, max_size=3, unique=True)))
    lists = [(f"list{number}", draw(choices_of(languages))) for number in range(2)]
    made = Makings(languages, lists)
    for _number in range(draw(st.sampled_from([0, 0, 3]))):
        eligible = Question(
            made.name(), Kind.INTEGER, draw(texts(languages)), required=True, eligible=". > 1",
            ineligible_message=draw(texts(languages)),
        )  # fmt: skip
        made.questions.append(eligible)
    # One question that everything may use, and that has a label in every language.
    made.questions.append(
        Question(made.name(), Kind.TEXT, dict.fromkeys(languages, "Name"), required=True, role=Role.ORGANISATION)
    )
    made.usable.append(made.questions[-1].name)
    _fill(draw, made, (), in_repeat=False, depth=0)
    labelled = tuple(dict.fromkeys(language for question in made.questions for language in question.label))
    return FormDefinition(
        title=draw(st.one_of(st.just(""), WORDS)),
        form_id=draw(st.sampled_from(["", "form_1"])),
        version=draw(st.sampled_from(["", "3", "2021.1"])),
        languages=labelled,
        default_language=draw(st.sampled_from(labelled)),
        groups=tuple(made.groups),
        questions=tuple(made.questions),
    )


def _fill(draw: Any, made: Makings, path: tuple[str, ...], *, in_repeat: bool, depth: int) -> None:
    for _number in range(draw(st.integers(1, 3))):
        made.questions.append(draw(questions(made, path, in_repeat)))
        if depth < 2 and draw(st.booleans()):
            is_repeat = draw(st.booleans())
            counts = ["", "3", f"string-length(${{{made.usable[0]}}})"]
            group = Group(
                path=(*path, made.name()),
                label=draw(texts(made.languages)),
                hint=draw(st.one_of(st.just({}), texts(made.languages))),
                relevant=draw(st.sampled_from(["", f"${{{made.usable[0]}}} = 'x'"])),
                is_repeat=is_repeat,
                repeat_count=draw(st.sampled_from(counts)) if is_repeat else "",
                appearance=draw(st.sampled_from(["", "field-list"])),
            )
            made.groups.append(group)
            _fill(draw, made, group.path, in_repeat=in_repeat or is_repeat, depth=depth + 1)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(form=forms())
def test_form_that_is_written_loads_again_unchanged(form: FormDefinition) -> None:
    warnings: list[Problem] = []

    again = read_form(write_form(form), "form.xlsx", warnings=warnings)

    assert again.to_json() == form.to_json()
    assert again.fingerprint == form.fingerprint
    assert warnings == []
    assert convert(write_form(form), file_type=".xlsx").xform


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_that_is_written_loads_again_unchanged(name: str) -> None:
    form = read_form((folder(name) / "form.md").read_bytes(), "form.md")

    assert read_form(write_form(form), "form.xlsx").fingerprint == form.fingerprint


def named(name: str, **fields: Any) -> Question:
    return Question(name, fields.pop("kind", Kind.TEXT), {"en": name}, **fields)


def form_of(*items: Question, groups: tuple[Group, ...] = ()) -> FormDefinition:
    return FormDefinition("", "", "", ("en",), "en", groups, items)


def test_form_stored_before_lists_had_names_loads_again_unchanged() -> None:
    regions = (Choice("n", {"en": "North"}), Choice("s", {"en": "South"}))
    stored = form_of(
        named("home", kind=Kind.SELECT_ONE, choices=regions), named("work", kind=Kind.SELECT_MULTIPLE, choices=regions)
    ).to_json()
    assert "list_name" not in json.dumps(stored)

    form = FormDefinition.from_json(json.loads(json.dumps(stored)))

    assert read_form(write_form(form), "form.xlsx").fingerprint == form.fingerprint


def test_lists_of_one_name_and_other_choices_are_written_apart() -> None:
    form = form_of(
        named("home", kind=Kind.SELECT_ONE, list_name="l", choices=(Choice("n", {"en": "North"}),)),
        named("work", kind=Kind.SELECT_ONE, list_name="l", choices=(Choice("s", {"en": "South"}),)),
    )

    again = read_form(write_form(form), "form.xlsx")

    assert [[choice.name for choice in question.choices] for question in again.questions] == [["n"], ["s"]]


def test_choice_that_looks_like_an_expression_can_be_the_default() -> None:
    choices = (Choice("-", {"en": "None"}), Choice("n", {"en": "North"}))
    form = form_of(named("home", kind=Kind.SELECT_ONE, list_name="l", choices=choices, default="-"))

    again = read_form(write_form(form), "form.xlsx").questions[0]

    assert (again.default, again.default_is_expression) == ("-", False)


def test_every_cell_is_text_and_none_is_a_formula() -> None:
    book = load_workbook(BytesIO(write_form(form_of(named("a", hint={"en": "=1+1"}, max_words=5, default="2")))))

    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert "=1+1" in {cell.value for cell in cells}
    assert not any(cell.hyperlink for cell in cells)


@pytest.mark.parametrize(
    "after",
    [[named("b")], [named("b", group=("other",))], []],
    ids=["a question", "another group", "nothing"],
)
def test_empty_group_at_the_end_of_another_one_stays_in_it(after: list[Question]) -> None:
    paths = (
        ("g",),
        ("g", "empty"),
        ("g", "empty", "deeper"),
        *dict.fromkeys(each.group for each in after if each.group),
    )
    groups = tuple(Group(path, {"en": path[-1]}) for path in paths)
    form = form_of(named("a", group=("g",)), *after, groups=groups)
    assert read_form(write_form(form), "form.xlsx").groups == groups


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (
            form_of(
                named("a", group=("g",)), named("b"), named("c", group=("g",)), groups=(Group(("g",), {"en": "G"}),)
            ),
            "taken up again",
        ),
        (form_of(named("a", hint={"en": "x" * 40_000})), "row 2 of survey is too long"),
        (
            form_of(named("a", kind=Kind.SELECT_ONE, choices=(Choice("n", {"en": "N"}, {"label": "x"}),))),
            "cannot have a column label",
        ),
    ],
)
def test_definition_that_no_workbook_says_is_refused(form: FormDefinition, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        write_form(form)
