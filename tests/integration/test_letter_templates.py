"""Templates of letters: worded by managers, in versions, looked at before, and made anew while nobody opened them."""

import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import page as page_validation
import pikepdf
import pypdf
import pytest
from PIL import Image
from sqlalchemy import select

from fundapp.accounts.permissions import Role
from fundapp.applications.conflicts import record_conflict
from fundapp.applications.models import ApplicationStatus, ConflictSource
from fundapp.applications.rules import DeclinedGet
from fundapp.core import sealed_files
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, RuleViolations
from fundapp.core.mail import MailMessage
from fundapp.core.pdf import render_pdf
from fundapp.disbursement.house_wording import house_wording
from fundapp.disbursement.letter_language import TemplateKind
from fundapp.disbursement.letter_words import TEMPLATES
from fundapp.disbursement.letters import from_content, letter_kind, to_content, worded
from fundapp.disbursement.models import Letter, Letterhead, LetterKind, LetterStatus, LetterTemplate, SupersededLetter
from fundapp.disbursement.presentation.templates import sample_facts
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.disbursement.services.templates import open_letter, remake_letters, save_template, wording_problems
from fundapp.retention.queries.leftovers import stored_files_in_use
from fundapp.review.models import Decision, Outcome, SlateStatus

from ..conftest import NOW, actor_of
from ..factories import make_application, make_call, make_decision, make_slate, make_staff

LATER = NOW + timedelta(days=30)
OWN = (
    "Dear {{ organisation }},\n\n# Our news\n\nYou get {{ amount }}: {{ amount in words }}.\n\n{{ terms of the award }}"
)


@pytest.fixture
def manager(app):
    return make_staff(Role.MANAGER)


@pytest.fixture
def call(app, clock):
    """A call with an award, a decline in French, a part award and a notice, ratified."""
    clock.move_to(LATER)
    call = make_call()
    slate = make_slate(call, SlateStatus.RATIFIED)
    make_decision(slate, make_application(call, organisation_name="Mwanga (sample)").entries[0])
    make_decision(slate, make_application(call, language="fr").entries[0], outcome=Outcome.DECLINE)
    make_application(call, status=ApplicationStatus.INELIGIBLE)
    db.session.commit()
    return call


def save(manager: Any, call: Any, body: str = OWN, **given: Any) -> LetterTemplate:
    values = {"kind": TemplateKind.AWARD, "language": "en", "subject": "Good news from {{ programme }}", "after": 0}
    saved = save_template(actor=actor_of(manager), call=call, body=body, now=LATER, **{**values, **given})
    db.session.commit()
    return saved


def release(manager: Any, call: Any) -> None:
    release_decisions(actor=actor_of(manager), call=call, now=LATER)
    db.session.commit()


def letter_of(kind: LetterKind) -> Letter:
    return db.session.scalars(select(Letter).where(Letter.kind == kind)).one()


def text_of(data: bytes) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def data_of(app: Any, letter: Letter | SupersededLetter) -> bytes:
    assert letter.file is not None
    return sealed_files.read(app.extensions["storage"], letter.file)


def file_of(app: Any, letter: Letter | SupersededLetter) -> str:
    return text_of(data_of(app, letter))


# --- Making


def test_a_letter_is_worded_by_the_template_of_its_call_and_remembers_the_version(
    app, manager, call, run_jobs, signed_in
):
    template = save(manager, call)
    release(manager, call)
    run_jobs()
    letter = letter_of(LetterKind.AWARD)
    assert letter.template_id == template.id
    on_paper, on_page = file_of(app, letter), signed_in(letter.person).get(f"/letters/{letter.id}").text
    for words in ("Dear Mwanga (sample),", "Our news", "US$12,000.00 (USD): ", "twelve thousand (US dollars)"):
        assert words in on_paper
    assert "<h2>Our news</h2>" in on_page
    assert "twelve thousand (US dollars)" in on_page
    assert "We are glad" not in on_paper + on_page


def test_a_language_without_a_template_has_the_wording_of_the_house_in_that_language(app, manager, call, run_jobs):
    save(manager, call, "Dear {{ organisation }}, no.", kind=TemplateKind.DECLINE, subject="No")
    release(manager, call)
    run_jobs()
    decline = letter_of(LetterKind.DECLINE)
    assert (decline.language, decline.template_id) == ("fr", None)
    assert "14 octobre 2020" in file_of(app, decline)
    assert "no." not in file_of(app, decline)


def test_less_than_was_asked_is_a_part_award_with_its_own_words(app, manager, call, run_jobs):
    save(manager, call)
    part = save(
        manager,
        call,
        "You asked for {{ amount asked }}. You get {{ amount }}, {{ amount in words }}.",
        kind=TemplateKind.PART_AWARD,
        subject="A part",
    )
    decision = db.session.scalars(select(Decision).where(Decision.outcome == Outcome.AWARD)).one()
    decision.entry.requested_minor = 1_500_000
    release(manager, call)
    run_jobs()
    letter = letter_of(LetterKind.AWARD)
    assert letter.template_id == part.id
    assert "You asked for US$15,000.00 (USD). You get US$12,000.00 (USD)" in file_of(app, letter)


def test_a_required_value_that_is_missing_fails_the_letter_with_the_reason(app, manager, call, run_jobs):
    save(manager, call, "{{ amount }}, {{ amount in words }}, {{ purpose }}")
    call.award_terms = {"period_months": 12}
    release(manager, call)
    run_jobs()
    assert letter_of(LetterKind.AWARD).failure == "missing: purpose"


def test_a_paragraph_whose_value_is_absent_is_left_out(app, manager, call, run_jobs):
    save(manager, call, OWN + "\n\nReports: {{ reporting }}\n\nThe end.")
    release(manager, call)
    run_jobs()
    assert "Reports:" not in file_of(app, letter_of(LetterKind.AWARD))
    assert "The end." in file_of(app, letter_of(LetterKind.AWARD))


# --- Versions


def test_each_save_is_a_new_version_and_the_same_again_is_none(app, manager, call):
    first = save(manager, call)
    assert save(manager, call, after=1).id == first.id
    second = save(manager, call, OWN + "\n\nMore.", after=1)
    assert (first.number, second.number) == (1, 2)
    assert first.sha256 != second.sha256
    assert [each.body for each in db.session.scalars(select(LetterTemplate).order_by(LetterTemplate.number))] == [
        OWN,
        OWN + "\n\nMore.",
    ]
    saves = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "letter_template:save")).all()
    assert [each.data["number"] for each in saves] == [1, 2]


def test_who_saves_over_another_one_is_told(app, manager, call):
    save(manager, call)
    with pytest.raises(Conflict):
        save(manager, call, "{{ amount }} {{ amount in words }}", after=0)


def test_the_wording_of_the_house_can_hold_again(app, manager, call, run_jobs):
    save(manager, call)
    save(manager, call, "", subject="", after=1)
    release(manager, call)
    run_jobs()
    letter = letter_of(LetterKind.AWARD)
    assert letter.template_id is None
    assert "We are glad" in file_of(app, letter)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{{ amount }} {{ amount in words }} {{7*7}}", "Line 1, character 36: {{7*7}} is no placeholder"),
        ("{{ amount }}\n{{ amount in words }} {{ reason }}", "Line 2, character 23: {{ reason }} has no value"),
        ("{{ amount }} {{ amount in words }} {{ amount", "is not closed"),
        ("{{ amount }}", "put {{ amount in words }} / {{ terms of the award }} in"),
        ("So: {{ terms of the award }}", "needs a paragraph of its own"),
        ("", "Write the letter."),
    ],
)
def test_what_cannot_be_filled_is_refused_when_saving_with_its_place(app, manager, call, body, message):
    with pytest.raises(RuleViolations) as caught:
        save(manager, call, body)
    assert next(problem.field for problem in caught.value.problems) == "body"
    assert message in " ".join(str(problem.message) for problem in caught.value.problems)
    assert db.session.scalars(select(LetterTemplate)).all() == []


def test_a_promise_of_comments_binds_the_template(app, manager, call):
    call.declined_get = DeclinedGet.COMMENTS
    with pytest.raises(RuleViolations, match="what reviewers said"):
        save(manager, call, "No.", kind=TemplateKind.DECLINE, subject="No")
    assert save(manager, call, "No.\n\n{{ what reviewers said }}", kind=TemplateKind.DECLINE, subject="No").number == 1


def test_only_those_who_run_the_letters_of_this_call_save(app, manager, call):
    for role in (Role.AUDITOR, Role.REVIEWER):
        with pytest.raises(NotAllowed):
            save(make_staff(role), call)
    with pytest.raises(NotFound):
        save(manager, call, language="sw")


# --- Making anew


def test_a_corrected_template_makes_anew_what_nobody_opened_and_keeps_what_it_was(app, manager, call, run_jobs):
    save(manager, call)
    release(manager, call)
    run_jobs()
    letter = letter_of(LetterKind.AWARD)
    before, file, mails = letter.sha256, letter.stored_as, len(db.session.scalars(select(MailMessage)).all())
    corrected = save(manager, call, OWN + "\n\nCorrected.", after=1)
    assert remake_letters(actor=actor_of(manager), call=call, now=LATER) == 1
    assert letter.status is LetterStatus.QUEUED
    db.session.commit()
    run_jobs()
    letter = letter_of(LetterKind.AWARD)
    assert (letter.status, letter.template_id) == (LetterStatus.MADE, corrected.id)
    assert "Corrected." in file_of(app, letter)
    (superseded,) = letter.superseded
    assert (superseded.number, superseded.sha256, superseded.stored_as) == (1, before, file)
    assert "Corrected." not in file_of(app, superseded)
    assert file in stored_files_in_use()
    assert len(db.session.scalars(select(MailMessage)).all()) == mails
    assert remake_letters(actor=actor_of(manager), call=call, now=LATER) == 0


@pytest.mark.parametrize("way", ["", "/pdf"])
def test_a_letter_that_was_opened_stays_as_it_is(app, manager, call, run_jobs, signed_in, way):
    save(manager, call)
    release(manager, call)
    run_jobs()
    letter = letter_of(LetterKind.AWARD)
    letter_id, sha256 = letter.id, letter.sha256
    reader = signed_in(letter.person)
    reader.get("/letters")
    assert letter_of(LetterKind.AWARD).first_opened_at is None
    assert reader.get(f"/letters/{letter_id}{way}").status_code == 200
    assert letter_of(LetterKind.AWARD).first_opened_at == LATER
    save(manager, call, OWN + "\n\nCorrected.", after=1)
    assert remake_letters(actor=actor_of(manager), call=call, now=LATER) == 0
    assert letter_of(LetterKind.AWARD).sha256 == sha256
    page = signed_in(manager).get(f"/manage/{call.slug}/letter-templates").text
    assert "1 letter of another wording was opened already: it stays as it is." in page
    assert "Make them anew" not in page


def test_opening_is_recorded_once_and_a_manager_opens_nothing(app, manager, call, run_jobs, signed_in):
    release(manager, call)
    run_jobs()
    letter = letter_of(LetterKind.AWARD)
    letter_id, person = letter.id, letter.person
    assert signed_in(manager).get(f"/manage/letters/{letter_id}").status_code == 200
    assert letter_of(LetterKind.AWARD).first_opened_at is None
    for _ in range(2):
        signed_in(person).get(f"/letters/{letter_id}")
    opened = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "letter:open")).all()
    assert [(each.object_id, each.actor_id) for each in opened] == [(letter_id, person.id)]


def test_a_letter_on_its_way_to_be_made_anew_cannot_be_opened(app, manager, call, run_jobs):
    save(manager, call)
    release(manager, call)
    run_jobs()
    letter = letter_of(LetterKind.AWARD)
    save(manager, call, OWN + "\n\nCorrected.", after=1)
    remake_letters(actor=actor_of(manager), call=call, now=LATER)
    with pytest.raises(NotFound):
        open_letter(actor=actor_of(letter.person), letter=letter, now=LATER)


def test_a_manager_in_conflict_makes_no_letter_anew_and_counts_none(app, manager, call, run_jobs, signed_in):
    save(manager, call)
    release(manager, call)
    run_jobs()
    save(manager, call, OWN + "\n\nCorrected.", after=1)
    record_conflict(
        actor=actor_of(make_staff(Role.MANAGER)),
        application=letter_of(LetterKind.AWARD).application,
        person_id=manager.id,
        source=ConflictSource.SET_BY_MANAGER,
        reason="Cousins.",
        now=LATER,
    )
    db.session.commit()
    assert "another wording" not in signed_in(manager).get(f"/manage/{call.slug}/letter-templates").text
    assert remake_letters(actor=actor_of(manager), call=call, now=LATER) == 0


# --- Pages


def test_the_page_begins_with_the_wording_of_the_house_and_lists_every_placeholder(app, manager, call, signed_in):
    page = signed_in(manager).get(f"/manage/{call.slug}/letter-templates/award/en").text
    assert "We are glad to make you an award" in page
    assert "Dear friends at {{ organisation }}," in page
    for words in (
        "{{ amount in words }}",
        "The same in words",
        "twelve thousand three hundred forty-five (US dollars)",
    ):
        assert words in page
    assert "SAMPLE" not in page


def test_the_page_saves_and_says_what_is_wrong_beside_the_field(app, manager, call, signed_in):
    client, url = signed_in(manager), f"/manage/{call.slug}/letter-templates/award/en"
    typed = {"subject": "News", "body": "You get {{ 7*7 }} {% if %}", "after": "0", "do": "save"}
    refused = client.post(url, data=typed)
    assert refused.status_code == 422
    assert "Line 1, character 9: {{ 7*7 }} is no placeholder." in refused.text
    assert "You get {{ 7*7 }} {% if %}</textarea>" in refused.text
    saved = client.post(url, data={**typed, "body": OWN})
    assert (saved.status_code, saved.location) == (302, url)
    assert "Version 1 of this call" in client.get(f"/manage/{call.slug}/letter-templates").text
    conflict = client.post(url, data={**typed, "body": OWN + "\n\nOther."})
    assert conflict.status_code == 409
    assert "Other.</textarea>" in conflict.text
    assert client.post(url, data={"do": "house", "after": "1"}).status_code == 302
    assert "From here on the house" in client.get(url).text


def test_a_look_keeps_nothing_and_shows_page_and_pdf(app, manager, call, signed_in):
    client, url = signed_in(manager), f"/manage/{call.slug}/letter-templates/award/en"
    typed = {"subject": "News", "body": OWN, "after": "0", "about": "sample"}
    looked = client.post(url, data={**typed, "do": "look"})
    assert "You get <bdi>US$12,345.00 (USD)</bdi>" in looked.text
    assert "Sample organisation" in looked.text
    as_pdf = client.post(url, data={**typed, "do": "pdf"})
    assert "SAMPLE: made from invented data" in text_of(as_pdf.data)
    assert "You get US$12,345.00 (USD)" in text_of(as_pdf.data)
    assert db.session.scalars(select(LetterTemplate)).all() == []


def test_a_look_at_a_decided_entry_is_marked_as_a_preview(app, manager, call, signed_in):
    decision = db.session.scalars(select(Decision).where(Decision.outcome == Outcome.AWARD)).one()
    client, url = signed_in(manager), f"/manage/{call.slug}/letter-templates/award/en"
    typed = {"subject": "News", "body": OWN, "after": "0", "about": str(decision.id), "do": "pdf"}
    text = text_of(client.post(url, data=typed).data)
    assert "Dear Mwanga (sample)," in text
    assert "PREVIEW: this letter was not sent." in text
    other = client.post(f"/manage/{call.slug}/letter-templates/decline/en", data={**typed, "body": "No."})
    assert other.status_code == 404


def test_an_auditor_reads_and_changes_nothing(app, manager, call, run_jobs, signed_in):
    save(manager, call)
    release(manager, call)
    run_jobs()
    save(manager, call, OWN + "\n\nCorrected.", after=1)
    remake_letters(actor=actor_of(manager), call=call, now=LATER)
    db.session.commit()
    superseded = db.session.scalars(select(SupersededLetter)).one()
    client, slug = signed_in(make_staff(Role.AUDITOR)), call.slug
    page = client.get(f"/manage/{slug}/letter-templates")
    assert superseded.sha256 in page.text
    assert client.get(f"/manage/superseded-letters/{superseded.id}").data.startswith(b"%PDF-")
    shown = client.get(f"/manage/{slug}/letter-templates/award/en")
    assert "Corrected." in shown.text
    assert "<textarea" not in shown.text
    assert client.get(f"/manage/{slug}/letter-templates/award/en/pdf").data.startswith(b"%PDF-")
    assert client.post(f"/manage/{slug}/letter-templates/award/en", data={"do": "house"}).status_code == 403
    assert client.post(f"/manage/{slug}/letter-templates/remake").status_code == 403
    assert client.post(f"/manage/{slug}/letterhead").status_code == 403


def test_what_is_no_kind_or_language_is_not_found(app, manager, call, signed_in):
    client = signed_in(manager)
    for path in ("prize/en", "award/xx", "award/ar"):
        assert client.get(f"/manage/{call.slug}/letter-templates/{path}").status_code == 404


# --- The head


def picture(colour: str = "teal", kind: str = "PNG") -> io.BytesIO:
    data = io.BytesIO()
    Image.new("RGB", (60, 20), colour).save(data, kind)
    data.seek(0)
    return data


def images_in(data: bytes) -> list[tuple[int, int]]:
    images = [image.image for page in pypdf.PdfReader(io.BytesIO(data)).pages for image in page.images]
    return [image.size for image in images if image is not None]


def test_a_logo_stands_at_the_head_of_letters_and_is_said_to_those_who_hear_them(
    app, manager, call, run_jobs, signed_in
):
    client, url = signed_in(manager), f"/manage/{call.slug}/letterhead"
    given = {"logo": (picture(), "logo.png"), "alt_en": "Two hands", "alt_fr": ""}
    assert client.post(url, data=given, content_type="multipart/form-data").status_code == 302
    assert client.get(f"{url}/logo").mimetype == "image/png"
    assert "Two hands" in client.get(url).text
    release(manager, call)
    run_jobs()
    data = data_of(app, letter_of(LetterKind.AWARD))
    assert (60, 20) in images_in(data)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        said = [str(each["/Alt"]) for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and "/Alt" in each]
    assert said == ["Two hands"]
    kept = db.session.scalars(select(Letterhead)).one()
    assert kept.stored_as in stored_files_in_use()
    assert client.post(url, data={"keeps_logo": "y", "alt_en": "Three hands"}).status_code == 302
    assert client.get(f"{url}/logo").status_code == 200
    assert client.post(url, data={"alt_en": ""}).status_code == 302
    assert client.get(f"{url}/logo").status_code == 404


@pytest.mark.parametrize(
    "data", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_no_picture_is_refused_beside_its_field(app, manager, call, signed_in, data):
    url = f"/manage/{call.slug}/letterhead"
    given = {"logo": (io.BytesIO(data), "logo.png"), "alt_en": "Hands"}
    answer = signed_in(manager).post(url, data=given, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "This is no picture that opens." in answer.text
    assert "Hands" in answer.text
    assert db.session.scalars(select(Letterhead)).all() == []


def test_a_call_can_have_its_letters_on_us_letter(app, manager, call, run_jobs):
    call.award_terms = {**call.award_terms, "paper": "letter"}
    release(manager, call)
    run_jobs()
    data = data_of(app, letter_of(LetterKind.AWARD))
    boxes = {
        (round(page.mediabox.width), round(page.mediabox.height)) for page in pypdf.PdfReader(io.BytesIO(data)).pages
    }
    assert boxes == {(612, 792)}


# --- The wording of the house, and every kind and language

LANGUAGES_ALL = ["en", "fr", "es", "pt", "ar"]


@pytest.fixture
def worded_call(app):
    """A call in five languages that says everything a letter can say."""
    terms = make_call().award_terms
    said = {"instalments": {"en": "In two parts."}, "reporting": {"en": "No report is asked."}}
    signed = {"signatory": {"name": "Ada Sample", "title": {"en": "Director"}}}
    return make_call(
        languages=LANGUAGES_ALL, award_terms={**terms, **said, **signed}, declined_get=DeclinedGet.COMMENTS
    )


@pytest.mark.parametrize("kind", TemplateKind)
@pytest.mark.parametrize("language", LANGUAGES_ALL)
def test_the_wording_of_the_house_as_a_template_says_the_same_in_accessible_pdf(worded_call, kind, language):
    subject, body = house_wording(kind, language, worded_call)
    assert wording_problems(worded_call, kind, subject, body) == []
    facts = sample_facts(worded_call, kind, language)
    if kind is TemplateKind.DECLINE:
        facts = replace(facts, considered=None, awarded=None)
    own, house = worded(facts, (subject, body)), worded(facts)
    template = TEMPLATES[letter_kind(kind)]
    data = render_pdf(template, own, language=language)
    assert sorted(text_of(data).split()) == sorted(text_of(render_pdf(template, house, language=language)).split())
    report = page_validation.validate_pdf_bytes(data, profile=page_validation.ValidationProfile.PDF_UA_1)
    assert report.is_compliant, report.failures


def test_one_more_word_would_be_noticed(worded_call):
    subject, body = house_wording(TemplateKind.AWARD, "en", worded_call)
    facts = sample_facts(worded_call, TemplateKind.AWARD, "en")
    own, house = worded(facts, (subject, body + "\n\nMore.")), worded(facts)
    texts = [text_of(render_pdf("award_letter.html", words, language="en")) for words in (own, house)]
    assert sorted(texts[0].split()) != sorted(texts[1].split())
    for words in ("twelve thousand three hundred forty-five (US dollars)", "In two parts.", "No report is asked."):
        assert words in texts[1]


def test_what_is_stored_with_a_letter_reads_back_the_same(worded_call):
    for kind in TemplateKind:
        facts = sample_facts(worded_call, kind, "en")
        for own in (None, house_wording(kind, "en", worded_call)):
            words = worded(facts, own)
            stored = json.loads(json.dumps(to_content(words)))
            assert from_content(letter_kind(kind), stored) == words


def test_letters_that_were_made_before_templates_still_read(worded_call):
    words = worded(sample_facts(worded_call, TemplateKind.AWARD, "en"))
    new = {"paper", "is_preview", "subject", "paragraphs", "amount_in_words", "currency", "asked", "asked_in_words"}
    old = {name: value for name, value in to_content(words).items() if name not in new | {"instalments", "reporting"}}
    assert getattr(from_content(LetterKind.AWARD, old), "amount_in_words", "") is None
