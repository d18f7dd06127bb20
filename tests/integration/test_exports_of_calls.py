"""Applications, payees and the history of a call leave the house as its decisions do: whole, typed, on record."""

import hashlib
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.permissions import Role
from fundapp.applications.application_table import ANSWER  # fmt: skip
from fundapp.applications.application_table import COLUMNS as APPLICATIONS
from fundapp.applications.form_engine.definition import Kind, Question
from fundapp.applications.models import Application, ApplicationStatus, Call, SetAsideAs
from fundapp.applications.queries.listed_answers import tabled_questions
from fundapp.applications.sealed_answers import keep_answers
from fundapp.core.audit import AuditEntry, record
from fundapp.core.db import db
from fundapp.disbursement.exports.payees import COLUMNS as PAYEES
from fundapp.disbursement.models import Award
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.history.exporting import COLUMNS as HISTORY
from fundapp.history.queries import PAGE_SIZE, TOGETHER
from fundapp.review.models import Outcome, SlateStatus

from ..conftest import NOW, SignedIn, actor_of
from ..exporting import exported_rows, read_csv, take_out, taken_out, unzipped
from ..factories import (
    make_application,
    make_call,
    make_decision,
    make_member,
    make_slate,
    make_staff,
)
from ..payees import IBAN, accept_award, give
from .sensitive_form import ANSWERS as SENSITIVE_ANSWERS
from .sensitive_form import FORM as SENSITIVE_FORM

DOCUMENTED = Path(__file__).parents[2] / "docs" / "exports.md"
HOSTILE = (
    "=cmd|'/C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "  =1", "＝1+1", "|calc", '=HYPERLINK("http://a.example")',
    "%0A=1", "名字 =1", "a\n=cmd()", "\u202a=1", "../../etc/passwd", "-5", "+254 700 000 000",
)  # fmt: skip
NEW_TABLES = {"applications": Role.MANAGER, "payees": Role.FINANCE, "history": Role.MANAGER}
SECRETS = ("Canary", "canary", "CANARY", "Lesotho", "cmd|", "HYPERLINK", "passwd", "DE89", "quiet river")


@pytest.fixture
def call(app: Any, clock: Any) -> Call:
    """A released call with an award that was accepted and has payee details, a decline, and names that could run."""
    clock.move_to(NOW + timedelta(days=3))
    made = make_call(budget_minor=100_000_000)
    slate = make_slate(made, SlateStatus.RATIFIED)
    for number, name in enumerate(HOSTILE):
        application = make_application(
            made, organisation_name=f"{name} Canary {number}", title=f"{name} Canary", country="Kenya", region="Coast"
        )
        outcome = Outcome.AWARD if number < 3 else Outcome.DECLINE
        decision = make_decision(slate, application.entries[0], outcome=outcome)
        decision.reason = f"{name} Canary: because of them."
    make_application(made, status=ApplicationStatus.WITHDRAWN, organisation_name="Withdrawn Canary", country="Lesotho")
    aside = make_application(made, organisation_name="Aside Canary")
    with db.session.no_autoflush:
        aside.set_aside_at, aside.set_aside_as, aside.set_aside_by_id = NOW, SetAsideAs.SPAM, aside.person_id
        aside.set_aside_reason = "Sent by a machine."
    make_application(made, status=ApplicationStatus.DRAFT, organisation_name="Draft Canary")
    db.session.commit()
    release_decisions(actor=actor_of(make_staff(Role.MANAGER)), call=made, now=NOW + timedelta(days=1))
    db.session.commit()
    for award in awards(made)[:2]:
        person = award.decision.entry.application.person
        accept_award(award, person)
        give(award, person, at=NOW + timedelta(days=2))
    db.session.commit()
    return made


def awards(call: Call) -> list[Award]:
    found = select(Award).where(Award.call_id == call.id).order_by(Award.reference)
    return list(db.session.scalars(found))


def recorded() -> list[dict[str, Any]]:
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "export:make").order_by(AuditEntry.seq))
    return [each.data for each in entries]


def client_for(what: str, call: Call, signed_in: SignedIn) -> FlaskClient:
    return signed_in(make_staff(NEW_TABLES[what], call))


def text_of(data: bytes) -> str:
    found = ""
    for name, content in unzipped(data).items():
        found += name + (text_of(content) if name.endswith(".xlsx") else content.decode("utf-8", "replace"))
    return found


def test_every_application_that_was_sent_is_a_row_with_all_its_answers(call: Call, signed_in: SignedIn) -> None:
    rows = exported_rows(client_for("applications", call, signed_in), call.slug, what="applications")
    assert len(rows) == len(HOSTILE) + 2
    sent = db.session.scalars(
        select(Application.reference)
        .where(Application.call_id == call.id, Application.status != ApplicationStatus.DRAFT)
        .order_by(Application.reference)
    ).all()
    assert [row["application_reference"] for row in rows] == list(sent)
    assert "Draft Canary" not in str(rows)
    assert {row["set_aside"] for row in rows} == {"", "spam"}
    assert "withdrawn" in {row["application_status"] for row in rows}
    names = [column for column in rows[0] if column.startswith(ANSWER)]
    asked = {each["name"] for each in call.form_versions[-1].definition["questions"]}
    assert {name.removeprefix(ANSWER) for name in names} <= asked
    assert "answer.title" in names
    assert rows[0]["answer.title"]
    assert list(rows[0])[: len(APPLICATIONS)] == list(APPLICATIONS)


def test_what_has_to_be_opened_with_a_reason_stands_in_no_table_of_applications(app: Any, signed_in: SignedIn) -> None:
    call = make_call(form=SENSITIVE_FORM)
    for is_protected in (False, True):
        application = make_application(
            call, is_protected=is_protected, pseudonym="quiet river" if is_protected else None
        )
        keep_answers(application=application, form=SENSITIVE_FORM, values=SENSITIVE_ANSWERS, by_id=None, now=NOW)
        application.submissions[-1].answers = application.answers
    db.session.commit()
    manager = signed_in(make_staff(Role.MANAGER, call))
    _name, data, manifest = taken_out(manager, call.slug, what="applications")
    ordinary, protected = read_csv(data)
    assert "CANARY" not in data.decode()
    assert protected["organisation"] == "quiet river"
    assert (protected["title"], protected["country"], protected["region"]) == ("", "", "")
    assert ordinary["organisation"]
    assert ordinary["organisation"] not in str(protected)
    assert "left out" in manifest["filters"]["answers"]


def test_what_is_computed_from_what_tells_who_applies_is_as_hidden_as_that(app: Any) -> None:
    computed = [
        Question(f"from_{name}", Kind.CALCULATE, {"en": name}, calculation=f"${{{name}}}")
        for name in ("title", "contact")
    ]
    found = tabled_questions(make_call(form=replace(SENSITIVE_FORM, questions=(*SENSITIVE_FORM.questions, *computed))))
    assert [each.identifies for each in found if each.name == "from_title"] == [True]
    assert "from_contact" not in {each.name for each in found}


def test_payees_are_masks_and_never_numbers(call: Call, signed_in: SignedIn) -> None:
    client = client_for("payees", call, signed_in)
    rows = exported_rows(client, call.slug, what="payees")
    assert [row["award_reference"] for row in rows] == [award.reference for award in awards(call)[:2]]
    assert {(row["route"], row["account_country"], row["account_currency"]) for row in rows} == {("bank", "DE", "EUR")}
    assert {row["payee"][-4:] for row in rows} == {IBAN.replace(" ", "")[-4:]}
    assert {row["holds"] for row in rows} == {"uncalled; unapproved"}
    assert {row["amount_awarded"] for row in rows} == {"12000.00"}
    for file_format in ("csv", "json", "xlsx"):
        seen = text_of(take_out(client, call.slug, what="payees", format=file_format).data)
        for secret in (
            IBAN,
            IBAN.replace(" ", ""),
            IBAN.replace(" ", "")[:-4],
            "Canary Holder",
            "DEUTDEFF",
            "Canarytown",
        ):
            assert secret not in seen


def test_the_history_is_all_that_its_page_tells(call: Call, signed_in: SignedIn) -> None:
    manager = make_staff(Role.MANAGER, call, name="Mara Sample")
    client = signed_in(manager)
    page = unescape(client.get(f"/manage/{call.slug}/history").text)
    rows = exported_rows(client, call.slug, what="history")
    assert "decision:release" in {row["action"] for row in rows} or "slate:release" in {row["action"] for row in rows}
    accepted = [row for row in rows if row["action"] == "offer:accept"]
    assert {row["application_reference"] for row in accepted} == {each.reference for each in awards(call)[:2]}
    assert {row["who"] for row in accepted} == {"The applicant"}
    assert all(row["what"] in page for row in accepted)
    place = 0
    for row in rows[:PAGE_SIZE]:
        place = page.index(row["what"], place) + 1
    assert "Draft Canary" not in str(rows)


def test_a_history_of_thousands_of_entries_is_whole_and_tells_each_reason_once(call: Call, signed_in: SignedIn) -> None:
    """More entries than are read at a time: the newest of a row alone has its reason, wherever it stands."""
    manager = make_staff(Role.MANAGER, call)
    decision = awards(call)[0].decision
    decision.reason = "Because it is theirs."
    for number in range(TOGETHER + 40):
        record(
            actor=actor_of(manager), action="decision:make", subject=decision, call_id=call.id,
            now=NOW + timedelta(seconds=number), data={"amount_minor": 100, "outcome": "award"},
        )  # fmt: skip
    db.session.commit()
    rows = exported_rows(signed_in(manager), call.slug, what="history")
    made = [row for row in rows if row["action"] == "decision:make"]
    assert len(made) >= TOGETHER + 40
    assert len([row for row in made if row["reason"] == "Because it is theirs."]) == 1
    assert made[0]["reason"] == "Because it is theirs."


@pytest.mark.parametrize("what", NEW_TABLES)
def test_each_table_comes_with_its_manifest_and_is_on_record(call: Call, signed_in: SignedIn, what: str) -> None:
    client = client_for(what, call, signed_in)
    name, data, manifest = taken_out(client, call.slug, what=what, for_excel="y")
    assert name == f"{what}-{call.slug}.csv"
    assert data.startswith(b"\xef\xbb\xbf")
    rows = read_csv(data)
    assert (manifest["export"], manifest["rows"], manifest["call"]) == (what, len(rows), call.slug)
    assert manifest["sha256"] == hashlib.sha256(data).hexdigest()
    assert manifest["columns"] == list(rows[0])
    assert manifest["filters"]
    assert datetime.fromisoformat(manifest["made_at"]).tzinfo == UTC
    (entry,) = recorded()
    assert (entry["what"], entry["rows"], entry["sha256"]) == (what, len(rows), manifest["sha256"])
    _name, as_json, _manifest = taken_out(client, call.slug, what=what, format="json")
    assert [list(row) for row in json.loads(as_json)] == [manifest["columns"]] * (
        len(rows) + (what == "history")  # taking it out is history by now
    )


@pytest.mark.parametrize("what", NEW_TABLES)
def test_row_49_a_workbook_is_typed_and_has_no_formula(call: Call, signed_in: SignedIn, what: str) -> None:
    client = client_for(what, call, signed_in)
    book = openpyxl.load_workbook(io.BytesIO(take_out(client, call.slug, what=what, format="xlsx").data))
    cells = [cell for sheet in book.worksheets for line in sheet.iter_rows() for cell in line]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    assert {cell.hyperlink for cell in cells} == {None}
    assert [sheet.freeze_panes for sheet in book.worksheets] == ["A2", "A2"]
    table = book.worksheets[0]
    headings = [cell.value for cell in table[1]]
    instant = {"applications": "submitted_at", "payees": "entered_at", "history": "at"}[what]
    assert isinstance(table.cell(2, headings.index(instant) + 1).value, datetime)
    if what != "history":
        amount = {"applications": "amount_requested", "payees": "amount_awarded"}[what]
        assert isinstance(table.cell(2, headings.index(amount) + 1).value, int | float)
    names = {table.cell(row, headings.index("organisation") + 1).value for row in range(2, table.max_row + 1)}
    assert f"{HOSTILE[0]} Canary 0" in names


@pytest.mark.parametrize("what", NEW_TABLES)
def test_row_49_nothing_that_people_wrote_starts_a_formula_in_a_plain_table(
    call: Call, signed_in: SignedIn, what: str
) -> None:
    rows = exported_rows(client_for(what, call, signed_in), call.slug, what=what)
    for row in rows:
        for text in row.values():
            plain = text.lstrip(" \u202a\t\r\n").replace("＝", "=")
            if plain.startswith(("=", "@", "|")):
                pytest.fail(f"{text!r} could run")
    assert any(row["organisation"].startswith("'=cmd") for row in rows)


@pytest.mark.parametrize("what", NEW_TABLES)
@pytest.mark.parametrize("file_format", ["csv", "json", "xlsx"])
def test_without_names_nothing_says_who(call: Call, signed_in: SignedIn, what: str, file_format: str) -> None:
    protected = make_application(call, is_protected=True, pseudonym="quiet river", country="Kenya", region="Coast")
    db.session.commit()
    client = client_for(what, call, signed_in)
    seen = text_of(take_out(client, call.slug, what=what, format=file_format, variant="anonymised").data)
    for secret in SECRETS:
        assert secret not in seen, secret
    for reference in db.session.scalars(select(Application.reference).where(Application.call_id == call.id)):
        assert reference is None or reference not in seen
    assert str(protected.id) not in seen
    assert "Canary" in text_of(take_out(client, call.slug, what=what, format=file_format).data)


def test_a_history_without_names_tells_of_no_application_that_it_is_protected(call: Call, signed_in: SignedIn) -> None:
    protected = make_application(call, is_protected=True, pseudonym="quiet river")
    for action in ("protection:raise", "identity:open"):
        record(actor=actor_of(make_staff(Role.MANAGER)), action=action, subject=protected, now=NOW, call_id=call.id)
    db.session.commit()
    client = client_for("history", call, signed_in)
    told, whole = (
        {row["action"] for row in exported_rows(client, call.slug, what="history", variant=variant)}
        for variant in ("anonymised", "identified")
    )
    assert {"protection:raise", "identity:open"} <= whole
    assert whole - told == {"protection:raise", "identity:open", "export:make"}


def test_an_alias_is_the_same_in_every_table_of_a_call(call: Call, signed_in: SignedIn) -> None:
    auditor = signed_in(make_staff(Role.AUDITOR, call))
    aliases = {
        what: {
            row["application_reference"] for row in exported_rows(auditor, call.slug, what=what, variant="anonymised")
        }
        - {""}
        for what in ("applications", "decisions", "payees", "history")
    }
    assert aliases["payees"] < aliases["decisions"] < aliases["applications"]
    assert aliases["payees"] < aliases["history"] <= aliases["applications"]


@pytest.mark.parametrize("what", NEW_TABLES)
def test_what_somebody_is_in_conflict_with_is_in_no_table(call: Call, signed_in: SignedIn, what: str) -> None:
    person = make_staff(NEW_TABLES[what], call)
    client = signed_in(person)
    hidden = awards(call)[0].decision.entry.application
    name, reference = hidden.organisation_name, str(hidden.reference)
    before = text_of(take_out(client, call.slug, what=what).data)
    assert name in before.replace('""', '"')
    make_member(person, hidden.organisation)
    db.session.commit()
    _name, data, manifest = taken_out(client, call.slug, what=what)
    assert reference not in data.decode()
    assert name not in data.decode()
    assert manifest["rows"] == len(read_csv(data))


@pytest.mark.parametrize(
    ("role", "what"),
    [
        (Role.FINANCE, {"decisions", "payees"}),
        (Role.RATIFIER, {"decisions", "applications"}),
        (Role.MANAGER, {"decisions", "scores", "applications", "history"}),
        (Role.AUDITOR, {"decisions", "scores", "applications", "payees", "history"}),
    ],
)
def test_everybody_gets_the_tables_that_they_may_read(
    call: Call, signed_in: SignedIn, role: Role, what: set[str]
) -> None:
    client = signed_in(make_staff(role, call))
    page = client.get(f"/manage/{call.slug}/exports").text
    for each in ("decisions", "scores", "applications", "payees", "history"):
        assert (f'value="{each}"' in page) == (each in what)
        assert take_out(client, call.slug, what=each).status_code == (200 if each in what else 422)


@pytest.mark.parametrize(
    ("heading", "columns"),
    [
        ("The applications of a call", APPLICATIONS),
        ("Where the money goes", PAYEES),
        ("The history of a call", HISTORY),
    ],
)
def test_every_column_is_documented(heading: str, columns: tuple[str, ...]) -> None:
    part = DOCUMENTED.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert tuple(line.split("`")[1] for line in part.splitlines() if line.startswith("| `")) == tuple(columns)
