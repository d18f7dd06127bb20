"""What applicants do: read a call, write, send, and read the letter in the end."""

from dataclasses import dataclass
from pathlib import Path

from pypdf import PdfReader

from . import signing_in
from .calls import SUMMARY_WORDS
from .visitor import Visitor


@dataclass(frozen=True)
class Proposal:
    """What somebody applies with; `budget` is a file to send along."""

    organisation: str
    country: str
    title: str
    amount: str
    budget: Path | None = None


def read_call_without_account(visitor: Visitor, slug: str) -> None:
    visitor.open("/")
    visitor.click(visitor.link_to(f"/calls/{slug}"))
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
    address = visitor.page.get_by_label(visitor.words("Your e-mail address"))
    assert (address.get_attribute("autocomplete"), address.get_attribute("dir")) == ("email", "ltr")
    address.fill(visitor.email)
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
    summary = visitor.page.get_by_label(visitor.words("Say in short what you do."))
    assert summary.get_attribute("aria-invalid") == "true"
    assert summary.input_value() == too_long
    visitor.press("Save and see all parts")
    visitor.sees("Needs another look")
    visitor.press("Sign out")

    signing_in.by_mailed_link(visitor)
    visitor.follow("Your applications")
    visitor.follow(proposal.organisation)
    visitor.follow("What you do")
    assert visitor.page.get_by_label(visitor.words("Say in short what you do.")).input_value() == too_long
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
        visitor.page.get_by_label(visitor.words("A budget, if you have one")).set_input_files(proposal.budget)
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


def read_letter(visitor: Visitor, reference: str, amount: str) -> None:
    subject, text = visitor.read_mail()
    assert not {reference, amount, "award", "grant"} & set(f"{subject} {text}".split()), (
        "the mail says what it is about"
    )
    visitor.open("/letters")
    visitor.click(visitor.page.get_by_role("heading").get_by_role("link").filter(has_text=reference))
    visitor.sees(reference, amount)
    letter = "".join(page.extract_text() for page in PdfReader(visitor.download("Download this letter (PDF)")).pages)
    assert reference in letter
    assert amount in letter
