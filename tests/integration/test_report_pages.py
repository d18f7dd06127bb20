"""Pages of reports: their people write, speak and send; those who run the call follow, and say what is asked."""

import io
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.models import MembershipRole
from fundapp.accounts.permissions import Role
from fundapp.applications.call_package import document_of
from fundapp.applications.models import IdentityOpening
from fundapp.applications.package_parts import package_parts
from fundapp.applications.queries.packages import package_of
from fundapp.applications.services.writing_calls import further_tables
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.disbursement.letter_language import TemplateKind
from fundapp.disbursement.letters import worded
from fundapp.disbursement.models import Letter, LetterKind
from fundapp.disbursement.presentation.templates import sample_facts
from fundapp.disbursement.queries.reports import reporting_of
from fundapp.disbursement.report_rules import ReportStatus
from fundapp.disbursement.services import reports as services

from ..attacks.world import finish_letter
from ..conftest import NOW, SignedIn, actor_of
from ..factories import make_member, make_person, make_protected, make_staff
from ..reports import DAY, Reporting
from ..sample_metadata import make_recording

DONE = "answer_done"


@pytest.fixture
def made(app: FundApp, clock: Any) -> Reporting:
    clock.move_to(NOW + DAY)
    return Reporting().accept()


def page_of(made: Reporting) -> str:
    return f"/reports/{made.report.id}"


def seen_on(text: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', text)
    assert found is not None
    return str(found[1])


def field(client: FlaskClient, path: str, ending: str) -> str:
    names = dict.fromkeys(re.findall(r' name="([^"]+)"', client.get(path).text))
    (name,) = [each for each in names if each.endswith(ending) and not each.startswith("remove")]
    return str(name)


def test_a_report_is_written_on_its_page_kept_and_sent(made: Reporting, signed_in: SignedIn) -> None:
    client, path = signed_in(made.person), page_of(made)
    text = client.get(path).text
    assert "14 October 2020" in text
    assert "What did you do with the money" in text
    done = field(client, path, "done")
    kept = client.post(path, data={"seen": seen_on(text), done: "We trained twelve."})
    assert (kept.status_code, kept.location) == (302, path)
    assert "We trained twelve." in client.get(path).text
    assert made.report.status is ReportStatus.ASKED
    sent = client.post(path, data={"seen": seen_on(client.get(path).text), done: "We trained thirteen.", "send": "1"})
    assert sent.location == path
    assert [each.status for each in made.reports] == [ReportStatus.SENT]
    shown = client.get(path).text
    assert "We trained thirteen." in shown
    assert "<textarea" not in shown
    late = client.post(path, data={"seen": "", done: "More."})
    assert late.status_code == 409
    assert "More." in late.text  # what was typed can be copied


def test_what_is_missing_stands_beside_its_field_and_nothing_typed_is_lost(
    made: Reporting, signed_in: SignedIn
) -> None:
    client, path = signed_in(made.person), page_of(made)
    text = client.get(path).text
    advice, spoken = field(client, path, "advice"), field(client, path, "done~spoken")
    data = {"seen": seen_on(text), advice: "More time.", "send": "1", spoken: (io.BytesIO(b"no sound"), "a.wav")}
    refused = client.post(path, data=data)
    assert refused.location == f"{path}?check=1"
    again = client.get(refused.location).text
    assert "There is a problem" in again
    assert "More time." in again
    assert again.count("field-error") >= 2  # the file that is none, and the question without an answer
    assert made.report.status is ReportStatus.ASKED


def test_a_report_is_spoken_on_its_page_and_heard_by_the_staff(
    app: FundApp, made: Reporting, signed_in: SignedIn, run_jobs: Callable[[], int]
) -> None:
    client, path, sound = signed_in(made.person), page_of(made), make_recording("wav")
    spoken = field(client, path, "done~spoken")
    data = {"seen": seen_on(client.get(path).text), "send": "1", spoken: (io.BytesIO(sound), "Amina.wav")}
    assert client.post(path, data=data).location == path
    assert "Amina.wav" in client.get(path).text
    run_jobs()
    staff, managed = signed_in(made.manager), f"/manage/{made.call.slug}/reports/{made.report.id}"
    text = staff.get(managed).text
    assert "Amina" not in text
    (address,) = re.findall(r'<audio[^>]* src="([^"]+)"', text)
    heard = staff.get(address)
    assert (heard.status_code, heard.mimetype) == (200, "audio/wav")
    assert "Amina" not in heard.headers["Content-Disposition"]
    assert signed_in(make_staff(Role.FINANCE, made.call)).get(address).status_code == 403


def test_an_open_page_saves_by_itself_and_tells_of_what_somebody_else_wrote(
    made: Reporting, signed_in: SignedIn
) -> None:
    client, path = signed_in(made.person), page_of(made)
    text = client.get(path).text
    done, seen = field(client, path, "done"), seen_on(text)
    assert client.get(f"{path}/answers").json is not None
    first = client.post(f"{path}/answers", data={"seen": seen, done: "First."}).json
    assert first is not None
    assert set(first["marks"]) == {"done", "changed", "advice"}
    second = client.post(f"{path}/answers", data={"seen": seen, done: "Second."}).json
    assert second is not None
    assert set(second["conflicts"]) == {"done"}
    whole = client.post(path, data={"seen": seen, done: "Second."})
    assert whole.status_code == 409
    assert "Second." in whole.text
    assert "First." in whole.text
    assert made.report.answers == {"done": "First."}


def test_whoever_only_reads_sees_the_report_and_no_form_and_helpers_cannot_send(
    made: Reporting, signed_in: SignedIn
) -> None:
    reader, helper = make_person("Reader Sample"), make_person("Helper Sample")
    make_member(reader, made.application.organisation, MembershipRole.READER)
    make_member(helper, made.application.organisation, MembershipRole.COLLABORATOR)
    path = page_of(made)
    text = signed_in(reader).get(path).text
    assert "<textarea" not in text
    assert signed_in(reader).post(path, data={"seen": ""}).status_code == 403
    client = signed_in(helper)
    text = client.get(path).text
    assert 'name="send"' not in text
    done = field(client, path, "done")
    assert client.post(path, data={"seen": seen_on(text), done: "Ours.", "send": "1"}).status_code == 403
    assert client.post(path, data={"seen": seen_on(text), done: "Ours."}).status_code == 302
    assert signed_in(make_person("Stranger Sample")).get(path).status_code == 404


def test_the_letter_leads_to_its_reports(app: FundApp, made: Reporting, signed_in: SignedIn) -> None:
    letter = Letter(
        call_id=made.call.id, kind=LetterKind.AWARD, decision_id=made.award.decision_id,
        application_id=made.application.id, person_id=made.person.id, reference=made.award.reference, language="en",
        queued_at=NOW,
    )  # fmt: skip
    db.session.add(letter)
    db.session.flush()
    finish_letter(app.extensions["storage"], letter, "Ours")
    db.session.commit()
    assert page_of(made) in signed_in(made.person).get(f"/letters/{letter.id}").text


def test_pages_of_reports_are_in_the_language_of_their_reader(made: Reporting, signed_in: SignedIn) -> None:
    text = signed_in(made.person).get(f"{page_of(made)}?lang=ar").text
    assert 'dir="rtl"' in text


def test_staff_follow_reports_on_pages(made: Reporting, signed_in: SignedIn) -> None:
    client, base = signed_in(made.manager), f"/manage/{made.call.slug}"
    listed = client.get(f"{base}/reports").text
    assert made.award.reference in listed
    page = f"{base}/reports/{made.report.id}"
    assert page in listed
    day = {"due_on-day": "1", "due_on-month": "12", "due_on-year": "2020"}
    assert client.post(f"{page}/extend", data=day).status_code == 302
    assert made.report.due_on == date(2020, 12, 1)
    assert client.post(f"{page}/extend", data={**day, "due_on-year": "2019"}).status_code == 422
    assert client.post(f"{page}/waive", data={"why": " "}).status_code == 422
    assert client.post(f"{page}/waive", data={"why": "We met."}).status_code == 302
    assert "We met." in signed_in(made.person).get(page_of(made)).text
    assert client.post(f"{page}/extend", data=day).status_code == 302
    told = {"told_by": "Ada Sample", "told_on-day": "15", "told_on-month": "9", "told_on-year": "2020"}
    assert client.post(f"{page}/told", data=told).status_code == 422
    assert client.post(f"{page}/told", data={**told, "note": "All went well."}).status_code == 302
    text = client.get(page).text
    assert all(each in text for each in ("Ada Sample", "All went well.", "15 September 2020"))
    assert client.post(f"{page}/ask", data={"question": "How many?"}).status_code == 302
    assert "How many?" in signed_in(made.person).get(page_of(made)).text
    assert client.post(f"{page}/thank", data={"thanks": "Well done."}).status_code == 409  # nothing to thank for now


def test_a_call_says_on_its_page_which_reports_it_asks_for(app: FundApp, signed_in: SignedIn) -> None:
    made = Reporting(None)
    client, page = signed_in(made.manager), f"/manage/{made.call.slug}/reporting"
    assert "Nobody has said yet" in client.get(page).text
    for wrong in ({"asked": "some", "days": "soon"}, {"asked": "some", "days": "0"}, {"days": "30"}):
        refused = client.post(page, data={"seen": "0", **wrong})
        assert refused.status_code == 422
        assert wrong["days"] in refused.text
    assert client.post(page, data={"seen": "0", "asked": "some", "days": "30, 60"}).status_code == 302
    terms = reporting_of(made.call.id)
    assert terms is not None
    assert terms.days == [30, 60]
    assert client.post(page, data={"seen": "0", "asked": "none", "days": ""}).status_code == 409  # another was faster
    assert client.post(page, data={"seen": "1", "asked": "none", "days": "30"}).status_code == 302
    assert "No report is asked. Letters say so." in client.get(page).text
    form = (io.BytesIO(b"no workbook"), "form.xlsx")
    assert client.post(f"{page}/form", data={"form_file": form}).status_code == 422
    for other in (Role.FINANCE, Role.AUDITOR):
        refused = signed_in(make_staff(other, made.call)).post(page, data={"seen": "2", "asked": "none"})
        assert refused.status_code == 403


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (None, None),
        ((), "No report is asked of you."),
        ((180,), "A short report, written or spoken, 180 days after you accept."),
        ((30, 60), "Short reports, written or spoken, 30 and 60 days after you accept."),
    ],
)
def test_letters_say_which_reports_are_asked_possibly_none(
    app: FundApp, days: tuple[int, ...] | None, words: str | None
) -> None:
    made = Reporting(days)
    told: Any = worded(sample_facts(made.call, TemplateKind.AWARD, "en"))
    assert told.reporting == words
    made.call.award_terms = {**made.call.award_terms, "reporting": {"en": "As we agreed."}}
    told = worded(sample_facts(made.call, TemplateKind.AWARD, "en"))
    assert told.reporting == "As we agreed."  # the words of the call come first


def test_packages_take_reports_along(app: FundApp) -> None:
    made, silent = Reporting((30, 60)), Reporting(None)
    with app.test_request_context():
        further = further_tables(made.call, package_parts())
        none_said = further_tables(silent.call, package_parts())
    assert {each.part.key: each.value for each in further}["reporting"] == (30, 60)
    assert "reporting" not in {each.part.key for each in none_said}
    assert document_of(package_of(made.call))  # and the rest of it is as it was


def test_of_a_protected_application_what_was_reported_is_opened_with_a_reason(
    app: FundApp, made: Reporting, signed_in: SignedIn, run_jobs: Callable[[], int]
) -> None:
    make_protected(made.application)
    made.save({"done": "Canary in the village."})
    file = made.attach(app.extensions["storage"], make_recording("wav"))
    made.send()
    run_jobs()
    db.session.commit()
    client, page = signed_in(made.manager), f"/manage/{made.call.slug}/reports/{made.report.id}"
    text = client.get(page).text
    assert "Canary" not in text
    assert "<audio" not in text
    assert client.get(f"{page}/files/{file.id}").status_code == 404
    assert client.post(f"{page}/open", data={"what": "words", "reason": " "}).status_code == 422
    assert "Canary in the village." in client.post(f"{page}/open", data={"what": "words", "reason": "To thank."}).text
    heard = client.post(f"{page}/open", data={"what": str(file.id), "reason": "To hear it."})
    assert (heard.status_code, heard.mimetype) == (200, "audio/wav")
    openings = db.session.scalars(select(IdentityOpening)).all()
    assert [each.reason for each in openings] == ["To thank.", "To hear it."]
    assert "Canary" in signed_in(made.person).get(page_of(made)).text
    services.thank(actor=actor_of(made.manager), report=made.report, thanks="", now=NOW + DAY)
