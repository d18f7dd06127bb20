"""A manager makes a small call from nothing, without scripts, and somebody begins to apply to it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator

from fundapp.applications.xlsform import read_form, write_form

from . import signing_in
from .service import Service
from .visitor import Meet, Variant, Visitor

PHONE = Variant("360-calls", 360, scripts=False)
FORM = """
| survey |
| | type    | name    | label::English (en)           | required | fundapp::role |
| | text    | group   | Name of your group            | yes      | organisation  |
| | text    | mail    | E-mail address                | yes      | email         |
| | text    | title   | Title of your work            | yes      | title         |
| | decimal | amount  | How much do you ask for?      | yes      | amount        |
"""


def a_day(manager: Visitor, legend: str, day: datetime, at: str) -> None:
    group: Locator = manager.group(legend)
    manager.fill({"Day": str(day.day), "Month": str(day.month), "Year": str(day.year)}, within=group)
    manager.fill({f"{legend}: time of day": at})


@pytest.mark.parametrize("variant", [PHONE], ids=lambda variant: variant.name)
def test_call_is_made_from_nothing_without_scripts_and_somebody_applies(
    variant: Variant, service: Service, meet: Meet, tmp_path: Path
) -> None:
    manager = meet("Mona Sample")
    service.command("people", "add", manager.email, "--name", manager.name, "--role", "manager")
    signing_in.begin_as_staff(manager)
    now = datetime.now(UTC)

    manager.open("/manage")
    manager.follow("Make a call")
    manager.press("Make the draft")
    manager.sees("There is a problem", "Enter day, month and year.")
    manager.choose("A new one", "Grants: each applicant asks for an amount")
    manager.fill(
        {
            "And what is its name?": "Village fund (sample)",
            "Name of the call": "Village fund, first round (sample)",
            "Short name for addresses": "village",
            "Beginning of references": "VILLAGE",
            "Time zone": "Africa/Nairobi",
            "Currency": "KES",
            "Money in all": "2,500,000",
        }
    )
    a_day(manager, "First day", now + timedelta(days=3), "09:00")
    a_day(manager, "Last day", now + timedelta(days=30), "23:59")
    manager.press("Make the draft")
    manager.sees("Draft: not announced yet", "A call needs at least one criterion.")

    manager.follow("What the call is about")
    manager.fill({"Purpose": "For paralegals in villages."})
    manager.press("Save")
    manager.follow("Letters")
    manager.fill(
        {
            "Who decides": "A panel of paralegals",
            "What an award is for": "flexible support for your work",
            "What those who get an award do next": "Write to us within 30 days.",
            "Name of whoever signs": "Ada Sample",
            "Their title": "Director",
        }
    )
    manager.press("Save")
    manager.follow("Criteria")
    manager.follow("Add a criterion")
    manager.fill(
        {
            "Short name": "need",
            "Name of the criterion": "Need",
            "The question that reviewers answer": "How much is it needed?",
            "Highest number of the scale": "3",
        }
    )
    manager.press("Save")
    manager.fill({"What step 1 means": "Hardly", "What step 3 means": "Very much"})
    manager.press("Save")
    manager.sees("Need", "Complete")

    manager.follow("What the call says")
    manager.follow("The form")
    chosen = tmp_path / "form.xlsx"
    (tmp_path / "broken.md").write_text(FORM.replace("| text ", "| txet ", 1), "utf-8")
    manager.page.get_by_label("XLSForm").set_input_files(tmp_path / "broken.md")
    manager.press("Replace the form")
    manager.sees("There is a problem", "survey row 2, column type", "Nothing was replaced.")
    chosen.write_bytes(write_form(read_form(FORM.encode(), "form.md")))
    manager.page.get_by_label("XLSForm").set_input_files(chosen)
    manager.press("Replace the form")
    manager.sees("The form is replaced.")
    manager.follow("See all questions as applicants will")
    manager.sees("This is a preview", "How much do you ask for?")

    manager.open("/manage/village/settings")
    manager.follow("Announce the call")
    manager.choose("From this moment on")
    manager.press("Announce the call")
    manager.sees("The call is announced. Everybody can read it now.")

    dara = meet("Dara Sample")
    dara.open("/")
    dara.follow("Village fund, first round (sample)")
    dara.sees("For paralegals in villages.", "How much is it needed?", "Start or go on with an application")

    manager.follow("People and their roles")
    manager.sees(manager.name, "Nobody yet")
    manager.open("/manage/village/deadline")
    a = manager.group("New last day")
    later = now + timedelta(days=40)
    manager.fill({"Day": str(later.day), "Month": str(later.month), "Year": str(later.year)}, within=a)
    manager.fill({"Time of day": "12:00", "Reason that everybody reads, in English": "Roads are flooded."})
    manager.press("Move the deadline")
    dara.open("/calls/village")
    dara.sees("The deadline was moved to a later time", "Roads are flooded.")
