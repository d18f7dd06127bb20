"""The servers that other tests rely on: they answer, they are real, and they leave nothing behind."""

import os
import smtplib
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest
import redis

from tests import servers
from tests.servers import PostgresServer, RedisServer, ServerError, SmtpServer


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_postgres_keeps_databases_apart_and_stops() -> None:
    with PostgresServer() as postgres:
        first, second = postgres.url("first"), postgres.url("second")
        with psycopg.connect(first) as connection:
            connection.execute("CREATE TABLE letter (body text)")
            connection.execute("INSERT INTO letter VALUES ('ÉLAN')")
        assert postgres.url("first") == first
        with psycopg.connect(first) as connection:
            assert connection.execute("SELECT lower(body) FROM letter").fetchall() == [("élan",)]
        with psycopg.connect(second) as connection, pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT body FROM letter")
        pid = postgres.pid
        assert is_running(pid)
    assert not is_running(pid)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(first)


def test_redis_flush_empties_it_and_it_stops() -> None:
    with RedisServer() as server:
        client = redis.Redis.from_url(server.url)
        client.set("letter", "7")
        assert client.get("letter") == b"7"
        server.flush()
        assert client.get("letter") is None
        pid = server.pid
        assert is_running(pid)
        client.close()
    assert not is_running(pid)


def test_smtp_keeps_message_and_envelope() -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "fund@example.org", "amina@example.org", "Nouvelles — أخبار"
    message.set_content("There is news about your application.\n")
    with SmtpServer() as server:
        with smtplib.SMTP(server.host, server.port) as client:
            client.send_message(message, to_addrs=["amina@example.org", "copy@example.org"])
        (kept,) = server.messages
        address = (server.host, server.port)
    assert kept["Subject"] == "Nouvelles — أخبار"
    assert kept["X-RcptTo"] == "amina@example.org, copy@example.org"
    assert kept.get_content().strip() == "There is news about your application."
    with pytest.raises(OSError, match="refused"):
        smtplib.SMTP(*address)


def test_smtp_stops_while_a_client_is_still_connected() -> None:
    with SmtpServer() as server:
        client = smtplib.SMTP(server.host, server.port)
        assert client.noop()[0] == 250
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.noop()
    client.close()


def test_server_that_cannot_start_says_why_and_leaves_no_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(servers, "_new_folder", lambda: tmp_path / "made")
    (tmp_path / "made").mkdir()
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\necho no room on this machine\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerError, match="no room on this machine"), RedisServer():
        pass
    assert not (tmp_path / "made").exists()


def test_missing_program_is_an_error_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerError, match="apt-get install redis-server"):
        RedisServer()
