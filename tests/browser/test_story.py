"""The whole round as the people in it see it: only pages, mailed links, and files that they send and get."""

from dataclasses import dataclass
from pathlib import Path

import pytest

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


def read_call_without_account(visitor: Visitor, slug: str) -> None:
    visitor.open("/")
    visitor.follow(f"Riverside round {slug.upper()} (sample)")
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
