"""The command line as an operator meets it, in processes of its own."""

import os
import subprocess
import sys

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from fundapp.accounts.models import Person
from fundapp.core.db import db

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
