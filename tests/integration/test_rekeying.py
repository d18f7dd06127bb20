"""Keys are exchanged in steps that may stop anywhere: both keys work meanwhile, and in the end the old one can go."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fundapp import doctor, rekeying
from fundapp.accounts.models import Organisation, Person
from fundapp.accounts.permissions import system_actor
from fundapp.accounts.queries import person_by_email
from fundapp.applications.models import Application, Attachment, SealedAnswer
from fundapp.applications.sealed_answers import clear_answers, keep_answers, open_payee, payee_answers
from fundapp.applications.services.drafts import form_of
from fundapp.core import keys, sealed_files
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.keys import Keyring, Part, Ring
from fundapp.core.sealing import RecordKey
from fundapp.core.web import FundApp

from ..factories import NOW, make_application, make_attachment, make_call, make_person
from .sensitive_form import ANSWERS, FORM


@pytest.fixture
def folder(app: FundApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keys of this test alone."""
    keys.make(tmp_path)
    use(app, tmp_path, monkeypatch)
    return tmp_path


def use(app: FundApp, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start again with the keys that are in the folder now."""
    db.session.remove()
    monkeypatch.setitem(app.extensions, "keys", Keyring.load(folder, keys.WEB))


def people(count: int) -> list[tuple[object, str]]:
    made = [make_person(f"Person {number}", email=f"rekeyed{number}@example.org") for number in range(count)]
    db.session.commit()
    return [(person.id, person.name) for person in made]


def readable(known: list[tuple[object, str]]) -> bool:
    db.session.remove()
    return [(person_id, db.session.get_one(Person, person_id).name) for person_id, _name in known] == known


@pytest.mark.parametrize("stopped_after", [0, 1, 2, 3])
def test_row_118_an_interrupted_exchange_leaves_all_readable_and_goes_on(
    app: FundApp, folder: Path, monkeypatch: pytest.MonkeyPatch, stopped_after: int
) -> None:
    known = people(7)
    keys.rotate(folder, Ring.IDENTITY)
    use(app, folder, monkeypatch)
    assert readable(known), "the old key still opens"
    steps = rekeying.rewrap(Ring.IDENTITY, now=NOW, batch=3)
    done = 0
    for _ in range(stopped_after):
        done += next(steps)
        db.session.commit()
    next(steps, None)
    db.session.rollback()  # here the process died
    del steps
    assert rekeying.in_use(Ring.IDENTITY).get(2, 0) == done == min(3 * stopped_after, 7)
    assert readable(known), "both keys work"
    rest = 0
    for count in rekeying.rewrap(Ring.IDENTITY, now=NOW, batch=3):
        db.session.commit()
        rest += count
    assert done + rest == 7
    assert rekeying.in_use(Ring.IDENTITY) == {2: 7}
    assert list(rekeying.rewrap(Ring.IDENTITY, now=NOW)) == [], "again changes nothing"
    keys.remove(folder, Ring.IDENTITY, 1)
    use(app, folder, monkeypatch)
    assert readable(known), "the old key is not needed any more"


def test_new_data_is_sealed_with_the_new_key(app: FundApp, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people(1)
    keys.rotate(folder, Ring.IDENTITY)
    use(app, folder, monkeypatch)
    make_person("New Person")
    db.session.commit()
    assert rekeying.in_use(Ring.IDENTITY) == {1: 1, 2: 1}
    assert db.session.scalar(select(func.count()).select_from(RecordKey)) == 2


def test_a_key_that_is_removed_too_early_is_missed_by_the_doctor(
    app: FundApp, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finding() -> doctor.Finding:
        return next(each for each in doctor.examine(app) if each.name == "keys")

    people(1)
    settings = app.extensions["settings"]
    monkeypatch.setitem(app.extensions, "settings", replace(settings, keys_dir=folder))
    assert finding().healthy
    keys.rotate(folder, Ring.IDENTITY)
    use(app, folder, monkeypatch)
    assert finding() == doctor.Finding("keys", True, "all that rows need are here; 1 rows are under older keys")
    (folder / "identity.0001.secret").unlink()
    assert finding() == doctor.Finding("keys", False, "missing, though rows need them: identity 0001")


def test_the_newest_key_is_never_removed(folder: Path) -> None:
    with pytest.raises(keys.KeysError, match="is the newest"):
        keys.remove(folder, Ring.IDENTITY, 1)


def test_files_are_exchanged_by_their_data_keys(app: FundApp, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    attachment = make_attachment(app.extensions["storage"], make_application(make_call()), b"%PDF-1.7 sample")
    db.session.commit()
    stored = attachment.stored_as
    keys.rotate(folder, Ring.FILES)
    use(app, folder, monkeypatch)
    assert sum(rekeying.rewrap(Ring.FILES, now=NOW)) == 1
    db.session.commit()
    keys.remove(folder, Ring.FILES, 1)
    use(app, folder, monkeypatch)
    again = db.session.scalars(select(Attachment)).one()
    assert again.stored_as == stored, "no file is written anew"
    assert sealed_files.read(app.extensions["storage"], again.file) == b"%PDF-1.7 sample"


def test_blind_indexes_are_made_anew_and_find_all_the_time(
    app: FundApp, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = people(3)
    application = make_application(make_call())
    key = application.organisation_key
    db.session.commit()
    keys.rotate(folder, Ring.INDEX)
    use(app, folder, monkeypatch)
    steps = rekeying.rewrap(Ring.INDEX, now=NOW, batch=2)
    next(steps)
    db.session.commit()
    for number in range(3):
        found = person_by_email(f"rekeyed{number}@example.org")
        assert found is not None
        assert found.id == known[number][0]
    for _ in steps:
        db.session.commit()
    assert set(rekeying.in_use(Ring.INDEX)) == {2}
    keys.remove(folder, Ring.INDEX, 1)
    use(app, folder, monkeypatch)
    assert person_by_email("rekeyed0@example.org") is not None
    again = db.session.scalars(select(Application)).one()
    organisation = db.session.scalars(select(Organisation)).one()
    assert again.organisation_key == organisation.name_key != key


def test_payee_details_are_exchanged_by_whoever_holds_the_private_key(
    app: FundApp, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = make_application(make_call(form=FORM))
    keep_answers(application=application, form=form_of(application), values=ANSWERS, by_id=None, now=NOW)
    application.submissions[-1].answers = application.answers
    record(actor=system_actor(), action="test:change", subject=application, now=NOW)
    db.session.commit()
    keys.rotate(folder, Ring.PAYEE)
    use(app, folder, monkeypatch)
    private = Keyring.load(folder, [Part.PAYEE_PRIVATE])
    assert list(rekeying.rewrap(Ring.PAYEE, now=NOW)) == [], "not without the private key"
    assert sum(rekeying.rewrap(Ring.PAYEE, now=NOW, private=private)) == 1
    db.session.commit()
    assert rekeying.in_use(Ring.PAYEE) == {2: 1}
    for half in ("public", "private"):
        (folder / f"payee.0001.{half}").unlink()
    use(app, folder, monkeypatch)
    private = Keyring.load(folder, [Part.PAYEE_PRIVATE])
    again = db.session.scalars(select(Application)).one()
    assert open_payee(payee_answers(again)["account"], private) == ANSWERS["account"]
    assert clear_answers(again)["contact"] == ANSWERS["contact"]
    assert db.session.scalar(select(func.count()).select_from(SealedAnswer)) == 3
