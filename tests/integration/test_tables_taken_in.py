"""Tables of applications given in the browser: taken in the background, batch after batch, told by row and column."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from fundapp.accounts.models import Membership, Organisation, Person, RoleGrant
from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.services.roles import take_role
from fundapp.applications.call_package import read_package
from fundapp.applications.importing import background, load_call
from fundapp.applications.importing.stored_tables import packed, unpacked
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    CallStatus,
    Entry,
    ImportFailure,
    ImportPart,
    Submission,
    TableImport,
)
from fundapp.applications.presentation import importing as presentation
from fundapp.core import outbox
from fundapp.core.audit import AuditEntry
from fundapp.core.db import Base, db
from fundapp.core.outbox import OutboxItem
from fundapp.core.sealing import RecordKey
from fundapp.core.tables import read_table
from fundapp.core.web import FundApp
from fundapp.retention.models import ErasureCause
from fundapp.retention.services import erase_application
from fundapp.samples import folder
from tests.conftest import NOW, run_item
from tests.factories import make_call, make_staff
from tests.integration.test_import_applications import ROW, count, csv, many

ADDRESS = "/manage/gjf-2020/import"
Jobs = Callable[[], int]
ALL = (Application, Submission, Entry, Person, Organisation, Membership)


@pytest.fixture
def call(app: FundApp) -> Call:
    """The sample fund, loaded."""
    return load_call(package=read_package(folder("gjf-2020")), actor=system_actor(), now=NOW).call


@pytest.fixture
def manager(call: Call) -> Person:
    return make_staff(Role.MANAGER, call)


@pytest.fixture
def client(manager: Person, signed_in: Callable[[Person | None], FlaskClient]) -> FlaskClient:
    return signed_in(manager)


@pytest.fixture
def batches_of_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "BATCH", 2)


def give(client: FlaskClient, button: str, table: bytes, name: str = "a.csv", **more: str) -> str:
    """Give a table; return the address of its page."""
    answer = client.post(ADDRESS, data={button: "1", "table": (io.BytesIO(table), name), **more})
    assert answer.status_code == 302
    return answer.headers["Location"]


def test_table_is_looked_at_first_and_then_taken_without_being_given_again(
    call: Call, manager: Person, client: FlaskClient, run_jobs: Jobs
) -> None:
    before = [count(model) for model in ALL]
    page = give(client, "look", csv({**ROW, "colour": "red"}, {**ROW, "id": "A2", "amount": "x"}).encode())
    assert "The table is being read." in client.get(page).text
    run_jobs()

    looked = client.get(page).text
    assert "Nothing is taken yet" in looked
    assert "1 new application" in looked
    assert "1 row can't be taken" in looked
    assert "row 3, column amount" in looked
    assert "<bdi>colour</bdi>" in looked
    assert [count(model) for model in ALL] == before
    assert "application:import" not in db.session.scalars(select(AuditEntry.action)).all()
    assert call.last_reference == 0

    assert client.post(page).status_code == 302
    run_jobs()
    taken = client.get(page).text
    assert "The rows are in." in taken
    assert "row 3, column amount" in taken
    application = db.session.scalars(select(Application)).one()
    assert application.reference == "GJF-2020-0001"
    assert application.submissions[-1].submitted_by_id == manager.id
    assert db.session.scalars(select(TableImport.stored_as)).all() == [None]
    assert client.post(page).status_code == 409, "its table is gone"


def test_given_again_changes_nothing(client: FlaskClient, run_jobs: Jobs) -> None:
    give(client, "take", csv(ROW).encode())
    run_jobs()
    counted = [count(model) for model in ALL]
    assert count(Application) == 1
    page = give(client, "take", csv(ROW).encode())
    run_jobs()
    assert "1 was there before" in client.get(page).text
    assert [count(model) for model in ALL] == counted


def test_rows_as_drafts(client: FlaskClient, run_jobs: Jobs) -> None:
    page = give(client, "take", csv({**ROW, "amount": "x"}).encode(), drafts="1")
    run_jobs()
    assert "1 new draft" in client.get(page).text
    assert db.session.scalars(select(Application.status)).all() == [ApplicationStatus.DRAFT]


@pytest.mark.usefixtures("batches_of_2")
def test_each_batch_is_one_piece_of_work_committed_alone(app: FundApp, client: FlaskClient) -> None:
    page = give(client, "take", many(5))
    db.session.commit()

    def step() -> tuple[int | None, int, int]:
        (item,) = outbox.due(background_now())
        db.session.commit()
        assert run_item(item)
        assert not run_item(item), "done twice, it does nothing"
        found = db.session.scalars(select(TableImport)).one()
        return found.rows, found.rows_done, count(Application)

    assert [step() for _ in range(4)] == [(5, 0, 0), (5, 2, 2), (5, 4, 4), (5, 5, 5)]
    assert outbox.due(background_now()) == []
    assert "5 of 5 rows are done" in client.get(page).text
    found = db.session.scalars(select(TableImport)).one()
    assert found.finished_at is not None
    assert found.failure is None


def background_now() -> Any:
    newest = db.session.scalar(select(func.max(OutboxItem.created_at)))
    assert newest is not None
    return newest + timedelta(minutes=2)


@pytest.mark.usefixtures("batches_of_2")
def test_bad_rows_stop_only_themselves_and_all_of_them_are_told(client: FlaskClient, run_jobs: Jobs) -> None:
    good = [{**ROW, "id": f"G{each}", "email": f"g{each}@example.org"} for each in range(3)]
    bad = [{**ROW, "id": f"B{each}", "amount": "x", "country": "Atlantis"} for each in range(4)]
    rows = [good[0], bad[0], bad[1], good[1], bad[2], bad[3], good[2]]
    page = give(client, "take", csv(*rows).encode())
    run_jobs()

    found = db.session.scalars(select(TableImport)).one()
    assert (found.rows, found.rows_done, found.taken, found.refused) == (7, 7, 3, 4)
    keys = db.session.scalars(select(Application.import_key).order_by(Application.import_key)).all()
    assert keys == ["id:G0", "id:G1", "id:G2"]
    told = [(row, column) for row in (3, 4, 6, 7) for column in ("amount", "country")]
    assert found.problems == len(told)
    text = client.get(page).text
    for row, column in told:
        assert f"row {row}, column {column}" in text
    for kind in ("csv", "xlsx"):
        table = client.post(f"{page}/problems.{kind}")
        rows_told = read_table(table.data, f"a.{kind}").rows
        assert sorted(each.cells["place"] for each in rows_told) == sorted(
            f"row {row}, column {column}" for row, column in told
        )
        assert all(each.cells["problem"] for each in rows_told)


def test_long_list_of_problems_is_cut_on_the_page_and_whole_in_its_table(
    client: FlaskClient, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presentation, "MAX_SHOWN", 2)
    page = give(client, "look", csv(*({**ROW, "id": f"B{each}", "amount": "x"} for each in range(5))).encode())
    run_jobs()
    text = client.get(page).text
    assert len(re.findall(r"row \d, column amount", text)) == 2
    assert "There are 3 more." in text
    workbook = openpyxl.load_workbook(io.BytesIO(client.post(f"{page}/problems.xlsx").data))
    assert [row[0].value for row in workbook.active.iter_rows(min_row=2)] == [
        f"row {number}, column amount" for number in range(2, 7)
    ]


def test_what_is_no_table_and_what_lacks_a_column_stops_and_says_why(client: FlaskClient, run_jobs: Jobs) -> None:
    for table, words in (
        (b"%PDF-1.7\x00", "This is not a table"),
        (b"id,title\r\n1,2", "No column answers the required question"),
    ):
        page = give(client, "take", table)
        run_jobs()
        text = client.get(page).text
        assert words in text
        assert "Choose a table again" in text
        assert client.post(page).status_code == 409
    assert set(db.session.scalars(select(TableImport.failure))) == {ImportFailure.WRONG}
    assert set(db.session.scalars(select(TableImport.stored_as))) == {None}
    assert count(Application) == 0


def test_nothing_chosen_is_told_beside_the_field(client: FlaskClient) -> None:
    nothing = client.post(ADDRESS, data={"take": "1"})
    assert nothing.status_code == 422
    assert 'href="#table"' in nothing.text
    assert re.search(r'id="table-error">.*?Choose a table first.', nothing.text, re.DOTALL)
    assert "(optional)" not in nothing.text


def test_table_that_is_too_long_or_too_large_is_not_taken(
    client: FlaskClient, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "MAX_ROWS", 2)
    for rows, taken in ((3, 0), (2, 2)):
        page = give(client, "take", many(rows))
        run_jobs()
        assert ("This table has 3 rows" in client.get(page).text) == (rows == 3)
        assert count(Application) == taken
    monkeypatch.setattr(background, "MAX_BYTES", 10)
    large = client.post(ADDRESS, data={"take": "1", "table": (io.BytesIO(many(1)), "a.csv")})
    assert large.status_code == 422
    assert 'href="#table"' in large.text


@pytest.mark.usefixtures("batches_of_2")
def test_whoever_loses_the_role_takes_no_more_rows_and_somebody_else_goes_on(
    call: Call, manager: Person, client: FlaskClient, run_jobs: Jobs, signed_in: Callable[[Person | None], FlaskClient]
) -> None:
    page = give(client, "take", many(3))
    db.session.commit()
    for _ in range(2):
        (item,) = outbox.due(background_now())
        db.session.commit()
        assert run_item(item)
    assert count(Application) == 2
    grant = db.session.scalars(select(RoleGrant).where(RoleGrant.person_id == manager.id)).one()
    take_role(actor=system_actor(), grant=grant, now=NOW)
    run_jobs()
    found = db.session.scalars(select(TableImport)).one()
    assert (found.failure, found.rows_done, count(Application)) == (ImportFailure.NOT_ALLOWED, 2, 2)

    other = make_staff(Role.MANAGER, call)
    colleague = signed_in(other)
    assert "Somebody else can go on." in colleague.get(page).text
    assert colleague.post(page).status_code == 302
    run_jobs()
    assert (found.failure, found.rows_done, count(Application)) == (None, 3, 3)
    last = db.session.scalars(select(Application).where(Application.import_key == "id:M2")).one()
    assert last.submissions[-1].submitted_by_id == other.id


def test_work_that_fails_again_and_again_stops_the_import_which_then_goes_on(
    client: FlaskClient, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_values: Any) -> None:
        raise ConnectionError

    page = give(client, "take", many(2))
    db.session.commit()
    (item,) = outbox.due(background_now())
    db.session.commit()
    assert run_item(item)
    with monkeypatch.context() as patch:
        patch.setattr(background, "import_applications", broken)
        for _ in range(outbox.MAX_ATTEMPTS):
            db.session.execute(update(OutboxItem).values(not_before=NOW, nudged_at=None))
            db.session.commit()
            run_jobs()
    found = db.session.scalars(select(TableImport)).one()
    assert (found.failure, count(Application)) == (ImportFailure.GIVEN_UP, 0)
    assert "you can go on" in client.get(page).text
    assert client.post(page).status_code == 302
    run_jobs()
    assert (found.failure, count(Application)) == (None, 2)


def test_while_it_is_at_work_nothing_begins_it_again(client: FlaskClient) -> None:
    page = give(client, "take", many(1))
    assert client.post(page).status_code == 409
    assert count(OutboxItem) == 1


def test_call_that_is_decided_meanwhile_takes_no_more(call: Call, client: FlaskClient, run_jobs: Jobs) -> None:
    page = give(client, "take", many(1))
    db.session.execute(update(Base.metadata.tables["call"]).values(status=CallStatus.DECIDED, decided_at=NOW))
    run_jobs()
    assert db.session.scalars(select(TableImport.failure)).all() == [ImportFailure.DECIDED]
    assert "This call is decided" in client.get(page).text
    assert client.post(ADDRESS, data={"take": "1", "table": (io.BytesIO(many(1)), "a.csv")}).status_code == 409


def test_repeats_stay_with_their_rows_through_the_stored_form() -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["_index", "name"])
    workbook.active.append(["1", "Ä «x»"])
    staff = workbook.create_sheet("staff")
    staff.append(["_parent_index", "person"])
    staff.append(["1", "Amina"])
    data = io.BytesIO()
    workbook.save(data)
    table = read_table(data.getvalue(), "a.xlsx", also=["staff"])
    assert table.others["staff"].rows
    assert unpacked(packed(table)) == table


def test_table_and_its_notes_are_stored_sealed_and_go_with_an_application_that_came_from_one(
    app: FundApp, client: FlaskClient, run_jobs: Jobs
) -> None:
    give(client, "look", csv(ROW, {**ROW, "id": "A2", "country": "Atlantis"}).encode(), name="amina.csv")
    run_jobs()
    found = db.session.scalars(select(TableImport)).one()
    stored = app.extensions["storage"].read(found.stored_as)
    assert b"Amina" not in stored
    part = db.session.scalars(select(ImportPart)).one()
    assert part.problems
    assert b"country" not in (part.problems_sealed or b"")
    assert b"amina" not in (found.filename_sealed or b"")

    give(client, "take", csv(ROW).encode())
    run_jobs()
    application = db.session.scalars(select(Application)).one()
    erase_application(actor=system_actor(), application=application, cause=ErasureCause.REQUEST, now=NOW)
    assert count(TableImport) == 0
    assert count(ImportPart) == 0
    left = {each.owner_id for each in db.session.scalars(select(RecordKey).where(RecordKey.wrapped.is_not(None)))}
    assert found.id not in left


def test_another_calls_table_and_other_roles_find_nothing(
    call: Call, client: FlaskClient, signed_in: Callable[[Person | None], FlaskClient]
) -> None:
    page = give(client, "take", many(1))
    assert signed_in(make_staff(Role.AUDITOR)).get(ADDRESS).status_code == 403
    other = make_call()
    elsewhere = signed_in(make_staff(Role.MANAGER, other))
    assert elsewhere.get(page).status_code == 404
    assert elsewhere.get(page.replace(call.slug, other.slug)).status_code == 404
    assert elsewhere.post(page.replace(call.slug, other.slug)).status_code == 404
    assert elsewhere.post(f"{page.replace(call.slug, other.slug)}/problems.csv").status_code == 404
