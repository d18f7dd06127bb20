"""Texts that look alike, that are exactly as long as they may be, that are read from the right. Rows: rows.csv."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import Element

import pypdf
import pytest
from sqlalchemy import select

from fundapp.accounts.models import Organisation
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Application, ApplicationStatus
from fundapp.applications.services.drafts import fingerprint
from fundapp.core.db import db
from fundapp.core.pdf import render_pdf
from fundapp.core.web import FundApp

from ..factories import ANSWERS, FORM, NOW, make_application, make_call, make_organisation, make_person
from ..unit.test_pdf import LETTER
from .crawl import fetch, visit
from .world import make_round

# Row 61: names that are written with other letters


LOOK_ALIKES = [
    "Advocates of the Hill",
    "Аdvocates of the Hill",  # a Cyrillic A
    "Advocatеs of the Hill",  # a Cyrillic e
    "Advocates of the Hiⅼl",  # a Roman numeral
    "Advocates оf the Hill",
]


def test_row_61_look_alike_names_stay_apart_and_open_nothing_of_each_other(app: FundApp, clock, signed_in) -> None:
    clock.move_to(NOW)
    call = make_call()
    drafts = []
    for name in LOOK_ALIKES:
        person = make_person()
        organisation = make_organisation(name)
        draft = make_application(call, person=person, organisation=organisation, status=ApplicationStatus.DRAFT)
        drafts.append((person, draft.id))
    db.session.commit()
    assert len(set(db.session.scalars(select(Organisation.id)))) == len(LOOK_ALIKES)
    for person, own in drafts:
        client = signed_in(person)
        seen = [draft_id for _, draft_id in drafts if fetch(client, f"/applications/{draft_id}").status_code == 200]
        assert seen == [own]


# Row 64: exactly as long as may be, one more, in letters of four bytes


@pytest.mark.parametrize("letter", ["a", "é", "ش", "🧾", "क्षि"], ids=ascii)
@pytest.mark.parametrize("over", [0, 1])
def test_row_64_a_limit_counts_what_a_reader_sees_on_every_database(
    app: FundApp, clock, signed_in, letter, over
) -> None:
    clock.move_to(NOW)
    questions = tuple(
        replace(question, max_words=None, max_characters=50) if question.name == "plan" else question
        for question in FORM.questions
    )
    call = make_call(form=replace(FORM, questions=questions))
    answers = {**ANSWERS, "plan": letter * (50 + over)}
    draft = make_application(call, status=ApplicationStatus.DRAFT, answers=answers)
    client = signed_in(draft.person)
    seen = fingerprint(draft.answers)
    answer = fetch(client, f"/applications/{draft.id}/check", "POST", data={"seen": seen})
    assert answer.status_code == (422 if over else 302)
    assert ("51" in answer.text and "50" in answer.text) == bool(over), "the message names both numbers"
    db.session.expire_all()
    assert db.session.get_one(Application, draft.id).answers["plan"] == letter * (50 + over), "nothing is cut"


# Row 65: a page that is read from the right


FROM_THE_LEFT = re.compile(r"GJF-\d+-\d+|[\w.]+@example\.org|\b[0-9a-f]{64}\b")


def loose_texts(element: Element, *, isolated: bool = False) -> Iterator[str]:
    """Return the texts read from the left that stand bare among others, so that they would turn their neighbours."""
    own = isolated or element.tag == "bdi" or (element.get("dir") is not None and element.tag not in ("html", "body"))
    if element.tag in ("title", "script", "style"):
        return
    pieces = [(element.text, own)]
    for child in element:
        yield from loose_texts(child, isolated=own)
        pieces.append((child.tail, own))
    alone = "".join(text or "" for text, _ in pieces).strip()
    for text, is_safe in pieces:
        for match in FROM_THE_LEFT.finditer(text or ""):
            if not is_safe and match.group(0) != alone:
                yield " ".join((text or "").split())


@pytest.mark.parametrize("role", [Role.APPLICANT, Role.REVIEWER, Role.MANAGER, Role.RATIFIER])
def test_row_65_references_and_addresses_keep_their_order_on_arabic_pages(app: FundApp, clock, signed_in, role) -> None:
    clock.move_to(NOW)
    made = make_round(app.extensions["storage"], "شبكة", decided=True)
    person = made.people[role]
    person.language = "ar"
    client = signed_in(person)
    shown = 0
    for page in visit(app, client, role, made.objects(), own=True):
        if page.is_html and page.answer.status_code == 200:
            assert page.tree.get("dir") == "rtl", page.path
            assert list(loose_texts(page.tree)) == [], page.path
            shown += len(FROM_THE_LEFT.findall("".join(page.tree.itertext())))
    assert shown > 3


def test_row_65_a_bare_reference_would_be_noticed() -> None:
    page = Element("p")
    page.text = "المرجع GJF-1-0001, أرسل"
    assert list(loose_texts(page))
    assert not list(loose_texts(page, isolated=True))


def test_row_65_references_and_amounts_keep_their_order_in_arabic_letters() -> None:
    values: dict[str, Any] = {
        "organisation": "شبكة 2020 العدل",
        "reference": "GJF-2020-0042-L",
        "amount": "US$17,000.00 (USD)",
    }
    data = render_pdf("award_letter.html", replace(LETTER, **values), language="ar")
    text = " ".join(" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(data)).pages)
    plain = re.sub("[()]", "", text)  # the reader turns brackets round that stand right on the paper
    for whole in ("GJF-2020-0042-L", "US$17,000.00 USD", "2020", "شبكة", "العدل"):
        assert whole in plain, text
