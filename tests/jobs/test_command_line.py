"""The command line as an operator meets it, in processes of its own."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from fundapp.accounts.models import Person
from fundapp.core.audit.chain import canonical_json
from fundapp.core.audit.checkpoints import key_id
from fundapp.core.db import db
from fundapp.core.keys import Keyring, Part, path_of
from fundapp.core.keys import make as make_keys
from fundapp.review.frozen import Signature, signed_lines

from ..keyring import made_keys
from .conftest import ROOT

SECRET = "a secret for tests, long enough to be one"


def fundapp(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "fundapp", *command],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_help_needs_no_settings_and_tells_the_whole_story():
    shown = fundapp("--help")
    assert shown.returncode == 0
    for command in (
        "serve",
        "queue",
        "worker",
        "reconcile",
        "db",
        "people",
        "calls",
        "applications",
        "export",
        "doctor",
    ):
        assert f"\n  {command} " in shown.stdout, command


def test_without_a_secret_a_command_says_what_is_missing():
    shown = fundapp("doctor", SECRET_KEY="")
    assert shown.returncode == 1
    assert shown.stderr.startswith("Error: SECRET_KEY must have")


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_person_is_added_and_the_doctor_finds_nothing_wrong(installation):
    installation.run("people", "add", "Manager@Example.org", "--name", "Noor Sample", "--role", "manager")
    assert db.session.query(Person).one().email == "manager@example.org"
    db.session.rollback()
    installation.run("doctor")
    installation.redis.__exit__(None, None, None)
    try:
        assert installation.start("doctor").wait(60) == 1
    finally:
        installation.redis.__enter__()


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_bad_address_is_refused_in_one_line(installation):
    assert installation.start("people", "add", "nonsense", "--name", "N", "--role", "manager").wait(60) == 1
    assert db.session.query(Person).count() == 0


def test_a_worker_without_a_queue_says_how_to_get_one(tmp_path):
    made_keys(tmp_path)
    shown = fundapp("worker", "--burst", SECRET_KEY=SECRET, DATA_DIR=str(tmp_path))
    assert shown.returncode == 1
    assert "start one with fundapp queue" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_the_embedded_queue_serves_a_worker(tmp_path):
    made_keys(tmp_path)
    environment = {**os.environ, "SECRET_KEY": SECRET, "DATA_DIR": str(tmp_path)}
    server = subprocess.Popen([sys.executable, "-m", "fundapp", "queue"], cwd=ROOT, env=environment)
    try:
        client = redis.Redis.from_url(f"unix://{tmp_path}/queue.sock", retry=Retry(ConstantBackoff(0.1), 300))
        assert client.ping()
        client.close()
        shown = fundapp("worker", "--burst", SECRET_KEY=SECRET, DATA_DIR=str(tmp_path))
        assert shown.returncode == 0, shown.stderr
    finally:
        server.terminate()
        server.wait(30)


def test_a_frozen_tally_is_verified_without_a_database_and_a_file_of_scores_is_still_recomputed(tmp_path):
    keys = tmp_path / "keys"
    make_keys(keys)
    ring = Keyring.load(keys, [Part.AUDIT_PRIVATE, Part.AUDIT_PUBLIC])
    entries = [
        {"entry": name, "pool": "", "scores": [["r", "need", score]], "reviews": 1, "mean": str(score),
         "median": str(score), "variance": None, "rank": rank, "tied": False}
        for name, score, rank in (("a", 5, 1), ("b", 3, 2))
    ]  # fmt: skip
    criteria = [{"code": "need", "weight": "1", "minimum": 1, "maximum": 5}]
    content = canonical_json({"form": "fundapp-tally-0", "criteria": criteria, "entries": entries})
    unsigned = Signature(hashlib.sha256(content).hexdigest(), "2020-01-01T00:00:00.000000Z", key_id(ring, 1), "")
    signed = replace(unsigned, signature=ring.sign(unsigned.message)[1].hex())
    file, public = tmp_path / "tally.jsonl", path_of(keys, Part.AUDIT_PUBLIC, 1)

    def verify() -> "subprocess.CompletedProcess[str]":
        return fundapp("tally", "verify", str(file), "--key", str(public), SECRET_KEY="")

    file.write_bytes(signed_lines(content, signed))
    good = verify()
    assert good.returncode == 0, good.stdout + good.stderr
    assert "not checked: the database: SECRET_KEY" in good.stdout
    file.write_bytes(signed_lines(content.replace(b'"rank":2', b'"rank":1'), signed))
    bad = verify()
    assert bad.returncode == 1
    assert "BAD  entry b: rank is 1 in the file, and its scores give 2" in bad.stdout
    assert "BAD  the file was edited" in bad.stdout
    scores = tmp_path / "scores.csv"
    scores.write_text("application,reviewer,score\na,r,5\nb,r,3\n", encoding="utf-8")
    for arguments in ([str(scores), "--json"], ["--json", str(scores)]):
        shown = fundapp("tally", *arguments, SECRET_KEY="")
        assert [each["application"] for each in json.loads(shown.stdout)["applications"]] == ["a", "b"]
