"""The wording of the house as a template of a call: what a manager begins with.

It is read off the templates of this package, so that there is one wording and not two.
"""

from dataclasses import fields
from datetime import date
from typing import Any, Final

from lxml import html

from fundapp.applications.models import Call
from fundapp.applications.rules import DeclinedGet, Paper
from fundapp.core.i18n import direction
from fundapp.core.pdf import render_html
from fundapp.disbursement.letter_language import (
    AWARDS,
    REVIEWS,
    TERMS,
    WITHOUT_AWARD,
    TemplateKind,
    placeholders_of,
    written,
)
from fundapp.disbursement.letter_words import BODIES, RECORDS
from fundapp.disbursement.letters import letter_kind

_BLOCKS: Final = {"terms": TERMS, "reviews": REVIEWS}
"""Placeholders by the class of what they stand for."""


def house_wording(kind: TemplateKind, language: str, call: Call) -> tuple[str, str]:
    """Return the subject and the body that say what the house's own letter of a kind says."""
    record = RECORDS[letter_kind(kind)]
    template = BODIES[letter_kind(kind)].removeprefix("pdf/")
    parts = html.fragments_fromstring(render_html(template, record(**_values(kind, language, call)), language=language))
    subject, paragraphs = "", []
    for part in parts:
        text = part.text_content().strip()
        classes = part.get("class", "").split()
        if part.tag == "h1":
            subject = text
        elif part.tag == "h2":
            paragraphs.append(f"# {text}")
        elif block := next((_BLOCKS[each] for each in classes if each in _BLOCKS), None):
            paragraphs.append(written(block))
        elif "sign" not in classes:
            paragraphs.append(text)
    return subject, "\n\n".join(paragraphs)


def _values(kind: TemplateKind, language: str, call: Call) -> dict[str, Any]:
    """Return a record in which every value is its own placeholder, and what may be absent in every letter is."""
    named = {each.field: written(each.name) for each in placeholders_of(kind) if not each.is_block}
    values: dict[str, Any] = {each.name: named.get(each.name) for each in fields(RECORDS[letter_kind(kind)])}
    values |= {"considered": None, "awarded": None} if kind is TemplateKind.DECLINE else {}
    if kind not in AWARDS and not call.categories and "category" in values:
        values["category"] = None
    if kind in WITHOUT_AWARD:
        heard = call.declined_get is not DeclinedGet.NOTHING
        values |= {"means": (), "comment": written(REVIEWS) if heard else None}
        values |= {"comment_language": language, "comment_direction": direction(language)}
    return values | {
        "dated_on": date.min,
        "is_sample": False,
        "is_preview": False,
        "paper": Paper.A4.value,
        "subject": (),
        "paragraphs": (),
    }
