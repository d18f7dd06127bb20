"""docs/privacy.md and the rules of retention say the same."""

from pathlib import Path

from fundapp.retention.classes import TOLD

DOC = Path(__file__).parents[2] / "docs" / "privacy.md"


def test_the_table_of_periods_is_that_of_the_code():
    rows = [line.strip("|").split("|") for line in DOC.read_text().splitlines() if line.startswith("| `")]
    written = [tuple(cell.strip() for cell in row) for row in rows]
    assert written == [
        (f"`{name}`", str(told.what), str(told.days), str(told.since), "yes" if told.per_call else "no")
        for name, told in TOLD.items()
    ]
