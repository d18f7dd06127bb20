"""What verification finds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Broken:
    """Something that is not as it was written: in which table, at which entry (or near it), and how."""

    table: str
    seq: int | None
    problem: str

    def __str__(self) -> str:
        place = self.table if self.seq is None else f"{self.table} {self.seq}"
        return f"{place}: {self.problem}"
