"""The dossier of an award: all that stands behind it in one archive, by the rules of its pages."""

import hashlib
import io
import json
import unicodedata
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.permissions import Role
from fundapp.applications.models import Call, FileStatus
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.storage import Storage
from fundapp.core.web import FundApp
from fundapp.disbursement.exports.dossier import INFECTED, MADE_BEFORE, MASKED, UNREADABLE, safe_name
from fundapp.disbursement.models import Award, AwardQuestion
from fundapp.disbursement.queries.offers import offer_of
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.review.models import SlateStatus

from ..attacks.world import make_signed_copy
from ..conftest import NOW, SignedIn, actor_of
from ..exporting import read_csv
from ..factories import (
    make_application,
    make_attachment,
    make_call,
    make_decision,
    make_member,
    make_person,
    make_protected,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
)
from ..payees import IBAN, accept_award, give
from ..paying import Paying
from ..sample_files import PDF
from .test_after_sending import text_of
from .test_export_jobs import Jobs

HOSTILE = "../../etc/passwd"
NAME = "=cmd|'/C calc'!A0 Canary Collective"


@pytest.fixture
def award(app: FundApp, clock: Any, run_jobs: Jobs) -> Award:
    """An award with two files, a review, a letter, an acceptance and a question; beside it another one."""
    clock.move_to(NOW + timedelta(days=3))
    call = make_call(budget_minor=100_000_000)
    slate = make_slate(call, SlateStatus.RATIFIED)
    storage: Storage = app.extensions["storage"]
    reviewer = make_reviewer(call, person=make_person("Reader Canary"))
    for name in (NAME, "Another Group"):
        application = make_application(call, organisation_name=name, title="=SUM(1) of ours")
        make_attachment(storage, application, PDF, filename=HOSTILE)
        make_attachment(storage, application, PDF + b" ", filename="Bütçe 预算\u202efdp.exe", question="plan")
        make_review(application.entries[0], reviewer, [5, 4], comment="=1+1 well argued")
        make_decision(slate, application.entries[0])
    db.session.commit()
    release_decisions(actor=actor_of(make_staff(Role.MANAGER)), call=call, now=NOW + timedelta(days=1))
    run_jobs()
    made = db.session.scalars(select(Award).where(Award.call_id == call.id).order_by(Award.reference)).first()
    assert made is not None
    person = made.decision.entry.application.person
    offer = accept_award(made, person)
    offer.name, offer.role = "Signer Canary", "Treasurer"
    db.session.add(
        AwardQuestion(
            offer_id=offer.id, application_id=offer.application_id, number=1, question="@When?", asked_by_id=person.id,
            asked_at=NOW,
        )
    )  # fmt: skip
    give(made, person, at=NOW + timedelta(days=2))
    db.session.commit()
    return made


def call_of(award: Award) -> Call:
    return award.decision.entry.application.call


def ask(client: FlaskClient, award: Award) -> Any:
    return client.post(f"/manage/{call_of(award).slug}/awards/{award.id}/dossier")


def opened(data: bytes) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return the files of a dossier by their names in its folder, and its manifest."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names))
        (folder,) = {name.partition("/")[0] for name in names}
        files = {name.removeprefix(f"{folder}/"): archive.read(name) for name in names}
    manifest = json.loads(files.pop("manifest.json"))
    return files, manifest


def test_everything_behind_an_award_is_in_one_archive_with_its_hash(award: Award, signed_in: SignedIn) -> None:
    manager = make_staff(Role.MANAGER, call_of(award), name="Mara Sample")
    answer = ask(signed_in(manager), award)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f"attachment; filename=dossier-{award.reference}.zip"
    assert answer.headers["Cache-Control"] == "no-store"
    files, manifest = opened(answer.data)
    assert list(files) == [
        "application/version-1.pdf", "files/01-etc-passwd", "files/02-Bütçe-预算-fdp.exe", "reviews.csv",
        "decision.csv", "minutes.pdf", "letters/award.pdf", "acceptance.csv", "questions.csv",
    ]  # fmt: skip
    assert [each["name"] for each in manifest["files"]] == list(files)
    for each in manifest["files"]:
        data = files[each["name"]]
        assert (each["sha256"], each["size_bytes"]) == (hashlib.sha256(data).hexdigest(), len(data)), each["name"]
    assert manifest["left_out"] == []
    assert (manifest["made_by"], manifest["made_as"]) == ("Mara Sample", ["manager"])
    assert manifest["dossier"] == award.reference
    assert files["files/01-etc-passwd"] == PDF
    for name in ("application/version-1.pdf", "minutes.pdf", "letters/award.pdf"):
        assert files[name].startswith(b"%PDF-")
    (decision,) = read_csv(files["decision.csv"])
    assert (decision["entry_reference"], decision["decision"]) == (award.reference, "award")
    (acceptance,) = read_csv(files["acceptance.csv"])
    assert (acceptance["offer_status"], acceptance["name"]) == ("accepted", "Signer Canary")
    reviews = read_csv(files["reviews.csv"])
    assert [row["score"] for row in reviews] == ["5", "4"]
    assert {row["comment_on_all"] for row in reviews} == {"'=1+1 well argued"}
    assert "Reader Canary" not in files["reviews.csv"].decode()
    assert [row["question"] for row in read_csv(files["questions.csv"])] == ["'@When?"]


def test_it_is_recorded_and_the_same_state_gives_the_same_bytes(award: Award, signed_in: SignedIn) -> None:
    client = signed_in(make_staff(Role.MANAGER, call_of(award)))
    first, second = (ask(client, award).data for _ in range(2))
    assert first == second
    entries = list(db.session.scalars(select(AuditEntry).where(AuditEntry.action == "dossier:take")))
    assert [entry.object_id for entry in entries] == [award.id] * 2
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        manifest = archive.read(f"dossier-{award.reference}/manifest.json")
        assert {entry.date_time for entry in archive.infolist()} == {(2020, 9, 17, 12, 0, 0)}
    assert entries[0].data["manifest_sha256"] == hashlib.sha256(manifest).hexdigest()
    page = client.get(f"/manage/{call_of(award).slug}/history").text
    assert "The dossier of an award was taken out." in page


def test_no_account_number_and_nobody_else_is_in_it(award: Award, signed_in: SignedIn) -> None:
    files, _manifest = opened(ask(signed_in(make_staff(Role.AUDITOR, call_of(award))), award).data)
    texts = "".join(data.decode() for name, data in files.items() if name.endswith(".csv"))
    for secret in (IBAN, IBAN.replace(" ", ""), "Canary Holder", "Another Group"):
        assert secret not in texts


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.MANAGER, 200), (Role.AUDITOR, 200), (Role.RATIFIER, 403), (Role.FINANCE, 403), (Role.REVIEWER, 403)],
)
def test_only_those_who_may_read_all_of_it_get_it(award: Award, signed_in: SignedIn, role: Role, status: int) -> None:
    assert ask(signed_in(make_staff(role, call_of(award))), award).status_code == status
    assert ask(signed_in(make_staff(role, call_of(award)), fresh=False), award).status_code == (
        401 if status == 200 else status
    )


def test_whoever_is_in_conflict_finds_no_such_award(award: Award, signed_in: SignedIn) -> None:
    manager = make_staff(Role.MANAGER, call_of(award))
    client = signed_in(manager)
    make_member(manager, award.decision.entry.application.organisation)
    db.session.commit()
    assert ask(client, award).status_code == 404
    others = select(Award).where(Award.call_id == award.call_id, Award.id != award.id)
    files, _manifest = opened(ask(client, db.session.scalars(others).one()).data)
    assert award.reference not in "".join(data.decode() for name, data in files.items() if name.endswith(".csv"))


def test_a_protected_application_keeps_its_people_out_of_its_dossier(award: Award, signed_in: SignedIn) -> None:
    application = make_protected(award.decision.entry.application)
    db.session.commit()
    files, manifest = opened(ask(signed_in(make_staff(Role.MANAGER, call_of(award))), award).data)
    assert not [name for name in files if name.startswith(("files/", "letters/"))]
    assert "questions.csv" not in files
    assert {each["why"] for each in manifest["left_out"]} == {MASKED, MADE_BEFORE}
    seen = json.dumps(manifest) + "".join(data.decode() for name, data in files.items() if name.endswith(".csv"))
    for secret in ("Canary", "passwd", "Treasurer", "Bütçe"):
        assert secret not in seen
    assert str(application.pseudonym) in seen
    assert "Canary" not in text_of(files["application/version-1.pdf"])
    assert "Hidden" in text_of(files["application/version-1.pdf"])


def test_a_file_with_a_virus_or_one_that_is_gone_is_named_and_left_out(
    award: Award, app: FundApp, signed_in: SignedIn
) -> None:
    first, second = sorted(award.decision.entry.application.attachments, key=lambda each: each.size_bytes)
    first.status, first.copy_stored_as, first.copy_content_type, first.copy_size_bytes = (
        FileStatus.INFECTED, None, None, None,
    )  # fmt: skip
    first.scanned_at = NOW
    second.stored_as = "0" * len(second.stored_as)
    db.session.commit()
    files, manifest = opened(ask(signed_in(make_staff(Role.MANAGER, call_of(award))), award).data)
    assert not [name for name in files if name.startswith("files/")]
    assert sorted(each["why"] for each in manifest["left_out"]) == sorted([INFECTED, UNREADABLE])


def test_payments_are_in_it_for_those_who_read_them_and_no_account(app: FundApp, signed_in: SignedIn) -> None:
    made = Paying()
    made.sent(app, 400_000, 600_000)
    auditor = make_staff(Role.AUDITOR, made.call)
    files, _manifest = opened(ask(signed_in(auditor), made.award).data)
    rows = read_csv(files["payments.csv"])
    assert [(row["instalment"], row["amount"], row["payment_status"]) for row in rows] == [
        ("1", "4000.00", "sent"), ("2", "6000.00", "sent"),
    ]  # fmt: skip
    assert all(row["payment_reference"] and row["sent_at"] and not row["received_at"] for row in rows)
    for secret in (IBAN, IBAN.replace(" ", ""), "DEUTDEFF", "Canary Holder"):
        assert secret not in files["payments.csv"].decode()
    planned = Paying()
    planned.plan(1_000_000)
    files, _manifest = opened(ask(signed_in(planned.manager), planned.award).data)
    (row,) = read_csv(files["payments.csv"])
    assert (row["amount"], row["payment_reference"], row["standing"]) == ("10000.00", "", "planned")


def test_signed_copies_are_in_it_but_of_protected_applications(award: Award, app: FundApp, signed_in: SignedIn) -> None:
    offer = offer_of(award)
    assert offer is not None
    make_signed_copy(app.extensions["storage"], offer, award.decision.entry.application.person, "Canary copy")
    db.session.commit()
    manager = make_staff(Role.MANAGER, call_of(award))
    files, manifest = opened(ask(signed_in(manager), award).data)
    (name,) = [each for each in files if each.startswith("signed/")]
    (told,) = [each for each in manifest["files"] if each["name"] == name]
    assert told["sha256"] == hashlib.sha256(files[name]).hexdigest()
    assert files[name].startswith(PDF)
    make_protected(award.decision.entry.application)
    db.session.commit()
    files, manifest = opened(ask(signed_in(manager), award).data)
    assert not [each for each in files if each.startswith("signed/")]
    assert {"what": "signed copy 1", "why": MASKED} in manifest["left_out"]


HOSTILE_NAMES = (
    HOSTILE, "..\\..\\windows\\system.ini", "/etc/shadow", "C:\\autoexec.bat", ".htaccess", "..", ".", "", "   ",
    "a/b/c.pdf", "nul\x00.pdf", "line\nbreak.pdf", "\u202egpj.exe", "con", "a" * 500 + ".pdf", "名前の書類.pdf",
    "e\u0301te\u0301.pdf", "=HYPERLINK(1).csv", "-rf", "~root", "$(touch x)", "a;b|c&d", "🔥.pdf", "x." + "y" * 300,
)  # fmt: skip


@pytest.mark.parametrize("filename", HOSTILE_NAMES)
def test_hostile_names_of_files_are_names_of_files_and_nothing_else(filename: str) -> None:
    name = safe_name(7, filename)
    assert name.startswith("07-")
    assert len(name) <= 90
    assert name == unicodedata.normalize("NFC", name)
    assert not set(name) & set("/\\:\x00\n\u202e|;&$~=() ")
    assert ".." not in name
    assert all(unicodedata.category(character)[0] in "LMN" or character in "-._" for character in name)


def test_names_in_every_script_are_kept() -> None:
    assert safe_name(1, "名前の書類.pdf") == "01-名前の書類.pdf"
    assert safe_name(2, "ميزانية ٢٠٢٠.xlsx") == "02-ميزانية-٢٠٢٠.xlsx"
    assert safe_name(3, "") == "03-file"
