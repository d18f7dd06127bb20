"""From closed scoring to released decisions: who decides, who votes and who ratifies, at a desk and on a phone."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Locator
from pypdf import PdfReader

from fundapp.accounts.permissions import Role
from fundapp.review.scoring_rules import COMMENT, Judged, Part

from . import rounds, signing_in, staff
from .keys import Keys
from .service import Service
from .visitor import Meet, Variant, Visitor

VARIANTS = [Variant("1280-deciding", 1280, scripts=True), Variant("360-deciding", 360, scripts=False)]
VOTING = Variant("360-public-vote", 360, scripts=False)
PLACES = {
    "River": "north",
    "Hill": "north",
    "Market": "north",
    "Lake": "north",
    "Harbour": "north",
    "Forest": "north",
    "Desert": "north",
    "Coast": "coast",
    "Island": "lakes",
}
TEAMS = {f"Team of the {place} (sample)": country for place, country in PLACES.items()}
MARKS = {
    "Kind Sample": (5, 5, 5, 4, 4, 4, 3, 3, 0),
    "Even Sample": (5, 4, 4, 4, 3, 3, 3, 2, 4),
    "Strict Sample": (4, 4, 3, 3, 3, 2, 2, 1, 0),
}
"""What three readers give to each team; 0: they did not read it. Six awards of 5,000 fit into the budget."""
RULE = "Region: The coast"
SENT_BACK = "Say more about the one that is out of reach by rank."
LETTER = "We are sorry that we cannot make you an award this time."


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_from_closed_scoring_to_released_decisions(
    variant: Variant, service: Service, meet: Meet, tmp_path: Path
) -> None:
    slug = f"dc-{variant.width}"
    references = scored_call(service, tmp_path / slug, slug)
    mara, dora, rosa = meet("Mara Sample"), meet("Dora Sample"), meet("Rosa Sample")
    people = {mara: Role.MANAGER, dora: Role.CHAIR, rosa: Role.RATIFIER}
    rounds.add_staff(service, slug, {visitor.email: (visitor.name, role) for visitor, role in people.items()})
    for visitor in people:
        signing_in.begin_as_staff(visitor)
    terms_are_set(mara, slug)
    tally_is_read(mara, slug, references)
    lists_are_tried(mara, slug, references)
    list_is_adopted(mara, references)
    chair_votes(dora, slug, references)
    what_was_left_is_decided_and_sent(mara, slug, references)
    list_is_sent_back(rosa, slug)
    chair_votes_on_the_rest(dora, slug)
    list_is_sent_again(mara, slug, references[8])
    list_is_ratified(rosa, slug)
    staff.release(mara, slug)
    declined = meet("Team of the Harbour")
    declined.email = f"team@{slug}-5.example"
    declined_reads_their_letter(declined, references[4])


def scored_call(service: Service, folder: Path, slug: str) -> list[str]:
    """Bring a call to where its scores are in: nine applications, three readers, one entry that one of them read."""
    rounds.load_closed_call(service, folder, slug, TEAMS, also="", form="regions.md")
    given = {
        name: {number: review(mark) for number, mark in enumerate(marks, 1) if mark} for name, marks in MARKS.items()
    }
    rounds.let_all_be_scored(service, slug, given)
    return [f"{slug.upper()}-{number:04}" for number in range(1, len(TEAMS) + 1)]


def review(mark: int) -> Mapping[str, Part]:
    return {"community": Judged(mark), "plan": Judged(mark), COMMENT: "As the answers say."}


def terms_are_set(manager: Visitor, slug: str) -> None:
    """Adjusted scores, a minimum for a region, coverage, votes of chairs: late, so a reason is asked for."""
    manager.open(f"/manage/{slug}")
    manager.follow("Terms of the selection")
    manager.choose("The adjusted score", "The chairs of the panel vote on what is proposed")
    manager.press("Add a rule")
    manager.fill({"Reviews that an entry needs to be ranked": "2"})
    manager.fill({"Share of the entries that must have all their reviews before the list is sent, in a hundred": "80"})
    rule = manager.group("Rule 1")
    rule.get_by_label("Group").select_option(label=RULE)
    rule.get_by_label("At least").fill("1")
    manager.press("Keep this")
    manager.sees("There is a problem")
    manager.page.get_by_label("Reason").fill("The board set them before the call; they were typed in late.")
    manager.press("Keep this")
    manager.sees("The terms of the selection are kept.")
    Keys(manager).go_round()


def tally_is_read(manager: Visitor, slug: str, references: list[str]) -> None:
    """Both rankings, how sure they are, and how strict the readers are."""
    manager.open(f"/manage/{slug}/tally")
    assert "4.67" in entry_of(manager, references[0]).inner_text()
    manager.page.locator("summary").first.click()
    Keys(manager).go_round()
    paper = PdfReader(BytesIO(manager.download("The ranking on paper, for the panel (PDF)").read_bytes()))
    assert references[7] in "".join(page.extract_text() for page in paper.pages)
    manager.follow("The readers, and how far they agree")
    assert "-" in manager.row("Strict Sample").inner_text()


def entry_of(visitor: Visitor, reference: str) -> Locator:
    """Return the row of a table that is about an entry; its reference may stand in the reasons of others, too."""
    rows = visitor.page.get_by_role("row")
    return rows.filter(has=visitor.page.get_by_role("rowheader").filter(has_text=reference))


def lists_are_tried(manager: Visitor, slug: str, references: list[str]) -> None:
    """The proposal keeps the rule. Putting somebody in shows what it costs others, before it is kept."""
    manager.open(f"/manage/{slug}/selection")
    manager.follow("Try lists: see what each choice does to all others before anybody decides")
    manager.press("Make the list")
    manager.sees("There is a problem", "Give the list a name.")
    for name in ("As the terms say", "With the desert"):
        manager.open(f"/manage/{slug}/lists")
        manager.fill({"Name of the list": name})
        manager.press("Make the list")
    assert "5,000" in entry_of(manager, references[7]).inner_text(), "the rule of the terms brings it in"
    manager.click(entry_of(manager, references[6]).get_by_role("link"))
    manager.choose("Put it in")
    manager.press("See what this does")
    manager.sees("There is a problem")
    manager.fill({"Reason": "Nobody else works on water there."})
    manager.press("See what this does")
    manager.sees("Nothing is kept yet.", "Comes in", "Goes out", references[6], references[4])
    Keys(manager).go_round()
    manager.press("Keep this in the list")
    manager.sees("Kept in the list. Nothing is decided by that.", "Nobody else works on water there.")
    manager.follow("Lists to try")
    for name in ("As the terms say", "With the desert"):
        manager.choose(f"Compare {name}")
    manager.press("Compare the ticked lists")
    manager.sees("Entries on which they differ", references[6])
    manager.follow("Lists to try")
    manager.follow("With the desert")


def list_is_adopted(manager: Visitor, references: list[str]) -> None:
    """What it would decide is shown first; the entry that is short of reviews is left to people."""
    manager.follow("See what adopting this list would decide")
    manager.sees("Left for people to decide", references[8])
    manager.press("Adopt this list")
    manager.sees("decisions were made or changed.")


def chair_votes(chair: Visitor, slug: str, references: list[str]) -> None:
    """For most rows; against one, which takes a reason."""
    chair.open(f"/manage/{slug}")
    chair.follow("Votes of the chairs")
    choices = chair.page.get_by_label("In favour", exact=True)
    for number in range(choices.count() - 1):
        choices.nth(number).check()
    last = chair.page.get_by_role("region").filter(has_text="Your vote").last
    last.get_by_label("Against").check()
    chair.press("Keep these votes")
    chair.sees("There is a problem")
    last.get_by_label("Reason").fill("The money is short, and others asked for less.")
    Keys(chair).go_round()
    chair.press("Keep these votes")
    chair.sees("votes are kept.", "What you voted on")
    chair.follow(references[0])


def what_was_left_is_decided_and_sent(manager: Visitor, slug: str, references: list[str]) -> None:
    """Nothing is sent with anything undecided, and what the chairs did not approve stays only with a reason."""
    manager.open(f"/manage/{slug}/selection")
    manager.press("Send the list for ratification")
    manager.sees("There is a problem")
    manager.click(entry_of(manager, references[8]).get_by_role("link").first)
    manager.choose("Hold in reserve: no award now, but it may move up")
    manager.fill({"Reason": "Only one person read it; it may move up."})
    manager.press("Keep this decision")
    manager.press("Send the list for ratification")
    manager.sees("There is a problem", "The chairs have not approved this award.")
    manager.click(entry_of(manager, references[7]).get_by_role("link").last)
    manager.fill({"Why does this award stay on the list?": "The terms ask for one award on the coast."})
    manager.press("Keep it on the list")
    manager.sees("It is kept. Those who ratify will read the reason.")
    manager.press("Send the list for ratification")
    manager.sees("Waiting for ratification")


def list_is_sent_back(ratifier: Visitor, slug: str) -> None:
    ratifier.follow("Calls that you look after")
    ratifier.click(ratifier.link_to(f"/manage/{slug}"))
    ratifier.follow("Ratification")
    ratifier.sees("Choices against rank", "Nobody else works on water there.", "The frozen tally")
    Keys(ratifier).go_round()
    ratifier.press("Send the list back")
    ratifier.sees("There is a problem", "Say what should be looked at again.")
    ratifier.fill({"Why do you send it back?": SENT_BACK})
    ratifier.press("Send the list back")
    ratifier.sees("The list was sent back to those who decide.")


def chair_votes_on_the_rest(chair: Visitor, slug: str) -> None:
    chair.open(f"/manage/{slug}/votes")
    chair.choose("In favour")
    chair.press("Keep these votes")
    chair.sees("Your vote is kept.", "Nothing waits for your vote.")


def list_is_sent_again(manager: Visitor, slug: str, left: str) -> None:
    manager.open(f"/manage/{slug}/selection")
    manager.sees("The list was sent back", SENT_BACK)
    manager.click(entry_of(manager, left).get_by_role("link").first)
    manager.fill({"Reason": "Only one person read it. Whoever is next in line moves up by rank."})
    manager.press("Keep this decision")
    manager.press("Send the list for ratification")
    manager.sees("Waiting for ratification")


def list_is_ratified(ratifier: Visitor, slug: str) -> None:
    """In two steps; the minutes say what was decided, and that it had come back once."""
    ratifier.open(f"/manage/{slug}/ratification")
    ratifier.sees("It was sent back before, 1 time")
    ratifier.follow("Ratify the list")
    ratifier.press("Yes, ratify this list")
    ratifier.sees("The list is ratified. It can be released now.")
    minutes = PdfReader(BytesIO(ratifier.download("Minutes of the decision (PDF)").read_bytes()))
    said = " ".join("".join(page.extract_text() for page in minutes.pages).split())
    assert SENT_BACK in said
    assert "Nobody else works on water there." in said


def declined_reads_their_letter(applicant: Visitor, reference: str) -> None:
    subject, text = applicant.read_mail()
    assert "award" not in f"{subject} {text}", "the mail says what it is about"
    signing_in.by_mailed_link(applicant)
    applicant.open("/letters")
    applicant.click(applicant.page.get_by_role("heading").get_by_role("link").filter(has_text=reference))
    applicant.sees(LETTER)


@pytest.mark.parametrize("variant", [VOTING], ids=lambda variant: variant.name)
def test_somebody_votes_for_a_finalist(variant: Variant, service: Service, meet: Meet, tmp_path: Path) -> None:
    slug = "pv-360"
    chosen = "Team of the River (sample)"
    rounds.load_closed_call(service, tmp_path / slug, slug, {chosen: "KE", "Team of the Hill (sample)": "PE"}, also="")
    rounds.let_the_public_vote(service, slug, 1, 2)
    vera = meet("Vera Sample")
    vera.open(f"/calls/{slug}/vote")
    vera.press("Send me the link")
    vera.sees("There is a problem", "Enter your e-mail address.")
    vera.choose(chosen)
    vera.fill({"Your e-mail address": vera.email})
    Keys(vera).go_round()
    vera.press("Send me the link")
    vera.sees("Look into your mail")
    vera.open_mailed_link()
    vera.sees("Confirm your vote", chosen)
    vera.press("Yes, this is my vote")
    vera.sees("Your vote counts.")
