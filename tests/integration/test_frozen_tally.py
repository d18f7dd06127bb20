"""The tally that is frozen when a list is sent: one file, signed, from which anybody reckons the ranking again."""

# ruff: noqa: S608 - whoever attacks the record writes SQL, and so do these tests

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, insert, select, text, update

from fundapp.accounts.permissions import Role
from fundapp.applications.models import Criterion
from fundapp.audit_cli import audit, verify
from fundapp.core.audit import KeptVersion
from fundapp.core.audit.chain import canonical_json
from fundapp.core.db import db
from fundapp.core.keys import Part, path_of
from fundapp.core.web import FundApp
from fundapp.review.frozen import differences, read_frozen
from fundapp.review.models import Assignment, Decision, FrozenTally, Review, Score, Slate
from fundapp.review.queries.freezing import frozen_file, newest_frozen
from fundapp.review.services import deciding, ratifying, sending
from fundapp.review.tally_cli import tally_group

from ..audit_log import without_triggers
from ..conftest import actor_of
from ..factories import (
    CLOSES,
    make_application,
    make_call,
    make_member,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
)

AFTER = CLOSES + timedelta(days=1)
Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def sent(app: FundApp) -> Slate:
    """A list of three entries with two reviews each, decided by rank, sent and committed."""
    call = make_call(budget_minor=2_500_000)
    reviewers = [make_reviewer(call) for _ in range(2)]
    for marks in ([5, 4], [4, 4], [2, 3]):
        entry = make_application(call).entries[0]
        for reviewer, mark in zip(reviewers, marks, strict=True):
            make_review(entry, reviewer, [mark, mark])
    manager = actor_of(make_staff(Role.MANAGER))
    db.session.commit()
    deciding.decide_by_rank(actor=manager, call=call, now=AFTER)
    db.session.commit()
    slate = sending.propose_slate(actor=manager, call=call, now=AFTER)
    db.session.commit()
    return slate


@pytest.fixture
def run(app: FundApp, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("KEYS_DIR", str(app.extensions["settings"].keys_dir))

    def command(group: Any, *arguments: object) -> Result:
        db.session.rollback()  # a command has a session of its own
        return CliRunner().invoke(
            group, [str(each) for each in arguments], obj=lambda *_holds: app, catch_exceptions=False
        )

    return command


def frozen_of(slate: Slate) -> FrozenTally:
    frozen = newest_frozen(slate)
    assert frozen is not None
    return frozen


def saved(slate: Slate, folder: Path, edit: Edit | None = None) -> Path:
    """Save the file of a list, edited by somebody who keeps its spelling."""
    content, _, signature = frozen_file(frozen_of(db.session.merge(slate))).partition(b"\n")
    if edit is not None:
        document = json.loads(content)
        edit(document)
        content = canonical_json(document)
    file = folder / "tally.jsonl"
    file.write_bytes(content + b"\n" + signature)
    return file


def test_a_signed_file_is_verified_against_its_key_itself_and_the_database(run, sent, tmp_path):
    assert run(audit, "checkpoint").exit_code == 0
    done = run(tally_group, "verify", saved(sent, tmp_path))
    assert done.exit_code == 0, done.output
    assert done.output.count("ok  ") == 4
    assert "BAD" not in done.output
    assert "not checked" not in done.output
    assert run(verify).output == "everything is as it was written\n"


def test_a_file_holds_every_version_and_no_names(run, sent, app):
    document = read_frozen(frozen_of(sent).content).document
    assert [each["rank"] for each in document["entries"]] == [1, 2, 3]
    assert all(each["versions"][-1]["seq"] and each["versions"][-1]["entry_hash"] for each in document["reviews"])
    assert all(each["decision"]["versions"][-1]["content"]["outcome"] for each in document["entries"])
    text_of = frozen_of(sent).content.decode()
    for review in db.session.scalars(select(Review)):
        assert review.assignment.reviewer.person.name not in text_of
        assert review.assignment.reviewer.person.email not in text_of


def test_an_unsigned_file_is_named_and_the_next_checkpoint_signs_it_once(run, sent, tmp_path):
    done = run(tally_group, "verify", saved(sent, tmp_path))
    assert done.exit_code == 1
    assert "BAD  the file is not signed" in done.output
    assert "1 frozen tallies signed" in run(audit, "checkpoint").output
    assert "signed" not in run(audit, "checkpoint").output
    assert run(tally_group, "verify", saved(sent, tmp_path)).exit_code == 0


def better_score(document: dict[str, Any]) -> None:
    next(iter(document["reviews"][0]["versions"][-1]["content"]["scores"].values()))["value"] = 1


def other_weight(document: dict[str, Any]) -> None:
    document["criteria"][0]["weight"] = "7"
    next(iter(document["reviews"][0]["versions"][-1]["content"]["scores"].values()))["value"] = 1


def other_rank(document: dict[str, Any]) -> None:
    document["entries"][0]["rank"] = 2


def other_adjusted_rank(document: dict[str, Any]) -> None:
    document["entries"][0]["adjusted"]["rank"] = 3


def other_adjusted_score(document: dict[str, Any]) -> None:
    document["entries"][0]["adjusted"]["score"] = "4.900000"


def other_leading_rank(document: dict[str, Any]) -> None:
    document["entries"][2]["standing"]["rank"] = 1


def other_order(document: dict[str, Any]) -> None:
    document["entries"].reverse()


def other_decision(document: dict[str, Any]) -> None:
    document["entries"][2]["decision"]["versions"][-1]["content"]["amount_minor"] = 10_000_000


def other_mean(document: dict[str, Any]) -> None:
    document["entries"][0]["mean"] = "13/3"


def one_review_less(document: dict[str, Any]) -> None:
    document["reviews"][0]["counts"] = False


def one_version_less(document: dict[str, Any]) -> None:
    document["reviews"][0]["versions"] = []


def other_scale(document: dict[str, Any]) -> None:
    document["criteria"][0]["maximum"] = "3"


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (better_score, "version 1 does not give its hash"),
        (other_weight, "mean is"),
        (other_rank, "rank is 2 in the file, and its scores give 1"),
        (other_adjusted_rank, "the adjusted rank is 3 in the file, and its scores give 1"),
        (other_adjusted_score, "the adjusted score is 4.900000 in the file"),
        (other_leading_rank, "the rank that leads is 1 in the file, and its scores give 3"),
        (other_order, "not in order of their ranks"),
        (other_decision, "the decisions give"),
        (other_mean, "mean is 13/3 in the file"),
        (one_review_less, "reviews is 2 in the file, and its scores give 1"),
        (one_version_less, "something in the file cannot be"),
        (other_scale, "outside its scale"),
    ],
)
def test_each_part_of_a_file_that_is_edited_is_named_by_the_file_alone(run, sent, tmp_path, edit, named):
    run(audit, "checkpoint")
    file = saved(sent, tmp_path, edit)
    assert any(named in each for each in differences(read_frozen(file.read_bytes()).document))
    done = run(tally_group, "verify", file)
    assert done.exit_code == 1
    assert named in done.output
    assert "its signature is of other bytes" in done.output
    assert re.search("the database has another file|the file cannot be compared", done.output)


def spelled(row_id: Any) -> str:
    return row_id.hex if db.session.get_bind().dialect.name == "sqlite" else str(row_id)


@pytest.mark.parametrize(
    ("table", "change", "named"),
    [
        (Score, "value = 1", "score of criterion"),
        (Decision, "amount_minor = amount_minor + 1", "amount_minor is"),
        (Decision, "outcome = 'decline', amount_minor = 0", "outcome is award"),
        (Criterion, "weight = 9", "weight is"),
        (Assignment, "status = 'recused'", "status is"),
    ],
)
def test_what_is_changed_in_the_database_afterwards_is_named_with_its_table_and_row(
    run, sent, tmp_path, table, change, named
):
    run(audit, "checkpoint")
    file = saved(sent, tmp_path)
    chosen = select(table).order_by(table.id)
    if table is Decision:
        chosen = chosen.where(Decision.amount_minor > 0)
    row = db.session.scalars(chosen.limit(1)).one()
    name = f"review {row.review_id}" if table is Score else f"{table.__tablename__} {row.id}"
    db.session.execute(text(f"UPDATE {table.__tablename__} SET {change} WHERE id = '{spelled(row.id)}'"))
    db.session.commit()
    done = run(tally_group, "verify", file)
    assert done.exit_code == 1
    assert f"BAD  {name}" in done.output
    assert named in done.output


def test_a_version_that_is_edited_or_deleted_is_named(run, sent, tmp_path):
    run(audit, "checkpoint")
    file = saved(sent, tmp_path)
    review_id = db.session.scalars(select(Review.id)).first()
    for statement in (
        update(KeptVersion).where(KeptVersion.object_id == review_id).values(sha256="0" * 64),
        delete(KeptVersion).where(KeptVersion.object_id == review_id),
    ):
        with without_triggers(db.session.connection()):
            db.session.connection().execute(statement)
        db.session.commit()
        done = run(tally_group, "verify", file)
        assert done.exit_code == 1
        assert f"BAD  kept_version 1 of review {review_id}" in done.output


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE frozen_tally SET content = :bytes",
        "UPDATE frozen_tally SET sha256 = 'f'",
        "UPDATE tally_signature SET signature = 'ff'",
        "UPDATE tally_signature SET signed_at = '2001-01-01 00:00:00.000000+00:00'",
        "DELETE FROM frozen_tally",
    ],
)
def test_verify_names_a_frozen_tally_that_is_edited_or_deleted(run, sent, statement):
    run(audit, "checkpoint")
    assert run(verify).exit_code == 0
    with without_triggers(db.session.connection()):
        if statement.startswith("DELETE"):
            db.session.execute(text("DELETE FROM tally_signature"))
        values = {"bytes": b'{"form":"fundapp-tally-0","criteria":[],"entries":[]}'} if ":bytes" in statement else {}
        db.session.execute(text(statement), values)
    db.session.commit()
    done = run(verify)
    assert done.exit_code == 1
    assert "frozen_tally" in done.output


def test_a_forged_frozen_tally_is_named(run, sent):
    frozen = frozen_of(sent)
    values = {"slate_id": frozen.slate_id, "made_at": frozen.made_at, "content": frozen.content}
    db.session.connection().execute(
        insert(FrozenTally).values(id=frozen.slate_id, number=2, sha256=frozen.sha256, **values)
    )
    db.session.commit()
    done = run(verify)
    assert done.exit_code == 1
    assert f"frozen_tally: {frozen.slate_id} was inserted without a record" in done.output


def test_a_list_that_is_sent_again_has_a_second_file_and_keeps_the_first(run, sent, tmp_path):
    run(audit, "checkpoint")
    first = saved(sent, tmp_path).rename(tmp_path / "first.jsonl")
    slate = db.session.merge(sent)
    ratifier = actor_of(make_staff(Role.RATIFIER))
    ratifying.send_back_slate(actor=ratifier, slate=slate, reason="Look again.", now=AFTER)
    db.session.commit()
    manager = actor_of(make_staff(Role.MANAGER))
    entry = next(each for each in slate.decisions if each.amount_minor == 0).entry
    deciding.withdraw_decision(actor=manager, entry=entry, now=AFTER)
    deciding.decide_by_rank(actor=manager, call=slate.call, now=AFTER)
    db.session.commit()
    sending.propose_slate(actor=manager, call=slate.call, now=AFTER)
    db.session.commit()
    run(audit, "checkpoint")
    numbers = db.session.scalars(select(FrozenTally.number).order_by(FrozenTally.number)).all()
    assert list(numbers) == [1, 2]
    done = run(tally_group, "verify", first)
    assert done.exit_code == 0, done.output
    assert "not checked: The list was sent back since" in done.output
    assert run(tally_group, "verify", saved(slate, tmp_path)).exit_code == 0
    assert run(verify).exit_code == 0


def test_the_public_key_can_be_named_and_a_foreign_one_did_not_sign(run, sent, tmp_path, app, monkeypatch):
    run(audit, "checkpoint")
    file = saved(sent, tmp_path)
    public = path_of(app.extensions["settings"].keys_dir, Part.AUDIT_PUBLIC, 1)
    assert run(tally_group, "verify", file, "--key", public).exit_code == 0
    foreign = run(tally_group, "verify", file, "--key", "ab" * 32)
    assert foreign.exit_code == 1
    assert "BAD  the signature is not one of key" in foreign.output
    assert run(tally_group, "verify", file, "--key", "none.such").exit_code == 1
    monkeypatch.setenv("KEYS_DIR", str(tmp_path / "nowhere"))
    alone = run(tally_group, "verify", file)
    assert alone.exit_code == 0
    assert "not checked: the signature" in alone.output


def test_what_was_kept_before_there_were_files_is_adopted(run, app, tmp_path):
    slate = make_slate(make_call())
    content = canonical_json({"form": "fundapp-tally-0", "criteria": [], "entries": []})
    db.session.commit()
    db.session.connection().execute(
        insert(FrozenTally).values(
            id=slate.id, slate_id=slate.id, number=1, made_at=AFTER, content=content, sha256=read_frozen(content).sha256
        )
    )
    db.session.commit()
    assert "fundapp audit adopt" in run(verify).output
    assert run(audit, "adopt").exit_code == 0
    assert run(verify).exit_code == 0


def test_what_is_no_frozen_tally_is_refused(run, tmp_path):
    file = tmp_path / "tally.jsonl"
    for data in (b"", b"no json", b"[]", b"{}", b'{"form":"another"}', b'{"form":"fundapp-tally-1"}\n{"at":1}'):
        file.write_bytes(data)
        assert run(tally_group, "verify", file).exit_code == 1


def test_whoever_sees_everything_saves_the_file_and_reads_its_hash(signed_in, sent):
    call = sent.call
    path, sha256, content = f"/manage/{call.slug}/tally-file", frozen_of(sent).sha256, frozen_of(sent).content
    client = signed_in(make_staff(Role.RATIFIER))
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.data == content + b"\n"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert sha256 in client.get(f"/manage/{call.slug}/ratification").text


@pytest.mark.parametrize("role", [Role.MANAGER, Role.AUDITOR])
def test_those_who_read_the_selection_find_the_file_there_and_the_command_that_checks_it(signed_in, sent, role):
    client, path = signed_in(make_staff(role)), f"/manage/{sent.call.slug}/tally-file"
    page = client.get(f"/manage/{sent.call.slug}/selection").text
    assert f'href="{path}" download' in page
    assert frozen_of(sent).sha256 in page
    assert "fundapp tally verify FILE" in page
    assert client.get(path).status_code == 200


def test_an_open_list_says_nothing_of_a_frozen_tally(signed_in, app):
    call = make_call()
    make_slate(call)
    page = signed_in(make_staff(Role.MANAGER)).get(f"/manage/{call.slug}/selection").text
    assert "frozen tally" not in page


def test_the_section_of_the_frozen_tally_is_the_same_for_somebody_in_conflict(signed_in, sent):
    """That it is there tells nobody whether something is hidden from them; the file itself is refused."""
    sections = []
    manager = make_staff(Role.MANAGER)
    for conflicted in (False, True):
        if conflicted:
            decision = db.session.scalars(select(Decision).limit(1)).one()
            make_member(manager, decision.entry.application.organisation)
            db.session.commit()
        page = signed_in(manager).get(f"/manage/{sent.call.slug}/selection").text
        sections.append(page.partition('<section aria-labelledby="frozen"')[2].partition("</section>")[0])
    assert sections[0] == sections[1] != ""


def test_nobody_in_conflict_saves_the_file(signed_in, sent):
    decision = db.session.scalars(select(Decision).limit(1)).one()
    ratifier = make_staff(Role.RATIFIER)
    make_member(ratifier, decision.entry.application.organisation)
    path = f"/manage/{sent.call.slug}/tally-file"
    assert signed_in(ratifier).get(path).status_code == 403


def test_there_is_no_file_before_a_list_was_sent(signed_in, app):
    call = make_call()
    make_slate(call)
    manager = make_staff(Role.MANAGER)
    client = signed_in(manager)
    assert client.get(f"/manage/{call.slug}/tally-file").status_code == 404
    make_member(manager, make_application(call).organisation)
    db.session.commit()
    assert client.get(f"/manage/{call.slug}/tally-file").status_code == 404, "also for somebody in conflict"
