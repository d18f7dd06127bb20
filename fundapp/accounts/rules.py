"""Small rules about people and organisations; no database, no web."""

import re
import unicodedata
from typing import Final

import regex
from email_validator import EmailNotValidError, validate_email

from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

_SAFE_PATH: Final = re.compile(r"^/(?![/\\])[!-\[\]-~]*\Z")


def fold_email(email: str) -> str:
    """Return the form of an address under which a person is found: NFC, lower case."""
    return unicodedata.normalize("NFC", email).strip().lower()


def fold_account(typed: str) -> str:
    """Return what was typed to name an account, an address or a reference, in the one form that is counted."""
    folded = fold_email(typed)
    return folded if "@" in folded else fold_reference(typed)


def fold_reference(typed: str) -> str:
    """Return a sign-in reference as it is kept: capitals and figures alone, however it was spaced."""
    return "".join(each for each in typed.upper() if each.isalnum())


def checked_email(email: str, *, field: str = "email") -> str:
    """Return one valid address, folded. Raises RuleViolations for anything else; asks no name server."""
    try:
        valid = validate_email(email.strip(), check_deliverability=False)
    except (EmailNotValidError, UnicodeError) as error:
        message = _l("Enter an e-mail address in the usual form, like name@example.org.")
        raise RuleViolations([Problem(message, field=field)]) from error
    return fold_email(valid.normalized)


def fold_organisation_name(name: str) -> str:
    """Return the key under which an organisation is one: compatibility form, case and spacing folded."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def fold_person_name(name: str) -> str:
    """Return the key under which two spellings of a person's name are one, in any order of its words.

    Case, accents and what stands between words are folded; "" for a name of one word, which many people share.
    """
    letters = "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))
    words = regex.findall(r"\w+", letters.casefold())
    return " ".join(sorted(words)) if len(words) > 1 else ""


def mail_domain(address: str) -> str:
    """Return the domain of an address, bare or as "Name <address>", or of a domain; "" where there is none."""
    domain = fold_email(address).rpartition("@")[2].rstrip("> .")
    return domain if "." in domain and not any(each.isspace() for each in domain) else ""


def safe_next_path(path: str) -> str:
    """Return `path` if it stays on this site, else the empty string. Source: OWASP ASVS 5.0, 3.7.2."""
    return path if _SAFE_PATH.match(path) else ""
