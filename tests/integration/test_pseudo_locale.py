"""Every text of ours goes through the catalogues: in a made-up language, whatever stays plain was never marked.

Each text of a catalogue is shown in ⟦brackets⟧, with accents and two fifths longer; placeholders and markup stay. Then
Latin letters outside brackets are what people wrote, which pages hold apart (bdi, lang, dir), or a text that nobody
could translate.
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import flask_babel
import html5lib
import pytest
from babel import Locale
from babel.support import NullTranslations

from fundapp.core.i18n import LANGUAGES

from ..attacks.crawl import visit
from ..attacks.world import ROLES, make_round
from ..factories import NOW

NAMES = [Locale("en").languages[code] for code in LANGUAGES]
ACCENTED = str.maketrans("aceinouyACEINOUY", "áçéíñóúýÁÇÉÍÑÓÚÝ")
KEPT = re.compile(r"%\(\w+\)[sd]|%%|<[^>]+>|&\w+;|\n")
PERSONAL = {"bdi", "time", "code", "script", "style", "textarea", "pre"}
READ_ALOUD = ("alt", "aria-label", "title", "placeholder")
MARK = "Щит"
DATA = re.compile(rf"\b(?:[A-Z][a-z]+ )?{MARK}|\bcall-\d+\b|\b(?:{'|'.join({*LANGUAGES.values(), *NAMES})})\b")
CODES = re.compile(r"\b(?:[A-Z]{2,5}|XLSX)\b(?:\$)?|US\$|\b[A-Z]{3}-\d{4}(?:-\d+)?\b")


def pseudo(text: str) -> str:
    """Return a text as the made-up language says it."""
    pieces = KEPT.split(text)
    marks = KEPT.findall(text)
    changed = [piece.translate(ACCENTED) for piece in pieces]
    said = "".join(a + b for a, b in zip(changed, [*marks, ""], strict=True))
    return f"⟦{said}{'·' * (len(text) * 2 // 5)}⟧" if text.strip() else text


class MadeUp(NullTranslations):
    """A catalogue that holds every text."""

    def ugettext(self, message: str) -> str:
        return pseudo(message)

    def ungettext(self, one: str, many: str, number: int) -> str:
        return pseudo(one if number == 1 else many)

    def upgettext(self, _context: str, message: str) -> str:
        return pseudo(message)

    def unpgettext(self, _context: str, one: str, many: str, number: int) -> str:
        return self.ungettext(one, many, number)


@pytest.fixture
def made_up_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flask_babel.Domain, "get_translations", lambda _self: MadeUp())


def plain_texts(element: Element) -> Iterator[str]:
    """Return the texts on a page that no catalogue gave, and that nobody is said to have written."""
    if element.tag in PERSONAL or (element.tag != "html" and (element.get("lang") or element.get("dir"))):
        return
    yield from (element.get(name, "") for name in READ_ALOUD)
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str):
            yield from plain_texts(child)
        yield child.tail or ""


def not_marked(tree: Element) -> set[str]:
    """Return the words that stand outside brackets on a page, brackets counted over the whole page."""
    body = tree.find("body")
    assert body is not None
    text = "\n".join(plain_texts(body))
    while (fewer := re.sub(r"⟦[^⟦⟧]*⟧", "", text)) != text:
        text = fewer
    text = CODES.sub("", DATA.sub("", text))
    return {" ".join(line.split()) for line in text.splitlines() if re.search("[A-Za-z]{2}", line)}


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize("role", [None, *ROLES])
def test_no_text_of_ours_is_outside_the_catalogues(app, signed_in, clock, made_up_language, role):
    clock.move_to(NOW)
    made = make_round(app.extensions["storage"], MARK, text=MARK, decided=True)
    client = signed_in(made.people[role] if role else None)
    plain = {
        page.rule.endpoint: found
        for page in visit(app, client, role, made.objects())
        if page.is_html and not 300 <= page.answer.status_code < 400 and (found := not_marked(page.tree))
    }
    assert plain == {}


def test_an_unmarked_text_is_found_and_a_marked_or_personal_one_is_not() -> None:
    page = html5lib.parse(
        "<p>⟦Ýóúr áñswérs·⟧ <b>Not marked</b> <bdi>Amal</bdi> ⟦Déár <bdi>Amal</bdi>·⟧</p><i title='Nor this'></i>",
        namespaceHTMLElements=False,
    )
    assert not_marked(page) == {"Not marked", "Nor this"}
