"""The whole round as the people in it see it: only pages, mailed links, and files that they send and get."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from .calls import SUMMARY_WORDS, let_the_deadline_pass, load_open_call
from .conftest import Meet
from .service import Service
from .visitor import Variant, Visitor

VARIANTS = [Variant("1280-scripts", 1280, scripts=True), Variant("360-no-scripts", 360, scripts=False)]
PASSWORD = "four small boats at dawn"


@dataclass(frozen=True)
class Proposal:
    """What somebody applies with; `budget` is a file to send along."""

    organisation: str
    country: str
    title: str
    amount: str
    budget: Path | None = None


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_round_from_call_to_letters(variant: Variant, service: Service, meet: Meet, tmp_path: Path) -> None:
    slug = f"round-{variant.name}"
    load_open_call(service, tmp_path / slug, slug)
    budget = tmp_path / "budget.pdf"
    budget.write_bytes(b"%PDF-1.4\n% a sample budget\n")

    def person(name: str) -> Visitor:
        return meet(name, f"{name.split()[0].lower()}@{variant.name}.example")

    amina, bruno, chen = person("Amina Sample"), person("Bruno Sample"), person("Chen Sample")
    lands = Proposal("Amina’s Neighbours", "Kenya", "Land for all", "18,000", budget)
    wages = Proposal("Bruno’s Bakers", "Peru", "Wages paid", "15,000")
    profit = Proposal("Chen’s Company", "Jordan", "Profit first", "9,000")
    read_call_without_account(amina, slug)
    start_by_mail(amina, slug)
    write_with_trouble(amina, lands)
    references = [check_and_send(amina, lands)]
    for visitor, proposal in ((bruno, wages), (chen, profit)):
        start_by_mail(visitor, slug)
        write(visitor, proposal)
        references.append(check_and_send(visitor, proposal))
    assert references == [f"{slug.upper()}-{number:04}" for number in (1, 2, 3)]
    let_the_deadline_pass(service, slug)

    mara, rosa = person("Mara Sample"), person("Rosa Sample")
    for visitor, role in ((mara, "manager"), (rosa, "ratifier")):
        service.command("people", "add", visitor.email, "--name", visitor.name, "--role", role)
        choose_password(visitor)
    check_eligibility(mara, slug, eligible=references[:2], ineligible=references[2])
    reviewers = [person("Ravi Sample"), person("Sofia Sample"), person("Tala Sample")]
    invite(mara, slug, reviewers, organisation_of_last=wages.organisation)
    for visitor in reviewers:
        choose_password(visitor)
    assign(mara, slug)
    review_with_a_conflict(mara, slug, reviewers, own=references[1], references=references[:2])
    read_scores(mara, slug, references)
    decide(mara, slug, best=references[0], other=references[1])
    ratify(rosa, slug)
    release(mara, slug)
    check_exports(mara, references)
    read_letter(amina, references[0], "18,000.00")


def read_call_without_account(visitor: Visitor, slug: str) -> None:
    visitor.open("/")
    visitor.follow(title_of(slug))
    visitor.sees(
        "Small, flexible grants for groups that bring justice close to home.",
        "What is your group called?",
        f"{SUMMARY_WORDS} words",
        "How far do the people concerned decide?",
        "The people concerned decide.",
        "UTC",
    )


def start_by_mail(visitor: Visitor, slug: str) -> None:
    visitor.open(f"/calls/{slug}")
    visitor.follow("Start or go on with an application")
    visitor.press("Send me the link")
    visitor.sees("There is a problem", "Enter your e-mail address.")
    visitor.fill({"Your e-mail address": visitor.email})
    visitor.press("Send me the link")
    visitor.open_mailed_link()
    visitor.press("Go on")
    visitor.press("Start the application")


def write_with_trouble(visitor: Visitor, proposal: Proposal) -> None:
    """Fill the form with a text that is too long; leave, come back by a new link, and put it right."""
    visitor.follow("About your group")
    fill_about(visitor, proposal)
    visitor.press("Save and go on")
    too_long = " ".join(["word"] * (SUMMARY_WORDS + 8))
    fill_what_you_do(visitor, proposal, summary=too_long)
    visitor.press("Save and go on")
    visitor.sees("There is a problem", "Your text is saved. Some of it needs another look.")
    summary = visitor.page.get_by_label("Say in short what you do.")
    assert summary.get_attribute("aria-invalid") == "true"
    assert summary.input_value() == too_long
    visitor.press("Save and see all parts")
    visitor.sees("Needs another look")
    visitor.press("Sign out")

    visitor.open("/sign-in")
    by_link = visitor.page.get_by_role("region", name="With a link by e-mail")
    visitor.fill({"Your e-mail address": visitor.email}, within=by_link)
    visitor.press("Send me a link", within=by_link)
    visitor.open_mailed_link()
    visitor.press("Go on")
    visitor.follow("Your applications")
    visitor.follow(proposal.organisation)
    visitor.follow("What you do")
    assert visitor.page.get_by_label("Say in short what you do.").input_value() == too_long
    fill_what_you_do(visitor, proposal, summary="We settle quarrels over land.")
    visitor.press("Save and go on")
    fill_money(visitor, proposal)


def write(visitor: Visitor, proposal: Proposal) -> None:
    """Fill the form without any trouble, up to the page where all answers are checked."""
    visitor.follow("About your group")
    fill_about(visitor, proposal)
    visitor.press("Save and go on")
    fill_what_you_do(visitor, proposal, summary="We do what the title says.")
    visitor.press("Save and go on")
    fill_money(visitor, proposal)


def fill_about(visitor: Visitor, proposal: Proposal) -> None:
    visitor.fill(
        {
            "What is your group called?": proposal.organisation,
            "What e-mail address can we write to?": visitor.email,
            "Day": "1",
            "Month": "4",
            "Year": "2012",
            "How many people work in the group?": "7",
        }
    )
    visitor.choose(proposal.country)


def fill_what_you_do(visitor: Visitor, proposal: Proposal, *, summary: str) -> None:
    visitor.fill({"Give your application a title.": proposal.title, "Say in short what you do.": summary})
    visitor.choose("Land and housing")


def fill_money(visitor: Visitor, proposal: Proposal) -> None:
    visitor.fill({"How much do you ask for?": proposal.amount})
    visitor.choose("What we wrote is true.")
    if proposal.budget:
        visitor.page.get_by_label("A budget, if you have one").set_input_files(proposal.budget)
    visitor.press("Save and go on")


def check_and_send(visitor: Visitor, proposal: Proposal) -> str:
    """Check the answers and send them; return the reference, which is on screen and in the mail."""
    visitor.sees("Check your answers", proposal.organisation, proposal.title)
    if proposal.budget:
        visitor.sees(proposal.budget.name)
    visitor.press("Send the application")
    visitor.sees("Your application was sent")
    reference = visitor.page.locator(".receipt .reference").inner_text()
    _subject, receipt = visitor.read_mail()
    assert reference in receipt
    assert proposal.organisation not in receipt
    visitor.follow("Read what was sent")
    visitor.sees(reference, proposal.organisation)
    return reference


def choose_password(visitor: Visitor) -> None:
    """Open the mailed invitation, choose a password, and sign in anew with it."""
    visitor.open_mailed_link()
    visitor.fill({"New password": "short"})
    visitor.press("Keep this password and go on")
    visitor.sees("There is a problem")
    visitor.fill({"New password": PASSWORD})
    visitor.press("Keep this password and go on")
    visitor.press("Sign out")
    by_password = visitor.page.get_by_role("region", name=visitor.words("With a password"))
    visitor.fill({"Your e-mail address": visitor.email, "Your password": PASSWORD}, within=by_password)
    visitor.press("Sign in", within=by_password)
    visitor.sees(visitor.name)


def check_eligibility(manager: Visitor, slug: str, *, eligible: list[str], ineligible: str) -> None:
    manager.follow("Calls that you look after")
    manager.follow(title_of(slug))
    manager.follow("Check whether 3 applications are eligible")
    for reference in eligible:
        manager.open(f"/manage/{slug}/applications")
        manager.follow(reference)
        manager.choose("Yes, it is eligible")
        manager.press("Save the decision")
        manager.sees("Eligible")
    manager.open(f"/manage/{slug}/applications")
    manager.follow(ineligible)
    manager.choose("No, it is not eligible")
    manager.press("Save the decision")
    manager.sees("There is a problem")
    manager.fill({"Reason": "Companies cannot be given a grant."})
    manager.press("Save the decision")
    manager.sees("Not eligible", "Companies cannot be given a grant.")


def invite(manager: Visitor, slug: str, reviewers: list[Visitor], *, organisation_of_last: str) -> None:
    """Invite the first reviewer by form and the others by list; the last belongs to an applicant's organisation."""
    first, *others = reviewers
    manager.open(f"/manage/{slug}")
    manager.follow("Reviewers")
    manager.fill({"Name": first.name, "E-mail address": first.email})
    manager.choose("English")
    manager.press("Invite")
    lines = [f"{each.name},{each.email},," for each in others[:-1]]
    lines.append(f"{others[-1].name},{others[-1].email},{organisation_of_last},")
    manager.fill({"Paste a list": "\n".join(["name,email,organisation,languages", *(f"{line}en" for line in lines)])})
    manager.press("Invite everybody on the list")
    manager.sees("3 reviewers", *(each.email for each in reviewers))


def assign(manager: Visitor, slug: str) -> None:
    manager.open(f"/manage/{slug}/assignment")
    manager.press("Apply this plan")
    manager.sees("Nothing needs to change.")


def review_with_a_conflict(
    manager: Visitor, slug: str, reviewers: list[Visitor], *, own: str, references: list[str]
) -> None:
    """All review what they were given; whoever was given two declares a conflict with one, and it is planned anew."""
    *peers, neighbour = reviewers
    given = {visitor: waiting_for(visitor, references) for visitor in reviewers}
    assert own not in given[neighbour], "somebody was given their own organisation's application"
    assert sorted(len(each) for each in given.values()) == [1, 1, 2]
    busy = next(visitor for visitor in peers if len(given[visitor]) == 2)
    best = next(reference for reference in references if reference != own)
    declare_conflict(busy, best)
    assign(manager, slug)
    for visitor in reviewers:
        for reference in waiting_for(visitor, references):
            review(visitor, reference, community="5" if reference == best else "3", is_incomplete=visitor is busy)


def waiting_for(visitor: Visitor, references: list[str]) -> list[str]:
    """Return what a reviewer was given, of these."""
    visitor.open("/reviews")
    said = visitor.page.locator("main").inner_text()
    return [reference for reference in references if reference in said]


def declare_conflict(visitor: Visitor, reference: str) -> None:
    visitor.follow(re.compile("Say whether you have a conflict of interest"), within=visitor.row(reference))
    visitor.press("Continue")
    visitor.sees("There is a problem", "Choose one of the two.")
    visitor.choose("Yes, I have a conflict of interest, or I am not sure")
    visitor.fill({"What is the conflict?": "My sister works there."})
    visitor.press("Continue")
    visitor.sees_not(reference)


def review(visitor: Visitor, reference: str, *, community: str, is_incomplete: bool) -> None:
    """Declare no conflict, read, score one criterion, and say of the other that it cannot be judged."""
    visitor.open("/reviews")
    visitor.follow(re.compile("Say whether you have a conflict of interest"), within=visitor.row(reference))
    visitor.choose("No, I have no conflict of interest")
    visitor.press("Continue")
    visitor.sees("What we wrote is true.", "The people concerned decide.")
    visitor.choose(community, within=visitor.group("Led by the community"))
    visitor.fill({"Comment": "Clear and close to the people."})
    if is_incomplete:
        visitor.press("Submit the review")
        visitor.sees("There is a problem", "Give a score, or say that you cannot judge this.")
    visitor.choose("I cannot judge this", within=visitor.group("A plan that can work"))
    visitor.press("Submit the review")
    visitor.sees("Thank you. Your review was submitted.")


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
    manager.follow(other)
    manager.choose("Award")
    manager.press("Keep this decision")
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
    manager.follow(best)
    manager.choose("Award")
    manager.press("Keep this decision")
    manager.press("Send the list for ratification")
    manager.sees("Waiting for ratification")


def ratify(ratifier: Visitor, slug: str) -> None:
    ratifier.follow("Calls that you look after")
    ratifier.follow(title_of(slug))
    ratifier.follow("Ratification")
    ratifier.press("Ratify the list")
    ratifier.sees("The list is ratified. It can be released now.")


def release(manager: Visitor, slug: str) -> None:
    manager.open(f"/manage/{slug}")
    manager.follow("Letters")
    manager.press("Release the decisions")
    made = manager.page.get_by_text("3 of 3 letters made")
    manager.reload_until(lambda: made.count() > 0)


def check_exports(manager: Visitor, references: list[str]) -> None:
    with manager.download("CSV").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["application_reference"]: (row["application_status"], row["decision"]) for row in rows} == {
        references[0]: ("eligible", "award"),
        references[1]: ("eligible", "decline"),
        references[2]: ("ineligible", ""),
    }
    with manager.download("XLSX").open("rb") as file:
        sheet = load_workbook(file, read_only=True).worksheets[0]
        headings, *lines = sheet.iter_rows(values_only=True)
    assert list(headings) == list(rows[0])
    assert len(lines) == len(rows)


def read_letter(visitor: Visitor, reference: str, amount: str) -> None:
    subject, text = visitor.read_mail()
    assert not {reference, amount, "award", "grant"} & set(f"{subject} {text}".split()), (
        "the mail says what it is about"
    )
    visitor.open("/letters")
    visitor.follow(re.compile(reference))
    visitor.sees(reference, amount)
    letter = "".join(page.extract_text() for page in PdfReader(visitor.download("Download this letter (PDF)")).pages)
    assert reference in letter
    assert amount in letter


def title_of(slug: str) -> str:
    return f"Riverside round {slug.upper()} (sample)"
