"""What somebody may hand to the command line by mistake: each is a clear error, and nothing is changed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from fundapp.applications.cli import applications, calls
from fundapp.applications.models import Application, Call, Programme
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.samples import folder


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the sample fund, to be broken."""
    return Path(shutil.copytree(folder("gjf-2020"), tmp_path / "package"))


def edit(old: str, new: str, name: str = "call.toml") -> Callable[[Path], object]:
    def change(package: Path) -> None:
        text = (package / name).read_text(encoding="utf-8")
        assert old in text
        (package / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def put(name: str, data: bytes) -> Callable[[Path], object]:
    return lambda package: (package / name).write_bytes(data)


def form_as(name: str, data: bytes) -> Callable[[Path], object]:
    def change(package: Path) -> None:
        (package / "form.md").unlink()
        (package / name).write_bytes(data)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (edit("| text | title |", "| txet | title |", "form.md"), "survey row 19, column type: The type “txet”"),
        (edit(". >= 1", ". >= (1", "form.md"), "form.md, survey row 16, column constraint: The expression"),
        (edit("total = 1000000\n", ""), "call.toml, key budget.total: This is missing."),
        (edit("opens = 2020-10-19T09:00:00", "opens = 2020-03-08T02:30:00"), "call.opens: 2020-03-08 02:30 does not"),
        (edit("ceiling = 25000", "ceiling = -1"), "call.toml, key budget.ceiling: An amount cannot be less than zero."),
        (form_as("form.xlsx", b"%PDF-1.7 not a workbook"), "form.xlsx: This is not an .xlsx workbook"),
        (form_as("form.xlsx", b"PK\x03\x04" + b"\0" * 6_000_000), "form.xlsx: This form is larger than 5 MB."),
        (put("call.toml", b"#" * 2_000_000), "call.toml: This file is larger than 1 MB."),
        (put("call.toml", b"\x00\x01\x02"), "call.toml: This file cannot be read"),
        (put("invitations.csv", b"\x00"), "invitations.csv"),
        (edit("email,", "e-mail,", "invitations.csv"), "invitations.csv: This list has two columns"),
    ],
)  # fmt: skip
def test_broken_package_is_refused_whole(
    app: FundApp, package: Path, change: Callable[[Path], object], message: str
) -> None:
    change(package)

    result = CliRunner().invoke(calls, ["load", str(package)], obj=lambda: app, catch_exceptions=False)

    assert result.exit_code == 1
    assert message in result.output
    assert db.session.scalar(select(func.count()).select_from(Call)) == 0
    assert db.session.scalar(select(func.count()).select_from(Programme)) == 0


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("table.csv", b"", "table.csv: This table is empty."),
        ("table.csv", b"%PDF-1.7\x00", "table.csv: This is not a table"),
        ("table.xlsx", b"PK\x03\x04broken", "table.xlsx: This file cannot be read as an XLSX workbook."),
        ("table.xls", b"\xd0\xcf\x11\xe0", "table.xls: This is an old or password-protected Excel file."),
        ("table.csv", b"a,b\n1,2,3\n", "table.csv, row 2"),
        ("table.csv", b"title,email\nx,y\n", "No column answers the required question “organisation”."),
        ("table.csv", b'title,email\n"x,y\n', "table.csv"),
    ],
)
def test_broken_table_is_refused_whole(app: FundApp, tmp_path: Path, name: str, data: bytes, message: str) -> None:
    loaded = CliRunner().invoke(calls, ["load", str(folder("gjf-2020"))], obj=lambda: app, catch_exceptions=False)
    assert loaded.exit_code == 0
    (tmp_path / name).write_bytes(data)

    result = CliRunner().invoke(
        applications, ["import", "gjf-2020", str(tmp_path / name)], obj=lambda: app, catch_exceptions=False
    )

    assert result.exit_code == 1
    assert message in result.output
    assert db.session.scalar(select(func.count()).select_from(Application)) == 0
