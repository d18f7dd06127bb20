"""A whole review by keys alone, from the mailed invitation to the discussion."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from fundapp.review.scoring_rules import COMMENT, Judged, Part

from . import rounds, signing_in
from .keys import Keys
from .service import Service
from .visitor import Meet, Variant

DESK = Variant("1280-reviewing-keys", 1280, scripts=True)
SLUG = "rv-keys"
TEAMS = {"Team of the River (sample)": "KE", "Team of the Hill (sample)": "JO"}
FIRST, SECOND = (f"{SLUG.upper()}-{number:04}" for number in (1, 2))


@pytest.mark.parametrize("variant", [DESK], ids=lambda variant: variant.name)
def test_whole_review_by_keys_alone(variant: Variant, service: Service, meet: Meet, tmp_path: Path) -> None:
    rounds.load_closed_call(service, tmp_path / SLUG, SLUG, TEAMS, also=rounds.two_phases())
    kofi = meet("Kofi Sample")
    keys, page = Keys(kofi), kofi.page
    rounds.invite(service, SLUG, kofi.email, name=kofi.name, language="en")
    kofi.open_mailed_link()
    keys.type(page.get_by_label("New password"), signing_in.PASSWORD)
    keys.press_enter()
    kofi.open("/reviews/invitations")
    keys.go_round()
    keys.enter(keys.button("Accept"))
    keys.go_round()
    keys.type(page.get_by_label("Which regions do you know?"), "Kenya")
    keys.enter(keys.button("Save"))
    kofi.sees("Saved. The calls for which you review go by it from now on.")

    others = "ada@sample.example"
    rounds.invite(service, SLUG, others, name="Ada Sample", language="en")
    rounds.accept_for(service, SLUG, others)
    rounds.give(service, SLUG, others, 1)
    parts: dict[str, Part] = {"community": Judged(2), "plan": Judged(3), COMMENT: "Kept until all see it."}
    rounds.review_for(service, SLUG, others, 1, parts)
    rounds.give(service, SLUG, kofi.email, 1, 2)

    kofi.open("/reviews")
    keys.go_round()
    declares_no_conflict(keys, FIRST)
    scores(keys)
    kofi.sees("Thank you. Your review was submitted.")
    changes_it(keys)
    rounds.let_the_phase_turn(service, SLUG)
    discusses(keys)
    steps_back(keys)


def choose(keys: Keys, group: str, value: str) -> None:
    """Go to a group of radio buttons and through it with the arrows, up to the button with this value."""
    buttons = keys.visitor.group(group).locator("[type=radio]")
    keys.tab_to(buttons.first)
    keys.page.keyboard.press("Space")
    for _ in range(buttons.count()):
        if buttons.and_(keys.page.locator(":checked")).input_value() == value:
            return
        keys.page.keyboard.press("ArrowDown")
    raise AssertionError(f"no arrow leads to {value} in {group}")


def field(keys: Keys, label: str) -> Locator:
    return keys.page.get_by_label(label, exact=True)


def declares_no_conflict(keys: Keys, reference: str) -> None:
    link = keys.visitor.row(reference).get_by_role("link", name="Say whether you have a conflict of interest")
    keys.enter(link)
    keys.go_round()
    choose(keys, "Do you have a conflict of interest with this application?", "none")
    keys.press_enter()
    keys.visitor.sees("We do what we say.")


def scores(keys: Keys) -> None:
    """From the application to the scoring and back; what is chosen and typed is saved by itself."""
    page, visitor = keys.page, keys.visitor
    said = page.locator("[data-part=said]")
    keys.tab_to(keys.link("Go to the scoring").first)
    page.keyboard.press("Enter")
    keys.tab()
    assert page.evaluate("Boolean(document.activeElement.closest('#scoring'))"), "the jump leads to the scoring"
    keys.go_round(back=True)
    keys.enter(keys.button("Submit the review"))
    visitor.sees("There is a problem")
    assert page.evaluate("document.activeElement.matches('.problems')"), "the list of problems has the focus"
    keys.tab()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "criterion_1", "its link leads into the field"

    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("4")
    scale = visitor.group("Led by the community")
    expect(scale.locator("[value='4']")).to_be_checked()
    expect(scale.locator("[value='4']")).to_be_focused()
    expect(page.locator(".total")).to_contain_text("4")
    why = field(keys, "“Led by the community”: why this score?")
    keys.type(why, "Close to the people of 2 villages.")
    expect(why).to_have_value("Close to the people of 2 villages.")
    expect(scale.locator("[value='4']")).to_be_checked()
    choose(keys, "A plan that can work", "cannot_judge")
    keys.type(field(keys, "If you cannot judge “A plan that can work”: why?"), "I do not know the region.")
    expect(said).to_contain_text("Saved at")
    keys.go_round()
    keys.enter(keys.button("Submit the review"))


def changes_it(keys: Keys) -> None:
    """What was submitted is opened again, and submitted with one change."""
    keys.enter(keys.visitor.row(FIRST).get_by_role("link", name="See what you submitted"))
    keys.enter(keys.button("Change your review"))
    choose(keys, "Led by the community", "5")
    keys.enter(keys.button("Submit your changes"))
    keys.visitor.sees("Thank you. Your review was submitted.")


def discusses(keys: Keys) -> None:
    keys.enter(keys.visitor.row(FIRST).get_by_role("link", name="See what you submitted"))
    keys.enter(keys.link("What the others said, and when you can see it"))
    keys.visitor.sees("Kept until all see it.")
    keys.go_round()
    keys.type(keys.page.get_by_label("Your contribution"), "I see it in another way.")
    keys.enter(keys.button("Add it to the discussion"))
    keys.visitor.sees("I see it in another way.")


def steps_back(keys: Keys) -> None:
    keys.visitor.open("/reviews")
    declares_no_conflict(keys, SECOND)
    own = keys.page.url
    keys.enter(keys.link("I have a conflict of interest after all"))
    choose(keys, "Do you have a conflict of interest with this application?", "conflict")
    keys.type(keys.page.get_by_label("What is the conflict?"), "My sister works there.")
    keys.enter(keys.button("Continue"))
    keys.visitor.sees(FIRST)
    keys.visitor.sees_not(SECOND)
    keys.visitor.expected_statuses.add(404)
    keys.visitor.open(re.sub(r"\?.*", "", own))
    keys.visitor.sees("We could not find that page")
