"""The commands of keys and payee details, as an operator meets them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select
from time_machine import TimeMachineFixture

from fundapp import create_app, rekeying
from fundapp.accounts.permissions import system_actor
from fundapp.applications.models import Application, IdentityOpening
from fundapp.applications.sealed_answers import keep_answers
from fundapp.core import keys
from fundapp.core.audit import AuditEntry, record
from fundapp.core.db import db
from fundapp.core.keys import Keyring, KeysError, Part, Ring
from fundapp.core.web import FundApp
from fundapp.key_commands import keys_group, payee_group
from fundapp.review.models import PublicVote
from fundapp.review.vote_rules import VoteMode

from ..factories import NOW, make_application, make_call, make_person
from .sensitive_form import ANSWERS, FORM

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, app: FundApp, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of keys of its own, in use by the application."""
    folder = tmp_path / "keys"
    keys.make(folder)
    monkeypatch.setenv("KEYS_DIR", str(folder))
    monkeypatch.setitem(app.extensions, "keys", Keyring.load(folder, keys.COMMAND))
    return folder


@pytest.fixture
def run(app: FundApp, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command with keys as a process that starts now would hold them."""

    def command(group: Any, *arguments: str) -> Result:
        def make_app() -> FundApp:
            monkeypatch.setitem(app.extensions, "keys", Keyring.load(folder, keys.COMMAND))
            return app

        db.session.rollback()  # the command has a session of its own
        return CliRunner().invoke(group, list(arguments), obj=make_app)

    return command


def with_account() -> Application:
    application = make_application(make_call(form=FORM))
    keep_answers(application=application, form=FORM, values=ANSWERS, by_id=None, now=NOW)
    application.submissions[-1].answers = application.answers
    db.session.flush()
    return application


def commit(application: Application) -> str:
    record(actor=system_actor(), action="test:change", subject=application, now=NOW)
    reference = application.reference or ""
    db.session.commit()
    return reference


def test_keys_are_made_once_and_private_halves_are_to_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYS_DIR", str(tmp_path / "new"))
    first = CliRunner().invoke(keys_group, ["make"])
    assert first.exit_code == 0
    assert first.output.count("made ") == 9
    for part in ("payee.private", "backup.private"):
        assert f"move {part} away from the server" in first.output
    again = CliRunner().invoke(keys_group, ["make"])
    assert "nothing was made" in again.output
    assert "move" not in again.output


@pytest.mark.parametrize("part", sorted(keys.WEB))
def test_row_125_the_web_does_not_start_without_one_of_its_keys(app: FundApp, tmp_path: Path, part: Part) -> None:
    folder = tmp_path / "few"
    keys.make(folder)
    settings = replace(app.extensions["settings"], keys_dir=folder)
    assert create_app(settings).extensions["keys"].parts == keys.WEB
    keys.path_of(folder, part, 1).unlink()
    with pytest.raises(KeysError, match=f"there is no {part} key"):
        create_app(settings)


def test_the_web_starts_where_no_private_key_is(app: FundApp, tmp_path: Path) -> None:
    folder = tmp_path / "server"
    keys.make(folder)
    for path in folder.glob("*.private"):
        path.unlink()
    settings = replace(app.extensions["settings"], keys_dir=folder)
    assert create_app(settings).extensions["keys"].parts == keys.WEB
    assert create_app(settings, holds=keys.WORKER).extensions["keys"].parts == keys.WORKER


def test_a_key_is_exchanged_and_the_old_one_removed_only_when_nothing_needs_it(run: Run, folder: Path) -> None:
    make_person()
    db.session.commit()
    assert "made key 0002 of identity" in run(keys_group, "rotate", "identity").output
    shown = run(keys_group, "status").output
    assert "identity 0001: 1 rows, still needed" in shown
    assert "identity 0002: 0 rows, newest" in shown
    refused = run(keys_group, "remove", "identity", "1")
    assert refused.exit_code == 1
    assert "1 rows still need key 0001" in refused.output
    assert "nothing is left under an older key of identity" in run(keys_group, "rewrap", "identity").output
    assert "identity 0001: 0 rows, can be removed" in run(keys_group, "status").output
    assert run(keys_group, "remove", "identity", "1").exit_code == 0
    assert not (folder / "identity.0001.secret").exists()
    assert "is the newest" in run(keys_group, "remove", "files", "1").output
    assert rekeying.in_use(Ring.IDENTITY) == {2: 1}


def test_an_index_key_stays_until_the_public_vote_that_began_with_it_has_closed(
    run: Run, folder: Path, clock: TimeMachineFixture
) -> None:
    clock.move_to(NOW)
    call, person = make_call(), make_person()
    vote = PublicVote(
        call_id=call.id,
        mode=VoteMode.ADVISORY,
        opens_at=NOW,
        closes_at=NOW + timedelta(days=3),
        key_number=1,
        set_by_id=person.id,
        set_at=NOW,
    )
    db.session.add(vote)
    db.session.flush()
    record(actor=system_actor(), action="test:change", subject=vote, now=NOW)
    db.session.commit()
    for command in (["rotate", "index"], ["rewrap", "index"]):
        assert run(keys_group, *command).exit_code == 0
    assert rekeying.in_use(Ring.INDEX).get(1, 0) == 0
    status = run(keys_group, "status").output
    assert "index 0001: 0 rows, still needed by a public vote until 2020-09-17 12:00 UTC" in status
    refused = run(keys_group, "remove", "index", "1")
    assert refused.exit_code == 1
    assert "a public vote still needs key 0001 until it closes on 2020-09-17 12:00 UTC" in refused.output
    assert (folder / "index.0001.secret").exists()
    clock.move_to(NOW + timedelta(days=3))
    assert "index 0001: 0 rows, can be removed" in run(keys_group, "status").output
    assert run(keys_group, "remove", "index", "1").exit_code == 0
    assert not (folder / "index.0001.secret").exists()


def test_payee_details_are_opened_with_a_reason_and_it_is_on_record(run: Run, folder: Path, tmp_path: Path) -> None:
    reference = commit(with_account())
    stick = tmp_path / "stick"
    stick.mkdir(mode=0o700)
    (folder / "payee.0001.private").rename(stick / "payee.0001.private")
    missing = run(payee_group, "open", reference, "--reason", "The first instalment.")
    assert missing.exit_code == 1
    assert "there is no payee.private key" in missing.output
    unreasoned = run(payee_group, "open", reference, "--reason", " ", "--private-keys", str(stick))
    assert unreasoned.exit_code == 1
    assert db.session.scalars(select(IdentityOpening)).all() == []
    assert "CANARY" not in missing.output + unreasoned.output
    opened = run(payee_group, "open", reference, "--reason", "The first instalment.", "--private-keys", str(stick))
    assert opened.output == f"account: {ANSWERS['account']}\n"
    opening = db.session.scalars(select(IdentityOpening)).one()
    assert (opening.opened, opening.reason, opening.person_id) == (["account"], "The first instalment.", None)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "identity:open")).one()
    assert ANSWERS["account"] not in str(entry.data)


def test_an_unknown_reference_opens_nothing(run: Run) -> None:
    answer = run(payee_group, "open", "NONE-1", "--reason", "x")
    assert answer.exit_code == 1
    assert "there is no application NONE-1" in answer.output
