"""Ways in: a mailed link for applicants, a password of their own for everybody who was asked to work here."""

from datetime import UTC, datetime

import pyotp

from .visitor import Visitor

PASSWORD = "four small boats at dawn"


def by_mailed_link(visitor: Visitor) -> None:
    """Ask for a link on the page for signing in, and use it."""
    visitor.open("/sign-in")
    go_on_by_mailed_link(visitor)


def go_on_by_mailed_link(visitor: Visitor) -> None:
    """Where a page asks to sign in first: ask for a link, use it, and go on to that page."""
    by_link = visitor.page.get_by_role("region", name=visitor.words("With a link by e-mail"))
    visitor.fill({"Your e-mail address": visitor.email}, within=by_link)
    visitor.press("Send me a link", within=by_link)
    visitor.open_mailed_link()
    visitor.press("Go on")


def choose_password(visitor: Visitor) -> None:
    """Open the mailed invitation, choose a password, and sign in anew with it."""
    accept_invitation(visitor)
    visitor.press("Sign out")
    by_password(visitor)
    visitor.sees(visitor.name)


def begin_as_staff(visitor: Visitor) -> str:
    """Open the mailed invitation, choose a password and an app for codes, and sign in anew; return the app's secret."""
    accept_invitation(visitor)
    visitor.sees("Choose a second step")
    secret = add_app(visitor)
    visitor.follow("I have kept them: go on")
    visitor.press("Sign out")
    by_password(visitor)
    visitor.sees("One more step")
    give_code(visitor, next_code(secret))
    visitor.sees(visitor.name)
    return secret


def give_code(visitor: Visitor, code: str) -> None:
    """Type a code as the second step."""
    by_code = visitor.page.get_by_role("region", name=visitor.words("With a code"))
    visitor.fill({"Code": code}, within=by_code)
    visitor.press("Go on", within=by_code)


def accept_invitation(visitor: Visitor) -> None:
    """Open the mailed invitation, and choose a password at the second try."""
    visitor.open_mailed_link()
    visitor.fill({"New password": "short"})
    visitor.press("Keep this password and go on")
    visitor.sees("There is a problem")
    visitor.fill({"New password": PASSWORD})
    visitor.press("Keep this password and go on")


def by_password(visitor: Visitor) -> None:
    """Sign in with the password, as far as that goes."""
    visitor.open("/sign-in")
    by_password = visitor.page.get_by_role("region", name=visitor.words("With a password"))
    visitor.fill({"Your e-mail address": visitor.email, "Your password": PASSWORD}, within=by_password)
    visitor.press("Sign in", within=by_password)


def add_app(visitor: Visitor) -> str:
    """Add an app for codes at the second try, up to the page with the recovery codes; return the app's secret."""
    visitor.press("Add an app")
    secret = "".join(visitor.page.locator("code.secret").inner_text().split())
    visitor.fill({"Code": "000000"})
    visitor.press("Use this app")
    visitor.sees("There is a problem")
    visitor.fill({"Code": pyotp.TOTP(secret).now()})
    visitor.press("Use this app")
    visitor.sees("Your recovery codes")
    return secret


def next_code(secret: str) -> str:
    """Return the code of the next half minute: the present one was spent."""
    return pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=1)
