"""The tables of accounts; other rooms import them from here."""

from fundapp.accounts.models.addresses import AddressChange
from fundapp.accounts.models.factors import AuthenticatorApp, FactorReset, KnownDevice, Passkey, RecoveryCode
from fundapp.accounts.models.people import (
    Membership,
    MembershipRole,
    Organisation,
    OrganisationInvitation,
    Person,
    RoleChange,
    RoleGrant,
)
from fundapp.accounts.models.sign_in import LinkPurpose, OneTimeLink, SignInSession
from fundapp.accounts.models.ties import Tie, TieKind

__all__ = [
    "AddressChange",
    "AuthenticatorApp",
    "FactorReset",
    "KnownDevice",
    "LinkPurpose",
    "Membership",
    "MembershipRole",
    "OneTimeLink",
    "Organisation",
    "OrganisationInvitation",
    "Passkey",
    "Person",
    "RecoveryCode",
    "RoleChange",
    "RoleGrant",
    "SignInSession",
    "Tie",
    "TieKind",
]
