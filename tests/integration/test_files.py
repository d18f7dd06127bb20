"""Files on their way: in parts, through the scanner, and as copies to reviewers. Rows: attacks/rows.csv."""

import errno
import io
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine, delete, func, select
from werkzeug.test import TestResponse

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.files import rules as file_rules
from fundapp.applications.form_engine.definition import FormDefinition, Kind, Question
from fundapp.applications.models import Application, ApplicationStatus, Attachment, FileStatus, Upload, UploadPart
from fundapp.applications.services import attaching, submitting
from fundapp.applications.services.drafts import form_of
from fundapp.applications.services.managing import mark_eligible
from fundapp.core import clock, inspection, sealed_files
from fundapp.core.db import db
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.core.retention import run
from fundapp.core.scanning import ScannerDown
from fundapp.core.storage import Storage
from fundapp.core.web import FundApp
from fundapp.doctor import examine
from fundapp.retention.classes import RULES
from fundapp.retention.queries import stored_files_in_use
from fundapp.review.models import AssignmentStatus

from ..conftest import NOW, SignedIn, actor_of
from ..factories import FORM, make_application, make_assignment, make_call, make_person, make_reviewer, make_staff
from ..sample_files import PDF
from ..sample_metadata import MARK, holds_the_mark, make_picture, make_recording

PART = file_rules.PART_BYTES


@pytest.fixture(autouse=True)
def during_the_call(clock: Any) -> None:
    clock.move_to(NOW)


@pytest.fixture
def storage(app: FundApp) -> Storage:
    found: Storage = app.extensions["storage"]
    return found


class Scanner:
    """A scanner that says what the test wants, and keeps count."""

    def __init__(self, verdict: bool | None) -> None:
        self.verdict = verdict
        self.asked = 0

    def finds(self, _data: bytes) -> bool:
        self.asked += 1
        if self.verdict is None:
            raise ScannerDown("the scanner does not answer: ConnectionRefusedError")
        return self.verdict

    def version(self) -> str:
        if self.verdict is None:
            raise ScannerDown("the scanner does not answer: ConnectionRefusedError")
        return "ClamAV 1.4 (sample)"


@pytest.fixture
def scanner(app: FundApp, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool | None], Scanner]:
    def set_up(verdict: bool | None) -> Scanner:
        made = Scanner(verdict)
        monkeypatch.setitem(app.extensions, "scanner", made)
        return made

    return set_up


def with_kind(kind: Kind, *, spoken: bool = False) -> FormDefinition:
    recording = Question(name="recording", kind=kind, label={"en": "Tell us"}, group=("work",), spoken=spoken)
    return FormDefinition(**{**vars_of(FORM), "questions": (*FORM.questions, recording)})


def vars_of(form: FormDefinition) -> dict[str, Any]:
    return {name: getattr(form, name) for name in form.__dataclass_fields__}


def draft_of(person: Person, **call: Any) -> Application:
    return make_application(make_call(**call), person=person, status=ApplicationStatus.DRAFT)


def begin(client: FlaskClient, application: Application, data: bytes, **values: Any) -> TestResponse:
    fields = {"key": "paper", "filename": "plan.pdf", "size": str(len(data)), "modified": "1600000000000"}
    return client.post(f"/applications/{application.id}/uploads", data=fields | values)


def send(client: FlaskClient, application: Application, upload: str, data: bytes, start: int) -> TestResponse:
    part = (io.BytesIO(data[start : start + PART]), "part")
    return client.post(
        f"/applications/{application.id}/uploads/{upload}",
        data={"start": str(start), "part": part},
        content_type="multipart/form-data",
    )


def send_all(client: FlaskClient, application: Application, data: bytes, **values: Any) -> dict[str, Any]:
    begun = begin(client, application, data, **values)
    assert begun.status_code == 200, begun.text
    answer, upload = begun.json or {}, (begun.json or {})["upload"]
    while "have" in answer:
        response = send(client, application, upload, data, answer["have"])
        assert response.status_code == 200, response.text
        answer = response.json or {}
    return answer


def attachments() -> list[Attachment]:
    db.session.expire_all()
    return list(db.session.scalars(select(Attachment).order_by(Attachment.uploaded_at)))


def large_pdf(size: int = 3 * PART + 1000) -> bytes:
    return PDF.ljust(size, b"\n")


# -- In parts -------------------------------------------------------------------------------------------------------


def test_a_file_in_parts_becomes_the_answer(signed_in: SignedIn, storage: Storage) -> None:
    person, data = make_person(), large_pdf()
    application = draft_of(person)
    client = signed_in(person)
    assert send_all(client, application, data) == {"done": True, "filename": "plan.pdf"}
    (file,) = attachments()
    assert sealed_files.read(storage, file.file) == data
    assert application.answers["paper"]["attachment"] == str(file.id)
    assert db.session.scalar(select(func.count()).select_from(Upload)) == 0
    assert db.session.scalar(select(func.count()).select_from(UploadPart)) == 0


def test_a_broken_connection_costs_one_part_and_a_reload_nothing(signed_in: SignedIn, storage: Storage) -> None:
    person, data = make_person(), large_pdf()
    application = draft_of(person)
    client = signed_in(person)
    begun = begin(client, application, data).json or {}
    assert (send(client, application, begun["upload"], data, 0).json or {})["have"] == PART
    again = begin(client, application, data).json or {}
    assert again == {"upload": begun["upload"], "have": PART}, "the same file goes on where it stopped"
    repeated = send(client, application, begun["upload"], data, 0).json or {}
    assert repeated["have"] == PART, "a part whose answer got lost is taken once"
    early = send(client, application, begun["upload"], data, 2 * PART).json or {}
    assert early["have"] == PART, "a part that comes too early waits for its turn"
    assert send_all(client, application, data)["done"]
    (file,) = attachments()
    assert sealed_files.read(storage, file.file) == data


def test_another_file_of_the_same_question_begins_anew(signed_in: SignedIn) -> None:
    person, data = make_person(), large_pdf()
    application = draft_of(person)
    client = signed_in(person)
    first = begin(client, application, data).json or {}
    send(client, application, first["upload"], data, 0)
    for other in ({"filename": "other.pdf"}, {"modified": "1600000000001"}, {"size": str(len(data) + 1)}):
        begun = begin(client, application, data, **other).json or {}
        assert begun["upload"] != first["upload"]
        assert begun["have"] == 0
    assert db.session.scalar(select(func.count()).select_from(Upload)) == 1


def test_parts_are_stored_sealed(signed_in: SignedIn, storage: Storage) -> None:
    person, data = make_person(), PDF + b"Content-Canary" * 40_000
    application = draft_of(person)
    client = signed_in(person)
    begun = begin(client, application, data, filename="Filename-Canary.pdf").json or {}
    send(client, application, begun["upload"], data, 0)
    (part,) = db.session.scalars(select(UploadPart))
    stored = storage.read(part.stored_as)
    assert len(stored) > PART
    assert b"Canary" not in stored
    rows = repr([tuple(row) for row in db.session.execute(Upload.__table__.select())])
    assert "Canary" not in rows


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"size": "0"}, "This file is empty."),
        ({"size": str(10 * file_rules.MEGABYTE + 1)}, "This file is too large: at most 10 MB"),
        ({"filename": "x" * 300}, "The name of this file is too long"),
    ],
    ids=["empty", "too large", "endless name"],
)
def test_what_cannot_be_taken_is_said_before_it_is_sent(
    signed_in: SignedIn, values: dict[str, str], words: str
) -> None:
    person = make_person()
    application = draft_of(person)
    refused = begin(signed_in(person), application, PDF, **values)
    assert refused.status_code == 422
    assert words in (refused.json or {})["problem"]
    assert db.session.scalar(select(func.count()).select_from(Upload)) == 0


@pytest.mark.parametrize("values", [{"key": "plan"}, {"key": "nothing"}, {"size": "-1"}, {"size": "1e9"}, {"size": ""}])
def test_an_upload_that_no_page_of_ours_begins_is_refused(signed_in: SignedIn, values: dict[str, str]) -> None:
    person = make_person()
    application = draft_of(person)
    assert begin(signed_in(person), application, PDF, **values).status_code == 400


def test_parts_of_other_sizes_than_a_page_sends_are_refused(signed_in: SignedIn) -> None:
    person, data = make_person(), large_pdf(100_000)
    application = draft_of(person)
    client = signed_in(person)
    upload = (begin(client, application, data).json or {})["upload"]

    def part(content: bytes) -> int:
        return client.post(
            f"/applications/{application.id}/uploads/{upload}",
            data={"start": "0", "part": (io.BytesIO(content), "part")},
            content_type="multipart/form-data",
        ).status_code

    assert part(data[: file_rules.MIN_PART_BYTES - 1]) == 422
    assert part(data + b"more") == 422
    assert part(b"") == 422
    assert db.session.scalar(select(func.count()).select_from(UploadPart)) == 0
    assert part(data[: file_rules.MIN_PART_BYTES]) == 200


def test_a_file_that_is_not_what_it_says_is_refused_once_it_is_whole(signed_in: SignedIn) -> None:
    person = make_person()
    application = draft_of(person)
    client = signed_in(person)
    answer = send_all(client, application, b"<html><script>alert(1)</script>" + bytes(PART))
    assert "Print it as a PDF" in answer["problem"]
    assert attachments() == []
    assert db.session.scalar(select(func.count()).select_from(Upload)) == 0


def test_others_neither_see_nor_continue_an_upload(signed_in: SignedIn) -> None:
    person, data = make_person(), large_pdf()
    application, theirs = draft_of(person), draft_of(other := make_person())
    upload = (begin(signed_in(person), application, data).json or {})["upload"]
    stranger = signed_in(other)
    assert begin(stranger, application, data).status_code == 404
    assert send(stranger, application, upload, data, 0).status_code == 404
    assert send(stranger, theirs, upload, data, 0).status_code == 404
    db.session.expire_all()
    assert db.session.get_one(Upload, UUID(upload)).received_bytes == 0


def test_row_86_an_upload_that_runs_while_the_deadline_passes_is_kept(signed_in: SignedIn, clock: Any) -> None:
    person, data = make_person(), large_pdf()
    application = draft_of(person)
    client = signed_in(person)
    upload = (begin(client, application, data).json or {})["upload"]
    send(client, application, upload, data, 0)
    clock.move_to(application.call.closes_at + timedelta(minutes=1))
    client = signed_in(person)
    assert send_all(client, application, data)["done"]
    assert len(attachments()) == 1
    assert application.status is ApplicationStatus.DRAFT


# -- Room -----------------------------------------------------------------------------------------------------------


def test_row_80_one_person_cannot_fill_the_disk_and_others_go_on(
    signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attaching, "PERSON_MEGABYTES", 1)
    person, other, data = make_person(), make_person(), large_pdf()
    application, second, theirs = draft_of(person), draft_of(person), draft_of(other)
    client = signed_in(person)
    assert send_all(client, application, data)["done"]
    refused = begin(client, second, data)
    assert refused.status_code == 507
    assert "we cannot keep more" in (refused.json or {})["problem"]
    assert db.session.scalar(select(func.count()).select_from(Upload)) == 0
    assert send_all(signed_in(other), theirs, data)["done"]


def test_row_80_what_is_on_its_way_counts_too(signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attaching, "PERSON_MEGABYTES", 1)
    person, data = make_person(), large_pdf()
    first, second = draft_of(person), draft_of(person)
    client = signed_in(person)
    assert begin(client, first, data).status_code == 200
    assert begin(client, second, data).status_code == 507


def test_row_80_a_full_disk_is_said_and_leaves_no_half_file(
    signed_in: SignedIn, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, data = make_person(), large_pdf()
    application = draft_of(person)
    client = signed_in(person)
    upload = (begin(client, application, data).json or {})["upload"]
    send(client, application, upload, data, 0)

    def full(_data: bytes) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(storage, "put", full)
    refused = send(client, application, upload, data, PART)
    assert refused.status_code == 507
    assert "no room for this file at the moment" in (refused.json or {})["problem"]
    db.session.expire_all()
    assert db.session.get_one(Upload, UUID(upload)).received_bytes == PART
    assert db.session.scalar(select(func.count()).select_from(UploadPart)) == 1
    monkeypatch.undo()
    assert send_all(client, application, data)["done"], "it goes on where it stopped once there is room"


def test_row_80_room_is_left_for_everything_else(signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    person = make_person()
    application = draft_of(person)
    client = signed_in(person)
    monkeypatch.setattr(Storage, "free_bytes", lambda _storage: file_rules.SPARE_BYTES)
    assert begin(client, application, PDF).status_code == 507


def test_an_upload_that_nobody_continues_is_deleted_after_a_day(signed_in: SignedIn, clock: Any) -> None:
    person, data = make_person(), large_pdf()
    application = draft_of(person)
    client = signed_in(person)
    send(client, application, (begin(client, application, data).json or {})["upload"], data, 0)
    (part,) = db.session.scalars(select(UploadPart))
    name = part.stored_as
    rules = [rule for rule in RULES if rule.name == "upload"]
    assert run(rules, NOW + timedelta(hours=23), db.session.commit) == {"upload": 0}
    assert name in stored_files_in_use()
    assert run(rules, NOW + timedelta(hours=24), db.session.commit) == {"upload": 1}
    assert name not in stored_files_in_use()
    assert db.session.scalar(select(func.count()).select_from(UploadPart)) == 0


# -- Copies for reviewers -------------------------------------------------------------------------------------------


def sent_with(
    client: FlaskClient, application: Application, data: bytes, *, key: str = "paper", filename: str = "plan.pdf"
) -> Attachment:
    """Upload a file into a draft, and let the application count as sent and eligible with it."""
    assert send_all(client, application, data, key=key, filename=filename)["done"]
    return attachments()[-1]


def reader_of(application: Application, signed_in: SignedIn) -> FlaskClient:
    reviewer = make_reviewer(application.call)
    make_assignment(application.entries[0], reviewer, AssignmentStatus.READING)
    return signed_in(reviewer.person)


def submitted(application: Application) -> Application:
    """Let a draft count as sent, and find it eligible."""
    submitting.register_submission(
        actor=system_actor(), application=application, form=form_of(application), now=clock.now()
    )
    manager = actor_of(make_staff(Role.MANAGER, application.call))
    mark_eligible(actor=manager, application=application, now=clock.now())
    db.session.commit()
    return application


def file_address(application: Application, file: Attachment) -> str:
    return f"/reviews/applications/{application.id}/files/{file.id}"


def test_reviewers_get_a_copy_without_metadata_under_a_name_that_tells_nothing(
    signed_in: SignedIn, run_jobs: Callable[[], int]
) -> None:
    person = make_person()
    application = draft_of(person)
    photo = make_picture("JPEG")
    file = sent_with(signed_in(person), application, photo, filename=f"{MARK}.jpg")
    application = submitted(application)
    reader = reader_of(application, signed_in)
    assert reader.get(file_address(application, file)).status_code == 404, "not before the copy is ready"
    run_jobs()
    copy = reader.get(file_address(application, file))
    assert copy.status_code == 200
    assert copy.mimetype == "image/jpeg"
    assert copy.headers["Content-Disposition"] == f"attachment; filename={application.reference}-paper.jpg"
    assert not holds_the_mark(copy.data)
    page = reader.get(f"/reviews/{application.entries[0].id}").text
    assert MARK not in page
    own = signed_in(person).get(f"/applications/{application.id}/files/{file.id}")
    assert own.data == photo, "whoever sent it gets it as it was sent"
    manager = signed_in(make_staff(Role.MANAGER, application.call))
    assert manager.get(f"/manage/applications/{application.id}/files/{file.id}").data == photo


def test_the_page_of_a_reviewer_names_files_by_the_reference(signed_in: SignedIn, run_jobs: Callable[[], int]) -> None:
    person = make_person()
    application = draft_of(person)
    sent_with(signed_in(person), application, PDF, filename=f"{MARK}.pdf")
    application = submitted(application)
    reviewer = make_reviewer(application.call)
    assignment = make_assignment(application.entries[0], reviewer, AssignmentStatus.READING)
    reader = signed_in(reviewer.person)
    page = reader.get(f"/reviews/{assignment.id}").text
    assert "still being prepared" in page
    run_jobs()
    page = reader.get(f"/reviews/{assignment.id}").text
    assert f"{application.reference}-paper.pdf" in page
    assert MARK not in page


def test_a_file_whose_metadata_cannot_be_taken_out_is_for_those_who_check_only(
    signed_in: SignedIn, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    person = make_person()
    application = draft_of(person)
    file = sent_with(signed_in(person), application, PDF)
    application = submitted(application)

    def refuse(_data: bytes) -> inspection.Cleaned:
        raise inspection.Refused(inspection.Why.NOT_CLEANED)

    monkeypatch.setattr(inspection, "clean", refuse)
    run_jobs()
    assert attachments()[0].status is FileStatus.FAILED
    assert reader_of(application, signed_in).get(file_address(application, file)).status_code == 404
    manager = signed_in(make_staff(Role.MANAGER, application.call))
    page = manager.get(f"/manage/applications/{application.id}").text
    assert "Reviewers do not get it: it holds something whose hidden details cannot be taken out." in page
    assert "Not scanned for viruses." in page
    monkeypatch.undo()
    again = manager.post(f"/manage/applications/{application.id}/files/{file.id}/again")
    assert again.status_code == 302
    run_jobs()
    assert attachments()[0].status is FileStatus.READY


# -- Scanning -------------------------------------------------------------------------------------------------------


def test_row_79_a_file_with_a_virus_is_kept_from_everybody_and_its_people_are_told(
    signed_in: SignedIn,
    run_jobs: Callable[[], int],
    scanner: Callable[[bool | None], Scanner],
    mail_dir: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scanner(True)
    cleaned: list[bytes] = []
    monkeypatch.setattr(inspection, "clean", cleaned.append)
    person = make_person(email="holder@example.org")
    application = draft_of(person)
    client = signed_in(person)
    file = sent_with(client, application, PDF)
    run_jobs()
    (file,) = attachments()
    assert file.status is FileStatus.INFECTED
    assert file.scanned_at is not None
    assert cleaned == [], "what holds a virus is not taken apart"
    refused = client.get(f"/applications/{application.id}/files/{file.id}")
    assert refused.status_code == 409
    assert "A virus was found in this file" in refused.text
    assert PDF not in refused.data
    page = client.get(f"/applications/{application.id}/sections/2").text
    assert "A virus was found in this file, so nobody can open it. Choose another file." in page
    problems = submitting.submission_problems(application, FORM, language="en", now=clock.now())
    assert any(problem.field == "paper" and "virus" in str(problem.message) for problem in problems)
    assert any("holder@example.org" in mail.read_text() for mail in mail_dir.iterdir())
    application = submitted(application)
    assert reader_of(application, signed_in).get(file_address(application, file)).status_code == 404
    manager = signed_in(make_staff(Role.MANAGER, application.call))
    assert manager.get(f"/manage/applications/{application.id}/files/{file.id}").status_code == 409
    assert "A virus was found: nobody can open it." in manager.get(f"/manage/applications/{application.id}").text


def test_row_78_while_the_scanner_is_down_reviewers_wait_and_it_is_tried_again(
    app: FundApp,
    signed_in: SignedIn,
    run_jobs: Callable[[], int],
    scanner: Callable[[bool | None], Scanner],
    clock: Any,
) -> None:
    down = scanner(None)
    person = make_person()
    application = draft_of(person)
    file = sent_with(signed_in(person), application, PDF)
    application = submitted(application)
    reader = reader_of(application, signed_in)
    assert run_jobs() == 0
    assert down.asked == 1
    assert attachments()[0].status is FileStatus.PENDING
    item = db.session.scalars(select(OutboxItem).where(OutboxItem.subject_id == file.id)).one()
    assert (item.state, item.attempt) == (OutboxState.READY, 1)
    assert reader.get(file_address(application, file)).status_code == 404
    findings = {finding.name: finding for finding in examine(app)}
    assert not findings["virus scanner"].healthy
    clock.shift(timedelta(hours=2))
    findings = {finding.name: finding for finding in examine(app)}
    assert "1 wait for more than an hour" in findings["files on their way to reviewers"].detail
    up = scanner(False)
    assert run_jobs() == 1
    assert up.asked == 1
    (file,) = attachments()
    assert file.status is FileStatus.READY
    assert file.scanned_at == datetime.now(UTC)
    assert reader_of(application, signed_in).get(file_address(application, file)).status_code == 200


def test_row_78_a_scanner_that_never_answers_is_given_up_visibly(
    app: FundApp,
    signed_in: SignedIn,
    run_jobs: Callable[[], int],
    scanner: Callable[[bool | None], Scanner],
    clock: Any,
) -> None:
    scanner(None)
    person = make_person()
    application = draft_of(person)
    sent_with(signed_in(person), application, PDF)
    application = submitted(application)
    for _ in range(12):
        run_jobs()
        clock.shift(timedelta(hours=2))
    (file,) = attachments()
    assert (file.status, file.failure) == (FileStatus.FAILED, "scanner")
    manager = signed_in(make_staff(Role.MANAGER, application.call))
    page = manager.get(f"/manage/applications/{application.id}").text
    assert "the virus scanner did not answer for hours" in page


def test_row_78_a_file_that_is_removed_while_it_is_scanned_leaves_nothing(
    signed_in: SignedIn,
    run_jobs: Callable[[], int],
    scanner: Callable[[bool | None], Scanner],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = make_person()
    application = draft_of(person)
    sent_with(signed_in(person), application, PDF)
    busy = scanner(False)

    def removed_meanwhile(_data: bytes) -> bool:
        busy.asked += 1
        engine = create_engine(db.engine.url)
        with engine.begin() as other:
            other.execute(delete(Attachment))
        engine.dispose()
        return True

    monkeypatch.setattr(busy, "finds", removed_meanwhile)
    db.session.commit()
    run_jobs()
    assert busy.asked == 1
    assert attachments() == []


def test_without_a_scanner_it_is_said_that_files_are_not_scanned(
    app: FundApp, signed_in: SignedIn, run_jobs: Callable[[], int]
) -> None:
    person = make_person()
    application = draft_of(person)
    sent_with(signed_in(person), application, PDF)
    application = submitted(application)
    run_jobs()
    finding = next(finding for finding in examine(app) if finding.name == "virus scanner")
    assert finding.healthy
    assert "none is set up (CLAMD_ADDRESS): 1 files were not scanned" in finding.detail
    manager = signed_in(make_staff(Role.MANAGER, application.call))
    assert "Not scanned for viruses." in manager.get(f"/manage/applications/{application.id}").text


# -- Sound and film -------------------------------------------------------------------------------------------------


def test_sound_plays_in_the_page_piece_by_piece(signed_in: SignedIn) -> None:
    person, sound = make_person(), make_recording("wav")
    application = draft_of(person, form=with_kind(Kind.AUDIO))
    client = signed_in(person)
    file = sent_with(client, application, sound, key="recording", filename="voice.wav")
    address = f"/applications/{application.id}/files/{file.id}"
    whole = client.get(address)
    assert whole.data == sound
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Content-Disposition"].startswith("inline")
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    page = client.get(f"/applications/{application.id}/check")
    assert f'<audio controls preload="none" src="{address}">' in page.text
    assert "media-src 'self'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, None),
        ("bytes=100-199", 100, 200),
        ("bytes=-500", -500, None),
        ("bytes=65535-65536", 65535, 65537),
        ("bytes=65536-131072", 65536, 131073),
        ("bytes=131071-99999999", 131071, None),
    ],
)
def test_any_stretch_of_a_recording_can_be_asked_for(
    signed_in: SignedIn, asked: str, start: int, stop: int | None
) -> None:
    person, sound = make_person(), long_sound()
    application = draft_of(person, form=with_kind(Kind.AUDIO))
    client = signed_in(person)
    file = sent_with(client, application, sound, key="recording")
    answer = client.get(f"/applications/{application.id}/files/{file.id}", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.data == sound[start:stop]
    assert answer.content_length == len(answer.data)
    first = start % len(sound)
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(answer.data) - 1}/{len(sound)}"


@pytest.mark.parametrize(
    ("asked", "status"),
    [("bytes=99999999-", 416), ("bytes=0-1,5-6", 200), ("lines=1-2", 200), ("bytes=x", 200)],
)
def test_a_stretch_that_cannot_be_given_is_no_error_of_ours(signed_in: SignedIn, asked: str, status: int) -> None:
    person, sound = make_person(), make_recording("wav")
    application = draft_of(person, form=with_kind(Kind.AUDIO))
    client = signed_in(person)
    file = sent_with(client, application, sound, key="recording")
    answer = client.get(f"/applications/{application.id}/files/{file.id}", headers={"Range": asked})
    assert answer.status_code in (status, 400 if status == 416 else status)


def test_documents_and_pictures_are_saved_and_never_opened_as_pages_of_ours(signed_in: SignedIn) -> None:
    person = make_person()
    application = draft_of(person)
    client = signed_in(person)
    file = sent_with(client, application, PDF)
    answer = client.get(f"/applications/{application.id}/files/{file.id}", headers={"Range": "bytes=0-3"})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_text_may_be_spoken_as_sound_or_as_film_and_as_nothing_else(signed_in: SignedIn) -> None:
    person = make_person()
    application = draft_of(person, form=with_kind(Kind.TEXT, spoken=True))
    client = signed_in(person)
    for kind, content_type in (("mp3", "audio/mpeg"), ("mp4", "video/mp4")):
        file = sent_with(client, application, make_recording(kind), key="recording~spoken")
        assert file.content_type == content_type
    answer = send_all(client, application, PDF, key="recording~spoken")
    assert "This is not a recording that we can take." in answer["problem"]


@pytest.mark.parametrize(
    ("kind", "make", "words"),
    [
        (Kind.AUDIO, lambda: PDF, "This is not a sound recording that we can take."),
        (Kind.AUDIO, lambda: make_recording("mp4"), "This is not a sound recording that we can take."),
        (Kind.VIDEO, lambda: make_recording("mp3"), "This is not a video that we can take."),
        (Kind.IMAGE, lambda: PDF, "This is not a picture that we can take."),
        (Kind.FILE, lambda: make_recording("mp3"), "We cannot take this kind of file."),
    ],
)
def test_a_question_takes_its_own_kind_of_file(
    signed_in: SignedIn, kind: Kind, make: Callable[[], bytes], words: str
) -> None:
    person = make_person()
    application = draft_of(person, form=with_kind(kind))
    answer = send_all(signed_in(person), application, make(), key="recording")
    assert words in answer["problem"]


def long_sound() -> bytes:
    """Return a sound of more than two sealed chunks."""
    sound = bytearray(make_recording("wav"))
    place = sound.index(b"data")
    samples = bytes(number % 251 for number in range(150_000))
    sound[place + 4 :] = len(samples).to_bytes(4, "little") + samples
    sound[4:8] = (len(sound) - 8).to_bytes(4, "little")
    return bytes(sound)
