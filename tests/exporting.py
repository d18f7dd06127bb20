"""What a browser gets of the page on which tables are taken out of a call, opened again."""

import csv
import io
import json
import zipfile
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Call
from fundapp.core.tables import write_csv, write_xlsx
from fundapp.disbursement.exports.decisions import COLUMNS, decision_rows


def take_out(client: FlaskClient, slug: str, **choices: str) -> TestResponse:
    """Ask for a table: decisions with names as CSV, but for what `choices` say."""
    return client.post(
        f"/manage/{slug}/exports", data={"what": "decisions", "variant": "identified", "format": "csv"} | choices
    )


def unzipped(data: bytes) -> dict[str, bytes]:
    """Return the files of a zip by name, each readable and none twice."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == len(set(archive.namelist()))
        return {name: archive.read(name) for name in archive.namelist()}


def taken_out(client: FlaskClient, slug: str, **choices: str) -> tuple[str, bytes, dict[str, Any]]:
    """Return name, bytes and manifest of a table that is no workbook."""
    answer = take_out(client, slug, **choices)
    assert answer.status_code == 200, answer.status
    files = unzipped(answer.data)
    (manifest,) = [json.loads(data) for name, data in files.items() if name.endswith("-manifest.json")]
    (name,) = [name for name in files if name.endswith((".csv", ".json")) and "-manifest" not in name]
    return name, files[name], manifest


def read_csv(data: bytes) -> list[dict[str, str]]:
    """Return the rows of a table as text."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


def exported_rows(client: FlaskClient, slug: str, **choices: str) -> list[dict[str, str]]:
    """Return the rows of a table that is taken out as CSV."""
    return read_csv(taken_out(client, slug, **choices)[1])


def decisions_csv(*, actor: Actor, call: Call) -> bytes:
    """Return the decisions as an actor has them, without a browser."""
    return write_csv(COLUMNS, decision_rows(actor=actor, call=call))


def decisions_xlsx(*, actor: Actor, call: Call) -> bytes:
    """Return the decisions as a workbook, without a browser."""
    return write_xlsx("Decisions", COLUMNS, decision_rows(actor=actor, call=call))
