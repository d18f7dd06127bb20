"""After sending: a deadline that passes and moves, corrections, papers, withdrawal, a reader, rows of a table."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fundapp.applications.xlsform import read_form, write_form

from . import applicants, signing_in
from .applicants import Proposal
from .calls import let_the_deadline_pass, load_open_call
from .service import Service
from .visitor import Meet, Variant, Visitor

DESK = Variant("1280-after", 1280, scripts=True)
SLUG = "after"
SUMMARY = "Say in short what you do."
PAPERS = """
| survey |
| | type        | name     | label::English (en)            | label::العربية (ar) | required |
| | begin group | papers   | Your accounts                  | حساباتكم            |          |
| | text        | accounts | How do you keep your accounts? | كيف تمسكون حساباتكم؟ | yes      |
| | end group   |          |                                |                     |          |
"""
TABLE = """id,organisation,email,country,people,title,summary,themes,amount,true_words
T1,Table of the Hill (sample),hill@sample.example,KE,4,Wells,We dig wells.,land,5000,yes
T2,Table of the Lake (sample),lake@sample.example,PE,9,Boats,We mend boats.,work,6000,yes
"""


@pytest.mark.parametrize("variant", [DESK], ids=lambda variant: variant.name)
def test_from_a_deadline_that_passes_to_corrections_papers_and_a_withdrawal(
    variant: Variant, service: Service, meet: Meet, tmp_path: Path
) -> None:
    load_open_call(service, tmp_path / SLUG, SLUG)
    dara, eli, rea, manager = (meet(f"{name} Sample") for name in ("Dara", "Eli", "Rea", "Mona"))
    docks = Proposal("Dara’s Dockers (sample)", "Peru", "Wages paid", "7,000")
    applicants.start_by_mail(dara, SLUG)
    applicants.write(dara, docks)
    reference = applicants.check_and_send(dara, docks)
    colleague_reads_and_changes_nothing(dara, rea, docks)

    lands = Proposal("Eli’s Elders (sample)", "Kenya", "Land for all", "9,000")
    applicants.start_by_mail(eli, SLUG)
    applicants.write(eli, lands)
    deadline_passes_while_somebody_types(service, eli)
    service.command("people", "add", manager.email, "--name", manager.name, "--role", "manager")
    signing_in.begin_as_staff(manager)
    deadline_is_moved(manager)
    withdrawn = goes_on_sends_and_withdraws(eli, lands)

    rows_of_a_table_are_taken(manager, tmp_path / "table.csv")
    call_is_closed_early(manager)
    dara.open(f"/calls/{SLUG}")
    dara.sees("The road is closed.", "This call takes no more applications.")
    manager.open(f"/manage/{SLUG}/applications")
    manager.follow(withdrawn)
    manager.sees("Withdrawn by the applicant", "We wait for the next round.")
    correction_is_asked_for_and_made(manager, dara, reference)
    papers_are_asked_for_and_given(manager, dara, reference, tmp_path / "papers.xlsx")


def in_days(days: int) -> dict[str, str]:
    day = datetime.now(UTC) + timedelta(days=days)
    return {"Day": str(day.day), "Month": str(day.month), "Year": str(day.year)}


def colleague_reads_and_changes_nothing(holder: Visitor, reader: Visitor, proposal: Proposal) -> None:
    holder.open("/applications")
    holder.follow(proposal.organisation)
    holder.follow("People of this application")
    by_mail = holder.page.get_by_role("region", name="Invite a colleague by mail")
    holder.fill({"E-mail address of your colleague": reader.email}, within=by_mail)
    holder.press("Send the invitation", within=by_mail)
    holder.sees("There is a problem", "Choose one.")
    assert by_mail.get_by_label("E-mail address of your colleague").input_value() == reader.email
    holder.choose("Only read: the application and its letters", within=by_mail)
    holder.press("Send the invitation", within=by_mail)
    holder.sees("The invitation is on its way.", reader.email)

    reader.open_mailed_link()
    signing_in.go_on_by_mailed_link(reader)
    reader.sees("An invitation", "You could read its applications and letters, and change nothing.")
    reader.press("Join")
    reader.follow(proposal.organisation)
    reader.sees("You can read this application. Those who hold it or write in it can change it.")
    reader.sees_not("Change the application", "Withdraw it", "We have also sent you a receipt")
    own = reader.page.url
    reader.follow("Read what was sent")
    reader.sees(proposal.organisation, proposal.title)
    reader.open(f"{own}/people")
    reader.sees("Those who hold it can invite and remove people, and send the application.")


def deadline_passes_while_somebody_types(service: Service, writer: Visitor) -> None:
    """What is typed after the deadline is kept, and the page says what is true, with scripts and at the next page."""
    writer.open(re.sub(r"/check.*", "/sections/2", writer.page.url))
    let_the_deadline_pass(service, SLUG)
    writer.page.get_by_label(SUMMARY).fill("Typed when it was too late.")
    writer.page.get_by_text("What you write is kept, but it cannot be sent.").wait_for()
    writer.press("Save and see all parts")
    writer.sees("The deadline has passed", "Your text is kept and you can read and copy it.")
    writer.follow("What you do")
    assert writer.page.get_by_label(SUMMARY).input_value() == "Typed when it was too late."


def deadline_is_moved(manager: Visitor) -> None:
    manager.open(f"/manage/{SLUG}/deadline")
    manager.fill(in_days(5), within=manager.group("New last day"))
    manager.fill(
        {
            "Time of day": "12:00",
            "Reason that everybody reads, in English": "Roads are flooded.",
            "Reason that everybody reads, in Arabic": "الطرق مغمورة.",
        }
    )
    manager.press("Move the deadline")
    manager.sees("The deadline is moved. Those whom it concerns are told by mail.")


def goes_on_sends_and_withdraws(writer: Visitor, proposal: Proposal) -> str:
    """The later deadline counts for the draft too: it is sent as it was typed; return its reference."""
    writer.page.reload()
    writer.sees_not("it cannot be sent")
    assert writer.page.get_by_label(SUMMARY).input_value() == "Typed when it was too late."
    writer.open(re.sub(r"/sections/.*", "/check", writer.page.url))
    writer.sees("Typed when it was too late.")
    writer.read_mail()
    reference = applicants.check_and_send(writer, proposal)
    writer.sees("Typed when it was too late.")
    writer.open("/applications")
    writer.follow(proposal.organisation)
    writer.follow("Withdraw it")
    writer.fill({"Why do you withdraw it?": "We wait for the next round."})
    writer.press("Withdraw it")
    writer.sees("Your application was withdrawn", "You can still come back")
    return reference


def rows_of_a_table_are_taken(manager: Visitor, table: Path) -> None:
    """Good rows go in once; the same table again changes nothing."""
    table.write_text(TABLE, "utf-8")
    main = manager.page.locator("main")
    for new, before in (("2 new applications", "0 were there before"), ("0 new applications", "2 were there before")):
        manager.open(f"/manage/{SLUG}/import")
        manager.page.locator("[type=file]").set_input_files(table)
        manager.press("Take the rows")
        manager.reload_until(lambda: "The rows are in." in main.inner_text())
        manager.sees(new, before)
    manager.open(f"/manage/{SLUG}/applications")
    manager.sees("Table of the Hill (sample)", "Table of the Lake (sample)")


def call_is_closed_early(manager: Visitor) -> None:
    manager.open(f"/manage/{SLUG}/close")
    manager.choose("At once")
    manager.press("Close the call early")
    manager.sees("There is a problem")
    manager.fill(
        {
            "Reason that everybody reads, in English": "The road is closed.",
            "Reason that everybody reads, in Arabic": "الطريق مغلق.",
        }
    )
    manager.press("Close the call early")
    manager.open(f"/manage/{SLUG}/close")
    manager.sees("The road is closed.")


def correction_is_asked_for_and_made(manager: Visitor, applicant: Visitor, reference: str) -> None:
    manager.open(f"/manage/{SLUG}/applications")
    manager.follow(reference)
    manager.follow("Send it back to be corrected")
    manager.fill({"What has to be done?": "Please say where you work."})
    manager.choose(SUMMARY)
    manager.press("Send it back")
    manager.sees("There is a problem", "Enter the last day.")
    assert manager.page.get_by_label("What has to be done?").input_value() == "Please say where you work."
    manager.fill(in_days(7), within=manager.group("Last day"))
    manager.press("Send it back")
    manager.sees("To be corrected", "Waiting for them")

    applicant.open("/applications")
    applicant.follow("Dara’s Dockers (sample)")
    applicant.sees("Please correct your application", "Please say where you work.", SUMMARY)
    applicant.follow("Answer these questions")
    applicant.follow("What you do")
    applicant.fill({SUMMARY: "In six villages."})
    applicant.press("Save and see all parts")
    applicant.follow("What you do")
    assert applicant.page.get_by_label(SUMMARY).input_value() == "In six villages."
    sends_again(applicant)
    applicant.sees("Version 2", "Version 1")
    applicant.sees_not("Please correct your application")
    manager.open(f"/manage/{SLUG}/applications")
    manager.follow(reference)
    manager.sees("To be corrected", "In six villages.", "Version 2")


def sends_again(applicant: Visitor) -> None:
    applicant.open(re.sub(r"/(edit|form|sections).*", "/check", applicant.page.url))
    applicant.press("Send the new version")
    applicant.sees("Your application was sent")


def papers_are_asked_for_and_given(manager: Visitor, applicant: Visitor, reference: str, form: Path) -> None:
    manager.open(f"/manage/{SLUG}/applications")
    manager.follow(reference)
    manager.choose("Yes, it is eligible")
    manager.press("Save the decision")
    manager.open(f"/manage/{SLUG}/papers")
    form.write_bytes(write_form(read_form(PAPERS.encode(), "papers.md")))
    manager.page.get_by_label("The form for further papers").set_input_files(form)
    manager.press("Load the form")
    manager.sees("The form is kept.", "How do you keep your accounts?")
    manager.fill({"What do you write to them?": "One more thing before we decide."})
    manager.page.get_by_label("Dara’s Dockers (sample)").check()
    manager.fill(in_days(9), within=manager.group("Last day"))
    manager.press("Ask for further papers")
    manager.sees("Waiting for them")

    applicant.open("/applications")
    applicant.follow("Dara’s Dockers (sample)")
    applicant.sees("Further papers are asked of you", "One more thing before we decide.")
    applicant.follow("Answer these questions")
    applicant.follow("Your accounts")
    applicant.fill({"How do you keep your accounts?": "In a red book."})
    applicant.press("Save and see all parts")
    sends_again(applicant)
    applicant.sees("Version 3")
    applicant.page.get_by_role("link", name="Read what was sent").first.click()
    applicant.look()
    applicant.sees("In a red book.", "In six villages.")
    manager.open(f"/manage/{SLUG}/papers")
    manager.sees("Sent")
    manager.open(f"/manage/{SLUG}/applications")
    manager.follow(reference)
    manager.sees("For further papers", "In a red book.")
