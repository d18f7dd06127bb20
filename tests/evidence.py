"""What proves a requirement: a test that pytest would collect, or a heading of a document. Both are named by path."""

import ast
import csv
import re
from collections.abc import Collection
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
GROUPS = ("unit", "integration", "attacks", "jobs", "migrations", "browser")
"""The folders that script/test runs."""


@cache
def tests_in(path: str) -> frozenset[str]:
    """Return the names of the tests of a file; none for a file that is not there or that nobody runs."""
    file = ROOT / path
    parts = Path(path).parts
    if parts[0] != "tests" or parts[1] not in GROUPS or not file.name.startswith("test_") or not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def all_tests() -> dict[str, frozenset[str]]:
    """Return every test of the project by its file."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return {name: tests_in(name) for name in (file.relative_to(ROOT).as_posix() for file in files)}


def missing(evidence: str) -> str:
    """Say what is wrong with one piece of evidence ("" when it is there).

    It is "tests/…/test_x.py::test_name", or "docs/x.md#anchor" with the anchor of a heading that has text below it.
    """
    path, _, test = evidence.partition("::")
    if test:
        return "" if test in tests_in(path) else f"there is no test {evidence}"
    path, _, anchor = evidence.partition("#")
    return "" if anchor and anchor in anchors_in(path) else f"there is no heading {evidence}"


@cache
def anchors_in(path: str) -> frozenset[str]:
    """Return the anchors of the headings of a Markdown document that say something."""
    file = ROOT / path
    if file.suffix != ".md" or not file.is_file():
        return frozenset()
    text = re.sub(r"^```.*?^```", "code", file.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    parts = re.split(r"^(#+ .+)$", text, flags=re.MULTILINE)
    headings = [(parts[i].lstrip("#").strip(), parts[i + 1].strip()) for i in range(1, len(parts), 2)]
    return frozenset(
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading, body in headings if len(body) > 20
    )


def rows_done() -> frozenset[int]:
    """Return the rows of tests/attacks/rows.csv of which nothing is left for later."""
    with (ROOT / "tests" / "attacks" / "rows.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(int(row["row"]) for row in csv.DictReader(file) if not row["later"])


def put_off_to_what_is_done(later: str, done: Collection[int]) -> list[int]:
    """Return the rows of attacks that `later` waits for ("with uploads (rows 68 to 70)"), and that are done."""
    rows: set[int] = set()
    for words in re.findall(r"\brows? (\d[\d, ]*(?:(?:to|and) \d+)?)", later):
        numbers = [int(number) for number in re.findall(r"\d+", words)]
        rows.update(range(numbers[0], numbers[-1] + 1) if " to " in words else numbers)
    return sorted(rows & set(done))
