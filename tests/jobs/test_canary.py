"""Row 116: a whole round of a protected call, on real parts; then all that is left is searched for two people."""

import io
import logging
import re
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.accounts.services.sessions import open_session
from fundapp.applications.models import Application, Call, Entry
from fundapp.applications.services import managing
from fundapp.core import clock, unit_of_work
from fundapp.core.audit import AuditEntry, text_sha256
from fundapp.core.db import db
from fundapp.disbursement.models import Award, Letter, LetterStatus, PayeeCall
from fundapp.disbursement.services import offers
from fundapp.disbursement.services.offers import agreement_of
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.review.models import Assignment, Outcome
from fundapp.review.services import deciding, ratifying, reading, sending
from fundapp.review.services import pairs as by_hand

from ..attacks.crawl import fetch, rules_for
from ..attacks.world import addresses
from ..conftest import actor_of
from ..factories import ANSWERS, make_call, make_reviewer, make_staff, parts_of
from ..payees import call_back, give
from ..servers import _postgres_programs
from .canary import (
    ADDRESS,
    FILE,
    FILENAME,
    FORM_OF_HIDDEN,
    STORY,
    WHO,
    WHO_IN_ARABIC,
    WORK,
    found_in,
    secrets_of,
    shapes_of,
)

SECRETS = sorted({*secrets_of(WHO), *secrets_of(WHO_IN_ARABIC)})
MARK = "Kanarinke nisu ovdje ali je poziv za sve"
"""A public text of the same call: whoever finds it everywhere would have found the others too."""
READERS = (Role.REVIEWER, Role.MANAGER, Role.RATIFIER, Role.AUDITOR)
STAFF = [role for role in Role if role not in (Role.APPLICANT, Role.COLLABORATOR, Role.NOMINATOR)]


class Applicant:
    """Somebody who applies over the pages, as a browser would."""

    def __init__(self, installation: Any, slug: str, who: dict[str, str]) -> None:
        self.installation, self.slug, self.who = installation, slug, who
        self.client: FlaskClient = installation.app.test_client()

    def begin_by_passphrase(self) -> None:
        answer = fetch(self.client, "/sign-in/without-mail", "POST", data={"next": f"/calls/{self.slug}/start"})
        assert answer.status_code == 200

    def begin_by_mail(self) -> None:
        answer = fetch(self.client, f"/calls/{self.slug}/start", "POST", data={"email": ADDRESS})
        assert answer.status_code == 302
        self.installation.run("worker", "--burst")
        mail = self.installation.smtp.messages[-1].get_content()
        found = re.search(r"/link/\S+", mail)
        assert found, mail
        assert fetch(self.client, found.group(0), "POST").status_code == 302

    def apply(self) -> None:
        answer = fetch(self.client, f"/calls/{self.slug}/start", "POST")
        path = answer.location
        assert path.startswith("/applications/"), answer.text
        typed = {**ANSWERS, **self.who, "title": WORK, "plan": STORY}
        for number in (1, 2):
            page = fetch(self.client, f"{path}/sections/{number}").text
            seen = page.split('name="seen" value="')[1].split('"')[0]
            fields: dict[str, Any] = {f"q_{name}": text for name, text in typed.items() if f'"q_{name}"' in page}
            if '"q_paper"' in page:
                fields["q_paper"] = (io.BytesIO(FILE), FILENAME)
            answer = fetch(
                self.client, f"{path}/sections/{number}", "POST", data=fields | {"seen": seen},
                content_type="multipart/form-data",
            )  # fmt: skip
            assert answer.status_code == 302, answer.text
        seen = fetch(self.client, f"{path}/check").text.split('name="seen" value="')[1].split('"')[0]
        assert fetch(self.client, f"{path}/check", "POST", data={"seen": seen}).status_code == 302
        self.path = path

    def own_pages(self) -> bytes:
        pages = [fetch(self.client, self.path + more).data for more in ("", "/copy", "/copy.txt")]
        return b"".join([*pages, fetch(self.client, "/letters").data])


class Round:
    """The round of a protected call, taken to its end by its staff."""

    def __init__(self, installation: Any) -> None:
        self.installation = installation
        now = clock.now()
        titles = {"en": MARK}
        self.call = make_call(
            form=FORM_OF_HIDDEN, titles=titles, is_protected=True, reviews_per_entry=1,
            opens_at=now - timedelta(days=2), closes_at=now + timedelta(days=2),
        )  # fmt: skip
        self.staff: dict[Role, Person] = {
            role: make_staff(role, self.call, name=f"{role.value} of the fund") for role in STAFF
        }
        self.reviewer = make_reviewer(self.call, person=self.staff[Role.REVIEWER])
        self.call_id, self.slug = self.call.id, self.call.slug
        self.ids = {role: person.id for role, person in self.staff.items()}
        db.session.commit()

    def commit(self) -> None:
        unit_of_work.commit(self.installation.app.queue)

    def actor(self, role: Role) -> Any:
        return actor_of(db.session.get_one(Person, self.ids[role]))

    def decide(self) -> None:
        """Check, review, decide, ratify, release, and make the letters."""
        call = db.session.get_one(Call, self.call_id)
        manager = self.actor(Role.MANAGER)
        for application in db.session.scalars(select(Application).where(Application.call_id == call.id)):
            managing.mark_eligible(actor=manager, application=application, now=clock.now())
        self.commit()
        entries = db.session.scalars(select(Entry).where(Entry.call_id == call.id)).all()
        pairs = [(entry, self.reviewer) for entry in entries]
        by_hand.assign_by_hand(actor=manager, call=call, pairs=pairs, now=clock.now())
        self.commit()
        for assignment in db.session.scalars(select(Assignment)).all():
            actor = self.actor(Role.REVIEWER)
            reading.declare_no_conflict(actor=actor, assignment=assignment, now=clock.now())
            parts = parts_of({"need": 5, "plan": 4}, "Strong.")
            reading.submit_review(actor=actor, assignment=assignment, parts=parts, now=clock.now())
        self.commit()
        call.closes_at = after = clock.now()  # as if the days had passed
        db.session.commit()
        for entry, outcome in zip(entries, (Outcome.AWARD, Outcome.DECLINE), strict=True):
            deciding.decide_entry(
                actor=manager,
                entry=entry,
                outcome=outcome,
                amount_minor=100_000,
                reason="By rank.",
                version=0,
                now=after,
            )
        slate = sending.propose_slate(actor=manager, call=call, now=after)
        ratifying.ratify_slate(actor=self.actor(Role.RATIFIER), slate=slate, now=after)
        release_decisions(actor=manager, call=call, now=after)
        self.commit()

    def accept(self) -> None:
        """Let the people of the award accept it and say where its money goes; call them about it."""
        award, now = db.session.scalars(select(Award)).one(), clock.now()
        application = award.decision.entry.application
        who = WHO if application.organisation_name == WHO["organisation"] else WHO_IN_ARABIC
        agreed_to = text_sha256(agreement_of(application.call)[0])
        offers.accept(
            actor=actor_of(application.person), award=award, name=who["contact"], role=who["organisation"],
            seen_sha256=agreed_to, with_second_factor=True, now=now,
        )  # fmt: skip
        self.commit()
        give(
            award, application.person, at=now, holder=who["organisation"], latin="Example Holder", note=who["contact"],
            town=who["region"],
        )  # fmt: skip
        self.commit()
        officer = db.session.get_one(Person, self.ids[Role.FINANCE])
        call_back(award, officer, at=now, phone=who["phone"], note=who["contact"])
        self.commit()
        assert db.session.scalars(select(PayeeCall)).one().phone == who["phone"]

    def client_of(self, role: Role) -> FlaskClient:
        client: FlaskClient = self.installation.app.test_client()
        person = db.session.get_one(Person, self.ids[role])
        token = open_session(person=person, now=clock.now(), strong=True)
        with client.session_transaction() as cookie:
            cookie["session_token"] = token
        self.commit()
        return client


def dump_of(installation: Any) -> bytes:
    """Return the whole database as SQL, and SQLite's files as they lie on the disk."""
    db.session.rollback()
    db.engine.dispose()
    url = installation.settings.database_url
    if url.startswith("postgresql"):
        program = _postgres_programs() / "pg_dump"
        return subprocess.run([program, "--inserts", url], capture_output=True, check=True).stdout
    connection = db.engine.raw_connection()
    try:
        sql = "\n".join(connection.driver_connection.iterdump())  # type: ignore[union-attr]  # SQLite has it
    finally:
        connection.close()
    files = installation.settings.data_dir.glob("fundapp.sqlite*")
    return sql.encode() + b"".join(path.read_bytes() for path in files)


def queue_of(installation: Any) -> bytes:
    """Return everything in Redis: keys and values of every type."""
    connection = installation.app.queue.connection
    parts: list[bytes] = []
    for key in connection.scan_iter():
        kind = connection.type(key).decode()
        read = {
            "hash": connection.hgetall,
            "list": lambda name: connection.lrange(name, 0, -1),
            "set": connection.smembers,
            "zset": lambda name: connection.zrange(name, 0, -1, withscores=True),
            "string": connection.get,
        }.get(kind, connection.dump)
        value = read(key)
        values = [each for pair in value.items() for each in pair] if isinstance(value, dict) else value
        parts += [key, *(each if isinstance(each, bytes) else str(each).encode() for each in _flat(values))]
    return b"\n".join(parts)


def _flat(values: Any) -> Iterator[Any]:
    for value in [values] if isinstance(values, bytes) else values or []:
        yield from value if isinstance(value, tuple) else [value]


def mails_of(installation: Any) -> bytes:
    """Return all mails without the lines that say to whom: a mail must know where it goes."""
    parts = []
    for message in installation.smtp.messages:
        for header in ("To", "X-RcptTo"):
            del message[header]
        parts += [message.as_bytes(), message.get_content().encode()]
    return b"\n".join(parts)


def files_of(installation: Any) -> dict[str, bytes]:
    folder = installation.settings.data_dir
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "sqlite" not in path.name
    }


def test_row_116_nothing_that_is_left_of_a_protected_round_tells_who_was_in_it(
    installation: Any, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    app = installation.app
    app.config["WTF_CSRF_ENABLED"] = False
    round_ = Round(installation)
    hidden = [Applicant(installation, round_.slug, WHO), Applicant(installation, round_.slug, WHO_IN_ARABIC)]
    hidden[0].begin_by_mail()
    hidden[1].begin_by_passphrase()
    for applicant in hidden:
        applicant.apply()
    round_.decide()
    queued = queue_of(installation)
    installation.run("worker", "--burst")
    letters = db.session.scalars(select(Letter)).all()
    assert {letter.status for letter in letters} == {LetterStatus.MADE}
    assert len(letters) == 2
    round_.accept()

    # Whoever may see it finds it, so that the search below could too.
    for applicant, who in zip(hidden, (WHO, WHO_IN_ARABIC), strict=True):
        own = set(found_in(applicant.own_pages(), secrets_of(who)))
        assert {who["organisation"], who["contact"], who["region"], WORK, FILENAME} <= own
    manager = round_.client_of(Role.MANAGER)
    ids = list(db.session.scalars(select(Application.id).where(Application.call_id == round_.call_id)))
    opened = b""
    for application_id in ids:
        path = f"/manage/applications/{application_id}/identity"
        opened += fetch(manager, path, "POST", data={"what": "identity", "reason": "To ask for a paper."}).data
    assert {WHO["contact"], WHO_IN_ARABIC["contact"]} <= set(found_in(opened, SECRETS))
    assert db.session.scalars(select(AuditEntry.seq).where(AuditEntry.object_type == "identity_opening")).all()

    # Whoever may not, does not: on any page of any role, and after it was opened by somebody else.
    objects: dict[str, list[Any]] = {
        "slug": [round_.slug],
        "application_id": ids,
        "entry_id": list(db.session.scalars(select(Entry.id))),
        "letter_id": [letter.id for letter in letters],
        "award_id": list(db.session.scalars(select(Award.id))),
        "assignment_id": list(db.session.scalars(select(Assignment.id))),
        "reviewer_id": [round_.reviewer.id],
    }
    known = {"format", "filename", "number", "token", *objects}
    for role in STAFF:
        client = round_.client_of(role)
        seen = b""
        for page in pages_of(app, client, role, objects, known):
            seen += page
        assert MARK.encode() in seen or role is Role.ADMINISTRATOR, role
        assert found_in(seen, SECRETS) == [], role
        assert bool(found_in(seen, [STORY])) == (role in READERS), role

    # Nothing at rest, in the queue, in mails, in logs, and on the disk.
    output = capfd.readouterr()
    ours = [record.getMessage() for record in caplog.records if record.name != "mail.log"]  # that is the mail server
    logs = "\n".join([output.out, output.err, *ours]).encode()
    left = {
        "database": dump_of(installation),
        "queue before": queued,
        "queue after": queue_of(installation),
        "mails": mails_of(installation),
        "logs": logs,
        **files_of(installation),
    }
    assert {name: found for name, data in left.items() if (found := found_in(data, [*SECRETS, STORY]))} == {}
    assert MARK.encode() in left["database"], "a public text of the same call is found"
    assert b"run_outbox" in queued or b"fundapp" in queued
    assert b"http://localhost" in left["mails"]
    assert b"fundapp" in logs
    assert any(name.startswith("files/") for name in left)


def pages_of(
    app: Any, client: FlaskClient, role: Role, objects: dict[str, list[Any]], known: set[str]
) -> Iterator[bytes]:
    """Return what each page says to a role, of those whose addresses name an object of this round."""
    for rule in rules_for(app, role, "GET"):
        if set(rule.arguments) <= known and rule.endpoint not in ("static", "accounts.leave"):
            for path in addresses(app, rule, objects):
                answer = fetch(client, path)
                yield answer.data + str(answer.headers).encode()


@pytest.mark.parametrize("text", [WHO["organisation"], WHO_IN_ARABIC["organisation"], WHO["account"]])
def test_row_116_a_text_is_found_in_whatever_shape_a_program_gives_it(text: str) -> None:
    for shape in shapes_of(text):
        assert found_in(b"before" + shape + b"after", [text]) == [text], shape
    assert found_in(b"nothing of the kind", [text]) == []


def test_row_116_what_is_packed_is_searched_too(tmp_path: Any) -> None:
    packed = b"head" + zlib.compress(WHO["contact"].encode()) + b"tail"
    assert found_in(packed, SECRETS) == [WHO["contact"]]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "list.txt").write_text(WHO["phone"])
    archive = shutil.make_archive(str(tmp_path / "out"), "zip", tmp_path / "in")
    with open(archive, "rb") as file:
        assert found_in(file.read(), SECRETS) == [WHO["phone"]]
