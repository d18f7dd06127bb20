"""Tables in: every usual file, every fault named. Tables out: nothing a spreadsheet program would run."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from fundapp.core.tables import Cell, Row, TableError, read_table, reading, write_csv, write_xlsx


def workbook(*rows: list[object], **options: object) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rezipped(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """Return a workbook with each part passed through `change`."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            target.writestr(part.filename, change(part.filename, source.read(part)))
    return out.getvalue()


def cells(data: bytes, filename: str = "answers") -> list[list[str]]:
    table = read_table(data, filename)
    return [table.headers, *([row.cells[header] for header in table.headers] for row in table.rows)]


# --- CSV in


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_csv_as_offices_export_it(encoding: str, separator: str, line_end: str) -> None:
    text = line_end.join([separator.join(["Nom", "Montant"]), separator.join(["Réseau d’été", '"1 000"']), ""])
    assert cells(text.encode(encoding)) == [["Nom", "Montant"], ["Réseau d’été", "1 000"]]


def test_csv_in_arabic_needs_a_known_encoding() -> None:
    text = "الاسم,المبلغ\nشبكة العدالة,1000\n"
    assert cells(text.encode("utf-8-sig"))[0] == ["الاسم", "المبلغ"]
    with pytest.raises(TableError, match="CSV UTF-8"):
        read_table(text.encode("cp1256"), "answers.csv")
    with pytest.raises(TableError, match="CSV UTF-8"):
        read_table("Имя,Сумма\nСеть,1\n".encode("cp1251"), "answers.csv")


def test_csv_row_numbers_are_the_spreadsheets_own() -> None:
    table = read_table(b'\nName,Text\n"a","two\nlines"\n\n,,\nb,x\n', "answers.csv")
    assert table.rows == [Row(3, {"Name": "a", "Text": "two\nlines"}), Row(6, {"Name": "b", "Text": "x"})]


def test_csv_says_sep_in_its_first_line() -> None:
    table = read_table(b"sep=;\r\nA;B, C\r\n1;2\r\n", "answers.csv")
    assert table.headers == ["A", "B, C"]
    assert table.rows[0].number == 3


def test_csv_short_rows_and_empty_columns_at_the_end_are_fine() -> None:
    assert cells(b"A,B,,\n1\n2,3,,\n") == [["A", "B"], ["1", ""], ["2", "3"]]


def test_csv_long_answer_is_read_whole() -> None:
    answer = "word " * 40_000
    assert cells(f'A,B\n1,"{answer}"\n'.encode())[1] == ["1", answer]


@pytest.mark.parametrize(
    ("data", "message", "place"),
    [
        (b"", "empty", "answers.csv"),
        (b"\n\n,,\n", "empty", "answers.csv"),
        (b"A,B\n1,2,3\n", "Column C has no heading", "answers.csv, row 2"),
        (b"A,,B\n1,x,2\n", "Column B has no heading", "answers.csv, row 2"),
        (b"A,B,A\n", "Columns A and C have the same heading", "answers.csv, row 1"),
        (b'A,B\n1,"2\n', "quotation marks", "answers.csv, row 2"),
        (b'A,B\n1,"2"x\n', "quotation marks", "answers.csv, row 2"),
        (b"A,B\n1,\x002\n", "zero bytes", "answers.csv"),
        (b"A\x07,B\n", "control character", "answers.csv, row 1, A"),
        (b"\xff\xfeA", "not in an encoding", "answers.csv"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "password-protected", "answers.csv"),
        (b"%PDF-1.7\n1 0 obj\n<<>>\0", "zero bytes", "answers.csv"),
        (b"A,B\n1," + b"x" * 1_000_001 + b"\n", "more than 1000000 characters", "answers.csv, row 2"),
        (b",".join(b"%d" % n for n in range(2_001)), "more than 2000 columns", "answers.csv, row 1"),
        (b"," * 5_000_001 + b"x", "more than 5000000 cells", "answers.csv, row 1"),
        (b"A\n" + b"1\n" * 100_001, "more than 100000 rows", "answers.csv, row 100002"),
        (b"A\n" + b"1" * reading.MAX_BYTES, "larger than 30 MB", "answers.csv"),
    ],
    ids=lambda value: repr(value)[:40] if isinstance(value, bytes) else None,
)
def test_csv_fault_is_named_with_its_place(data: bytes, message: str, place: str) -> None:
    with pytest.raises(TableError, match=message) as caught:
        read_table(data, "answers.csv")
    assert str(caught.value.place) == place
    assert caught.value.problems[0].place == caught.value.place


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_a_table_error(data: bytes) -> None:
    try:
        table = read_table(data, "answers.csv")
    except TableError:
        return
    assert all(set(row.cells) == set(table.headers) for row in table.rows)


# --- XLSX in


def test_xlsx_cells_come_back_as_text() -> None:
    data = workbook(
        ["Name", "Amount", "Share", "Big", "On", "At", "Yes", "Phone", "Empty"],
        [
            "شبكة",
            17000,
            0.1,
            1e16,
            date(2020, 11, 30),
            datetime(2020, 11, 30, 12, 5),  # noqa: DTZ001 - sheets know no zones
            True,
            "+254 700",
            None,
        ],
    )
    assert cells(data, "answers.csv")[1] == [
        "شبكة", "17000", "0.1", "10000000000000000", "2020-11-30", "2020-11-30T12:05:00", "TRUE", "+254 700", "",
    ]  # fmt: skip


def test_xlsx_reads_the_first_sheet_that_people_see() -> None:
    book = openpyxl.Workbook()
    book.active.append(["hidden"])
    book.active.sheet_state = "hidden"
    book.create_sheet("Seen").append(["A"])
    out = io.BytesIO()
    book.save(out)
    assert read_table(out.getvalue(), "answers.xlsx").headers == ["A"]


def test_xlsx_takes_the_results_of_formulas_and_never_loses_one() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["A", "B"])
    sheet.write_number(1, 0, 2)
    sheet.write_formula(1, 1, "=A2*2", None, 4)
    book.close()
    assert cells(out.getvalue()) == [["A", "B"], ["2", "4"]]

    with pytest.raises(TableError, match="without its result") as caught:
        read_table(workbook(["A", "B"], [2, "=A2*2"]), "answers.xlsx")
    assert str(caught.value.place) == "answers.xlsx, B2"


def test_xlsx_error_cell_is_named() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["A"])
    sheet.write_formula(1, 0, "=1/0", None, "#DIV/0!")
    book.close()
    with pytest.raises(TableError, match="#DIV/0!") as caught:
        read_table(out.getvalue(), "answers.xlsx")
    assert str(caught.value.place) == "answers.xlsx, A2"


def test_xlsx_dropdown_lists_and_odd_sizes_do_not_disturb() -> None:
    def forge(name: str, part: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return part
        return part.replace(b'<dimension ref="A1:B2"', b'<dimension ref="A1:XFD1048576"').replace(
            b"</worksheet>", b'<extLst><ext uri="{x}"/></extLst></worksheet>'
        )

    assert cells(rezipped(workbook(["A", "B"], ["1", "2"]), forge)) == [["A", "B"], ["1", "2"]]


def test_xlsx_bomb_is_stopped_while_counting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_UNPACKED_BYTES", 2 * 2**20)
    bomb = rezipped(workbook(["A"]), lambda name, part: part + b" " * (3 * 2**20 if "styles" in name else 0))
    assert len(bomb) < 40_000
    with pytest.raises(TableError, match="too large when unpacked"):
        read_table(bomb, "answers.xlsx")
    forged = bytearray(bomb)
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        for part in archive.infolist():
            size = part.file_size.to_bytes(4, "little")
            if part.file_size > 2**20:
                forged = bytearray(bytes(forged).replace(size, (1000).to_bytes(4, "little")))
    with pytest.raises(TableError):
        read_table(bytes(forged), "answers.xlsx")


def test_xlsx_entities_are_refused_unread() -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'

    def poison(encoding: str) -> Callable[[str, bytes], bytes]:
        def change(name: str, part: bytes) -> bytes:
            return laughs.decode().encode(encoding) + part if "sheet1" in name else part

        return change

    for encoding in ("utf-8", "utf-16-le"):
        with pytest.raises(TableError, match="unsafe XML"):
            read_table(rezipped(workbook(["A"]), poison(encoding)), "answers.xlsx")


def test_xlsx_far_away_cells_do_not_fill_memory() -> None:
    row = b'<row r="2"><c r="XFD2" t="inlineStr"><is><t>x</t></is></c></row>'
    far = rezipped(workbook(["A"]), lambda _, part: part.replace(b"</sheetData>", row + b"</sheetData>"))
    with pytest.raises(TableError, match="more than 2000 columns"):
        read_table(far, "answers.xlsx")


@pytest.mark.parametrize("data", [b"PK\x03\x04", b"PK\x03\x04" + b"x" * 500, b"PK\x05\x06" + b"\x00" * 18])
def test_xlsx_that_is_broken_is_a_table_error(data: bytes) -> None:
    with pytest.raises(TableError):
        read_table(data, "answers.xlsx")


def test_other_zip_files_are_not_workbooks() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(TableError, match="cannot be read as an XLSX"):
        read_table(out.getvalue(), "letter.docx")


# --- Out

SHEET_DAY = datetime(2020, 11, 30)  # noqa: DTZ001 - sheets know no zones
HOSTILE = [
    "=cmd|'/C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "|calc",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "\u00a0=1",
    "\u200b=1",
    "\ufeff=1",
    "＝1",
    "－1+1",
    "＋1",
    "＠A1",
    "+254-700-000-000",
    "-",
    '=HYPERLINK("http://example.org","x")',
]
USABLE = [
    "+254 700 000 000",
    "+254700000000",
    "-12.50",
    "-1",
    "10 - 20",
    "a=b",
    "name@example.org",
    "- ",
    "Ahadi",
    "",
    "قانون",
]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_csv_cell_that_would_run_starts_with_an_apostrophe(text: str) -> None:
    [_, [cell]] = list(csv.reader(io.StringIO(write_csv(["text"], [[text]]).decode(), newline="")))
    assert cell == "'" + text


@pytest.mark.parametrize("text", [text for text in USABLE if text != "- "], ids=ascii)
def test_csv_cell_that_is_plain_stays_as_it_is(text: str) -> None:
    # A second column: a row of one empty cell would be read as no row.
    [_, [cell, _]] = list(csv.reader(io.StringIO(write_csv(["text", "n"], [[text, 1]]).decode(), newline="")))
    assert cell == text


@pytest.mark.parametrize(
    "text", ["fine;=cmd|'/C calc'!A0", "fine\n=HYPERLINK(1)", "fine\t@SUM(1)", "fine; -cmd|' /C'!A1"], ids=ascii
)
def test_csv_cell_is_harmless_where_a_program_cuts_at_semicolons(text: str) -> None:
    line = write_csv(["text"], [[text]]).decode().split("\r\n", 1)[1]
    for piece in line.replace("\n", ";").replace("\t", ";").split(";")[1:]:
        assert piece.lstrip()[:1] not in ("=", "@", "-", "+")


def test_csv_lists_with_dashes_stay_as_people_wrote_them() -> None:
    text = "We will:\n- train\n- listen; - report"
    assert text in write_csv(["text"], [[text]]).decode()


def test_csv_types_have_one_form() -> None:
    nairobi = timezone(timedelta(hours=3))
    row: list[Cell] = [
        "a, b",
        5,
        Decimal("1280.50"),
        date(2020, 11, 30),
        datetime(2020, 11, 30, 15, tzinfo=nairobi),
        None,
    ]
    assert write_csv(list("abcdef"), [row]) == b'a,b,c,d,e,f\r\n"a, b",5,1280.50,2020-11-30,2020-11-30T12:00:00Z,\r\n'


def test_xlsx_types_survive_and_text_is_never_a_formula_or_a_link() -> None:
    at = datetime(2020, 11, 30, 12, 30, 15, tzinfo=UTC)
    row: list[Cell] = [5, Decimal("1280.50"), date(2020, 11, 30), at, None, 10**17, "http://example.org", "x" * 40_000]
    texts = [*HOSTILE, *USABLE]
    data = write_xlsx("Decisions: 2020/1", [str(n) for n in range(len(row) + len(texts))], [[*row, *texts]])
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book.active
    read = [cell.value for cell in sheet[2]]
    assert read[:6] == [5, 1280.5, SHEET_DAY, at.replace(tzinfo=None), None, str(10**17)]
    assert read[6] == "http://example.org"
    assert sheet["G2"].hyperlink is None
    assert "cut here" in read[7]
    assert len(read[7]) <= 32_767
    assert [value or "" for value in read[8:]] == [text.replace("\r", "_x000D_") for text in texts]
    assert {cell.data_type for line in sheet.iter_rows() for cell in line} <= {"s", "n", "d"}
    assert sheet.freeze_panes == "A2"
    assert sheet.title == "Decisions  2020 1"


@pytest.mark.parametrize("write", [write_csv, lambda columns, rows: write_xlsx("Sheet", columns, rows)])
@pytest.mark.parametrize("cell", [True, 0.5, datetime(2020, 1, 1), object], ids=str)  # noqa: DTZ001 - naive on purpose
def test_writing_refuses_what_has_no_exact_form(write: Callable[..., bytes], cell: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        write(["a"], [[cell]])


@pytest.mark.parametrize("write", [write_csv, lambda columns, rows: write_xlsx("Sheet", columns, rows)])
def test_writing_keeps_all_rows_and_refuses_ragged_ones(write: Callable[..., bytes]) -> None:
    assert len(read_table(write(["n"], [[n] for n in range(1, 1001)]), "out").rows) == 1000
    with pytest.raises(ValueError, match="2 columns"):
        write(["a", "b"], [["1"]])


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=4))
def test_csv_written_is_csv_read(row: list[str]) -> None:
    columns = [f"c{n}" for n in range(len(row) + 1)]
    [_, read] = list(csv.reader(io.StringIO(write_csv(columns, [["x", *row]]).decode(), newline=""), strict=True))
    assert [cell.replace("'", "") for cell in read[1:]] == [cell.replace("'", "") for cell in row]
