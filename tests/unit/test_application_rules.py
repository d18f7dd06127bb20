"""When a call takes applications, which wall-clock time is meant, and which files are what they say."""

import io
import zipfile
from datetime import UTC, date, datetime, time, timedelta

import pytest

from fundapp.applications import rules
from fundapp.applications.rules import MAX_FILE_BYTES, Opening, content_type_of, file_problems, instant_in, opening
from fundapp.core.errors import RuleViolations

OPENS = datetime(2020, 9, 1, tzinfo=UTC)
CLOSES = datetime(2020, 9, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)
OFFICE = "application/vnd.openxmlformats-officedocument"


def archive(*names: str, mimetype: str | None = None) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        if mimetype is not None:
            made.writestr("mimetype", mimetype)
        for name in names:
            made.writestr(name, "x")
    return data.getvalue()


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (OPENS - SECOND, Opening.NOT_YET),
        (OPENS, Opening.OPEN),
        (CLOSES - SECOND, Opening.OPEN),
        (CLOSES, Opening.CLOSED),
        (CLOSES + SECOND, Opening.CLOSED),
    ],
)
def test_opening_includes_the_first_instant_and_excludes_the_last(now: datetime, state: Opening) -> None:
    assert opening(opens_at=OPENS, closes_at=CLOSES, now=now) is state


@pytest.mark.parametrize(
    ("zone", "on", "at", "instant"),
    [
        ("Africa/Nairobi", date(2020, 2, 29), time(23, 59), "2020-02-29T20:59:00+00:00"),
        ("America/New_York", date(2020, 3, 24), time(23, 59), "2020-03-25T03:59:00+00:00"),
        ("Etc/GMT+12", date(2020, 12, 31), time(23, 59), "2021-01-01T11:59:00+00:00"),
        ("Asia/Kathmandu", date(2021, 1, 1), time(0, 0), "2020-12-31T18:15:00+00:00"),
    ],
    ids=["leap day", "summer time", "anywhere on earth at year's end", "quarter of an hour"],
)
def test_wall_clock_time_becomes_an_instant(zone: str, on: date, at: time, instant: str) -> None:
    assert instant_in(zone, on, at).isoformat() == instant


def test_hour_that_clocks_show_twice_means_the_later_one() -> None:
    assert instant_in("America/New_York", date(2020, 11, 1), time(1, 30)).isoformat() == "2020-11-01T06:30:00+00:00"


def test_hour_that_clocks_skip_is_refused() -> None:
    with pytest.raises(RuleViolations) as refused:
        instant_in("America/New_York", date(2020, 3, 8), time(2, 30))
    assert [problem.field for problem in refused.value.problems] == ["closes_on"]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\xff\xd8\xff\xe0 picture", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n picture", "image/png"),
        (archive("word/document.xml"), f"{OFFICE}.wordprocessingml.document"),
        (archive("xl/workbook.xml"), f"{OFFICE}.spreadsheetml.sheet"),
        (archive(mimetype="application/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text"),
        (archive("word/document.xml", "word/vbaProject.bin"), None),
        (archive("anything.txt"), None),
        (archive(mimetype="application/epub+zip"), None),
        (archive("word/document.xml")[:40], None),
        (b"<html><script>alert(1)</script>", None),
        (b"GIF89a", None),
        (b"MZ\x90\x00", None),
        (b"", None),
    ],
    ids=[
        *("pdf", "jpeg", "png", "docx", "xlsx", "odt"),
        *("macros", "plain zip", "e-book", "cut off", "page", "gif", "program", "nothing"),
    ],
)
def test_kind_of_file_is_read_from_its_content(data: bytes, kind: str | None) -> None:
    assert content_type_of(data) == kind


def test_file_may_be_exactly_as_large_as_the_limit() -> None:
    whole = b"%PDF-".ljust(MAX_FILE_BYTES, b"0")
    assert file_problems(filename="a.pdf", data=whole, images_only=False) == []
    assert len(file_problems(filename="a.pdf", data=whole + b"0", images_only=False)) == 1


def test_picture_must_be_a_picture() -> None:
    assert file_problems(filename="a.png", data=b"\x89PNG\r\n\x1a\n", images_only=True) == []
    assert len(file_problems(filename="a.png", data=b"%PDF-1.7", images_only=True)) == 1


def test_name_of_a_file_may_be_exactly_as_long_as_the_limit() -> None:
    longest = "é" * rules.MAX_FILENAME_CHARACTERS
    assert file_problems(filename=longest, data=b"%PDF-", images_only=False) == []
    assert len(file_problems(filename=longest + "é", data=b"%PDF-", images_only=False)) == 1
