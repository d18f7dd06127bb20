"""Codes of authenticator apps: six figures that follow from a shared secret and the clock.

Source: RFC 6238 (SHA-1, steps of 30 seconds from 1970), which every such app speaks.
"""

import unicodedata
from datetime import datetime
from typing import Final

import pyotp
from pyotp.utils import strings_equal

STEP_SECONDS: Final = 30
DRIFT_STEPS: Final = 1
"""A clock that is off by half a minute, or a slow thumb, is forgiven; more is not."""
CODE_FIGURES: Final = 6


def new_secret() -> str:
    """Return 160 random bits in base32, for an app's code picture or for typing."""
    return pyotp.random_base32()


def app_uri(secret: str, *, account: str, issuer: str) -> str:
    """Return the otpauth: address by which an app takes a secret over."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def spelled(secret: str) -> str:
    """Return a secret in groups of four, to be typed."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def figures(code: str) -> str:
    """Return a typed code without blanks, in the figures 0 to 9 whatever the keyboard's script."""
    return "".join(str(unicodedata.digit(character, character)) for character in "".join(code.split()))


def step_of(code: str, secret: str, now: datetime) -> int | None:
    """Return the time step that a code belongs to, if it is one of the steps around now, else None.

    The caller spends the step. Every candidate is compared in constant time.
    """
    typed = figures(code)
    generator = pyotp.TOTP(secret, interval=STEP_SECONDS)
    current = int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        if strings_equal(generator.generate_otp(step), typed):
            found = step
    return found
