"""What reviewers do: accept, declare conflicts of interest, read and score."""

from .visitor import Visitor


def accept(visitor: Visitor) -> None:
    """Say yes to what a call asks of a reviewer."""
    visitor.open("/reviews/invitations")
    visitor.press("Accept")
    visitor.sees("Thank you. You review for this call. Please say now what you read and know.")


def waiting_for(visitor: Visitor, references: list[str]) -> list[str]:
    """Return what a reviewer was given, of these."""
    visitor.open("/reviews")
    said = visitor.page.locator("main").inner_text()
    return [reference for reference in references if reference in said]


def declare_conflict(visitor: Visitor, reference: str) -> None:
    visitor.follow("Say whether you have a conflict of interest", within=visitor.row(reference), exact=False)
    visitor.press("Continue")
    visitor.sees("There is a problem", "Choose one of the two.")
    visitor.choose("Yes, I have a conflict of interest, or I am not sure")
    visitor.fill({"What is the conflict?": "My sister works there."})
    visitor.press("Continue")
    visitor.sees_not(reference)


def review(visitor: Visitor, reference: str, *, community: str, is_incomplete: bool = False) -> None:
    """Declare no conflict, read, score one criterion, and say of the other that it cannot be judged."""
    visitor.open("/reviews")
    visitor.follow("Say whether you have a conflict of interest", within=visitor.row(reference), exact=False)
    visitor.choose("No, I have no conflict of interest")
    visitor.press("Continue")
    visitor.sees("What we wrote is true.", "The people concerned decide.")
    visitor.choose(community, within=visitor.group("Led by the community"))
    visitor.fill({"Comment": "Clear and close to the people."})
    if is_incomplete:
        visitor.press("Submit the review")
        visitor.sees("There is a problem", "A plan that can work: give a score, or say that you cannot judge it.")
    visitor.choose("I cannot judge this", within=visitor.group("A plan that can work"))
    why = visitor.words("If you cannot judge “%(criterion)s”: why?")
    visitor.page.get_by_label(why % {"criterion": visitor.words("A plan that can work")}).fill("لا أعرف المنطقة.")
    visitor.press("Submit the review")
    visitor.sees("Thank you. Your review was submitted.")
