"""What applicants complain about elsewhere, and what hurt others: each is held by tests that exist."""

import csv

from tests.evidence import ROOT, missing

COMPLAINTS = 14


def rows() -> list[dict[str, str]]:
    with (ROOT / "tests" / "complaints.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames == ["complaint", "tests"]
        return list(reader)


def test_every_complaint_is_listed_once() -> None:
    assert len({row["complaint"] for row in rows()}) == len(rows()) == COMPLAINTS


def test_every_complaint_is_held_by_tests_that_exist() -> None:
    for row in rows():
        assert row["tests"].split(), row["complaint"]
        assert [message for test in row["tests"].split() if (message := missing(test))] == [], row["complaint"]
