"""What a mail address tells about the organisation of its owner: nothing, where everybody can have one like it."""

from functools import cache
from pathlib import Path
from typing import Final

from flask import current_app

from fundapp.accounts.rules import mail_domain
from fundapp.core.sealing import current_keys

DOMAIN_PURPOSE: Final = "mail.domain"
PUBLIC_DOMAINS: Final = Path(__file__).with_name("public_mail_domains.txt")


def domain_key(address: str) -> str | None:
    """Return the blind index of the domain of an address, or of a domain; None where it ties nobody to anybody.

    Such are the domains of public mail providers, and the fund's own: its staff write for many applicants.
    """
    domain = mail_domain(address)
    if not domain or domain in _public() or domain == mail_domain(current_app.extensions["settings"].mail_from):
        return None
    return current_keys().index(DOMAIN_PURPOSE, domain)


@cache
def _public() -> frozenset[str]:
    lines = PUBLIC_DOMAINS.read_text(encoding="ascii").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))
