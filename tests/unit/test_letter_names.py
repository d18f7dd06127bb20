"""Names in every script, in letters of every language: drawn by the right face, marked with their language, read back.

What a PDF cannot give back is stated in `reads`: scripts that move or join their signs come out with zero width spaces
between them (Hindi) or without a vowel that was moved (Bengali), and a name in two directions comes out as it stands on
the page, from left to right. The page beside the PDF has them all as they were written.
"""

import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import page as page_validation
import pikepdf
import pytest
from fontTools.ttLib import TTFont

from fundapp.core import pdf
from fundapp.core.i18n import LANGUAGES, script_language
from fundapp.core.pdf import html_to_pdf, render_pdf
from fundapp.core.web import FundApp
from tests.drawn import drawn
from tests.unit.test_pdf import LETTER, LETTERS, text_of
from tests.verapdf import broken_rules

ROOT = Path(pdf.__file__).parents[2]


class Name(NamedTuple):
    text: str
    face: str  # how the name of the face begins that its own script is drawn with
    reads: str = ""


NAMES = {
    "latin": Name("Réseau d’Écoute Ñandú", "Noto-Sans"),
    "marks": Name("Ọ̀ṣun Ủy Z̃ə́", "Noto-Sans"),
    "cyrillic": Name("Громадська правова мережа", "Noto-Sans"),
    "arabic": Name("شبكة العدالة المحلية", "Noto-[SN]\\w+-Arabic"),
    "hebrew": Name("רשת צדק", "Noto-Sans-Hebrew"),
    "hindi": Name("न्याय नेटवर्क", "Noto-Sans-Devanagari", "न्याय नेटव\u200bर्क"),
    "bengali": Name("ন্যায় নেটওয়ার্ক", "Noto-Sans-Bengali", "ন্যায় \u200bনটওয়া\u200bর্ক"),
    "burmese": Name("တရားမျှတမှု ကွန်ရက်", "Noto-Sans-Myanmar"),
    "amharic": Name("የፍትሕ መረብ", "Noto-Sans-Ethiopic"),
    "chinese": Name("正义法律援助中心", "Noto-Sans-CJK-SC"),
    "japanese": Name("東京の法律ネットワーク", "Noto-Sans-CJK-JP"),
    "korean": Name("정의 네트워크 正義", "Noto-Sans-CJK-KR"),
    "latin and arabic": Name("Amal شبكة", "Noto-[SN]\\w+-Arabic"),
    "arabic and latin": Name("شبكة Amal", "Noto-[SN]\\w+-Arabic", "Amal شبكة"),
    "arabic and a year": Name("شبكة 2020", "Noto-[SN]\\w+-Arabic", "2020 شبكة"),
    "hebrew and latin": Name("רשת Amal", "Noto-Sans-Hebrew", "Amal רשת"),
    "chinese and latin": Name("正义 Network", "Noto-Sans-CJK-SC"),
    "emoji": Name("Sunflower 🌻 ✊", "Symbola"),
}


def letter_with(name: str, language: str, template: str = "award_letter.html", paper: str = "a4") -> bytes:
    letter = replace(LETTER, organisation=name, signatory=name, title=name, paper=paper)
    return render_pdf(template, letter, language=language)


def drawn_with(data: bytes) -> dict[str, set[int]]:
    """Return the numbers of the glyphs that a file draws, by the name of their face.

    0 is the box of no glyph, and stands for numbers that the face in the file does not have: WeasyPrint writes one of
    them for a character without a glyph.
    """
    found: dict[str, set[int]] = {}
    with pikepdf.open(io.BytesIO(data)) as document:
        for sheet in document.pages:
            faces = {key: _face(font) for key, font in sheet.Resources.Font.items()}
            name, glyphs = "", 0
            for each in pikepdf.parse_content_stream(sheet):
                if str(each.operator) == "Tf":
                    name, glyphs = faces[str(each.operands[0])]
                elif str(each.operator) == "TJ":
                    for codes in (bytes(part) for part in each.operands[0] if isinstance(part, pikepdf.String)):
                        numbers = {int.from_bytes(codes[at : at + 2]) for at in range(0, len(codes), 2)}
                        found.setdefault(name, set()).update(number * (number < glyphs) for number in numbers)
    return found


def _face(font: pikepdf.Object) -> tuple[str, int]:
    """Return the name of a font in a file, and how many glyphs it has."""
    about = font.DescendantFonts[0].FontDescriptor
    file = about.FontFile2 if "/FontFile2" in about else about.FontFile3
    with TTFont(io.BytesIO(file.read_bytes()), lazy=True) as face:
        return str(font.BaseFont).partition("+")[2], face["maxp"].numGlyphs


@pytest.mark.parametrize("script", NAMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_is_right_in_a_letter_of_every_language(whole_app: FundApp, language: str, script: str) -> None:
    name = NAMES[script]
    with whole_app.app_context():
        data = letter_with(name.text, language)
    glyphs = drawn_with(data)
    assert any(re.match(name.face, face) for face in glyphs), glyphs.keys()
    assert not [face for face, numbers in glyphs.items() if 0 in numbers]
    assert text_of(data).count(name.reads or name.text) >= 2
    report = page_validation.validate_pdf_bytes(data, profile=page_validation.ValidationProfile.PDF_UA_1)
    assert report.is_compliant, report.failures
    with pikepdf.open(io.BytesIO(data)) as document:
        assert str(document.Root.Lang) == language
        assert str(document.docinfo["/Title"]).endswith("GJF-2020-0042-L")


def test_a_missing_glyph_would_be_seen() -> None:
    glyphs = drawn_with(html_to_pdf("<html lang=en><title>t</title><p>x བ"))
    assert [face for face, numbers in glyphs.items() if 0 in numbers]


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(
    ("name", "from_the_left"),
    [("Amal شبكة Net", ["Amal", "شبكة", "Net"]), ("شبكة Amal عدل", ["عدل", "Amal", "شبكة"])],
)
def test_a_name_in_two_directions_runs_as_its_first_letter(language: str, name: str, from_the_left: list[str]) -> None:
    # pdftotext gives the places of words and letters, from the left.
    words = [(word, word.text.strip(",،")) for word in drawn(letter_with(name, language))[0].words]
    found = [(word.bottom, word.left, text if text.isascii() else text[::-1]) for word, text in words]
    named = sorted(each for each in found if each[2] in from_the_left)
    lines = [sorted(each[1:] for each in named[at : at + 3]) for at in range(0, len(named), 3)]
    seen = [[text for _left, text in line] for line in lines]
    assert seen == [from_the_left] * 5


@pytest.mark.parametrize(
    ("language", "face"),
    [("en", "SC"), ("ar", "SC"), ("zh", "SC"), ("ja", "JP"), ("ko", "KR"), ("zh-TW", "TC"), ("zh-HK", "HK")],
)
def test_chinese_characters_have_the_shapes_of_the_language_of_their_text(language: str, face: str) -> None:
    data = html_to_pdf(f"<html lang=en><title>t</title><p lang={language}>返骨直")
    assert {name.rpartition("-")[2] for name in drawn_with(data)} == {face}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("東京ネット", "ja"),
        ("ひと", "ja"),
        ("ｶﾅ", "ja"),
        ("정의", "ko"),
        ("正义", None),
        ("Amal شبكة", None),
        ("", None),
    ],
)
def test_kana_and_hangul_tell_their_language(text: str, language: str | None) -> None:
    assert script_language(text) == language


def test_the_same_bytes_whatever_the_language_of_the_machine() -> None:
    here = letter_with("正義 ★ שבת", "en")
    program = (
        "import sys\n"
        "from tests.unit.test_letter_names import letter_with\n"
        "sys.stdout.buffer.write(letter_with('正義 ★ שבת', 'en'))\n"
    )
    japanese = {**os.environ, "LC_ALL": "ja_JP.UTF-8", "LANGUAGE": "ja", "PANGO_LANGUAGE": "ja", "FC_LANG": "ja"}
    there = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, env=japanese, cwd=ROOT)
    assert there.stdout == here


def test_verapdf_finds_every_letter_accessible(whole_app: FundApp, tmp_path: Path) -> None:
    """Every template in every language, one of them on the other paper, and every name; one run of Java for all."""
    with whole_app.app_context():
        for language in LANGUAGES:
            for template in LETTERS:
                paper = "letter" if language == "es" else "a4"
                (tmp_path / f"{template}-{language}.pdf").write_bytes(
                    letter_with("Amal شبكة", language, template, paper)
                )
        for script, name in NAMES.items():
            (tmp_path / f"{script}.pdf").write_bytes(letter_with(name.text, "ar" if "latin" in script else "en"))
    spoilt = tmp_path / "spoilt.pdf"
    spoilt.write_bytes(html_to_pdf("<html><title></title><h1>x</h1><h3>y</h3><img src='data:,' ><p>z"))
    found = broken_rules(sorted(tmp_path.glob("*.pdf")))
    assert found.pop(spoilt)
    assert len(found) == len(LANGUAGES) * len(LETTERS) + len(NAMES)
    assert not {file.name: rules for file, rules in found.items() if rules}


# --- The fonts of this machine


def test_fonts_are_the_files_that_letters_were_tested_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pdf.changed_faces() == []
    pinned = tmp_path / "fonts.sha256"
    lines = pdf.FONTS_PINNED.read_text().splitlines()
    pinned.write_text("\n".join([lines[0].replace(lines[0][:4], "0000"), *lines[2:]]))
    monkeypatch.setattr(pdf, "FONTS_PINNED", pinned)
    assert pdf.changed_faces() == [Path(line.split("  ")[1]).name for line in lines[:2]]


@pytest.mark.parametrize("place", ["script/_setup.py", "docs/deploy.md"])
def test_what_is_installed_is_what_letters_need(place: str) -> None:
    text = (ROOT / place).read_text()
    assert [package for package in pdf.PACKAGES if not re.search(rf"[\s\"]{re.escape(package)}[\s\"]", text)] == []
