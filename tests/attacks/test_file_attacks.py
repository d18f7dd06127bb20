"""Tables and workbooks that would read files, call out, or fill the memory. Rows: rows.csv."""

import io
import socket
import threading
import zipfile
from collections.abc import Iterator

import pytest

from fundapp.applications.xlsform import read_form
from fundapp.core.errors import RuleViolations
from fundapp.core.tables import TableError, read_table, write_xlsx


@pytest.fixture
def listener() -> Iterator[tuple[str, list[object]]]:
    """An address of this machine, and whoever connected to it."""
    seen: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            try:
                while True:
                    connection, address = server.accept()
                    seen.append(address)
                    connection.close()
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/x.dtd", seen
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


BAD_TABLES = {
    "a million columns": (b"a," * 1_000_000 + b"\n", "columns"),
    "a quoted NUL": (b'title,email\n"a\x00b",x\n', "row 2|not a table|not text"),
    "half a quotation": (b'title,email\n"x,y\n', "row"),
    "more cells than headings": (b"title,email\nx,y,z\n", "row 2"),
    "bytes of no encoding": (b"title\n" + bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D]) * 9, ""),
    "one name twice": (b"title,title\nx,y\n", "same heading"),
}
GOOD_TABLES = {
    "a byte order mark": "\ufefftitle;email\nÉté;x\n".encode(),
    "a western office": "title;email\nÉté;x\n".encode("cp1252"),
    "line breaks in cells": 'title,email\n"Été\nin two lines",x\n'.encode(),
    "two bytes a letter": "title\temail\nÉté\tx\n".encode("utf-16"),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_row_50_a_table_that_cannot_be_taken_is_named_with_its_place(name: str) -> None:
    data, expected = BAD_TABLES[name]
    with pytest.raises(TableError, match=rf"(?is)table\.csv.*({expected})|({expected})"):
        read_table(data, "table.csv")


@pytest.mark.parametrize("name", GOOD_TABLES)
def test_row_50_a_table_as_offices_save_it_is_read(name: str) -> None:
    (row,) = read_table(GOOD_TABLES[name], "table.csv").rows
    assert row.cells["title"].startswith("Été")


def hostile_types(address: str) -> dict[str, bytes]:
    return {
        "a file": b'<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>',
        "another machine": f'<!DOCTYPE x [<!ENTITY % y SYSTEM "{address}"> %y;]>'.encode(),
        "a definition elsewhere": f'<!DOCTYPE x SYSTEM "{address}">'.encode(),
        "a billion laughs": b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>',
    }


def poisoned(part: str, beginning: bytes) -> bytes:
    """Return a small workbook, one part of which begins with a document type."""
    out = io.BytesIO()
    book = write_xlsx("survey", ["type", "name", "label"], [["text", "a", "A"]])
    with zipfile.ZipFile(io.BytesIO(book)) as before, zipfile.ZipFile(out, "w") as after:
        assert part in before.namelist()
        for name in before.namelist():
            data = before.read(name)
            after.writestr(name, beginning + data.split(b"?>", 1)[-1] if name == part else data)
    return out.getvalue()


PARTS = ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "[Content_Types].xml", "docProps/core.xml"]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("what", ["a file", "another machine", "a definition elsewhere", "a billion laughs"])
def test_row_51_xml_that_names_something_else_is_refused_unread(
    part: str, what: str, listener: tuple[str, list[object]]
) -> None:
    address, seen = listener
    data = poisoned(part, hostile_types(address)[what])
    for read in (lambda: read_table(data, "answers.xlsx"), lambda: read_form(data, "form.xlsx")):
        with pytest.raises(RuleViolations, match="unsafe XML"):
            read()
    assert seen == []
