"""Letters as PDF: one template, one frozen record of plain values, the same bytes each time.

A letter that lacks a value, a character's font or its logo is not made: `render_pdf` says why instead. The renderer
reads nothing but the templates and pictures of this package; whatever else a page asks for stops it.
"""

import base64
import hashlib
import os
import re
import types
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Union, get_args, get_origin, get_type_hints

from fontTools.ttLib import TTFont
from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, UndefinedError, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from fundapp.core.errors import Failure
from fundapp.core.i18n import direction, gettext, in_language, ngettext, script_language, text_direction

if TYPE_CHECKING:
    from weasyprint import CSS

_package: Final = Path(__file__).parent.parent
TEMPLATES: Final = _package.parent / "templates"
FONTS_CONF: Final = _package / "assets" / "fonts.conf"
FONTS_PINNED: Final = _package / "assets" / "fonts.sha256"
_PICTURES: Final = {
    "logo.svg": _package / "static" / "logo.svg",
    "band.svg": _package / "assets" / "band.svg",
}
PACKAGES: Final = ("libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-noto-core", "fonts-noto-cjk", "fonts-symbola")
"""Debian's names of what letters need; script/_setup.py installs the same."""
_APT: Final = f"apt-get install --no-install-recommends {' '.join(PACKAGES)}"
_SKIN_TONES: Final = frozenset(range(0x1F3FB, 0x1F400))
"""Signs that colour the emoji before them. Without colours they are hatched squares, which nobody can read."""
_PRIMITIVES: Final = (str, int, bool, date)


class PdfError(Exception):
    """This letter cannot be made."""


class MissingValue(PdfError):
    """The record lacks a value that its letter needs. `field` names it."""

    def __init__(self, field: str) -> None:
        super().__init__(f"missing value: {field}")
        self.field = field


class MissingFont(PdfError):
    """No installed font can draw some characters of the letter. `characters` are these."""

    def __init__(self, characters: str) -> None:
        names = ", ".join(f"{c} ({unicodedata.name(c, f'U+{ord(c):04X}')})" for c in characters[:5])
        super().__init__(f"no font for: {names}")
        self.characters = characters


class PdfUnavailable(PdfError, Failure):
    """This machine lacks a library or a font; the message gives the line that installs it."""


@dataclass(frozen=True)
class Logo:
    """A picture for the head of a letter: its `address` (data:) and what is seen on it."""

    address: str
    alt: str


def render_pdf(
    template: str,
    letter: object,
    *,
    language: str,
    logo: Logo | None = None,
    layout: Callable[[str], bytes] | None = None,
) -> bytes:
    """Render templates/pdf/`template` with `letter` (a frozen dataclass of plain values) as a PDF/UA-1 file.

    Without a `logo` its head has the mark of this package; without a `layout` it is laid out here and now.
    Deterministic: the same record and logo give the same bytes.
    Raises MissingValue for a value that is blank although its type does not allow None, MissingFont, PdfUnavailable,
    and PdfError for anything else that is wrong with it.
    """
    check_values(letter)
    return (layout or html_to_pdf)(render_html(template, letter, language=language, logo=logo))


def check_values(letter: object) -> None:
    """Raise MissingValue or MissingFont where a letter's record lacks what it needs, or nothing could draw it."""
    if unknown := _characters_without_font("".join(_texts_in(_values(letter).values()))):
        raise MissingFont(unknown)


def render_html(template: str, letter: object, *, language: str, logo: Logo | None = None) -> str:
    """Render templates/pdf/`template` as the HTML that becomes the PDF. Raises MissingValue and PdfError."""
    _values(letter)
    try:
        with in_language(language):
            return (
                _environment()
                .get_template(f"pdf/{template}")
                .render(letter=letter, language=language, direction=direction(language), logo=logo)
            )
    except UndefinedError as error:
        raise MissingValue(str(error.message)) from error
    except TemplateError as error:
        raise PdfError(f"template {template}: {error}") from error


def html_to_pdf(html: str) -> bytes:
    """Lay out a whole HTML page as PDF/UA-1, reading nothing from outside. Raises PdfError."""
    return _engine().to_pdf(html)


def load() -> None:
    """Load libraries, fonts and the style sheet, where it was not done. Raises PdfUnavailable."""
    _engine()


def drawable(text: str) -> str:
    """Return a text with a question mark for each character that no installed font can draw."""
    missing = _characters_without_font(text)
    return text.translate(dict.fromkeys(map(ord, missing), "?")) if missing else text


def warm_up() -> None:
    """Load libraries, fonts, templates and the style sheet once, so that forked workers inherit them.

    Raises PdfUnavailable.
    """
    for face in faces():
        _characters_of(face)
    for template in sorted((TEMPLATES / "pdf").glob("*.html")):
        _environment().get_template(f"pdf/{template.name}")
    _engine().to_pdf(
        f"<!doctype html><html lang=en><title>.</title><img src='{picture('logo.svg')}' alt='.'>"
        "<h1>Ag ع</h1><p>Ag ع <strong>Ag ع</strong></p><p lang=ar>ع</p><p>正</p>"
    )


# --- Values ---------------------------------------------------------------------------------------------------------


def _values(letter: object) -> dict[str, Any]:
    """Return the record's values by name, after checking that they are plain and that none is missing."""
    if not is_dataclass(letter) or isinstance(letter, type) or not letter.__dataclass_params__.frozen:  # type: ignore[attr-defined]  # the stubs do not know it
        raise TypeError("a letter is a frozen dataclass")
    hints = _hints(type(letter))
    values = {field.name: getattr(letter, field.name) for field in fields(letter)}
    for name, value in values.items():
        if value is None or (isinstance(value, str) and not value.strip()):
            if not _may_be_none(hints[name]) or value is not None:
                raise MissingValue(name)
        elif not isinstance(value, _PRIMITIVES):
            if not isinstance(value, tuple):
                raise TypeError(f"{name} is not a plain value")
            for part in value:
                if not isinstance(part, _PRIMITIVES):
                    _values(part)
    return values


def _texts_in(values: Iterable[Any]) -> Iterator[str]:
    """Yield every text of a record, those of the records in it too."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            yield from _texts_in(value)
        elif is_dataclass(value) and not isinstance(value, type):
            yield from _texts_in(getattr(value, field.name) for field in fields(value))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _may_be_none(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint)


# --- Templates ------------------------------------------------------------------------------------------------------


def bdi(value: object, *, around: str | None = None) -> Markup:
    """Isolate a name, an amount or a reference, so that its direction does not disturb the sentence around it.

    Where its script tells its language, it says so: the same Chinese character is drawn otherwise in Japan and Korea.
    `around` is the direction of the sentence. A value of the other one says so too: browsers find it out by themselves
    (HTML 15.3.6), WeasyPrint does not.
    """
    text = str(value)
    named = {"lang": script_language(text), "dir": text_direction(text) if around else None}
    shown = Markup("").join(
        Markup(' {}="{}"').format(name, told) for name, told in named.items() if told not in (None, around)
    )
    return Markup("<bdi{}>{}</bdi>").format(shown, value)


@pass_context
def _isolated(context: Context, value: object) -> Markup:
    """Isolate a value where it could turn the direction of its sentence, or is in a language that its script tells.

    Elsewhere it stays plain text: WeasyPrint breaks a line at the wrong place when a non-breaking space, as French
    puts before a name, stands before an inline box.
    """
    text = str(value)
    turns = context["direction"] == "rtl" or any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in text)
    if not turns and script_language(text) is None:
        return escape(text)
    return bdi(text, around=context["direction"])


def picture(name: str) -> str:
    """Return a picture of this package as a data: address. Raises PdfError if it is missing."""
    try:
        data = _PICTURES[name].read_bytes()
    except (KeyError, OSError) as error:
        raise PdfError(f"missing picture: {name}") from error
    return data_address("image/svg+xml", data)


def data_address(content_type: str, data: bytes) -> str:
    """Return a picture as a data: address, the only kind that a letter reads."""
    return f"data:{content_type};base64,{base64.b64encode(data).decode()}"


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]  # the stubs do not know it
    environment.filters["bdi"] = _isolated
    environment.filters["text_direction"] = text_direction
    environment.globals["picture"] = cache(picture)
    return environment


# --- Fonts ----------------------------------------------------------------------------------------------------------


@cache
def faces() -> tuple[Path, ...]:
    """Return the font files that letters are set in, as assets/fonts.conf lists them. Raises PdfUnavailable."""
    listed = tuple(Path(path) for path in re.findall(r"<glob>(/[^<]+)</glob>", FONTS_CONF.read_text()))
    absent = [path.name for path in listed if not path.is_file()]
    if absent:
        raise PdfUnavailable(f"Letters need the fonts {', '.join(absent[:3])}. Install them with: {_APT}")
    return listed


def changed_faces() -> list[str]:
    """Return the names of font files that are not those of assets/fonts.sha256, so that letters differ from elsewhere.

    Raises PdfUnavailable.
    """
    pinned = set(FONTS_PINNED.read_text().splitlines())
    return [face.name for face in faces() if f"{hashlib.sha256(face.read_bytes()).hexdigest()}  {face}" not in pinned]


def _characters_without_font(text: str) -> str:
    missing = {ord(character) for character in text if not _draws_nothing(character)}
    for face in faces():
        if not missing:
            break
        if "-Bold" not in face.name:
            missing -= _characters_of(face)
    return "".join(character for character in dict.fromkeys(text) if ord(character) in missing)


def _draws_nothing(character: str) -> bool:
    return unicodedata.category(character) in ("Zs", "Zl", "Zp", "Cc", "Cf") or "\ufe00" <= character <= "\ufe0f"


@cache
def _characters_of(face: Path) -> frozenset[int]:
    with TTFont(face, lazy=True, fontNumber=0) as font:
        return frozenset(font.getBestCmap()) - _SKIN_TONES


# --- Layout ---------------------------------------------------------------------------------------------------------


class _Engine:
    """WeasyPrint, with what every letter shares: fonts, style sheet, pictures."""

    options: ClassVar[dict[str, Any]] = {"pdf_variant": "pdf/ua-1"}

    def __init__(self) -> None:
        faces()
        # Read when the library is loaded: which fonts there are, the languages to choose among them by (not those of
        # this machine; a Chinese character in another language's text counts as Chinese), the time that subsets carry.
        os.environ["FONTCONFIG_FILE"] = str(FONTS_CONF)
        os.environ["FC_LANG"] = "en"
        os.environ["PANGO_LANGUAGE"] = "zh"
        os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
        try:
            import weasyprint
            from weasyprint.text.ffi import harfbuzz_subset
            from weasyprint.text.fonts import FontConfiguration
            from weasyprint.urls import FatalURLFetchingError, URLFetcher
        except OSError as error:
            raise PdfUnavailable(f"Letters need system libraries. Install them with: {_APT}") from error
        if not harfbuzz_subset:
            # Without it the library falls back to a subsetter that takes thirty times as long.
            raise PdfUnavailable(f"Letters need libharfbuzz-subset0. Install it with: {_APT}")

        class OwnPicturesOnly(URLFetcher):
            """Refuses every address but data:, and stops the letter that asks for one."""

            def __init__(self) -> None:
                super().__init__(allowed_protocols=["data"], allow_redirects=False, fail_on_errors=True)

        self._html = weasyprint.HTML
        self._refused = FatalURLFetchingError
        self._fetcher = OwnPicturesOnly()
        self._fonts: FontConfiguration = FontConfiguration()
        style = (TEMPLATES / "pdf" / "letter.css").read_text().replace("band.svg", picture("band.svg"))
        self._css: CSS = weasyprint.CSS(string=style, font_config=self._fonts, url_fetcher=self._fetcher)
        self._pictures: dict[str, Any] = {}

    def to_pdf(self, html: str) -> bytes:
        """Return the PDF bytes of a page. Raises PdfError."""
        try:
            page = self._html(string=html, url_fetcher=self._fetcher)
            data: bytes = page.write_pdf(
                stylesheets=[self._css],
                font_config=self._fonts,
                cache=self._pictures,
                finisher=_finish,
                **self.options,
            )
        except PdfError:
            raise
        except self._refused as error:
            raise PdfError(f"the letter asks for something from outside: {error}") from error
        except (OSError, MemoryError):
            raise  # the machine's fault, not the letter's
        except Exception as error:  # whatever the layout stumbles over, it would stumble again
            raise PdfError(f"the letter cannot be laid out: {type(error).__name__}: {error}") from error
        return data


def _finish(document: Any, pdf: Any) -> None:
    """Refuse more pages than the page itself allows (`<meta name="most-pages">`), and mend the text of glyphs."""
    most = document.metadata.custom.get("most-pages")
    if most and len(document.pages) > int(most):
        raise PdfError(f"does not fit on pages: {most}")
    _give_every_glyph_a_text(pdf)


def _give_every_glyph_a_text(pdf: Any) -> None:
    """Let no glyph stand for no text at all, which PDF/UA-1 forbids: ISO 14289-1, 7.21.7.

    A letter and its mark can become two glyphs, such as the Arabic alif with hamza and damma; WeasyPrint gives all of
    the text to the one and none to the other. A zero width space stands for the other.
    """
    for item in pdf.objects:
        lines = getattr(item, "stream", None)
        if isinstance(lines, list) and b"begincmap" in lines:
            item.stream = [line[:-2] + b"<200b>" if line.endswith(b"> <>") else line for line in lines]


@cache
def _engine() -> _Engine:
    return _Engine()
