"""The tables of accounts; other rooms import them from here."""

from fundapp.accounts.models.people import Membership, Organisation, Person, RoleChange, RoleGrant
from fundapp.accounts.models.sign_in import LinkPurpose, OneTimeLink, SignInSession

__all__ = [
    "LinkPurpose",
    "Membership",
    "OneTimeLink",
    "Organisation",
    "Person",
    "RoleChange",
    "RoleGrant",
    "SignInSession",
]
