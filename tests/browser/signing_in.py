"""Ways in: a mailed link for applicants, a password of their own for everybody who was asked to work here."""

from .visitor import Visitor

PASSWORD = "four small boats at dawn"


def by_mailed_link(visitor: Visitor) -> None:
    """Ask for a link on the page for signing in, and use it."""
    visitor.open("/sign-in")
    by_link = visitor.page.get_by_role("region", name=visitor.words("With a link by e-mail"))
    visitor.fill({"Your e-mail address": visitor.email}, within=by_link)
    visitor.press("Send me a link", within=by_link)
    visitor.open_mailed_link()
    visitor.press("Go on")


def choose_password(visitor: Visitor) -> None:
    """Open the mailed invitation, choose a password, and sign in anew with it."""
    visitor.open_mailed_link()
    visitor.fill({"New password": "short"})
    visitor.press("Keep this password and go on")
    visitor.sees("There is a problem")
    visitor.fill({"New password": PASSWORD})
    visitor.press("Keep this password and go on")
    visitor.press("Sign out")
    visitor.open("/sign-in")
    by_password = visitor.page.get_by_role("region", name=visitor.words("With a password"))
    visitor.fill({"Your e-mail address": visitor.email, "Your password": PASSWORD}, within=by_password)
    visitor.press("Sign in", within=by_password)
    visitor.sees(visitor.name)
