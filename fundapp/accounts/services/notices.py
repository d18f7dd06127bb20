"""Tell people when the way in which they sign in has changed: if it was not them, they can still act."""

from datetime import datetime
from typing import Final

from fundapp.accounts.models import Person
from fundapp.accounts.services.people import tell

SECURITY_PATH: Final = "/account/security"


def tell_of_change(person: Person, now: datetime) -> None:
    """Mail a person that a factor, a code or the password was added, used up, changed or removed; not which."""
    tell(person, template="sign_in_changed", path=SECURITY_PATH, now=now)
