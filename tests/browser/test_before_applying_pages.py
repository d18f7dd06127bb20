"""Before an application: a question to a person and its answer, a nomination that becomes an invitation."""

import re
from pathlib import Path

import pytest

from ..sample_metadata import make_recording
from . import signing_in
from .calls import load_open_call
from .service import Service
from .visitor import Meet, Variant, Visitor

PHONE = Variant("360-before", 360, scripts=False)
SLUG = "before"
QUESTION = "We work in the next street, across the river (sample)."
NAME = "What is your group called?"
STORY = "Tell us about one day of your work."


@pytest.mark.parametrize("variant", [PHONE], ids=lambda variant: variant.name)
def test_question_is_answered_and_nomination_becomes_an_invitation(
    variant: Variant, service: Service, meet: Meet, tmp_path: Path
) -> None:
    load_open_call(service, tmp_path / SLUG, SLUG, form="first.md", nominations=True)
    asker, nominator, nominee, manager = (meet(f"{name} Sample") for name in ("Asha", "Nils", "Hope", "Mona"))
    private_link = somebody_is_stopped_and_asks(asker)
    somebody_is_nominated(nominator, nominee)

    service.command("people", "add", manager.email, "--name", manager.name, "--role", "manager")
    signing_in.begin_as_staff(manager)
    manager_lets_in(manager)
    manager_invites(manager, nominee)

    asker.open(private_link)
    asker.sees("Across the river is near enough.", "You may apply.", QUESTION)
    asker.press("Go on to the application")
    asker.choose("No", "We work without violence.")
    asker.press("Go on")
    begins_and_finds_it_again(asker, "Asha’s Neighbours (sample)")

    nominee.open_mailed_link()
    nominee.sees("An invitation to apply", "Somebody named you as an organisation that should apply.")
    nominee.sees_not(nominator.name, "They settle quarrels before they grow.")
    nominee.press("Go on to the application")
    nominee.choose("Yes", "We work without violence.")
    nominee.press("Go on")
    begins_and_finds_it_again(nominee, "Hope on the Hill (sample)")
    tells_it_aloud_and_sends(nominee, tmp_path / "one day (sample).wav")
    manager_listens(manager, nominator)


def somebody_is_stopped_and_asks(asker: Visitor) -> str:
    """Say no at a first question, read why, and ask; return the private address of the question."""
    asker.open(f"/calls/{SLUG}")
    asker.follow("Start or go on with an application")
    asker.press("Go on")
    asker.sees("There is a problem", "Do you work in your own neighbourhood?", "Answer this question.")
    asker.sees("Only groups that work without violence can apply.")
    asker.choose("No")
    asker.press("Go on")
    assert asker.page.get_by_label("No", exact=True).is_checked(), "what was chosen stays"
    asker.choose("We work without violence.")
    asker.press("Go on")
    asker.sees("This call may not be for you", "This call is for work in one’s own neighbourhood.")
    asker.press("Send the question")
    asker.sees("There is a problem", "Write a few words.")
    asker.fill({"Your question": QUESTION})
    asker.press("Send the question")
    asker.sees("Nobody has answered yet", QUESTION)
    return asker.page.url


def somebody_is_nominated(nominator: Visitor, nominee: Visitor) -> None:
    nominator.open(f"/calls/{SLUG}")
    nominator.sees("Nominations until")
    nominator.follow("Name somebody")
    nominator.fill({"Why?": "They settle quarrels before they grow."})
    nominator.press("Send the nomination")
    nominator.sees("There is a problem", "Who should apply?")
    why = nominator.page.get_by_label("Why?")
    assert why.input_value() == "They settle quarrels before they grow."
    nominator.fill(
        {
            "Who should apply?": "Hope on the Hill (sample)",
            "How can we reach them?": nominee.email,
            "Your name": nominator.name,
        }
    )
    nominator.press("Send the nomination")
    nominator.sees("Thank you", "Your nomination is with the people who look after this call.")


def manager_lets_in(manager: Visitor) -> None:
    manager.open(f"/manage/{SLUG}/questions")
    manager.sees(QUESTION)
    manager.click(manager.page.locator(".cardlist h2 a"))
    manager.sees(QUESTION, "Do you work in your own neighbourhood?")
    manager.fill({"Your answer": "Across the river is near enough."})
    manager.choose("Let them apply in spite of the rule")
    manager.press("Send the answer")
    manager.sees("There is a problem")
    assert manager.page.get_by_label("Your answer").input_value() == "Across the river is near enough."
    manager.fill({"Why may they apply?": "The river is small."})
    manager.press("Send the answer")
    manager.open(f"/manage/{SLUG}/questions")
    manager.sees("Answered", "May apply")


def manager_invites(manager: Visitor, nominee: Visitor) -> None:
    manager.open(f"/manage/{SLUG}/nominations")
    manager.sees("Hope on the Hill (sample)", "They settle quarrels before they grow.", "Not to be told")
    manager.page.get_by_text("Invite them to apply").click()
    assert manager.page.get_by_label("E-mail address").input_value() == nominee.email
    manager.press("Mail the invitation")
    manager.sees("The invitation is on its way.", "Invited")


def begins_and_finds_it_again(visitor: Visitor, name: str) -> None:
    """Begin, write one answer, leave the page, and find the answer and the first ones again."""
    visitor.press("Start the application")
    visitor.follow("About your group")
    visitor.fill({NAME: name})
    visitor.press("Save and see all parts")
    visitor.follow("About your group")
    assert visitor.page.get_by_label(NAME).input_value() == name
    visitor.open(re.sub(r"/sections/.*", "/check", visitor.page.url))
    visitor.sees(name, "We work without violence.")
    visitor.sees_not("Only groups that work without violence can apply.")


def tells_it_aloud_and_sends(nominee: Visitor, sound: Path) -> None:
    """Fill in the rest, with a recording in place of a text, and send it; it can be heard before and after."""
    sound.write_bytes(make_recording("wav"))
    nominee.open(re.sub(r"/check$", "", nominee.page.url))
    nominee.follow("About your group")
    nominee.fill({"How many people work in the group?": "4"})
    nominee.choose("Kenya")
    nominee.press("Save and go on")
    nominee.fill({"Give your application a title.": "One day", "Say in short what you do.": "We listen."})
    nominee.choose("Land and housing")
    nominee.page.get_by_label(f"A recording: {STORY}").set_input_files(sound)
    nominee.press("Save and go on")
    nominee.fill({"How much do you ask for?": "500"})
    nominee.choose("What we wrote is true.")
    nominee.press("Save and go on")
    nominee.sees("Check your answers", sound.name)
    assert nominee.page.locator("audio").count() == 1
    checked = nominee.page.url
    nominee.press("Send the application")
    nominee.sees("Keep this draft first: give an address, or take a reference and seven words.")
    nominee.open(checked.replace("/check", "/keep"))
    nominee.press("Make my reference and words")
    nominee.open(checked)
    nominee.press("Send the application")
    nominee.sees("Your application was sent")
    nominee.follow("Read what was sent")
    nominee.sees("Hope on the Hill (sample)", sound.name)
    assert nominee.page.locator("audio").count() == 1


def manager_listens(manager: Visitor, nominator: Visitor) -> None:
    manager.open(f"/manage/{SLUG}/nominations")
    manager.sees("Hope on the Hill (sample)", nominator.name)
    manager.open(f"/manage/{SLUG}/applications")
    manager.click(manager.row("Hope on the Hill (sample)").get_by_role("link").first)
    manager.sees("One day", "We listen.")
    assert manager.page.locator("audio").count() == 1
