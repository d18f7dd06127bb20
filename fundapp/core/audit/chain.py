"""The arithmetic of the chain: canonical JSON, and the hash that ties each entry to the one before. No database.

Never change what these functions return: old entries could not be verified any more. A new form gets a new label.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, Final

ENTRY_LABEL: Final = b"fundapp-audit-v1\0"
NO_HASH: Final = "0" * 64
"""What the first entry names as the hash before it."""


def canonical_json(value: Any) -> bytes:
    """Return the one spelling of a JSON value: sorted keys, no spaces, UTF-8.

    Only objects, lists, text, whole numbers, booleans and null. Raises TypeError for anything else (a float has more
    than one spelling), ValueError for text that a database cannot hold.
    """
    _require_plain(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


def canonical_time(instant: datetime) -> str:
    """Return an aware instant in UTC with microseconds: 2020-09-14T12:00:00.000000Z (RFC 3339)."""
    if instant.tzinfo is None:
        raise ValueError("a naive datetime does not name an instant")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def entry_hash(before: str, facts: dict[str, Any]) -> str:
    """Return the hash of an entry, as hex: SHA-256 over the label, the hash before it, and its canonical JSON."""
    return hashlib.sha256(ENTRY_LABEL + bytes.fromhex(before) + canonical_json(facts)).hexdigest()


def _require_plain(value: Any) -> None:
    match value:
        case None | bool() | int():
            pass
        case str():
            if "\0" in value or (not value.isprintable() and any("\ud800" <= sign <= "\udfff" for sign in value)):
                raise ValueError("text with a character that cannot be stored")
        case list() | tuple():
            for each in value:
                _require_plain(each)
        case dict():
            for key, each in value.items():
                if not isinstance(key, str):
                    raise TypeError(f"a key of an object is text, not {type(key).__name__}")
                _require_plain(key)
                _require_plain(each)
        case _:
            raise TypeError(f"a record holds text, whole numbers and references, not {type(value).__name__}")
