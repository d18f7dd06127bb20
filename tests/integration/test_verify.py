"""Row 120: whatever is edited, deleted, reordered, forged, cut or rewritten behind our back is named.

Each mutation is made by somebody who has taken the triggers away, and is undone afterwards.
"""

# ruff: noqa: S608 - whoever attacks the record writes SQL, and so do these tests

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import DateTime, Integer, Text, Uuid, insert, select, text, update
from sqlalchemy.types import JSON

from fundapp.accounts.permissions import system_actor
from fundapp.core.audit import AuditEntry, AuditHead, KeptVersion, record
from fundapp.core.audit.broken import Broken
from fundapp.core.audit.chain import NO_HASH, entry_hash
from fundapp.core.audit.checkpoints import Checkpoint, make_checkpoint, read_checkpoints
from fundapp.core.audit.entries import facts_of
from fundapp.core.audit.exporting import exported_lines
from fundapp.core.audit.verification import first_broken
from fundapp.core.db import Base, db
from fundapp.core.errors import Failure
from fundapp.core.keys import Keyring, Part
from fundapp.disbursement.models import Letter, LetterKind, LetterStatus
from fundapp.review.models import Decision, Review

from ..audit_log import without_triggers
from ..conftest import NOW
from ..factories import make_application, make_call, make_decision, make_review, make_reviewer, make_slate
from .test_sending_again import draft, send, write

SCRIPT = Path(__file__).parents[2] / "script" / "verify_audit.py"


@pytest.fixture
def ring(app) -> Keyring:
    return Keyring.load(app.extensions["settings"].keys_dir, [Part.AUDIT_PRIVATE, Part.AUDIT_PUBLIC])


@pytest.fixture
def checkpoints(app, ring) -> list[Checkpoint]:
    """A round with two of everything whose versions are kept, and two checkpoints on the way."""
    call = make_call()
    applications = [make_application(call) for _ in range(2)]
    reviewer = make_reviewer(call)
    for application in applications:
        make_review(application.entries[0], reviewer, [4, None])
    slate = make_slate(call)
    db.session.commit()
    made = [make_checkpoint(ring=ring)]
    db.session.commit()
    for application in applications:
        decision = make_decision(slate, application.entries[0])
        db.session.add(
            Letter(
                call_id=call.id,
                kind=LetterKind.AWARD,
                decision_id=decision.id,
                application_id=application.id,
                person_id=application.person_id,
                reference=application.reference,
                language="en",
                status=LetterStatus.MADE,
                content={"amount": "1"},
                sha256="0" * 64,
                stored_as="0" * 64,
                size_bytes=3,
                queued_at=NOW,
                made_at=NOW,
            )
        )
        db.session.commit()
    made.append(make_checkpoint(ring=ring))
    db.session.commit()
    return made


@pytest.fixture
def mutate(checkpoints, ring) -> Iterator[Callable[..., Broken | None]]:
    """Run SQL without the triggers, return what verification finds, and undo it."""

    def run(*statements: Any, elsewhere: bool = False, **values: Any) -> Broken | None:
        with without_triggers(db.session.connection()):
            for statement in statements:
                if callable(statement):
                    statement()
                else:
                    db.session.execute(text(statement), values)
            db.session.expire_all()
            found = first_broken(db.session(), ring=ring, elsewhere=checkpoints if elsewhere else [])
        db.session.rollback()
        return found

    assert run() is None
    yield run
    assert run(elsewhere=True) is None


def last() -> int:
    return db.session.scalars(select(AuditHead.seq)).one()


def edits(table: str, skipped: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    """Return an assignment for each column of a table that changes its value."""
    made = []
    for column in Base.metadata.tables[table].c:
        if column.name in skipped:
            continue
        if isinstance(column.type, Integer):
            change = f"{column.name} + 1000000"
        elif isinstance(column.type, Uuid):
            change = f"'{uuid4()}'"
        elif isinstance(getattr(column.type, "impl", column.type), DateTime):
            change = "'2001-01-01 00:00:00.000000+00:00'"
        elif isinstance(getattr(column.type, "impl", column.type), JSON):
            change = """'{"edited": 1}'"""
        elif isinstance(getattr(column.type, "impl", column.type), Text):
            change = f"coalesce({column.name}, '') || 'x'"
        else:
            raise AssertionError(f"no edit is known for {column}")
        made.append((column.name, change))
    return made


def test_each_column_of_an_entry_that_is_edited_is_named(mutate):
    middle = last() // 2
    for name, change in edits("audit_entry"):
        found = mutate(f"UPDATE audit_entry SET {name} = {change} WHERE seq = :seq", seq=middle)
        assert found is not None, name
        assert (found.table, found.seq) == ("audit_entry", middle), name


def test_each_column_of_a_checkpoint_that_is_edited_is_named(mutate, checkpoints):
    for name, change in edits("audit_checkpoint"):
        found = mutate(f"UPDATE audit_checkpoint SET {name} = {change} WHERE seq = :seq", seq=checkpoints[0].seq)
        assert found is not None, name
        assert found.table == "audit_checkpoint", name


def test_each_column_of_a_kept_version_that_is_edited_is_named(mutate):
    for seq in db.session.scalars(select(KeptVersion.seq)).all():
        for name, change in edits("kept_version"):
            found = mutate(f"UPDATE kept_version SET {name} = {change} WHERE seq = :seq", seq=seq)
            assert found is not None, name
            assert found.table == "kept_version", name


@pytest.mark.parametrize(
    ("table", "column", "change"),
    [
        ("score", "value", "1"),
        ("review", "comment", "comment || ' Indeed.'"),
        ("review", "submitted_at", "'2001-01-01 00:00:00.000000+00:00'"),
        ("decision", "outcome", "'decline', amount_minor = 0"),
        ("decision", "amount_minor", "amount_minor + 1"),
        ("decision", "rank", "7"),
        ("decision", "reason", "'Because.'"),
        ("decision", "decided_at", "'2001-01-01 00:00:00.000000+00:00'"),
        ("letter", "kind", "'decline'"),
        ("letter", "language", "'fr'"),
        ("letter", "reference", "reference || 'x'"),
        ("letter", "sha256", "'f'"),
        ("letter", "size_bytes", "1"),
        ("letter", "made_at", "'2001-01-01 00:00:00.000000+00:00'"),
    ],
)
def test_a_score_decision_or_letter_that_is_edited_is_named(mutate, table, column, change):
    row_id = db.session.scalars(select(Base.metadata.tables[table].c.id)).first()
    where = "WHERE value IS NOT NULL" if table == "score" else f"WHERE id = '{_spelled(row_id)}'"
    found = mutate(f"UPDATE {table} SET {column} = {change} {where}")
    assert found is not None
    assert found.table == ("review" if table == "score" else table)
    assert "was edited without a record" in found.problem


def _spelled(row_id: Any) -> str:
    return row_id.hex if db.session.get_bind().dialect.name == "sqlite" else str(row_id)


def test_a_score_that_becomes_cannot_judge_is_named(mutate):
    found = mutate("UPDATE score SET value = NULL, cannot_judge = true WHERE value IS NOT NULL")
    assert found is not None
    assert found.table == "review"
    assert "scores" in found.problem


@pytest.mark.parametrize("table", ["score", "review", "decision", "letter"])
def test_a_score_decision_or_letter_that_is_deleted_is_named(mutate, table):
    found = mutate(f"DELETE FROM {table}")
    assert found is not None
    assert found.table == ("review" if table == "score" else table)


def test_a_decision_that_is_forged_is_named(mutate):
    def forge() -> None:
        decision = db.session.scalars(select(Decision)).first()
        values = {column.name: getattr(decision, column.name) for column in Decision.__table__.c}
        entry = make_application(make_call()).entries[0]
        db.session.flush()
        connection = db.session.connection()
        connection.execute(insert(Decision).values({**values, "id": uuid4(), "entry_id": entry.id}))

    found = mutate(forge)
    assert found is not None
    assert found.table == "decision"
    assert "forged" in found.problem


def test_an_entry_that_is_cut_out_is_named(mutate):
    for seq in (1, last() // 2):
        found = mutate("DELETE FROM audit_entry WHERE seq = :seq", seq=seq)
        assert found == Broken("audit_entry", seq, "is missing: it was cut out")


def test_entries_that_change_places_are_named(mutate):
    found = mutate(
        "UPDATE audit_entry SET seq = -1 WHERE seq = 4",
        "UPDATE audit_entry SET seq = 4 WHERE seq = 5",
        "UPDATE audit_entry SET seq = 5 WHERE seq = -1",
    )
    assert found is not None
    assert (found.table, found.seq) == ("audit_entry", 4)


def test_a_forged_entry_is_named_wherever_it_stands(mutate):
    columns = "at, written_at, actor_id, roles, action, object_type, object_id, call_id, data, prev_hash"
    behind = f"INSERT INTO audit_entry (seq, entry_hash, {columns}) SELECT :seq, 'f', {columns} FROM audit_entry"
    found = mutate(f"{behind} WHERE seq = 1", seq=last() + 1)
    assert found is not None
    assert (found.table, found.seq) == ("audit_entry", last() + 1)
    found = mutate("DELETE FROM audit_entry WHERE seq = 3", f"{behind} WHERE seq = 2", seq=3)
    assert found is not None
    assert (found.table, found.seq) == ("audit_entry", 3)


def test_a_head_that_is_edited_deleted_or_doubled_is_named(mutate):
    for statement in ("UPDATE audit_head SET hash = 'x'", "DELETE FROM audit_head"):
        found = mutate(statement)
        assert found is not None
        assert found.table == "audit_head"
    assert mutate("UPDATE audit_head SET seq = seq + 1").table == "audit_entry"
    assert mutate("UPDATE audit_head SET seq = seq - 1").table == "audit_entry"


def test_kept_versions_that_are_deleted_swapped_or_forged_are_named(mutate):
    first, second = db.session.scalars(select(KeptVersion).order_by(KeptVersion.seq).limit(2)).all()
    found = mutate("DELETE FROM kept_version WHERE seq = :seq", seq=first.seq)
    assert (found.table, found.seq) == ("kept_version", first.seq)
    found = mutate(
        "UPDATE kept_version SET seq = -1 WHERE seq = :one",
        "UPDATE kept_version SET seq = :one WHERE seq = :two",
        "UPDATE kept_version SET seq = :two WHERE seq = -1",
        one=first.seq,
        two=second.seq,
    )
    assert found.table == "kept_version"
    columns = "object_type, object_id, content, sha256, seq"
    found = mutate(f"INSERT INTO kept_version (number, {columns}) SELECT number + 1, {columns} FROM kept_version")
    assert found.table == "kept_version"


def cut_to(seq: int) -> list[Any]:
    """Cut the end of the chain off as somebody would who knows how it is made."""

    def move_head() -> None:
        head = db.session.scalars(select(AuditEntry.entry_hash).where(AuditEntry.seq == seq)).one()
        db.session.execute(update(AuditHead).values(seq=seq, hash=head))

    deletions = [f"DELETE FROM {table} WHERE seq > {seq}" for table in ("audit_entry", "kept_version", "row_digest")]
    return [*deletions, move_head]


def rewrite(seq: int = 3, column: str = "action", value: Any = "test:rewritten") -> None:
    """Change one entry and chain everything anew, as the owner of the database could."""
    before = NO_HASH
    rows = db.session.execute(select(*AuditEntry.__table__.c).order_by(AuditEntry.seq)).mappings().all()
    for row in rows:
        values = {**row, "prev_hash": before}
        if row["seq"] == seq:
            values[column] = value
        before = entry_hash(before, facts_of(SimpleNamespace(**values)))
        values["entry_hash"] = before
        statement = update(AuditEntry).where(AuditEntry.seq == row["seq"]).values(values)
        db.session.connection().execute(statement)
    db.session.execute(update(AuditHead).values(hash=before))


def test_a_tail_that_is_cut_off_is_named_by_a_checkpoint(mutate, checkpoints):
    kept = checkpoints[0].seq
    rows_of_decided = ["DELETE FROM letter", "DELETE FROM decision"]
    found = mutate(*rows_of_decided, *cut_to(kept))
    assert (found.table, found.seq) == ("audit_entry", kept + 1)
    new_people = "DELETE FROM person WHERE id NOT IN (SELECT object_id FROM row_digest WHERE object_type = 'person')"
    cut_stored = [*rows_of_decided, *cut_to(kept), f"DELETE FROM audit_checkpoint WHERE seq > {kept}", new_people]
    assert mutate(*cut_stored) is None  # nothing here shows it: that is what checkpoints elsewhere are for
    found = mutate(*cut_stored, elsewhere=True)
    assert (found.table, found.seq) == ("audit_entry", kept + 1)


def test_a_chain_that_is_rewritten_is_named_by_a_checkpoint(mutate, checkpoints):
    found = mutate(rewrite)
    assert (found.table, found.seq) == ("audit_entry", 1)
    assert f"to entry {checkpoints[0].seq}" in found.problem
    assert mutate(rewrite, "DELETE FROM audit_checkpoint") is None
    found = mutate(rewrite, "DELETE FROM audit_checkpoint", elsewhere=True)
    assert (found.table, found.seq) == ("audit_entry", 1)


@pytest.mark.parametrize("forged", [{"version": 1}, {"version": [1], "version_sha256": "0" * 64}])
def test_an_entry_that_tells_of_a_version_as_none_does_is_named(mutate, forged):
    seq = db.session.scalars(select(KeptVersion.seq).order_by(KeptVersion.seq).limit(1)).one()
    found = mutate(partial(rewrite, seq, "data", forged))
    assert (found.table, found.seq) == ("audit_entry", seq)
    assert "can't be read" in found.problem


def test_a_checkpoint_of_another_key_or_one_that_is_gone_is_named(mutate, checkpoints, tmp_path):
    def sign_with_another_key() -> None:
        from fundapp.core import keys

        keys.make(tmp_path)
        other = Keyring.load(tmp_path, [Part.AUDIT_PRIVATE, Part.AUDIT_PUBLIC])
        db.session.execute(text("DELETE FROM audit_checkpoint"))
        make_checkpoint(ring=other)

    found = mutate(sign_with_another_key)
    assert found.table == "audit_checkpoint"
    assert "no key of ours" in found.problem
    found = mutate("DELETE FROM audit_checkpoint", elsewhere=True)
    assert (found.table, found.seq) == ("audit_checkpoint", checkpoints[0].seq)


def test_each_change_of_a_decision_has_a_version_and_so_has_its_end(app, ring):
    call = make_call()
    decision = make_decision(make_slate(call), make_application(call).entries[0])
    db.session.commit()
    for reason in ("First.", "First.", "Second."):
        decision.reason = reason
        db.session.commit()
    decision_id = decision.id
    record(actor=system_actor(), action="decision:withdraw", subject=decision, now=NOW)
    db.session.delete(decision)
    db.session.commit()
    rows = db.session.scalars(
        select(KeptVersion).where(KeptVersion.object_id == decision_id).order_by(KeptVersion.number)
    ).all()
    assert [row.number for row in rows] == [1, 2, 3, 4]
    assert len({row.sha256 for row in rows}) == 4
    assert rows[-1].content is None
    assert "First." not in str([row.content for row in rows])
    assert first_broken(db.session(), ring=ring) is None


def test_an_application_that_is_sent_twice_is_as_it_was_written(app, ring):
    application = draft()
    for plan in ("A plan", "A second plan"):
        write(application, plan=plan)
        send(application)
        db.session.commit()
    entries = select(AuditEntry.data).where(AuditEntry.object_id == application.id).order_by(AuditEntry.seq)
    sent = db.session.scalars(entries).all()
    assert [data["submission"] for data in sent if "content_sha256" in data] == [1, 2]
    assert first_broken(db.session(), ring=ring) is None


def test_a_draft_of_a_review_is_not_kept_and_a_submitted_one_is(checkpoints):
    reviews = db.session.scalars(select(Review)).all()
    assert len(reviews) == 2
    versions = db.session.scalars(select(KeptVersion).where(KeptVersion.object_type == "review")).all()
    assert {version.object_id for version in versions} == {review.id for review in reviews}
    assert versions[0].content is not None
    scores = versions[0].content["scores"].values()
    assert sorted(scores, key=str) == [
        {"cannot_judge": False, "value": 4},
        {"cannot_judge": True, "value": None},
    ]


def test_a_file_that_holds_no_checkpoints_is_refused(checkpoints):
    lines = [checkpoint.to_json() for checkpoint in checkpoints]
    assert read_checkpoints(lines) == checkpoints
    with pytest.raises(Failure, match="line 2"):
        read_checkpoints([lines[0], "{}"])


def run_script(*paths: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(SCRIPT), *map(str, paths)], capture_output=True, text=True, check=False
    )


def test_the_script_that_knows_nothing_of_fundapp_says_the_same(checkpoints, ring, tmp_path):
    lines = list(exported_lines(db.session(), ring=ring))
    file, kept = tmp_path / "export.jsonl", tmp_path / "checkpoints.jsonl"
    kept.write_text("".join(f"{checkpoint.to_json()}\n" for checkpoint in checkpoints), encoding="utf-8")

    def said(changed: list[str], *more: Path) -> tuple[int, str]:
        file.write_text("\n".join(changed) + "\n", encoding="utf-8")
        done = run_script(file, *more)
        assert done.stderr == ""
        return done.returncode, done.stdout

    assert said(lines)[0] == 0
    assert said(lines, kept)[1].startswith("ok  ")
    places = [number for number, line in enumerate(lines) if '"entry"' in line]
    third = places[2]
    assert said([*lines[:third], *lines[third + 1 :]]) == (1, "BAD entry 3 is missing\n")
    edited = lines[third].replace('"action":"', '"action":"x')
    assert said([*lines[:third], edited, *lines[third + 1 :]]) == (1, "BAD entry 3 was edited\n")
    swapped = [*lines]
    swapped[third], swapped[third + 1] = swapped[third + 1], swapped[third]
    assert said(swapped) == (1, "BAD entry 3 is missing\n")
    no_checkpoints = [line for line in lines if '"checkpoint"' not in line]
    cut = no_checkpoints[:-1]
    assert said(cut)[0] == 0
    assert said(cut, kept)[1].startswith(f"BAD entry {len(places)} is missing")
    item = json.loads(lines[-1])
    item["checkpoint"]["at"] = "2001-01-01T00:00:00.000000Z"
    assert "was not signed" in said([*lines[:-1], json.dumps(item)])[1]
    assert "is not the one" in said([lines[0].replace('"id":"1-', '"id":"1-0'), *lines[1:]])[1]
    assert len(SCRIPT.read_text(encoding="utf-8").splitlines()) < 100
    assert not re.search(r"^\s*(import|from) fundapp", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)
