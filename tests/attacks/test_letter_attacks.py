"""Templates of letters that would run, read files or call out. Rows: README.md."""

import io
from datetime import timedelta
from typing import Any

import pikepdf
import pypdf
import pytest
from sqlalchemy import select

from fundapp.accounts.permissions import Role
from fundapp.core import sealed_files
from fundapp.core.db import db
from fundapp.disbursement.letter_language import TemplateKind
from fundapp.disbursement.models import Letter, LetterTemplate
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.disbursement.services.templates import save_template
from fundapp.review.models import SlateStatus

from ..conftest import NOW, actor_of
from ..factories import make_application, make_call, make_decision, make_slate, make_staff
from .hostile import EVERYTHING, RECKONED, TEMPLATES

LATER = NOW + timedelta(days=30)
FILES = (
    '<link rel=attachment href="file:///etc/passwd"><img src="file:///etc/passwd">'
    '<svg><image href="http://127.0.0.1:9/"/></svg><style>@import "http://127.0.0.1:9/x.css";</style>'
    '<iframe src="file:///etc/passwd"></iframe><a href="javascript:alert(1)">x</a>'
)
RIGHT = "{{ amount }} {{ amount in words }}"


def letter_of(app: Any, run_jobs: Any, clock: Any, body: str, name: str = "Mwanga (sample)") -> tuple[Letter, bytes]:
    """Return a letter worded by a call's own template, and its PDF."""
    clock.move_to(LATER)
    manager, call = actor_of(make_staff(Role.MANAGER)), make_call()
    make_decision(make_slate(call, SlateStatus.RATIFIED), make_application(call, organisation_name=name).entries[0])
    save_template(
        actor=manager,
        call=call,
        kind=TemplateKind.AWARD,
        language="en",
        subject="News",
        body=body,
        after=0,
        now=LATER,
    )
    release_decisions(actor=manager, call=call, now=LATER)
    run_jobs()
    letter = db.session.scalars(select(Letter)).one()
    assert letter.file is not None, letter.failure
    return letter, sealed_files.read(app.extensions["storage"], letter.file)


def text_of(data: bytes) -> str:
    return "".join("".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def test_row_41_and_42_markup_in_a_template_is_text_and_reads_nothing(app, run_jobs, clock, signed_in):
    letter, data = letter_of(app, run_jobs, clock, f"{FILES}\n\n{RIGHT}")
    assert "".join(FILES.split()) in text_of(data)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert not pdf.attachments
        keys = {key for each in pdf.objects if isinstance(each, pikepdf.Dictionary) for key in each}
    assert not keys & {"/URI", "/JS", "/EmbeddedFiles", "/F"}
    page = signed_in(letter.person).get(f"/letters/{letter.id}").text
    assert "<iframe" not in page
    assert "&lt;iframe" in page


@pytest.mark.parametrize(
    "text", ["{{7*7}}", "{{ config }}", "{{ ''.__class__ }}", "{{ amount.__class__ }}", "{{ amount | attr('x') }}"]
)
def test_row_43_a_template_that_would_reckon_is_refused_when_saving(app, signed_in, text):
    manager, call = make_staff(Role.MANAGER), make_call()
    for field in ("subject", "body"):
        typed = {"subject": "News", "body": RIGHT, "after": "0", "do": "save"}
        typed[field] = f"{typed[field]} {text}"
        answer = signed_in(manager).post(f"/manage/{call.slug}/letter-templates/award/en", data=typed)
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
        assert "is no placeholder." in answer.text
    assert db.session.scalars(select(LetterTemplate)).all() == []


def test_row_43_what_looks_like_another_language_is_literal_in_letter_and_page(app, run_jobs, clock, signed_in):
    literal = TEMPLATES.replace("{{7919*7919}} ", "")
    letter, data = letter_of(app, run_jobs, clock, f"{literal}\n\n{RIGHT}")
    assert "".join(literal.split()) in text_of(data)
    assert RECKONED not in text_of(data)
    page = signed_in(letter.person).get(f"/letters/{letter.id}").text
    assert "{% raise 1 %}" in page
    assert RECKONED not in page


def test_row_43_a_name_that_is_a_placeholder_stays_a_name(app, run_jobs, clock, signed_in):
    name = f"{{{{ amount }}}} {EVERYTHING}"[:200]
    letter, data = letter_of(app, run_jobs, clock, f"Dear {{{{ organisation }}}}.\n\n{RIGHT}", name=name)
    assert "Dear" + "".join(name.split()) in text_of(data)
    assert "Dear {{ amount }}" in signed_in(letter.person).get(f"/letters/{letter.id}").text.replace("<bdi>", "")
