"""The drill: a backup is made, things go on and are erased, a fresh installation is made from it.

Row 114: nothing is sent twice. Row 119: what was erased stays erased.
"""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import func, make_url, select, text

from fundapp import create_app, doctor
from fundapp.accounts.models import LinkPurpose, OneTimeLink
from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.models import Application
from fundapp.core import clock
from fundapp.core.audit import AuditEntry, record
from fundapp.core.db import Base, db
from fundapp.core.mail import queue_mail
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.core.storage import Storage
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Letterhead
from fundapp.retention import tombstones
from fundapp.retention.models import ErasureCause, LegalHold
from fundapp.retention.services import erase_application, erase_person
from fundapp.review.models import FrozenTally

from ..attacks.world import Round, make_round
from .conftest import Installation

MARK = "Amina-Canary"
NOT_COMPARED = {"audit_entry", "audit_head", "audit_checkpoint", "kept_version", "outbox"}


def counts() -> dict[str, int]:
    tables = [table for table in Base.metadata.sorted_tables if table.name not in NOT_COMPARED]
    return {table.name: db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def round_in(installation: Installation) -> Round:
    made = make_round(installation.app.extensions["storage"], MARK, closed=True, decided=True)
    for hold in made.holds:
        db.session.delete(hold)
    for frozen in db.session.scalars(select(FrozenTally)):
        data = {"number": frozen.number, "sha256": frozen.sha256}
        record(actor=system_actor(), action="tally:freeze", subject=frozen, now=clock.now(), data=data)
    manager = made.people[Role.MANAGER]
    link = {"purpose": LinkPurpose.SIGN_IN, "token_hash": "sample", "created_at": clock.now()}
    db.session.add(OneTimeLink(person_id=manager.id, expires_at=clock.now() + timedelta(hours=1), **link))
    for number in range(3):
        address = f"applicant{number}@example.org"
        queue_mail(to_address=address, language="en", template="news", data={"path": "/"}, now=clock.now())
    db.session.commit()
    return made


def backup_of(installation: Installation, folder: Path) -> Path:
    installation.run("backup", "make", str(folder))
    (file,) = folder.iterdir()
    return file


def fresh(installation: Installation, folder: Path) -> Installation:
    """An installation with an empty database, no files, and the keys of the old one."""
    url = make_url(installation.settings.database_url)
    folder.mkdir()
    if url.get_backend_name() == "sqlite":
        address = f"sqlite:///{folder}/fundapp.sqlite"
    else:
        with psycopg.connect(installation.settings.database_url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE restored")
        address = url.set(database="restored").render_as_string(hide_password=False)
    keys_dir = folder / "keys"
    shutil.copytree(installation.settings.keys_dir, keys_dir)
    settings = replace(installation.settings, database_url=address, data_dir=folder, keys_dir=keys_dir)
    return replace(installation, settings=settings, app=create_app(settings))


def left_elsewhere(installation: Installation) -> Path:
    """The folder with the private key of the backups, away from the server."""
    folder: Path = installation.settings.data_dir.parent / f"{installation.settings.data_dir.name}-safe"
    folder.mkdir()
    name = "backup.0001.private"
    (installation.settings.keys_dir / name).rename(folder / name)
    return folder


def finish_erasures(installation: Installation) -> Path:
    installation.run("reconcile")
    installation.run("worker", "--burst")
    list_path: Path = installation.settings.data_dir / tombstones.FILE
    return list_path


def well(app: FundApp) -> list[str]:
    return [f"{each.name}: {each.detail}" for each in doctor.examine(app) if not each.healthy]


def test_the_drill(installation, tmp_path):
    made = round_in(installation)
    sent, draft, applicant = made.sent.id, made.draft.id, made.people[Role.APPLICANT].id
    safe = left_elsewhere(installation)
    file = backup_of(installation, tmp_path / "backups")
    before = counts()
    entries = db.session.scalar(select(func.count()).select_from(AuditEntry))
    assert MARK.encode() not in file.read_bytes()
    db.session.rollback()
    # Life goes on after the backup: mails go out, and two things are erased.
    installation.run("reconcile")
    installation.run("worker", "--burst")
    assert len(installation.smtp.messages) == 4, "three that waited, and one about a report that is overdue"
    for application_id in (draft, sent):
        application = db.session.get_one(Application, application_id)
        erase_application(actor=system_actor(), application=application, cause=ErasureCause.REQUEST, now=clock.now())
    erase_person(actor=system_actor(), person=made.people[Role.APPLICANT], cause=ErasureCause.REQUEST, now=clock.now())
    db.session.commit()
    erased = finish_erasures(installation)
    assert [grave.object_id for grave in tombstones.read(erased)] == [draft, sent, applicant]
    db.session.remove()

    new = fresh(installation, tmp_path / "new")
    new.run("backup", "restore", str(file), "--keys", str(safe), "--erased", str(erased))
    with new.app.app_context():
        after = counts()
        changed = {name for name in after if after[name] != before[name]}
        of_person = {"address_change", "known_device", "membership", "organisation_invitation", "tie"}
        of_person |= {"passkey", "record_key", "sign_in_session"}
        digests = {"row_digest", "row_salt"}
        assert db.session.scalars(select(OneTimeLink.used_at).where(OneTimeLink.used_at.is_(None))).all() == []
        assert after["one_time_link"] == 1
        assert changed <= {"attachment", "erasure", "export_job", "finalist_profile", "upload", *of_person, *digests}
        assert (after["attachment"], after["upload"], after["erasure"]) == (0, 0, 3)
        assert (db.session.scalar(select(func.count()).select_from(AuditEntry)) or 0) > (entries or 0)
        application = db.session.get_one(Application, sent)
        assert (application.erased_at is not None, application.answers, application.title) == (True, {}, "")
        assert application.person.name == ""
        states = db.session.scalars(select(OutboxItem.state).where(OutboxItem.kind == "mail:send")).all()
        assert states == [OutboxState.HELD] * 3
        db.session.remove()
        new.run("verify")
        new.run("reconcile")
        new.run("worker", "--burst")
        assert len(installation.smtp.messages) == 4, "nothing is sent twice"
        storage: Storage = new.app.extensions["storage"]
        kept = [path.name for path in storage.root.glob("*/*")]
        logos = list(db.session.scalars(select(Letterhead.stored_as)))
        assert len(logos) == 1
        assert kept == logos, "the files of what was erased did not stay, and the logo of the call did"
        assert well(new.app) == ["work put aside: 3 mails wait after a restore: fundapp outbox list"]
        db.session.remove()
        new.run("outbox", "release", "--all")
        new.run("reconcile")
        new.run("worker", "--burst")
        assert len(installation.smtp.messages) == 7, "released by somebody, they go"
        db.session.remove()
        db.engine.dispose()


def break_erasing(application_id: UUID) -> None:
    """Make the database refuse that an application is erased."""
    refused = f"NEW.id = '{application_id if db.engine.dialect.name != 'sqlite' else application_id.hex}'"
    refused += " AND NEW.erased_at IS NOT NULL"
    if db.engine.dialect.name == "sqlite":
        script = "BEGIN SELECT RAISE(ABORT, 'broken'); END"
    else:
        db.session.execute(
            text("CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'broken'; END$$")
        )
        script = "EXECUTE FUNCTION broken()"
    each_row = "FOR EACH ROW "
    db.session.execute(text(f"CREATE TRIGGER broken BEFORE UPDATE ON application {each_row}WHEN ({refused}) {script}"))
    db.session.commit()


def test_a_restore_that_cannot_erase_everything_holds_the_mail_says_so_and_is_repeated(installation, tmp_path, capfd):
    made = round_in(installation)
    db.session.add(LegalHold(call_id=made.call.id, reason="A court asked for it.", set_at=clock.now()))
    graves = [made.sent.id, made.draft.id]
    break_erasing(made.sent.id)
    safe = left_elsewhere(installation)
    file = backup_of(installation, tmp_path / "backups")
    db.session.remove()
    erased = tmp_path / "list.jsonl"
    for application_id in graves:
        tombstones.append(erased, tombstones.Tombstone("application", application_id, clock.now()))
    new = fresh(installation, tmp_path / "new")
    options = ["--erased", str(erased)]
    assert new.start("backup", "restore", str(file), "--keys", str(safe), *options).wait(60) == 1
    said = capfd.readouterr().err
    assert "NOT erased" in said
    assert (str(graves[0]) in said, str(graves[1]) in said) == (True, False)
    with new.app.app_context():
        states = db.session.scalars(select(OutboxItem.state).where(OutboxItem.kind == "mail:send")).all()
        assert states == [OutboxState.HELD] * 3
        there = [db.session.get_one(Application, each).erased_at is not None for each in graves]
        assert there == [False, True]
        db.session.execute(text("DROP TRIGGER broken" + (" ON application" if db.engine.name != "sqlite" else "")))
        db.session.commit()
        new.run("backup", "settle", *options)
        db.session.expire_all()
        assert db.session.get_one(Application, graves[0]).erased_at is not None
        db.session.remove()
        new.run("verify")
        new.run("backup", "settle", *options)
        assert "0 erased again" in capfd.readouterr().out
        db.engine.dispose()


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        ("no list of what was erased", "is missing: it lists what was erased"),
        ("a database that is not empty", "not empty"),
        ("a file that was cut off", "changed or cut off"),
        ("no private key", "there is no backup.private key"),
    ],
)
def test_a_restore_that_would_do_harm_is_refused(installation, tmp_path, capfd, spoiled, said):
    round_in(installation)
    safe = left_elsewhere(installation)
    file = backup_of(installation, tmp_path / "backups")
    options = ["--keys", str(safe), "--nothing-was-erased"]
    new = fresh(installation, tmp_path / "new")
    if spoiled.startswith("no list"):
        options.pop()
    elif spoiled.startswith("a database"):
        new.run("db", "upgrade")
    elif spoiled.startswith("a file"):
        file.write_bytes(file.read_bytes()[:-100])
    else:
        (safe / "backup.0001.private").unlink()
    assert new.start("backup", "restore", str(file), *options).wait(60) == 1
    assert said in capfd.readouterr().err
    with new.app.app_context():
        if not spoiled.startswith("a database"):
            assert "application" not in db.inspect(db.engine).get_table_names()
        storage: Storage = new.app.extensions["storage"]
        assert not storage.root.exists()
        db.engine.dispose()
    db.session.remove()


def test_a_backup_that_fails_leaves_no_file(installation, tmp_path):
    round_in(installation)
    (installation.settings.keys_dir / "backup.0001.public").unlink()
    assert installation.start("backup", "make", str(tmp_path / "backups")).wait(60) == 1
    assert not list((tmp_path / "backups").glob("*"))
    db.session.remove()
