"""Passwords, tokens and the hashes under which they are kept."""

import hashlib
import hmac
import secrets
from functools import cache
from typing import Final
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fundapp.accounts.password_rules import normalised

_hasher: Final = PasswordHasher()
CODE_FIGURES: Final = 8


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, after NFKC, so that every keyboard types the same one."""
    return _hasher.hash(normalised(password))


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def password_matches(password: str, password_hash: str | None) -> bool:
    """Check a password; without a hash the same work is done and the answer is no."""
    try:
        matches = _hasher.verify(password_hash or _nobodys_hash(), normalised(password))
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Say whether a hash was made with other settings than today's."""
    return _hasher.check_needs_rehash(password_hash)


def new_token() -> str:
    """Return 256 random bits as text for a cookie."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return the SHA-256 under which a token is stored; tokens are random, so no slow hash is needed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def link_token(secret_key: str, link_id: UUID) -> str:
    """Return the token of a one-time link: derived, so that the mail worker can write it and nobody stores it."""
    return hmac.new(secret_key.encode(), b"one-time-link:" + link_id.bytes, hashlib.sha256).hexdigest()


def link_code(secret_key: str, link_id: UUID) -> str:
    """Return the eight figures that stand beside a one-time link in its mail: derived too, and stored nowhere."""
    digest = hmac.digest(secret_key.encode(), b"one-time-code:" + link_id.bytes, "sha256")
    return f"{int.from_bytes(digest, 'big') % 10**CODE_FIGURES:0{CODE_FIGURES}}"
