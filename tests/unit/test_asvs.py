"""The list of security requirements (docs/asvs.csv): each has evidence that exists, or says why not or when."""

import csv
import re

import pytest

from tests.evidence import ROOT, missing, put_off_to_what_is_done, rows_done

FIELDS = ["id", "level", "meaning", "kind", "status", "evidence", "note"]
KINDS = {"T", "B", "S", "D", "O", "S+T"}
CHAPTERS = {*range(1, 10), *range(10, 18)}


def requirements() -> list[dict[str, str]]:
    with (ROOT / "docs" / "asvs.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames == FIELDS
        return list(reader)


def faults(requirement: dict[str, str]) -> list[str]:
    """Say what is wrong with one requirement."""
    found = [message for evidence in requirement["evidence"].split() if (message := missing(evidence))]
    if done := put_off_to_what_is_done(requirement["note"], rows_done()):
        found.append(f"it waits for rows of the list of attacks that are done: {done}")
    match requirement["status"]:
        case "met":
            if not requirement["evidence"].split():
                found.append("it is met by nothing")
            if requirement["kind"] not in KINDS or requirement["level"] not in ("1", "2", "3"):
                found.append("kind or level is missing")
            if (
                requirement["kind"] in ("T", "B", "S", "S+T")
                and "::" not in requirement["evidence"]
                and not requirement["note"]
            ):
                found.append("it should be tested, and is only described")
        case "later" | "not applicable":
            if len(requirement["note"]) < 8:
                found.append("it does not say why, or when")
        case _:
            found.append(f"the status {requirement['status']!r}")
    return found


def test_every_requirement_has_evidence_that_exists_or_says_why_not() -> None:
    found = {each["id"]: wrong for each in requirements() if (wrong := faults(each))}
    assert found == {}, "\n".join(f"{each}: {'; '.join(wrong)}" for each, wrong in found.items())


def test_every_chapter_is_there_and_every_requirement_once() -> None:
    ids = [each["id"] for each in requirements()]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"v5\.0\.0-\d+\.(\d+\.\d+|\*)", each) for each in ids)
    assert {int(each.removeprefix("v5.0.0-").split(".")[0]) for each in ids} == CHAPTERS
    assert len(ids) > 200


@pytest.mark.parametrize(
    "changes",
    [
        {"evidence": ""},
        {"evidence": "tests/unit/test_asvs.py::test_no_such_test"},
        {"evidence": "docs/security.md#no-such-heading"},
        {"evidence": "docs/security.md#what-you-must-do"},
        {"status": "done"},
        {"status": "later"},
        {"level": ""},
        {"note": "With uploads (row 75)"},
    ],
    ids=str,
)
def test_a_requirement_without_evidence_is_noticed(changes: dict[str, str]) -> None:
    good = {
        "id": "v5.0.0-1.1.1",
        "level": "1",
        "meaning": "An example",
        "kind": "T",
        "status": "met",
        "evidence": "tests/unit/test_asvs.py::test_a_requirement_without_evidence_is_noticed",
        "note": "",
    }
    assert faults(good) == []
    assert faults(good | changes) != []
