"""XLSForms: what is supported is read, everything else is named by sheet, row and column."""

import json
import re
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook

from fundapp.applications.form_engine.definition import Choice, FormDefinition, Kind, Role
from fundapp.applications.form_engine.expressions.functions import FUNCTIONS
from fundapp.applications.form_engine.expressions.reading import LOOKING
from fundapp.applications.xlsform import read_form
from fundapp.applications.xlsform.sheets import MAX_BYTES
from fundapp.core.errors import RuleViolations

FORM = """
| survey |
|        | type                  | name     | label::English (en) | label::Français (fr) | hint::English (en) | required | appearance | constraint        | constraint_message::English (en) | fundapp::role | fundapp::words | fundapp::identifies |
|        | begin_group           | about    | About you           | Sur vous             |                    |          |            |                   |                                  |               |                |                     |
|        | text                  | org      | Organisation        | Organisation         | Its full name      | yes      |            |                   |                                  | organisation  |                | yes                 |
|        | begin group           | inner    |                     |                      |                    |          |            |                   |                                  |               |                |                     |
|        | select_one regions    | region   | Region              | Région               |                    | true     |            |                   |                                  | region        |                |                     |
|        | end group             |          |                     |                      |                    |          |            |                   |                                  |               |                |                     |
|        | end_group             |          |                     |                      |                    |          |            |                   |                                  |               |                |                     |
|        | text                  | story    | Your story          |                      |                    | no       | multiline  |                   |                                  |               | 150            |                     |
|        | integer               | people   | How many people?    |                      |                    |          |            | . > 0             | At least one.                    |               |                |                     |
|        | decimal               | amount   | Amount              | Montant              |                    |          |            | . <= 20000        |                                  | amount        |                |                     |
|        | select_multiple kinds | kinds    | Kinds               |                      |                    |          |            | count-selected(.) <= ${people} |                     |               |                |                     |
|        | date                  | founded  | Founded on          |                      |                    |          |            | . <= today()      |                                  |               |                |                     |
|        | file                  | budget   | Budget              |                      |                    |          |            |                   |                                  |               |                |                     |
|        | image                 | logo     | Logo                |                      |                    |          |            |                   |                                  |               |                |                     |
|        | acknowledge           | agree    | I agree             |                      |                    | yes      |            |                   |                                  |               |                |                     |
|        | note                  | thanks   | Thank you \\| merci |                      |                    |          |            |                   |                                  |               |                |                     |
| choices |
|         | list_name | name   | label::English (en) | label::Français (fr) |
|         | regions   | africa | Africa              | Afrique              |
|         | regions   | asia   | Asia                | Asie                 |
|         | kinds     | a      | A                   |                      |
|         | kinds     | b      | B                   |                      |
| settings |
|          | form_title | form_id | version | default_language |
|          | A form     | f1      | 3       | English (en)     |
"""  # noqa: E501 - a sheet stays in its columns


BLANK: list[list[object]] = [[None]] * 80


def problems(form: str | bytes, filename: str = "form.md") -> list[str]:
    with pytest.raises(RuleViolations) as caught:
        read_form(form.encode() if isinstance(form, str) else form, filename)
    return [str(problem) for problem in caught.value.problems]


def survey(*rows: str, columns: str = "type | name | label", more: str = "") -> str:
    return "\n".join(["| survey |", f"| | {columns} |", *(f"| | {row} |" for row in rows)]) + "\n" + more


def workbook(**sheets: list[list[object]]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        worksheet = book.create_sheet(name)
        for row in rows:
            worksheet.append(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def test_form_is_read_with_everything_that_it_says() -> None:
    form = read_form(FORM.encode(), "form.md")

    assert (form.title, form.form_id, form.version) == ("A form", "f1", "3")
    assert (form.languages, form.default_language) == (("en", "fr"), "en")
    assert [group.path for group in form.groups] == [("about",), ("about", "inner")]
    by_name = {question.name: question for question in form.questions}
    assert [question.kind for question in form.questions] == [
        Kind.TEXT, Kind.SELECT_ONE, Kind.TEXT, Kind.INTEGER, Kind.DECIMAL, Kind.SELECT_MULTIPLE, Kind.DATE,
        Kind.FILE, Kind.IMAGE, Kind.ACKNOWLEDGE, Kind.NOTE,
    ]  # fmt: skip
    assert by_name["org"].label == {"en": "Organisation", "fr": "Organisation"}
    assert by_name["org"].hint == {"en": "Its full name"}
    assert by_name["org"].required
    assert by_name["org"].role is Role.ORGANISATION
    assert by_name["org"].identifies
    assert by_name["region"].group == ("about", "inner")
    assert by_name["region"].choices[0] == Choice("africa", {"en": "Africa", "fr": "Afrique"})
    assert by_name["story"].multiline
    assert not by_name["story"].required
    assert by_name["story"].max_words == 150
    assert by_name["people"].constraint == ". > 0"
    assert by_name["people"].constraint_message == {"en": "At least one."}
    assert by_name["thanks"].label == {"en": "Thank you | merci"}
    assert [[heading.path[-1] for heading in section.headings] for section in form.sections] == [
        ["about"], ["about", "inner"], [],
    ]  # fmt: skip


def test_form_survives_its_json() -> None:
    form = read_form(FORM.encode(), "form.md")

    again = FormDefinition.from_json(json.loads(json.dumps(form.to_json())))

    assert again == form
    assert again.fingerprint == form.fingerprint


def test_fingerprint_changes_with_what_is_asked() -> None:
    form = read_form(FORM.encode(), "form.md")

    assert read_form(FORM.replace("150", "151").encode(), "form.md").fingerprint != form.fingerprint
    assert read_form(FORM.replace("| text  ", "|  text ").encode(), "form.md").fingerprint == form.fingerprint


def test_json_of_another_schema_or_with_unknown_fields_is_refused() -> None:
    stored = read_form(FORM.encode(), "form.md").to_json()

    with pytest.raises(ValueError, match="schema 2"):
        FormDefinition.from_json({**stored, "schema": 2})
    stored["questions"][0]["irrelevant"] = "true()"
    with pytest.raises(ValueError, match="irrelevant"):
        FormDefinition.from_json(stored)


def test_workbook_says_the_same_as_markdown() -> None:
    book = workbook(
        survey=[
            ["type", "name", "label::English (en)", "label::Français (fr)", "fundapp::words"],
            ["text", "story", "Your story", "Votre histoire", 150],
            [None, None, None, None, None],
            ["select_one l", "pick", "Pick", "Choisir", None],
        ],
        choices=[["list_name", "name", "label::English (en)"], ["l", 1, "One"], ["l", 2, "Two"]],
        notes=[["anything", "may stand here"]],
    )
    markdown = survey(
        "text | story | Your story | Votre histoire | 150",
        "select_one l | pick | Pick | Choisir | ",
        columns="type | name | label::English (en) | label::Français (fr) | fundapp::words",
        more="| choices |\n| | list_name | name | label::English (en) |\n| | l | 1 | One |\n| | l | 2 | Two |",
    )

    assert read_form(book, "form.xlsx").fingerprint == read_form(markdown.encode(), "form.md").fingerprint


@pytest.mark.parametrize(
    ("heading", "code"),
    [
        ("label", "es"), ("label::English (en)", "en"), ("label:French (fr)", "fr"), ("label::Español", "es"),
        ("Label::ar", "ar"), ("caption::Swahili", "sw"), ("label::Português (pt-BR)", "pt_BR"),
    ],
)  # fmt: skip
def test_language_of_a_heading(heading: str, code: str) -> None:
    markdown = survey("text | a | A", columns=f"type | name | {heading}")

    form = read_form(markdown.encode(), "form.md", default_language="es")

    assert form.languages == (code,)
    assert form.default_language == code


def test_every_problem_is_named_by_sheet_row_and_column() -> None:
    broken = survey(
        "text | a | A | maybe | | | | | |",
        "geotrace | b | B | | (. > | | | | |",
        "text | a | | | . > ${nobody} | | | | |",
        "integer | 1c | C | | | ex:org.app | 5 | | |",
        "select_one absent | d | D | | | | | boss | |",
        "text | e | E | | | | ten | title | perhaps |",
        "text | f | F | | | | | title | | x",
        " | g | G | | | | | | |",
        "begin group | h | H | yes | | | | | |",
        "begin repeat | i | I | | | | | | |",
        "end group | | | | | | | | |",
        "note | j | J | yes | | | | | |",
        "date | k | K | | | | | amount | |",
        columns="type | name | label | required | constraint | appearance | fundapp::words | fundapp::role"
        " | fundapp::identifies | fundapp::category",
        more="""
| choices |
| | list_name | name | label |
| | l | a b | A |
| | | c | C |
| | l | d | |
| | l | d | D |
| settings |
| | form_title | default_language |
| | T | Klingon |
""",
    )

    found = problems(broken)

    for expected in [
        "survey row 2, column required: Write yes or no, or an expression.",
        "survey row 3, column type: The type “geotrace” is not supported.",
        "survey row 4, column name: Row 2 has this name already.",
        "survey row 4, column label: The label is missing.",
        "survey row 4, column constraint: No question is called “nobody”.",
        "survey row 5, column name: A name starts with a letter",
        "survey row 5, column appearance: The appearance “ex:org.app” takes answers from elsewhere",
        "survey row 5, column fundapp::words: Only text has a limit.",
        "survey row 6, column type: The sheet choices has no list “absent”.",
        "survey row 6, column fundapp::role: “boss” is not a role.",
        "survey row 7, column fundapp::words: Write the limit as a whole number.",
        "survey row 7, column fundapp::identifies: Write yes or no.",
        "survey row 8, column fundapp::role: Row 7 has this role already.",
        "survey row 8, column fundapp::category: “x” is not a choice",
        "survey row 9, column type: The type is missing.",
        "survey row 10, column required: This has no meaning for a group.",
        "survey row 12, column type: This ends “i” of row 11 as what it is not.",
        "survey row 10, column type: The group “h” has no end group.",
        "survey row 14, column fundapp::role: The role “amount” needs one of the types",
        "choices row 3, column list_name: The list's name is missing.",
        "choices row 5, column name: The list has this name already.",
        "settings row 2, column default_language: The language “Klingon” is not known.",
    ]:
        assert any(problem.startswith(expected) for problem in found), f"{expected} is not in {found}"


@pytest.mark.parametrize(
    "column", ["trigger", "body::accept", "bind::odk:x", "instance::x", "intent", "save_to", "control::rows"]
)
def test_column_that_is_not_supported_is_refused_only_where_it_says_something(column: str) -> None:
    form = survey("text | a | A | {}", "text | b | B | ", columns=f"type | name | label | {column}")

    assert f"survey row 2, column {column}: This column is not supported." in problems(form.replace("{}", "x"))
    assert len(read_form(form.replace("{}", "").encode(), "form.md").questions) == 2


@pytest.mark.parametrize(
    "kind",
    ["barcode", "geotrace", "geoshape", "xml-external", "csv-external", "osm x", "select_multiple_external l",
     "rank_from_file x.csv", "begin loop over l", "begin_kobomatrix", "score__row", "percentage", "Klingon"],
)  # fmt: skip
def test_type_that_is_not_supported_is_refused(kind: str) -> None:
    found = problems(survey(f"{kind} | a | A", more="| choices |\n| | list_name | name | label |\n| | l | x | X |"))

    assert f"survey row 2, column type: The type “{kind}” is not supported." in found


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (survey("text | a | A | lost"), "survey row 2: This row has more cells than there are headings."),
        ("| survey |\n| | type | name | label |\n| | text | a | A", "form.md line 3: This line is not a row"),
        ("| survey |\n| | type | name | label |\ntext a A", "form.md line 3: This line is not a row"),
        ("| survay |\n| | type | name | label |\n| | text | a | A |", "form.md line 1: A form has no sheet “survay”."),
        ("| survey |\n| | type | name | label |\n| --- | --- |\n| | text | a | A |", "form.md line 3: Take this"),
        (survey("text | a | A | B", columns="type | name | label | label"), "survey row 1, column label: This heading"),
        (survey("text | a | A | B", columns="type | name | label | label::en"), "survey row 1, column label::en: This"),
        (
            survey("text | a | A | B", columns="type | name | label | relevent"),
            "survey row 2, column relevent: Is this",
        ),
        (
            survey("text | a | A | B", columns="type | name | label | fundapp::word"),
            "survey row 2, column fundapp::word:",
        ),
        (survey("text | a | Dear ${b}"), "survey row 2, column label: No question is called “b”."),
        (survey("note | a | A"), "survey: The form asks nothing."),
        (survey("text | a | A", more="| entities |\n| | list_name |\n| | x |"), "entities row 2: This sheet is not"),
        (survey("text | a | A\u202eb"), "survey row 2, column label: This text has a hidden character"),
        ("", "form.md: No XLSForm can be read"),
        ("just words", "form.md line 1: This line is not a row"),
        ("| survey |\x00", "form.md: This file is not text"),
    ],
)
def test_nothing_is_dropped_from_markdown(form: str, expected: str) -> None:
    assert any(problem.startswith(expected) for problem in problems(form)), problems(form)


def test_nothing_is_dropped_from_a_workbook() -> None:
    book = workbook(
        survey=[
            ["type", "name", "label", None],
            ["text", "a", "A", "stray"],
            ["text", "b", "=CONCATENATE(1,2)", None],
            *BLANK,
            ["text", "far", "Far", None],
        ],
        choces=[["list_name", "name", "label"]],
    )

    found = problems(book, "form.xlsx")

    assert any(problem.startswith("survey row 3, column label: This cell could not be read.") for problem in found)
    assert any(problem.startswith("survey row 84, column type: This cell could not be read.") for problem in found)
    assert "choces: Is this sheet meant to be “choices”?" in found


def test_problem_that_pyxform_finds_too_is_named_once() -> None:
    choices = "| choices |\n| | list_name | name | label |\n| | l | x | X |\n| | l | x | Y |"

    assert problems(survey("select_one l | a | A", more=choices)) == [
        "choices row 3, column name: The list has this name already."
    ]


def test_what_only_pyxform_refuses_is_refused() -> None:
    (problem,) = problems(survey("text | meta | A"))

    assert problem.startswith("survey row 2: pyxform refuses this form")


@pytest.mark.parametrize(
    ("data", "filename", "words"),
    [
        (b"PK\x03\x04 not really", "form.xlsx", "not an .xlsx workbook"),
        (b"%PDF-1.7", "form.xlsx", "not an .xlsx workbook"),
        (b"\xd0\xcf\x11\xe0", "form.xls", "is an .xlsx workbook or an .md table"),
        (b"hello", "form.docx", "is an .xlsx workbook or an .md table"),
        (b"| survey |\xff", "form.md", "not text in UTF-8"),
        (b"|" * (MAX_BYTES + 1), "form.md", "larger than 5 MB"),
        (b"", "form.xlsx", "not an .xlsx workbook"),
    ],
)
def test_file_of_the_wrong_kind_or_too_large_is_refused(data: bytes, filename: str, words: str) -> None:
    (problem,) = problems(data, filename)

    assert problem.startswith(filename)
    assert words in problem


def test_archive_that_is_no_workbook_is_refused() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("hello.txt", "hello")

    (problem,) = problems(out.getvalue(), "form.xlsx")

    assert "form.xlsx: No XLSForm can be read" in problem


def test_workbook_with_entities_that_grow_is_refused() -> None:
    data = workbook(survey=[["type", "name", "label"], ["text", "a", "A"]])
    bomb = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            part = before.read(name)
            after.writestr(name, bomb + part if name.endswith("sheet1.xml") else part)

    assert problems(out.getvalue(), "form.xlsx") == ["form.xlsx: This workbook has unsafe XML in it."]


def test_workbook_that_unpacks_to_too_much_is_refused() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (121 * 1024 * 1024))

    (problem,) = problems(out.getvalue(), "form.xlsx")

    assert problem == "form.xlsx: This workbook is too large when unpacked."


def test_example_of_the_documentation_loads() -> None:
    page = (Path(__file__).parents[2] / "docs" / "xlsform.md").read_text(encoding="utf-8")
    example = page.split("```")[1]

    form = read_form(example.encode(), "form.md")

    assert form.languages == ("en", "fr")
    assert {question.role for question in form.questions} >= {Role.ORGANISATION, Role.EMAIL, Role.AMOUNT}


def test_sensitivity_is_what_the_form_says_else_that_of_the_role():
    form = read_form(
        survey(
            "text | org | Organisation | organisation |",
            "text | email | E-mail | email |",
            "text | story | Story | | public",
            "text | risk | Risk | | identity",
            "text | account | Account | | payee",
            columns="type | name | label | fundapp::role | fundapp::sensitivity",
        ).encode(),
        "form.md",
    )
    assert {question.name: question.sensitivity.value for question in form.questions} == {
        "org": "internal",
        "email": "identity",
        "story": "public",
        "risk": "identity",
        "account": "payee",
    }
    assert FormDefinition.from_json(json.loads(json.dumps(form.to_json()))) == form


def test_a_form_that_says_nothing_of_sensitivity_is_the_same_form_as_before():
    form = read_form(survey("text | a | A").encode(), "form.md")
    assert "sensitivity" not in json.dumps(form.to_json())


def test_sensitivities_that_cannot_be_kept_are_refused():
    rows = (
        "text | org | Organisation | organisation | identity |",
        "text | email | E-mail | email | internal |",
        "integer | number | Number | | payee |",
        "text | account | Account | | payee | string-length(.) > 3",
        "text | twice | Twice | | | . = ${account}",
        "text | place | Place | | secret |",
    )
    columns = "type | name | label | fundapp::role | fundapp::sensitivity | constraint"
    assert problems(survey(*rows, columns=columns)) == [
        "survey row 2, column fundapp::sensitivity: An answer with the role “organisation” stands in lists."
        " A protected call hides it.",
        "survey row 3, column fundapp::sensitivity: An answer with the role “email” is always identity.",
        "survey row 4, column fundapp::sensitivity: Only a text without a role can be “payee”.",
        "survey row 7, column fundapp::sensitivity: “secret” is no sensitivity."
        " Write one of: public, internal, identity, payee.",
        "survey row 6, column constraint: The answer to “account” is payee: no other question can use it.",
    ]


def test_documentation_lists_every_function() -> None:
    page = (Path(__file__).parents[2] / "docs" / "xlsform.md").read_text(encoding="utf-8")
    rows = page.partition("## Expressions")[2].partition("Refused:")[0].splitlines()
    told = {
        name.removeprefix("jr:")
        for row in rows
        if row.startswith("| ") and not row.startswith("| operators")
        for name in re.findall(r"`([^`]+)`", row)
    }

    assert told == {*FUNCTIONS, *LOOKING}


def test_answers_in_the_label_of_a_choice_are_refused() -> None:
    choices = "| choices |\n| | list_name | name | label |\n| | l | x | For ${a} |"

    assert problems(survey("text | a | A", "select_one l | b | B", more=choices)) == [
        "choices row 2, column label: Answers inside the label of a choice are not supported."
    ]
