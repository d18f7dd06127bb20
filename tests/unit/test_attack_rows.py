"""The list of attacks: a row has tests that exist, or says where it will be done; no test named by a row is missing."""

import csv
import re

from tests.evidence import ROOT, all_tests, missing, put_off_to_what_is_done, rows_done

FIELDS = ["row", "attack", "tests", "later"]
LAST_ROW = 125


def rows() -> list[dict[str, str]]:
    with (ROOT / "tests" / "attacks" / "rows.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames == FIELDS
        return list(reader)


def rows_in(name: str) -> set[int]:
    """Return the rows that the name of a test says it is for: `test_rows_47_and_48_…`, `test_row_56_58_59_and_60_…`."""
    found = re.match(r"test_rows?_((?:\d+_(?:and_)?)+)", name)
    return {int(number) for number in re.findall(r"\d+", found.group(1))} if found else set()


def test_every_row_is_listed_once_and_in_order() -> None:
    assert [int(row["row"]) for row in rows()] == list(range(1, LAST_ROW + 1))
    assert all(row["attack"].strip() for row in rows())


def test_every_row_has_tests_that_exist_or_says_where_it_will_be_done() -> None:
    for row in rows():
        assert row["tests"].split() or len(row["later"]) > 20, f"row {row['row']} has no test"
        wrong = [message for test in row["tests"].split() if (message := missing(test))]
        assert wrong == [], f"row {row['row']}"


def test_nothing_waits_for_a_row_that_is_done() -> None:
    done = rows_done()
    assert len(done) > 100
    assert {row["row"]: found for row in rows() if (found := put_off_to_what_is_done(row["later"], done))} == {}


def test_every_test_that_is_named_by_a_row_is_listed_there() -> None:
    listed = {(int(row["row"]), test) for row in rows() for test in row["tests"].split()}
    named = {(row, f"{path}::{name}") for path, names in all_tests().items() for name in names for row in rows_in(name)}
    assert len(named) > 100
    assert sorted(named - listed) == [], "add them to tests/attacks/rows.csv"


def test_rows_are_read_from_names() -> None:
    assert rows_in("test_rows_47_and_48_a_plain_address") == {47, 48}
    assert rows_in("test_row_56_58_59_and_60_broken_text") == {56, 58, 59, 60}
    assert rows_in("test_row_8_the_first_of_two_values") == {8}
    assert rows_in("test_as_much_as_somebody") == set()


def test_what_waits_for_a_row_that_is_done_is_noticed() -> None:
    assert put_off_to_what_is_done("Metadata: with uploads (row 75)", {75}) == [75]
    assert put_off_to_what_is_done("With uploads (rows 68 to 71)", {69, 70, 80}) == [69, 70]
    assert put_off_to_what_is_done("With uploads (rows 78 and 80)", {78, 79}) == [78]
    assert put_off_to_what_is_done("With uploads (row 75)", {74, 76}) == []
    assert put_off_to_what_is_done("In 75 days", {75}) == []


def test_evidence_that_is_not_there_is_noticed() -> None:
    assert missing("tests/unit/test_attack_rows.py::test_no_such_test")
    assert missing("tests/unit/no_such_file.py::test_x")
    assert missing("tests/bench/bench_letters.py::test_x")
    assert missing("docs/deploy.md#no-such-heading")
    assert missing("docs/deploy.md")
    assert not missing("tests/unit/test_attack_rows.py::test_evidence_that_is_not_there_is_noticed")
