"""Recovery codes: what is left when the phone is gone. Ten on a sheet of paper, each good for once."""

import hashlib
import secrets
from typing import Final
from uuid import UUID

CODES: Final = 10
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that looks like another or like a figure."""
_LENGTH: Final = 24
"""24 letters of 5 bits are 120 bits: enough to be kept under a fast hash. Source: OWASP ASVS 5.0, 6.5.2."""
_GROUP: Final = 4
_LOOKALIKES: Final = str.maketrans("OIL", "011")


def new_code() -> str:
    """Return a random code in groups of four, such as "7K2M-…"."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(letters[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def looks_like_one(typed: str) -> bool:
    """Say whether a text has the length of a recovery code, however it is grouped."""
    return len(_folded(typed)) == _LENGTH


def code_hash(person_id: UUID, typed: str) -> str:
    """Return the hash under which a person's code is kept: SHA-256 of the code as it was meant."""
    return hashlib.sha256(b"recovery:" + person_id.bytes + _folded(typed).encode("utf-8", "replace")).hexdigest()


def _folded(typed: str) -> str:
    return "".join(character for character in typed.upper() if character.isalnum()).translate(_LOOKALIKES)
