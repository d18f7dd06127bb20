"""Lists of sanctions are read whole, with the counts that other readers find, and refused where they are no lists."""

import os
import re
import subprocess
import time
import xml.etree.ElementTree as ET
from datetime import date
from pathlib import Path

import pytest

from fundapp.disbursement.sanction_lists import NotAList, packed, read_ofac, read_un, unpacked
from fundapp.disbursement.screening_rules import Index, Listed

SAMPLES = "sanctions-samples"
SDN = (
    b'36,"SAMPLE AIRLINES",-0- ,"SAMPLIA",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r\n'
    b'173,"EXAMPLE, Maria ""Mia""",individual,"SAMPLIA",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"DOB 1 Jan 1970."\r\n'
    b"\x1a"
)
ALT = b'36,12,"aka","SAMPLE-AIR",-0- \r\n36,13,"fka",-0- ,-0- \r\n\x1a'
UN = """<?xml version="1.0" encoding="UTF-8"?>
<CONSOLIDATED_LIST dateGenerated="2026-02-27T00:00:09.554Z">
<INDIVIDUALS><INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>MARIA</FIRST_NAME><SECOND_NAME>EXAMPLE</SECOND_NAME>
<UN_LIST_TYPE>SPL</UN_LIST_TYPE><REFERENCE_NUMBER>SPi.001</REFERENCE_NUMBER>
<NAME_ORIGINAL_SCRIPT>ماريا</NAME_ORIGINAL_SCRIPT>
<INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>Mia  Example</ALIAS_NAME></INDIVIDUAL_ALIAS>
<INDIVIDUAL_ALIAS><QUALITY/><ALIAS_NAME/></INDIVIDUAL_ALIAS></INDIVIDUAL></INDIVIDUALS>
<ENTITIES><ENTITY><DATAID>2</DATAID><FIRST_NAME>SAMPLE FRONT</FIRST_NAME>
<ENTITY_ALIAS><QUALITY>a.k.a.</QUALITY><ALIAS_NAME>SF</ALIAS_NAME></ENTITY_ALIAS></ENTITY></ENTITIES>
</CONSOLIDATED_LIST>"""


def samples(name: str) -> Path:
    return Path(os.environ["STANDARDS_DIR"]) / SAMPLES / name


def test_the_files_of_ofac_are_read_with_other_names_and_nothing_where_there_is_nothing():
    read = read_ofac(SDN, ALT)
    assert read.listed_on is None
    assert read.entries == (
        Listed("36", ("SAMPLE AIRLINES", "SAMPLE-AIR"), "SAMPLIA"),
        Listed("173", ('EXAMPLE, Maria "Mia"',), "SAMPLIA"),
    )
    assert read_ofac(b"\xef\xbb\xbf" + SDN).entries[0].names == ("SAMPLE AIRLINES",)


def test_the_list_of_the_united_nations_is_read_with_every_name_and_its_day():
    read = read_un(UN.encode())
    assert read.listed_on == date(2026, 2, 27)
    assert read.entries == (
        Listed("1", ("MARIA EXAMPLE", "ماريا", "Mia Example"), "SPL SPi.001"),
        Listed("2", ("SAMPLE FRONT", "SF"), ""),
    )


def test_what_is_kept_of_a_list_is_read_back_the_same_and_is_the_same_bytes():
    entries = read_un(UN.encode()).entries
    assert unpacked(packed(entries)) == entries
    assert packed(entries) == packed(unpacked(packed(entries)))


@pytest.mark.parametrize(
    "sdn",
    [
        b"",
        b"\x1a",
        b"\x00\x01",
        b"<html></html>",
        b"ent_num,name\r\n1,2\r\n",
        SDN.replace(b"36,", b"x36,"),
        SDN.replace(b",-0- \r\n", b"\r\n", 1),
        SDN.replace(b'"SAMPLE AIRLINES"', b"-0- "),
        SDN.replace(b"173,", b"36,"),
        SDN.replace(b'"SAMPLE AIRLINES"', b'"SAMPLE AIRLINES'),
        UN.encode(),
    ],
)
def test_a_file_that_is_not_ofacs_is_refused(sdn):
    with pytest.raises(NotAList):
        read_ofac(sdn)


def test_other_names_of_nobody_are_refused_and_not_dropped():
    with pytest.raises(NotAList):
        read_ofac(SDN, ALT.replace(b"36,12", b"37,12"))
    with pytest.raises(NotAList):
        read_ofac(SDN, SDN)


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"<CONSOLIDATED_LIST/>",
        UN.replace("CONSOLIDATED_LIST", "LIST").encode(),
        UN.replace("2026-02-27T", "2026-02-31T").encode(),
        UN.replace("2026-02-27T", "last week").encode(),
        UN.replace("<DATAID>2</DATAID>", "").encode(),
        UN.replace("<DATAID>2</DATAID>", "<DATAID>1</DATAID>").encode(),
        UN.replace("<FIRST_NAME>SAMPLE FRONT</FIRST_NAME>", "").encode(),
        re.sub(r"<(INDIVIDUALS|ENTITIES)>.*</\1>", "", UN, flags=re.DOTALL).encode(),
        UN.encode()[:-30],
        SDN,
    ],
)
def test_a_file_that_is_not_the_united_nations_is_refused(xml):
    with pytest.raises(NotAList):
        read_un(xml)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "prologue",
    [
        '<!DOCTYPE CONSOLIDATED_LIST [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE CONSOLIDATED_LIST SYSTEM "http://127.0.0.1:9/list.dtd">',
        '<!DOCTYPE CONSOLIDATED_LIST [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>',
        f'<!DOCTYPE CONSOLIDATED_LIST [<!ENTITY l0 "ha">{LAUGHS}]>',
    ],
    ids=["a file", "a machine", "a parameter", "itself"],
)
def test_row_51_lists_that_name_files_machines_or_themselves_are_refused_unread(prologue, monkeypatch):
    def no_network(*_args: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket.connect", no_network)
    began = time.process_time()
    named = UN.replace("SAMPLE FRONT", "&l11;" if "l11" in prologue else "&e;")
    with pytest.raises(NotAList):
        read_un(named.replace("?>\n", f"?>\n{prologue}", 1).encode())
    assert time.process_time() - began < 1


@pytest.mark.standards(f"{SAMPLES}/sdn.csv")
def test_ofacs_own_files_have_the_counts_that_awk_finds():
    def awk(program: str, name: str) -> int:
        command = ["awk", program, str(samples(name))]
        return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)

    read = read_ofac(samples("sdn.csv").read_bytes(), samples("alt.csv").read_bytes())
    assert len(read.entries) == awk("/^[0-9]+,/ {n++} END {print n}", "sdn.csv")
    aliases = awk("/^[0-9]+,[0-9]+,/ {n++} END {print n}", "alt.csv")
    names = sum(len(each.names) for each in read.entries)
    assert len(read.entries) < names <= len(read.entries) + aliases


@pytest.mark.standards(f"{SAMPLES}/UN_consolidated.xml")
def test_the_united_nations_own_file_has_the_counts_that_another_parser_finds():
    path = samples("UN_consolidated.xml")
    root = ET.parse(path).getroot()  # noqa: S314 - a sample from the folder of standards
    read = read_un(path.read_bytes())
    assert (len(root.findall(".//INDIVIDUAL")), len(root.findall(".//ENTITY"))) == (730, 273)
    assert len(read.entries) == 730 + 273
    assert read.listed_on == date(2026, 2, 27)
    aliases = {(e.text or "").strip() for e in root.iter("ALIAS_NAME")} - {""}
    assert {" ".join(each.split()) for each in aliases} <= {name for each in read.entries for name in each.names}


@pytest.mark.standards(f"{SAMPLES}/UN_consolidated.xml")
def test_listed_people_are_found_by_spellings_and_scripts_that_the_list_itself_gives():
    """What the threshold was tuned on: main names find themselves by names that are left out of what is searched."""
    entries = read_un(samples("UN_consolidated.xml").read_bytes()).entries
    latin = Index([Listed(each.uid, tuple(name for name in each.names if name.isascii())) for each in entries])
    arabic = [(each.uid, name) for each in entries for name in each.names if re.search("[\u0600-\u06ff]", name)]
    found = sum(uid in {match.listed.uid for match in latin.matches(name)} for uid, name in arabic)
    others = sum(match.listed.uid != uid for uid, name in arabic for match in latin.matches(name))
    assert found >= 0.65 * len(arabic)
    assert others <= 1.5 * len(arabic)
