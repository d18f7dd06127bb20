"""The form away from the pages: downloaded before any account, filled in offline, and back whole."""

import html
import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import page as page_validation
import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import func, select

from fundapp.applications.form_engine.definition import Choice, Group, Kind, Question, Sensitivity
from fundapp.applications.models import Application, Call
from fundapp.applications.sealed_answers import clear_answers
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.tables import filled as workbooks
from fundapp.core.web import FundApp
from tests.factories import make_call, make_person
from tests.filled_sheets import cells_of, filled, opened, saved
from tests.form_of_all_kinds import FORM as KINDS
from tests.windows import Client, Window

FORM = replace(
    KINDS,
    groups=(
        *KINDS.groups,
        Group(path=("offices",), label={"en": "Office", "fr": "Bureau"}, is_repeat=True),
        Group(path=("offices", "rooms"), label={"en": "Room"}, is_repeat=True),
    ),
    questions=(
        *KINDS.questions,
        Question(name="since", kind=Kind.DATE, label={"en": "Since when?"}),
        Question(
            name="theme",
            kind=Kind.SELECT_ONE,
            label={"en": "Theme"},
            choices=(Choice("a", {"en": "Land", "fr": "Terre"}), Choice("b", {"en": "Work", "fr": "Travail"})),
        ),
        Question(name="share", kind=Kind.DECIMAL, label={"en": "Share"}),
        Question(name="account", kind=Kind.TEXT, label={"en": "Account"}, given_sensitivity=Sensitivity.PAYEE),
        Question(name="city", kind=Kind.TEXT, label={"en": "City"}, group=("offices",)),
        Question(name="size", kind=Kind.INTEGER, label={"en": "Size"}, group=("offices", "rooms")),
    ),
)

SHEET = {
    "organisation": "Hill Paralegals (sample)",
    "has_office": "Yes",
    "office": "12 Market Road",
    "town": "Kisumu",
    "needs/rest": 1,
    "needs/money": 2,
    "needs/training": 3,
    "means/talks": "Yes",
    "means/other": "Yes",
    "means_other": "By radio",
    "opens": time(8, 30),
    "began": datetime(2020, 3, 24, 17, 5, tzinfo=UTC).replace(tzinfo=None),  # a sheet knows no zones
    "since": date(2019, 1, 31),
    "theme": "Work",
    "share": 12.5,
    "how_long": 2,
    "story": "One line\nand another",
    "clip~transcript": "We sing.",
    "honest": "Yes",
}
ENTRIES: dict[str, list[dict[str, Any]]] = {
    "Partner": [{"partner": "Lake Group", "role": "Trains"}, {"partner": "=1+1 Group", "role": "-"}],
    "Year": [{"cost": 100}, {"cost": 250}],
    "Office": [{"city": "Kisumu"}, {"city": "Busia"}],
    "Room": [{"/offices": 2, "size": 9}, {"/offices": 1, "size": 4}, {"/offices": 2, "size": 7}],
}
ON_THE_WEB = {"q_organisation": "Hill Paralegals (sample)", "q_has_office": "yes", "q_town": "Kisumu"}


@pytest.fixture
def client(app: FundApp) -> FlaskClient:
    return app.test_client()


def open_call(**values: Any) -> Call:
    now = datetime.now(UTC)
    call = make_call(opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=20), **{"form": FORM, **values})
    db.session.commit()
    return call


def blank(client: FlaskClient, call: Call, language: str = "en") -> bytes:
    answer = client.get(f"/calls/{call.slug}/form/{language}.xlsx")
    assert answer.status_code == 200
    return bytes(answer.data)


def bring(client: FlaskClient, path: str, data: bytes, name: str = "form.xlsx", **fields: str) -> Any:
    return client.post(
        f"{path}/filled", data={"sheet": (io.BytesIO(data), name), **fields}, content_type="multipart/form-data"
    )


def only_draft() -> Application:
    db.session.expire_all()
    return db.session.scalars(select(Application)).one()


def text_like(data: bytes, key: str, text: str) -> bytes:
    """Return a workbook with a text, whatever it looks like, in the cell of a key."""
    book = opened(data)
    cell = book.worksheets[0][cells_of(book)[key]]
    cell.value = text
    cell.data_type = "s"
    return saved(book)


def with_texts(data: bytes) -> bytes:
    """Make the partner's name that looks like a formula a text, as a cell for text keeps it."""
    book = opened(data)
    for row in book["Partner"].iter_rows():
        for cell in row:
            if cell.data_type == "f":
                cell.data_type = "s"
    return saved(book)


EXPECTED = {
    "organisation": "Hill Paralegals (sample)",
    "has_office": "yes",
    "office": "12 Market Road",
    "town": "Kisumu",
    "needs": ["rest", "money", "training"],
    "means": ["talks", "other"],
    "means_other": "By radio",
    "opens": "08:30",
    "began": "2020-03-24T17:05",
    "since": "2019-01-31",
    "theme": "b",
    "share": "12.5",
    "how_long": 2,
    "story": "One line\nand another",
    "clip~transcript": "We sing.",
    "honest": True,
    "partners": [1, 2],
    "partners~1~partner": "Lake Group",
    "partners~1~role": "Trains",
    "partners~2~partner": "=1+1 Group",
    "partners~2~role": "-",
    "years": [1, 2],
    "years~1~cost": 100,
    "years~2~cost": 250,
    "offices": [1, 2],
    "offices~1~city": "Kisumu",
    "offices~2~city": "Busia",
    "offices~1~rooms~1~size": 4,
    "offices~2~rooms": [1, 2],
    "offices~2~rooms~1~size": 9,
    "offices~2~rooms~2~size": 7,
}


def without_last(answers: Any) -> dict[str, Any]:
    return {key: answer for key, answer in dict(answers).items() if not key.endswith("~last")}


def test_peers_07_form_is_downloaded_filled_in_offline_and_comes_back_whole(client: FlaskClient) -> None:
    call = open_call()
    sheet = with_texts(filled(blank(client, call), SHEET, ENTRIES))
    answer = bring(client, f"/calls/{call.slug}", sheet)
    assert answer.status_code == 200
    assert "What to put right" not in answer.text
    assert "27 answers were taken" in answer.text
    assert without_last(clear_answers(only_draft())) == EXPECTED
    found = re.search(r'href="(/applications/[0-9a-f-]+)"', answer.text)
    assert found
    page = client.get(found[1])
    assert page.status_code == 200, "whoever brought it is signed in to the draft, without any account"


def test_the_sheet_says_the_same_as_the_same_words_typed_on_the_pages(signed_in: Client) -> None:
    call = open_call()
    web = signed_in(make_person())
    address = web.post(f"/calls/{call.slug}/start").location
    Window(web, address, 1).send(**ON_THE_WEB)
    Window(web, address, 1).send(**ON_THE_WEB, q_office="12 Market Road")
    typed = only_draft().answers
    names = ("organisation", "has_office", "office", "town")
    assert {name: typed[name] for name in names} == {name: EXPECTED[name] for name in names}
    # The same again by the sheet is no change, answer by answer.
    before = db.session.scalar(select(func.count()).select_from(AuditEntry))
    answer = bring(web, address, filled(blank(web, call), {name: SHEET[name] for name in names}))
    assert "4 were there already" in answer.text
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == before


def test_bringing_it_twice_changes_nothing_twice(client: FlaskClient) -> None:
    call = open_call()
    sheet = with_texts(filled(blank(client, call), SHEET, ENTRIES))
    bring(client, f"/calls/{call.slug}", sheet, key="a-page")
    before = dict(only_draft().answers)
    entries = db.session.scalar(select(func.count()).select_from(AuditEntry))
    again = bring(client, f"/calls/{call.slug}", sheet, key="a-page")
    assert "27 were there already" in again.text
    assert dict(only_draft().answers) == before
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == entries


def test_what_stands_in_the_draft_is_replaced_only_after_both_were_shown(signed_in: Client) -> None:
    call = open_call()
    client = signed_in(make_person())
    address = client.post(f"/calls/{call.slug}/start").location
    Window(client, address, 1).send(q_organisation="Web-Canary", q_town="Nairobi")
    answer = bring(client, address, filled(blank(client, call), {"organisation": "Sheet-Canary", "theme": "Land"}))
    assert "Web-Canary" in answer.text
    assert "Sheet-Canary" in answer.text
    kept = only_draft().answers
    assert (kept["organisation"], kept["town"], kept["theme"]) == ("Web-Canary", "Nairobi", "a")
    fields = {
        name: html.unescape(re.search(rf'name="{name}" value="([^"]*)"', answer.text)[1])  # type: ignore[index]  # it is there
        for name in ("given", "seen", "language")
    }
    assert client.post(f"{address}/filled/replace", data=fields).status_code == 302
    assert only_draft().answers["organisation"] == "Sheet-Canary"
    Window(client, address, 1).send(q_organisation="Later-Canary")
    late = client.post(f"{address}/filled/replace", data=fields)
    assert late.status_code == 409
    assert only_draft().answers["organisation"] == "Later-Canary", "somebody else was faster: their words stay"


def test_every_problem_names_its_cell_and_nothing_typed_is_lost(client: FlaskClient) -> None:
    call = open_call()
    data = blank(client, call)
    cells = cells_of(opened(data))
    wrong = {
        "organisation": "x" * 41,
        "since": "last spring",
        "theme": "Fishing",
        "share": "a third",
        "how_long": "=SUM(1;2)",
        "town": "=1+1",
        "needs/money": 1,
        "needs/rest": 1,
        "honest": "perhaps",
        "office": "not asked",
    }
    answer = bring(client, f"/calls/{call.slug}", filled(data, wrong))
    assert answer.status_code == 200
    for key in ("organisation", "since", "theme", "share", "how_long", "town", "honest", "office"):
        assert f"Answers!{cells[key]}" in answer.text, key
    assert f"Answers!{cells['needs/money']}" in answer.text
    assert "perhaps" in answer.text
    kept = clear_answers(only_draft())
    assert kept["organisation"] == "x" * 41
    assert kept["since"] == {"typed": "last spring"}
    assert kept["theme"] == {"typed": "Fishing"}
    assert kept["share"] == {"typed": "a third"}
    assert kept["how_long"] == {"typed": "=SUM(1;2)"}, "a formula is no answer, whatever result stands beside it"
    assert kept["town"] == {"typed": "=1+1"}
    assert kept["needs"] == {"typed": ["money", "rest"]}
    assert "honest" not in kept


def test_money_and_files_are_not_taken_from_a_sheet(client: FlaskClient) -> None:
    call = open_call()
    data = blank(client, call)
    assert "account" not in cells_of(opened(data)), "no cell asks for it"
    book = opened(data)
    book.worksheets[0]["A200"], book.worksheets[0]["D200"] = "account", "KE-Canary"
    book.worksheets[0][cells_of(book)["theme"]] = "Land"
    answer = bring(client, f"/calls/{call.slug}", saved(book))
    assert "Answers!D200" in answer.text
    assert "given on the site alone" in answer.text
    assert "account" not in clear_answers(only_draft())


def test_sheet_of_an_older_form_is_told_and_what_is_gone_is_named(client: FlaskClient) -> None:
    call = open_call()
    book = opened(blank(client, call))
    first = book.worksheets[0]
    first["A1"] = first["A1"].value.replace(call.form_versions[-1].sha256, "0" * 64)
    first["A200"], first["D200"] = "long_gone", "Gone-Canary"
    first[cells_of(book)["theme"]] = "Land"
    answer = bring(client, f"/calls/{call.slug}", saved(book))
    assert "older version of this form" in answer.text
    assert "Gone-Canary" in answer.text
    assert only_draft().answers["theme"] == "a"


def test_french_sheet_is_read_as_french(client: FlaskClient) -> None:
    call = open_call()
    data = blank(client, call, "fr")
    answer = bring(client, f"/calls/{call.slug}", filled(data, {"share": "1 234,5", "theme": "Travail"}))
    assert answer.status_code == 200
    assert (only_draft().answers["share"], only_draft().answers["theme"]) == ("1234.5", "b")
    assert only_draft().language == "fr"


def other_call(client: FlaskClient, data: bytes) -> bytes:
    return filled(blank(client, open_call()), {"theme": "Land"})


def with_program(client: FlaskClient, data: bytes) -> bytes:
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\0")
    return out.getvalue()


def bomb(client: FlaskClient, data: bytes) -> bytes:
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/more.xml", b" " * (121 * 1024 * 1024))
    return out.getvalue()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (other_call, "form of another call"),
        (lambda _client, _data: b"%PDF-1.7 no sheet", "not the form of this call"),
        (lambda _client, _data: b"PK\x03\x04 broken", "cannot be read"),
        (lambda _client, data: data, "Nothing is written in this sheet"),
        (with_program, "holds programs"),
        (bomb, "too large when unpacked"),
    ],
)
def test_row_68_and_69_a_wrong_file_is_refused_kindly_and_begins_nothing(
    client: FlaskClient, made: Any, said: str
) -> None:
    call = open_call()
    answer = bring(client, f"/calls/{call.slug}", made(client, blank(client, call)))
    assert answer.status_code == 422
    assert said in answer.text
    assert db.session.scalar(select(func.count()).select_from(Application)) == 0


def test_the_page_that_takes_a_sheet_does_not_call_it_optional(client: FlaskClient) -> None:
    page = client.get(f"/calls/{open_call().slug}/filled").text
    assert "Your filled sheet (XLSX)" in page
    assert "(optional)" not in page


def test_row_66_a_sheet_that_is_too_large_is_refused_unread(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = open_call()
    sheet = filled(blank(client, call), {"theme": "Land"})
    monkeypatch.setattr(workbooks, "MAX_FILLED_BYTES", len(sheet) - 1)
    answer = bring(client, f"/calls/{call.slug}", sheet)
    assert (answer.status_code, "larger than" in answer.text) == (422, True)


def test_before_the_opening_and_after_the_deadline_no_sheet_begins_an_application(client: FlaskClient) -> None:
    now = datetime.now(UTC)
    call = open_call()
    sheet = filled(blank(client, call), {"theme": "Land"})
    call.closes_at = now - timedelta(minutes=1)
    db.session.commit()
    assert bring(client, f"/calls/{call.slug}", sheet).status_code == 409
    assert db.session.scalar(select(func.count()).select_from(Application)) == 0


def test_blank_form_is_there_for_everybody_in_each_language(client: FlaskClient) -> None:
    call = open_call()
    assert f"/calls/{call.slug}/form/fr" in client.get(f"/calls/{call.slug}").text
    page = client.get(f"/calls/{call.slug}/form/fr").text
    assert "Nom de votre groupe" in page
    assert "Not everybody is asked this." in client.get(f"/calls/{call.slug}/form/en").text
    assert client.get(f"/calls/{call.slug}/form/ar").status_code == 404, "no language of this call"
    pdf = client.get(f"/calls/{call.slug}/form/en.pdf")
    assert pdf.mimetype == "application/pdf"
    report = page_validation.validate_pdf_bytes(pdf.data, profile=page_validation.ValidationProfile.PDF_UA_1)
    assert report.is_compliant, report.failures
    assert client.get(f"/calls/{call.slug}/form/en.pdf").data == pdf.data


def test_only_the_cells_for_answers_can_be_written(client: FlaskClient) -> None:
    call = open_call()
    book = opened(blank(client, call))
    cells = set(cells_of(book).values())
    main = book.worksheets[0]
    assert main.protection.sheet
    free = {cell.coordinate for row in main.iter_rows() for cell in row if not cell.protection.locked}
    assert free == cells
    assert main.column_dimensions["A"].hidden
    choices = {str(rule.sqref): rule for rule in main.data_validations.dataValidation}
    theme = choices[cells_of(book)["theme"]]
    reference = re.fullmatch(r"choices!\$([A-Z]+)\$1:\$[A-Z]+\$(\d+)", theme.formula1)
    assert reference
    assert [book["choices"][f"{reference[1]}{row}"].value for row in (1, 2)] == ["Land", "Work"]


def test_a_character_without_a_font_does_not_keep_the_form_from_paper(client: FlaskClient) -> None:
    call = open_call(titles={"en": "Call \u0f44 (sample)"})
    pdf = client.get(f"/calls/{call.slug}/form/en.pdf")
    assert pdf.status_code == 200
    assert "Call ? (sample)" in PdfReader(io.BytesIO(pdf.data)).pages[0].extract_text()
