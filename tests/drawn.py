"""A PDF as it comes out of the printer: drawn by poppler, as pixels and as words with their places."""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from lxml import etree

POINTS_PER_MM = 72 / 25.4
RESOLUTION = 60
"""Dots an inch: enough to see what is drawn where."""
INK = 200
"""Darker than this, of 255, is drawn."""


@dataclass(frozen=True)
class Word:
    """A word and where it stands, in millimetres from the top left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Sheet:
    """A page, in millimetres; `ink` is the part of it that is drawn on, `left` to `bottom` the frame of that."""

    width: float
    height: float
    words: tuple[Word, ...]
    ink: float
    left: float
    top: float
    right: float
    bottom: float

    @property
    def text(self) -> str:
        """Return the words in the order of reading, parted by one space."""
        return " ".join(word.text for word in self.words)

    def overlaps(self) -> list[tuple[str, str]]:
        """Return words that are printed over each other."""
        in_order = sorted(self.words, key=lambda word: (round(word.top), word.left))
        return [
            (one.text, other.text)
            for one, other in pairwise(in_order)
            if min(one.bottom, other.bottom) - max(one.top, other.top) > 0.6 * (one.bottom - one.top)
            and min(one.right, other.right) - max(one.left, other.left) > 0.3
        ]


def drawn(data: bytes) -> list[Sheet]:
    """Return the pages of a PDF as they are drawn."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "paper.pdf")
        file.write_bytes(data)
        subprocess.run(["pdftoppm", "-gray", "-r", str(RESOLUTION), file, file.with_suffix("")], check=True)
        subprocess.run(["pdftotext", "-bbox", file, file.with_suffix(".html")], check=True)
        words = etree.parse(file.with_suffix(".html"), etree.HTMLParser(encoding="utf-8"))
        pictures = sorted(Path(folder).glob("paper-*.pgm"))
        pages = words.findall(".//page")
        return [_sheet(page, picture.read_bytes()) for page, picture in zip(pages, pictures, strict=True)]


def _sheet(page: "etree._Element", picture: bytes) -> Sheet:
    words = tuple(
        Word(
            word.text or "",
            *(float(word.get(side, "")) / POINTS_PER_MM for side in ("xmin", "ymin", "xmax", "ymax")),
        )
        for word in page.findall(".//word")
    )
    head = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", picture)
    assert head is not None
    width, pixels = int(head[1]), picture[head.end() :]
    lines = [pixels[start : start + width] for start in range(0, len(pixels), width)]
    rows = [number for number, line in enumerate(lines) if min(line) < INK]
    columns = [column for column in range(width) if min(pixels[column::width]) < INK]
    mm = 25.4 / RESOLUTION
    return Sheet(
        width=float(page.get("width", "")) / POINTS_PER_MM,
        height=float(page.get("height", "")) / POINTS_PER_MM,
        words=words,
        ink=sum(value < INK for value in pixels) / len(pixels),
        left=min(columns, default=0) * mm,
        top=min(rows, default=0) * mm,
        right=max(columns, default=0) * mm,
        bottom=max(rows, default=0) * mm,
    )
