"""Letters as PDF: same bytes each time, nothing read from outside, no letter with a hole in it."""

import io
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import page as page_validation
import pikepdf
import pypdf
import pytest

from fundapp.core import pdf
from fundapp.core.pdf import MissingFont, MissingValue, PdfError, PdfUnavailable, html_to_pdf, render_html, render_pdf
from fundapp.disbursement.letter_language import Paragraph
from fundapp.disbursement.letter_words import MeanWords


@dataclass(frozen=True)
class SampleLetter:
    """The values that all letters together ask for."""

    reference: str = "GJF-2020-0042-L"
    dated_on: date = date(2020, 12, 10)
    dated: str = "10 December 2020"
    is_sample: bool = False
    programme: str = "Sample Justice Fund"
    call: str = "Sample Justice Fund, second round"
    organisation: str = "Mwanga Paralegal Collective"
    application_reference: str = "GJF-2020-0042"
    grantor: str = "Sample Network"
    title: str | None = "Twelve help desks"
    category: str | None = None
    amount: str = "US$17,000.00 (USD)"
    purpose: str = "Flexible: use it as your community needs it."
    period: str = "12 months from the date of this letter"
    next_step: str = "Sign in and accept the award."
    signatory: str | None = "Amina Sample"
    signatory_role: str | None = None
    considered: int = 64
    awarded: int = 12
    reason: str = "The work is outside the regions named in the call."
    comment: str | None = None
    comment_language: str | None = None
    comment_direction: str | None = None
    means: tuple[MeanWords, ...] = ()
    amount_in_words: str | None = "seventeen thousand (US dollars)"
    asked: str | None = None
    instalments: str | None = None
    reporting: str | None = None
    deadline: str = "24 March 2020, 23:59 UTC"
    address: str = "https://grants.example.org/calls/sample-2020"
    nominator: str | None = None
    reviews: int = 14
    paper: str = "a4"
    is_preview: bool = False
    subject: tuple[str, ...] = ()
    paragraphs: tuple[Paragraph, ...] = ()


LETTERS = [
    "award_letter.html",
    "reserve_letter.html",
    "decline_letter.html",
    "ineligible_notice.html",
    "certificate.html",
    "nomination_letter.html",
    "panel_letter.html",
]
LETTER = SampleLetter()


def text_of(data: bytes) -> str:
    return " ".join(" ".join(sheet.extract_text().split()) for sheet in pypdf.PdfReader(io.BytesIO(data)).pages)


def names_in(data: bytes) -> set[str]:
    """Return every dictionary key and name value in the file."""
    found: set[str] = set()

    def walk(thing: Any) -> None:
        if isinstance(thing, (pikepdf.Dictionary, pikepdf.Stream)):
            for key, value in thing.items():
                found.add(str(key))
                if isinstance(value, pikepdf.Name):
                    found.add(str(value))

    with pikepdf.open(io.BytesIO(data)) as document:
        for thing in document.objects:
            walk(thing)
    return found


@pytest.mark.parametrize("template", LETTERS)
@pytest.mark.parametrize("language", ["en", "fr", "es", "ar"])
@pytest.mark.parametrize("sample", [False, True])
def test_every_letter_is_accessible_pdf(template: str, language: str, sample: bool) -> None:
    data = render_pdf(template, replace(LETTER, is_sample=sample), language=language)
    report = page_validation.validate_pdf_bytes(data, profile=page_validation.ValidationProfile.PDF_UA_1)
    assert report.is_compliant, report.failures
    with pikepdf.open(io.BytesIO(data)) as document:
        assert str(document.Root.Lang) == language
        assert str(document.docinfo["/Title"]).endswith("GJF-2020-0042-L")


def test_accessibility_check_would_notice() -> None:
    plain = html_to_pdf("<html><p>No language and no title</p>")
    report = page_validation.validate_pdf_bytes(plain, profile=page_validation.ValidationProfile.PDF_UA_1)
    assert not report.is_compliant


def test_metadata_name_the_letter_and_nobody() -> None:
    with pikepdf.open(io.BytesIO(render_pdf("award_letter.html", LETTER, language="en"))) as document:
        info = {str(key): str(value) for key, value in document.docinfo.items()}
        metadata = document.Root.Metadata.read_bytes().decode()
    assert info["/Title"] == "Award letter GJF-2020-0042-L"
    assert "/Author" not in info
    for personal in ("Mwanga", "Amina", "help desks"):
        assert personal not in metadata + str(info)


def test_same_letter_is_the_same_bytes_in_this_process_and_in_another() -> None:
    first = render_pdf("award_letter.html", LETTER, language="ar")
    assert render_pdf("award_letter.html", LETTER, language="ar") == first
    program = (
        "import sys, time_machine\n"
        "from tests.unit.test_pdf import LETTER, render_pdf\n"
        "with time_machine.travel('2031-01-01'):\n"
        "    sys.stdout.buffer.write(render_pdf('award_letter.html', LETTER, language='ar'))\n"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": "7"}
    )
    assert elsewhere.stdout == first


@pytest.mark.parametrize(
    ("language", "values", "words"),
    [
        ("en", {}, ["Mwanga Paralegal Collective", "US$17,000.00 (USD)", "12 months from the date of this letter"]),
        ("fr", {"organisation": "Réseau d’aide à l’été"}, ["Réseau d’aide à l’été"]),
        ("es", {"organisation": "Corazón y Niñez"}, ["Corazón y Niñez"]),
        ("ar", {"organisation": "شبكة محلية", "purpose": "تمويل مرن"}, ["شبكة محلية", "تمويل مرن"]),
        ("en", {"organisation": "Громадська правова мережа"}, ["Громадська правова мережа"]),
        ("en", {"organisation": "የፍትሕ መረብ"}, ["የፍትሕ", "መረብ"]),
    ],
)
def test_text_reads_back_in_order(language: str, values: dict[str, Any], words: list[str]) -> None:
    text = text_of(render_pdf("award_letter.html", replace(LETTER, **values), language=language))
    for word in words:
        assert word in text


def test_letter_holds_parties_reference_amount_purpose_period_and_next_step() -> None:
    text = text_of(render_pdf("award_letter.html", replace(LETTER, category="Courage"), language="en"))
    for name in ("organisation", "grantor", "reference", "application_reference", "amount", "purpose", "period"):
        assert getattr(LETTER, name) in text
    for name in ("next_step", "dated", "signatory", "title"):
        assert getattr(LETTER, name) in text
    assert "Courage" in text
    assert "Page 1 of 1" in text


def test_decline_and_notice_say_what_they_must() -> None:
    decline = text_of(render_pdf("decline_letter.html", replace(LETTER, category="Courage"), language="en"))
    assert "Courage" in decline
    assert "applications considered: 64; chosen: 12" in decline
    assert LETTER.amount not in decline
    reserve = text_of(render_pdf("reserve_letter.html", replace(LETTER, category="Courage"), language="en"))
    for words in ("Courage", "held in reserve", "cannot make you an award now", "This is not a promise"):
        assert words in reserve
    assert LETTER.amount not in reserve
    notice = text_of(render_pdf("ineligible_notice.html", LETTER, language="en"))
    assert LETTER.reason in notice


@pytest.mark.parametrize("lines", range(11, 17))
def test_signature_never_stands_alone_on_a_page(lines: int) -> None:
    data = render_pdf("award_letter.html", replace(LETTER, next_step="One step.\n" * lines), language="en")
    last = pypdf.PdfReader(io.BytesIO(data)).pages[-1].extract_text()
    assert "Thank you for your work" in last


@pytest.mark.parametrize("template", LETTERS)
def test_sample_mark_stands_on_samples_only(template: str) -> None:
    assert "SAMPLE" in text_of(render_pdf(template, replace(LETTER, is_sample=True), language="en"))
    assert "SAMPLE" not in text_of(render_pdf(template, LETTER, language="en"))


def test_long_letter_numbers_its_pages() -> None:
    text = text_of(render_pdf("award_letter.html", replace(LETTER, next_step="One step.\n" * 90), language="en"))
    assert "Page 1 of 3" in text
    assert "Page 3 of 3" in text


@pytest.mark.parametrize(
    ("language", "name", "shown"),
    [
        ("fr", "Portée & durabilité", "Portée &amp; durabilité"),
        ("fr", "شبكة", '<bdi dir="rtl">شبكة</bdi>'),
        ("fr", "Amal شبكة", "<bdi>Amal شبكة</bdi>"),
        ("fr", "正义", "正义"),
        ("fr", "ネットワーク", '<bdi lang="ja">ネットワーク</bdi>'),
        ("ar", "Network", '<bdi dir="ltr">Network</bdi>'),
        ("ar", "شبكة", "<bdi>شبكة</bdi>"),
        ("ar", "정의", '<bdi lang="ko" dir="ltr">정의</bdi>'),
    ],
)
def test_names_are_isolated_where_they_could_turn_a_sentence(language: str, name: str, shown: str) -> None:
    html = render_html("award_letter.html", replace(LETTER, organisation=name), language=language)
    assert f'<p class="organisation">{shown}</p>' in html


def test_a_name_behind_a_space_that_does_not_break_leaves_its_line_whole() -> None:
    words = "Nous regrettons de ne pas pouvoir vous accorder de dotation cette fois dans la catégorie"
    template = pdf._environment().from_string("<html lang=fr><title>x</title><p>{{ words }}\u00a0{{ name | bdi }}.</p>")
    html = template.render(words=words, name="Portée et durabilité", direction="ltr")
    first = pypdf.PdfReader(io.BytesIO(html_to_pdf(html))).pages[0].extract_text().split("\n")[0]
    assert first.startswith("Nous regrettons de ne pas")


# --- Nothing missing


@pytest.mark.parametrize("name", ["organisation", "amount", "purpose", "period", "next_step", "grantor"])
@pytest.mark.parametrize("blank", ["", "  \n", None])
def test_blank_value_means_no_letter_and_a_reason(name: str, blank: str | None) -> None:
    without: dict[str, Any] = {name: blank}
    with pytest.raises(MissingValue) as caught:
        render_pdf("award_letter.html", replace(LETTER, **without), language="en")
    assert caught.value.field == name


def test_value_that_may_be_absent_is_none_and_never_blank() -> None:
    assert render_pdf("award_letter.html", replace(LETTER, title=None), language="en")
    with pytest.raises(MissingValue):
        render_pdf("award_letter.html", replace(LETTER, title=""), language="en")


@pytest.mark.parametrize("template", LETTERS)
def test_what_is_absent_leaves_no_trace(template: str) -> None:
    bare = replace(LETTER, title=None, category=None, signatory=None, signatory_role=None)
    text = text_of(render_pdf(template, bare, language="en"))
    assert "None" not in text
    assert LETTER.grantor in text


def test_value_that_the_record_does_not_have_means_no_letter() -> None:
    @dataclass(frozen=True)
    class Short:
        reference: str = "GJF-2020-0042-L"
        dated_on: date = date(2020, 12, 10)

    with pytest.raises(MissingValue, match="paper"):
        render_pdf("award_letter.html", Short(), language="en")


def test_only_frozen_records_of_plain_values_are_letters() -> None:
    @dataclass
    class Open:
        reference: str = "x"

    @dataclass(frozen=True)
    class Deep:
        reference: object = object()

    for wrong in (Open(), Deep(), {"reference": "x"}, SampleLetter):
        with pytest.raises(TypeError):
            render_pdf("award_letter.html", wrong, language="en")


def test_character_without_a_font_means_no_letter_and_names_it() -> None:
    with pytest.raises(MissingFont, match=r"TIBETAN LETTER BA.*EMOJI MODIFIER") as caught:
        render_pdf("award_letter.html", replace(LETTER, organisation="བ Network ✊🏿"), language="en")
    assert caught.value.characters == "བ🏿"
    names = "क्षि বাংলা မြန်မာ አማርኛ ქართ Հայ ไทย ខ្មែរ ລາວ தமிழ் עברית ߒߞߏ ⵜⵉⴼ Ọ̀ṣun Ủy\u200d"
    assert render_pdf("award_letter.html", replace(LETTER, organisation=names), language="en")


def test_missing_font_file_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conf = tmp_path / "fonts.conf"
    conf.write_text("<fontconfig><glob>/nowhere/NotoSans-Regular.ttf</glob></fontconfig>")
    monkeypatch.setattr(pdf, "FONTS_CONF", conf)
    pdf.faces.cache_clear()
    try:
        with pytest.raises(PdfUnavailable, match=r"NotoSans-Regular.*apt-get install .*fonts-noto-core"):
            render_pdf("award_letter.html", LETTER, language="en")
    finally:
        pdf.faces.cache_clear()


def test_missing_library_says_what_to_install() -> None:
    program = (
        "import sys, importlib.abc\n"
        "class NoPango(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'weasyprint':\n"
        "            raise OSError('cannot load library')\n"
        "sys.meta_path.insert(0, NoPango())\n"
        "from fundapp.core import pdf\n"
        "try:\n    pdf.warm_up()\n"
        "except pdf.PdfUnavailable as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert "apt-get install --no-install-recommends libpangoft2-1.0-0" in done.stdout


def test_missing_logo_means_no_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pdf._PICTURES, "logo.svg", tmp_path / "absent.svg")
    pdf._environment.cache_clear()
    try:
        with pytest.raises(PdfError, match=r"missing picture: logo\.svg"):
            render_pdf("award_letter.html", LETTER, language="en")
    finally:
        pdf._environment.cache_clear()


# --- Nothing from outside


@pytest.fixture
def listener() -> Iterator[tuple[str, list[object]]]:
    """An address on this machine, and the list of connections that it saw."""
    seen: list[object] = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.2)
    stop = threading.Event()

    def listen() -> None:
        while not stop.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            seen.append(connection)
            connection.close()

    thread = threading.Thread(target=listen)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}/x", seen
    stop.set()
    thread.join()
    server.close()


OUTSIDE = [
    '<link rel="attachment" href="{url}">',
    '<a rel="attachment" href="{url}">x</a>',
    '<link rel="stylesheet" href="{url}">',
    '<style>@import url("{url}");</style>',
    '<img src="{url}" alt="x">',
    '<div style="background-image: url({url})">x</div>',
    '<ul style="list-style-image: url({url})"><li>x</ul>',
    '<style>@font-face {{ font-family: "x"; src: url({url}) }} p {{ font-family: "x" }}</style>',
    '<object data="{url}">x</object>',
    '<embed src="{url}">',
    '<svg><image href="{url}" width="9" height="9"/></svg>',
    '<svg><style>@import url("{url}");</style><text>x</text></svg>',
    '<iframe src="{url}"></iframe>',
]


@pytest.mark.parametrize("hostile", OUTSIDE)
@pytest.mark.parametrize("scheme", ["file", "http"])
def test_hostile_page_reads_nothing_from_outside(
    hostile: str, scheme: str, listener: tuple[str, list[object]], tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("TOP-SECRET")
    address, seen = listener
    url = secret.as_uri() if scheme == "file" else address
    html = f"<!doctype html><html lang=en><title>t</title><body>{hostile.format(url=url)}<p>body</p>"
    try:
        data = html_to_pdf(html)
    except PdfError as error:
        assert "asks for something from outside" in str(error)  # noqa: PT017 - either ending is right
    else:
        assert b"TOP-SECRET" not in data
        assert not names_in(data) & {"/EmbeddedFiles", "/EmbeddedFile", "/AF", "/Filespec"}
    assert seen == []


def test_attachment_of_a_system_file_stops_the_letter() -> None:
    with pytest.raises(PdfError, match="outside"):
        html_to_pdf('<html lang=en><title>t</title><link rel="attachment" href="file:///etc/passwd"><p>x</p>')


HOSTILE_NAMES = [
    '<link rel=attachment href="file:///etc/passwd">',
    '<img src="file:///etc/passwd">',
    "<style>@import url(file:///etc/passwd)</style>",
    '<a href="javascript:alert(1)">x</a>',
    "<svg><script>alert(1)</script></svg>",
    "{{ 7 * 7 }}",
    "{% include 'base.html' %}",
    "{0.__class__} %(reference)s %s",
    "</title><h1>Other</h1>",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize("field", ["organisation", "programme", "next_step"])
def test_hostile_name_is_shown_as_plain_text(name: str, field: str) -> None:
    hostile: dict[str, Any] = {field: name}
    data = render_pdf("award_letter.html", replace(LETTER, **hostile), language="en")
    assert name.replace(" ", "") in text_of(data).replace(" ", "")
    assert not names_in(data) & {"/EmbeddedFiles", "/URI", "/JavaScript", "/JS", "/Launch"}


def test_templates_cannot_reach_python() -> None:
    environment = pdf._environment()
    for attack in ("{{ letter.__class__.__mro__ }}", "{{ ''.__class__ }}", "{{ letter.missing }}"):
        with pytest.raises(Exception, match=r"unsafe|no attribute"):
            environment.from_string(attack).render(letter=LETTER)


def test_html_and_pdf_say_the_same() -> None:
    html = render_html("award_letter.html", LETTER, language="en")
    assert LETTER.amount in html
    with pytest.raises(MissingValue):
        render_html("award_letter.html", replace(LETTER, amount=""), language="en")
