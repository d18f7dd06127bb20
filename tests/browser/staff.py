"""What managers and ratifiers do, from the first look at the applications to the letters and the export."""

import csv
import io
import zipfile
from collections.abc import Mapping

from openpyxl import load_workbook

from .visitor import Visitor


def check_eligibility(manager: Visitor, slug: str, *, eligible: list[str]) -> None:
    manager.click(manager.link_to(f"/manage/{slug}"))
    manager.click(manager.page.locator(".notice").get_by_role("link"))
    for reference in eligible:
        manager.open(f"/manage/{slug}/applications")
        manager.follow(reference)
        manager.choose("Yes, it is eligible")
        manager.press("Save the decision")
        manager.sees("Eligible")


def refuse(manager: Visitor, slug: str, reference: str) -> None:
    """Mark an application as not eligible, which takes a reason."""
    manager.open(f"/manage/{slug}/applications")
    manager.follow(reference)
    manager.choose("No, it is not eligible")
    manager.press("Save the decision")
    manager.sees("There is a problem")
    manager.fill({"Reason": "Companies cannot be given a grant."})
    manager.press("Save the decision")
    manager.sees("Not eligible", "Companies cannot be given a grant.")


def invite_by_form(manager: Visitor, slug: str, reviewer: Visitor) -> None:
    manager.open(f"/manage/{slug}")
    manager.follow("Reviewers")
    manager.fill({"Name": reviewer.name})
    manager.press("Invite")
    manager.sees("There is a problem", "Enter an e-mail address.")
    manager.fill({"E-mail address": reviewer.email})
    manager.press("Invite")
    manager.sees(reviewer.name, reviewer.email)


def invite_by_list(manager: Visitor, slug: str, reviewers: Mapping[Visitor, str], *, language: str) -> None:
    """Invite reviewers, each with the name of their organisation ("" for none), who all read one language."""
    lines = ["name,email,organisation,languages"]
    lines += [f"{each.name},{each.email},{organisation},{language}" for each, organisation in reviewers.items()]
    manager.open(f"/manage/{slug}/reviewers")
    manager.fill({"Paste a list": "\n".join(lines)})
    manager.press("Invite everybody on the list")
    manager.sees(*(each.email for each in reviewers))


def assign(manager: Visitor, slug: str) -> None:
    manager.open(f"/manage/{slug}/assignment")
    manager.press("Make a plan")
    manager.press("Apply this plan")
    manager.sees("Applied")


def read_scores(manager: Visitor, slug: str, references: list[str]) -> None:
    """What nobody could judge is left out of the mean: it does not pull it down."""
    manager.open(f"/manage/{slug}/tally")
    best, other, ineligible = references
    assert "5.00" in manager.row(best).inner_text()
    assert "3.00" in manager.row(other).inner_text()
    manager.sees_not(ineligible)


def decide(manager: Visitor, slug: str, *, best: str, other: str) -> None:
    """Try what is not allowed, then select within the budget and send the list."""
    manager.open(f"/manage/{slug}/selection")
    manager.press("Send the list for ratification")
    manager.sees("There is a problem", "2 entries are undecided.")
    award(manager, other)
    manager.follow(best)
    manager.choose("Decline")
    manager.press("Keep this decision")
    manager.sees("This choice goes against rank. Say why it is right.")
    manager.choose("Award")
    manager.press("Keep this decision")
    manager.sees("This is more than the money that is left in the budget. Nothing was changed.")
    manager.follow("Selection")
    manager.follow(other)
    manager.choose("Decline")
    manager.press("Keep this decision")
    award(manager, best)
    manager.press("Send the list for ratification")
    manager.sees("Waiting for ratification")


def award(manager: Visitor, reference: str) -> None:
    """Award, from the list, what was asked for."""
    manager.follow(reference)
    manager.choose("Award")
    manager.press("Keep this decision")


def ratify(ratifier: Visitor, slug: str) -> None:
    ratifier.follow("Calls that you look after")
    ratifier.click(ratifier.link_to(f"/manage/{slug}"))
    ratifier.follow("Ratification")
    ratifier.follow("Ratify the list")
    ratifier.press("Yes, ratify this list")
    ratifier.sees("The list is ratified. It can be released now.")


def release(manager: Visitor, slug: str) -> None:
    manager.open(f"/manage/{slug}")
    manager.follow("Letters")
    manager.press("Release the decisions")
    bar = manager.page.locator("progress").first
    manager.reload_until(lambda: bar.get_attribute("value") == bar.get_attribute("max"))
    manager.sees("Made")


def check_exports(manager: Visitor, references: list[str]) -> None:
    manager.follow("Take out the decisions as a table")
    manager.choose("A plain table (CSV)")
    with zipfile.ZipFile(manager.download("Download", by_button=True)) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith(".csv")]
        rows = list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"), newline="")))
    assert {row["application_reference"]: (row["application_status"], row["decision"]) for row in rows} == {
        references[0]: ("eligible", "award"),
        references[1]: ("eligible", "decline"),
        references[2]: ("ineligible", "ineligible"),
    }
    manager.choose("A workbook (XLSX)")
    with manager.download("Download", by_button=True).open("rb") as file:
        sheet = load_workbook(file, read_only=True).worksheets[0]
        headings, *lines = sheet.iter_rows(values_only=True)
    assert list(headings) == list(rows[0])
    assert len(lines) == len(rows)
