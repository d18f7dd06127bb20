"""Long tables are made in the background: the same bytes, for the same eyes, whole, and not for ever."""

import io
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from time_machine import TimeMachineFixture

from fundapp.accounts.models import RoleGrant
from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.models import Application, Call
from fundapp.core import outbox
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.core.sealing import RecordKey
from fundapp.core.storage import Storage
from fundapp.core.tables import Cell
from fundapp.core.web import FundApp
from fundapp.disbursement.exports.handing_out import Export
from fundapp.disbursement.exports.packed import packed, unpacked
from fundapp.disbursement.models import ExportFailure, ExportJob
from fundapp.disbursement.queries.exports import KEPT_DAYS
from fundapp.disbursement.services import exports as services
from fundapp.retention.models import ErasureCause
from fundapp.retention.queries import exports_due, stored_files_in_use
from fundapp.retention.services import erase_application

from ..bench.bench_lists import fill
from ..conftest import NOW, SignedIn
from ..exporting import read_csv, take_out, unzipped
from ..factories import make_application, make_call, make_member, make_protected, make_staff

Jobs = Callable[[], int]
PAGE = "/manage/{}/exports"
MANY = 2_500


@pytest.fixture
def call(app: FundApp, clock: TimeMachineFixture) -> Call:
    clock.move_to(NOW)
    made = make_call()
    for number in range(5):
        make_application(made, organisation_name=f"=Group {number}", country="Kenya")
    db.session.commit()
    return made


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every table is a long one, and told of often."""
    monkeypatch.setattr(services, "AT_ONCE_ROWS", 0)
    monkeypatch.setattr(services, "TOLD_EVERY", 1)


def jobs() -> list[ExportJob]:
    db.session.expire_all()
    return list(db.session.scalars(select(ExportJob).order_by(ExportJob.asked_at, ExportJob.id)))


def save(client: FlaskClient, call: Call, job: ExportJob) -> Any:
    return client.post(f"{PAGE.format(call.slug)}/{job.id}")


def actions() -> list[str]:
    entries = select(AuditEntry.action).where(AuditEntry.action.startswith("export:")).order_by(AuditEntry.seq)
    return list(db.session.scalars(entries))


@pytest.mark.parametrize("what", ["decisions", "applications", "history"])
@pytest.mark.parametrize("choices", [{"format": "xlsx"}, {"format": "csv", "for_excel": "y"}, {"format": "json"}])
def test_a_table_made_in_the_background_has_the_same_bytes(
    call: Call, signed_in: SignedIn, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch, what: str, choices: dict[str, str]
) -> None:
    manager = signed_in(make_staff(Role.MANAGER, call))
    monkeypatch.setattr(services, "AT_ONCE_ROWS", 0)
    assert take_out(manager, call.slug, what="scores").status_code == 200  # where nothing is, nothing is waited for
    assert take_out(manager, call.slug, what=what, variant="anonymised", **choices).status_code == 302
    assert jobs()[0].rows is None
    run_jobs()
    (job,) = jobs()
    assert (job.is_ready, job.rows_done) == (True, job.rows)
    saved = save(manager, call, job)
    if what == "history":  # it tells of its own making by now
        assert saved.status_code == 200
        return
    monkeypatch.undo()
    direct = take_out(manager, call.slug, what=what, variant="anonymised", **choices)
    assert saved.data == direct.data
    assert saved.headers["Content-Disposition"] == direct.headers["Content-Disposition"]
    assert saved.content_type == direct.content_type
    assert saved.headers["Cache-Control"] == "no-store"
    assert actions() == ["export:make", "export:make", "export:take", "export:make"]


@pytest.mark.usefixtures("long")
def test_its_page_shows_how_far_it_is_without_scripts(
    call: Call, signed_in: SignedIn, app: FundApp, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(make_staff(Role.MANAGER, call))
    assert take_out(client, call.slug, what="applications", format="xlsx").status_code == 302
    page = client.get(PAGE.format(call.slug)).text
    assert "The rows are being read." in page
    assert "Look again" in page
    assert "This table is long." in page
    told = []
    monkeypatch.setattr(services, "_tell", lambda _id, done: told.append(done))
    (item,) = db.session.scalars(select(OutboxItem.id)).all()
    db.session.commit()
    assert outbox.run(item, app.job_kinds)
    (job,) = jobs()
    assert (job.rows, job.rows_done, job.finished_at) == (5, 0, None)
    job.rows_done = 3
    db.session.commit()
    page = client.get(PAGE.format(call.slug)).text
    assert "3 of 5 rows are written" in page
    assert re.search(r'<progress value="3" max="5"', page)
    run_jobs()
    assert told == sorted(told)
    assert told[-1] == 5
    page = client.get(PAGE.format(call.slug)).text
    assert "Look again" not in page
    assert f"/exports/{job.id}" in page


@pytest.mark.usefixtures("long")
def test_what_is_asked_for_twice_is_made_once(call: Call, signed_in: SignedIn, run_jobs: Jobs) -> None:
    client = signed_in(make_staff(Role.MANAGER, call))
    for _ in range(2):
        take_out(client, call.slug)
    take_out(client, call.slug, format="json")
    assert len(jobs()) == 2
    run_jobs()
    take_out(client, call.slug)
    assert len(jobs()) == 3


@pytest.mark.usefixtures("long")
def test_nobody_else_gets_it(call: Call, signed_in: SignedIn, run_jobs: Jobs) -> None:
    client, other = (signed_in(make_staff(Role.MANAGER, call)) for _ in range(2))
    take_out(client, call.slug)
    run_jobs()
    (job,) = jobs()
    assert save(other, call, job).status_code == 404
    assert str(job.id) not in other.get(PAGE.format(call.slug)).text
    elsewhere = make_call()
    db.session.commit()
    assert save(client, elsewhere, job).status_code == 404
    assert save(client, call, job).status_code == 200
    stale = signed_in(job.asked_by, fresh=False)
    assert save(stale, call, job).status_code == 401


@pytest.mark.usefixtures("long")
@pytest.mark.parametrize("change", ["conflict", "protection", "role", "nothing", "new"])
def test_once_its_reader_may_see_something_else_nobody_gets_it(
    call: Call, signed_in: SignedIn, run_jobs: Jobs, clock: TimeMachineFixture, change: str
) -> None:
    """A new application changes nothing, be it in conflict or not: that one is there is told to nobody."""
    manager = make_staff(Role.MANAGER, call)
    client = signed_in(manager)
    take_out(client, call.slug)
    run_jobs()
    clock.shift(timedelta(minutes=1))
    (job,) = jobs()
    application = db.session.scalars(select(Application).limit(1)).one()
    match change:
        case "conflict":
            make_member(manager, application.organisation)
        case "protection":
            make_protected(application)
        case "role":
            db.session.add(RoleGrant(person_id=manager.id, role=Role.FINANCE, call_id=call.id, granted_at=NOW))
        case "new":
            new = make_application(call)
            new.started_at = NOW + timedelta(seconds=30)
            make_member(manager, new.organisation)
    db.session.commit()
    answer = save(client, call, job)
    assert answer.status_code == (200 if change in ("nothing", "new") else 409)
    assert ("export:take" in actions()) == (answer.status_code == 200)


@pytest.mark.usefixtures("long")
def test_whoever_may_not_have_it_any_more_gets_none(call: Call, signed_in: SignedIn, run_jobs: Jobs) -> None:
    manager = make_staff(Role.MANAGER, call)
    client = signed_in(manager)
    take_out(client, call.slug, what="history")
    (grant,) = db.session.scalars(select(RoleGrant).where(RoleGrant.person_id == manager.id))
    grant.role = Role.RATIFIER
    run_jobs()
    (job,) = jobs()
    assert (job.failure, job.stored_as) == (ExportFailure.NOT_ALLOWED, None)
    assert actions() == []
    grant.role = Role.MANAGER
    db.session.commit()
    assert "You may not take this table out any more." in client.get(PAGE.format(call.slug)).text
    assert save(client, call, job).status_code == 409


@pytest.mark.usefixtures("long")
def test_conflicts_are_left_out_in_the_background_too(call: Call, signed_in: SignedIn, run_jobs: Jobs) -> None:
    manager = make_staff(Role.MANAGER, call)
    hidden = db.session.scalars(select(Application).order_by(Application.reference).limit(1)).one()
    make_member(manager, hidden.organisation)
    db.session.commit()
    client = signed_in(manager)
    take_out(client, call.slug)
    run_jobs()
    (job,) = jobs()
    files = unzipped(save(client, call, job).data)
    (table,) = [data for name, data in files.items() if name.endswith(".csv")]
    assert len(read_csv(table)) == job.rows == 4
    assert str(hidden.reference) not in table.decode()


@pytest.mark.usefixtures("long")
def test_it_is_sealed_where_it_is_stored_and_goes_after_its_days_and_with_an_erasure(
    call: Call, app: FundApp, signed_in: SignedIn, run_jobs: Jobs
) -> None:
    client = signed_in(make_staff(Role.MANAGER, call))
    take_out(client, call.slug, format="csv")
    run_jobs()
    (job,) = jobs()
    storage: Storage = app.extensions["storage"]
    assert job.stored_as in stored_files_in_use()
    with storage.open(str(job.stored_as)) as stored:
        assert b"Group" not in stored.read()
    (due,) = [each for each in exports_due() if each.id == job.id]
    assert due.at == job.asked_at + timedelta(days=KEPT_DAYS)
    services.forget_exports([job.id], NOW)
    assert jobs() == []
    assert db.session.scalar(select(RecordKey.destroyed_at).where(RecordKey.owner_id == due.id)) is not None

    take_out(client, call.slug)
    run_jobs()
    (job,) = jobs()
    name = job.stored_as
    application = db.session.scalars(select(Application).limit(1)).one()
    erase_application(actor=system_actor(), application=application, cause=ErasureCause.REQUEST, now=NOW)
    db.session.commit()
    assert jobs() == []
    assert name not in stored_files_in_use()


@pytest.mark.usefixtures("long")
def test_a_job_that_is_gone_or_that_failed_ten_times_says_so(
    call: Call, app: FundApp, signed_in: SignedIn, run_jobs: Jobs
) -> None:
    client = signed_in(make_staff(Role.MANAGER, call))
    take_out(client, call.slug)
    (job,) = jobs()
    app.job_kinds[services.EXPORT_KIND].gave_up(job.id, NOW, "no room")
    db.session.commit()
    page = client.get(PAGE.format(call.slug)).text
    assert "This stopped because of a fault of the site." in page
    run_jobs()
    assert jobs()[0].failure is ExportFailure.GIVEN_UP
    services.forget_exports([job.id], NOW)
    item = db.session.scalars(select(OutboxItem)).one()
    item.state, item.done_at = OutboxState.READY, None
    run_jobs()
    assert jobs() == []


def test_peers_38_a_table_of_thousands_of_rows_is_whole_and_is_made_in_the_background(
    app: FundApp, clock: TimeMachineFixture, signed_in: SignedIn, run_jobs: Jobs
) -> None:
    """Elsewhere "export all" stopped at 60, and a few thousand rows took longer than anybody's browser waits."""
    clock.move_to(NOW)
    call = make_call()
    fill(call, MANY)
    client = signed_in(make_staff(Role.MANAGER, call))
    for what in ("decisions", "applications"):
        answer = take_out(client, call.slug, what=what, format="xlsx")
        assert (answer.status_code, len(answer.data) < 10_000) == (302, True)
    run_jobs()
    for job in jobs():
        assert job.rows == job.rows_done == MANY > services.AT_ONCE_ROWS
        book = openpyxl.load_workbook(io.BytesIO(save(client, call, job).data), read_only=True)
        headings, *rows = book.worksheets[0].iter_rows(values_only=True)
        place = headings.index("application_reference")
        assert [row[place] for row in rows] == [f"{call.reference_prefix}-{number:05}" for number in range(MANY)]
        told = dict(book["manifest"].iter_rows(min_row=2, values_only=True))
        assert told["rows"] == MANY
    assert db.session.scalar(select(func.count()).select_from(OutboxItem)) == 4


def test_rows_that_are_kept_have_their_types_again(call: Call) -> None:
    cells: list[Cell] = [
        "=1",
        "",
        7,
        Decimal("12.50"),
        date(2020, 1, 2),
        datetime(2020, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        None,
    ]
    export = Export(
        "scores", call, list("abcdefg"), [cells], {"z": "1", "x": "y"}, is_anonymised=True, beside={"-r": b"\xff"}
    )
    again = unpacked(packed(export), call)
    assert [list(row) for row in again.rows] == [cells]
    assert [type(cell) for cell in again.rows[0]] == [type(cell) for cell in cells]
    assert (again.what, list(again.columns), again.filters, again.is_anonymised) == (
        "scores", list("abcdefg"), {"z": "1", "x": "y"}, True,
    )  # fmt: skip
    assert list(again.filters) == ["z", "x"]
    assert again.beside == {"-r": b"\xff"}
    assert json.loads(packed(export))["what"] == "scores"
