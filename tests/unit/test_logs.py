"""Logs: one form, keys of a list, nothing that somebody wrote."""

import json
import logging
import smtplib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from flask import Flask

from fundapp.core import logs
from fundapp.core.errors import Failure
from fundapp.core.logs import JsonLines

NOBODY = "Amina Sample <amina@sample.example>"


def line_of(record: logging.LogRecord) -> dict[str, Any]:
    """Format a record; it must be one line of ASCII."""
    text = JsonLines().format(record)
    assert text.isascii()
    assert text.isprintable()
    return cast(dict[str, Any], json.loads(text))


def last(caplog) -> dict[str, Any]:
    return line_of(caplog.records[-1])


def test_a_line_says_when_in_utc_how_grave_where_and_what(caplog):
    object_id = uuid4()
    logs.write("work_failed", level=logging.WARNING, outbox=object_id, attempt=3)
    line = last(caplog)
    assert datetime.fromisoformat(line["at"]).utcoffset() == timedelta(0)
    assert line["at"].endswith("+00:00")
    assert (line["level"], line["log"], line["event"]) == ("warning", "fundapp", "work_failed")
    assert (line["outbox"], line["attempt"]) == (str(object_id), 3)


def test_keys_that_are_not_on_the_list_are_left_out_and_named(caplog):
    logs.write("sign_in_failed", level=logging.WARNING, email="amina@sample.example", method="POST")
    line = last(caplog)
    assert (line["dropped"], line["method"]) == (["email"], "POST")
    assert "amina" not in json.dumps(line)


@pytest.mark.parametrize(
    "value",
    [NOBODY, "amina@sample.example", "Amina Sample", "one\r\ntwo", "\x1b[31mred", '{"event": "forged"}', "", "x" * 161],
)
def test_a_value_that_is_no_reference_is_not_logged(caplog, value):
    logs.write("sign_in_failed", level=logging.WARNING, purpose=value)
    assert last(caplog)["purpose"] == "(not a reference)"


@pytest.mark.parametrize("made_up", ["one\r\nforged line", "\x1b[31mred", '"}\n{"event": "forged"', "\u2028two"])
def test_an_event_cannot_begin_a_line_of_its_own(caplog, made_up):
    logging.getLogger("fundapp").warning(made_up, extra={"refs": {}})
    assert last(caplog)["event"] == made_up


def test_a_library_is_quoted_by_its_template_and_place_only(caplog):
    logging.getLogger("rq.worker").warning("job %s failed for %s", "an-id", NOBODY)
    with_values = last(caplog)
    logging.getLogger("weasyprint").warning(f"cannot load {NOBODY}")
    written_out = last(caplog)
    assert with_values["template"] == "job %s failed for %s"
    assert "template" not in written_out
    assert {line["place"].split(":")[0] for line in (with_values, written_out)} == {"tests/unit/test_logs.py"}
    assert "amina" not in json.dumps([with_values, written_out]).lower()


def test_an_unexpected_error_is_its_type_and_its_places(caplog):
    try:
        try:
            int(NOBODY)
        except ValueError as cause:
            raise KeyError(NOBODY) from cause
    except KeyError as error:
        logs.unexpected(error, error_id="0a1b2c3d")
    line = last(caplog)
    assert (line["level"], line["error"], line["error_id"]) == ("error", "KeyError", "0a1b2c3d")
    assert "then KeyError" in line["trace"]
    assert line["trace"][0].startswith("tests/unit/test_logs.py:")
    assert "amina" not in json.dumps(line).lower()


def test_the_traceback_of_a_library_keeps_no_values(caplog):
    try:
        int(NOBODY)
    except ValueError:
        logging.getLogger("rq.worker").exception("failed: %s", NOBODY)
    line = last(caplog)
    assert line["error"] == "ValueError"
    assert "amina" not in json.dumps(line).lower()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Failure("no stored file 0a"), "Failure: no stored file 0a"),
        (OSError(28, "No space left on device", NOBODY), "OSError: No space left on device"),
        (ValueError(NOBODY), "ValueError"),
        (smtplib.SMTPRecipientsRefused({NOBODY: (550, b"no such user")}), "SMTPRecipientsRefused"),
    ],
)
def test_a_failure_is_described_without_what_it_quotes(error, said):
    assert logs.described(error) == said


def test_a_person_has_another_alias_each_day_and_one_on_each_day():
    app = Flask("aliases")
    app.config["SECRET_KEY"] = "a secret for tests, long enough to be one"
    person, now = UUID(int=1), datetime(2020, 9, 14, 12, 0, tzinfo=UTC)
    with app.app_context():
        today = logs.alias_of(person, now)
        assert today == logs.alias_of(person, now + timedelta(hours=11))
        assert today != logs.alias_of(person, now + timedelta(hours=12))
        assert today != logs.alias_of(UUID(int=2), now)
        assert str(person)[:8] not in today
        app.config["SECRET_KEY"] = "another secret for tests, long enough too"
        assert today != logs.alias_of(person, now)


def test_nothing_but_the_one_form_is_set_up(capsys):
    logs.set_up()
    logs.set_up()
    logging.getLogger("fundapp").warning("stirred", extra={"refs": {}})
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["stirred"]


def test_nothing_logs_or_prints_around_the_one_form():
    """Our own code logs through core.logs; a message of its own would be dropped, and print goes nowhere useful."""
    root = Path(logs.__file__).parent.parent
    bypasses = [
        f"{path.relative_to(root)}:{number}"
        for path in root.rglob("*.py")
        if path.name not in ("logs.py", "security_log.py", "gunicorn_log.py") and "demo" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if "getLogger(" in line or "app.logger" in line or line.strip().startswith("print(")
    ]
    assert bypasses == []
