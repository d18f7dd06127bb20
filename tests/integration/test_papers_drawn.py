"""The paper for the panel and the minutes as they are printed: every page has something on it, and all of it inside."""

import random
import re
from io import BytesIO

import pytest
from pypdf import PdfReader

from fundapp.accounts.permissions import Role
from fundapp.core.db import db
from fundapp.core.pdf import html_to_pdf
from fundapp.core.web import FundApp
from fundapp.review.models import Outcome, SlateStatus
from tests.conftest import SignedIn
from tests.drawn import Sheet, drawn
from tests.factories import (
    make_application,
    make_call,
    make_decision,
    make_person,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
)

SIDE, HEAD, FOOT = 24, 15, 6
"""Millimetres that stay free at the sides, above, and below the foot of each page."""
LONG = "Réseau des femmes pour la terre, l’eau et les droits de la vallée du Grand Fleuve (sample)"
OUTCOMES = (Outcome.AWARD, Outcome.AWARD, Outcome.RESERVE, Outcome.DECLINE)


def problems(sheets: list[Sheet]) -> list[str]:
    """Say what somebody who holds the paper would see to be wrong."""
    told = []
    for number, sheet in enumerate(sheets, 1):
        sides = (sheet.left < SIDE - 1, sheet.right > sheet.width - SIDE + 1)
        ends = (sheet.top < HEAD - 1, sheet.bottom > sheet.height - FOOT)
        told += [f"page {number} is nearly empty"] * (sheet.ink < 0.004)
        told += [f"something on page {number} is outside: {sheet.left, sheet.top, sheet.right, sheet.bottom}"] * any(
            (*sides, *ends)
        )
        told += [f"page {number}: {words} stand on each other" for words in sheet.overlaps()]
        told += [
            f"page {number}: {word.text} is outside"
            for word in sheet.words
            if word.left < SIDE - 0.5
            or word.right > sheet.width - SIDE + 0.5
            or word.top < HEAD - 1
            or word.bottom > sheet.height - FOOT
        ]
    return told


def well_printed(data: bytes, pages: range) -> list[Sheet]:
    """Return the pages of a paper; nothing is wrong with them, and they are as many as they should be."""
    sheets = drawn(data)
    assert problems(sheets) == []
    assert len(sheets) == len(PdfReader(BytesIO(data)).pages)
    assert len(sheets) in pages
    assert {(round(sheet.width), round(sheet.height)) for sheet in sheets} == {(210, 297)}
    return sheets


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_ranking_is_well_printed(app: FundApp, signed_in: SignedIn, language: str) -> None:
    chance = random.Random(7)
    call = make_call(budget_minor=9_600_000)
    manager = make_staff(Role.MANAGER, call)
    manager.language = language
    readers = [make_reviewer(call, person=make_person(f"Reader {number}")) for number in range(6)]
    applications = [make_application(call, organisation_name=f"{LONG} {n}") for n in range(60)]
    for number, application in enumerate(applications):
        for place, reader in enumerate(chance.sample(readers, 3)):
            mark = min(5, max(1, round(3 + (number % 7 - 3) / 2 + place - 1)))
            make_review(application.entries[0], reader, [mark, mark])
    db.session.commit()
    sheets = well_printed(signed_in(manager).get(f"/manage/{call.slug}/tally.pdf").data, range(5, 7))
    if language == "en":
        for number, sheet in enumerate(sheets, 1):
            assert f"Page {number} of {len(sheets)}" in sheet.text
        assert sum("The line: by rank alone, the money ends here." in sheet.text for sheet in sheets) == 1
    for application in applications:
        assert sum((application.reference or "?") in sheet.text for sheet in sheets) == 1


@pytest.mark.parametrize("language", ["en", "ar"])
def test_minutes_are_well_printed(app: FundApp, signed_in: SignedIn, language: str) -> None:
    call = make_call(budget_minor=99_000_000)
    manager = make_staff(Role.MANAGER, call)
    manager.language = language
    slate = make_slate(call, SlateStatus.PROPOSED)
    references = []
    for number in range(40):
        application = make_application(call, organisation_name=f"{LONG} {number}")
        make_decision(slate, application.entries[0], outcome=OUTCOMES[number % 4], decided_by=manager)
        references.append(application.reference)
    db.session.commit()
    sheets = well_printed(signed_in(manager).get(f"/manage/{call.slug}/minutes.pdf").data, range(3, 6))
    text = " ".join(sheet.text for sheet in sheets)
    assert all(re.search(rf"\b{reference}\b", text) for reference in references)


def test_minutes_of_many_deciders_begin_to_name_them_on_the_first_page(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call(budget_minor=99_000_000)
    slate = make_slate(call, SlateStatus.PROPOSED)
    for number in range(30):
        decider = make_person(f"Decider {number} (sample)")
        make_decision(slate, make_application(call).entries[0], outcome=Outcome.DECLINE, decided_by=decider)
    db.session.commit()
    client = signed_in(make_staff(Role.MANAGER, call))
    first, *others = well_printed(client.get(f"/manage/{call.slug}/minutes.pdf").data, range(3, 6))
    assert "Promised in all" in first.text
    assert max(word.bottom for word in first.words if "Decider" in word.text) > first.height * 0.8
    assert any("Decider" in sheet.text for sheet in others)


def test_what_is_printed_badly_is_seen() -> None:
    page = "<html lang=en><style>@page {{ size: A4; margin: 20mm 30mm; }} p {{ {style} }}</style>{body}</html>"
    for style, body, said in (
        ("margin-left: -25mm", "<p>Too far to the left.</p>" + "<p>Words and more of them.</p>" * 20, "outside"),
        ("white-space: nowrap", f"<p>{'Too long for the page. ' * 20}</p>" * 20, "outside"),
        ("position: absolute; margin: 0", "<p>One</p><p>Other</p>", "stand on each other"),
        ("margin: 0", "<p>Alone.</p>", "nearly empty"),
    ):
        assert any(said in problem for problem in problems(drawn(html_to_pdf(page.format(style=style, body=body)))))
