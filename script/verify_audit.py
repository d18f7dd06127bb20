#!/usr/bin/env python3
"""Verify an export of the audit log (fundapp audit export FILE), without fundapp.

    verify_audit.py FILE [CHECKPOINTS]

CHECKPOINTS holds checkpoints that were kept elsewhere, one JSON object a line. Prints the first thing that is wrong and
exits 1. Needs Python 3.11 and the package "cryptography". Compare the names of the keys with those that you noted.
"""

import hashlib
import json
import sys
from collections.abc import Iterable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hash_of(before: str, entry: Any) -> str:
    return hashlib.sha256(b"fundapp-audit-v1\0" + bytes.fromhex(before) + canonical(entry)).hexdigest()


def is_signed(checkpoint: dict[str, Any], keys: dict[str, Ed25519PublicKey]) -> bool:
    signed = {name: value for name, value in checkpoint.items() if name != "signature"}
    try:
        keys[checkpoint["key_id"]].verify(
            bytes.fromhex(checkpoint["signature"]), b"fundapp-checkpoint-v1\0" + canonical(signed)
        )
    except (KeyError, ValueError, InvalidSignature):
        return False
    return True


def read_key(key: dict[str, str]) -> tuple[str, Ed25519PublicKey]:
    """Return a key under its name; the end of a name is the beginning of the hash of the key."""
    raw = bytes.fromhex(key["ed25519"])
    if key["id"].partition("-")[2] != hashlib.sha256(raw).hexdigest()[:16]:
        raise ValueError(f"the key {key['id']} is not the one that this name belongs to")
    return key["id"], Ed25519PublicKey.from_public_bytes(raw)


def check(lines: Iterable[str], elsewhere: list[Any]) -> tuple[int, int, list[str]]:
    """Raise ValueError naming the first thing that is wrong; return (number of entries, of checkpoints, keys)."""
    keys: dict[str, Ed25519PublicKey] = {}
    checkpoints: list[Any] = []
    hashes, seq, before = {}, 0, "0" * 64
    for line in lines:
        item = json.loads(line)
        if "key" in item:
            name, key = read_key(item["key"])
            keys[name] = key
        elif "checkpoint" in item:
            checkpoints.append(item["checkpoint"])
        else:
            seq += 1
            if item["entry"]["seq"] != seq:
                raise ValueError(f"entry {seq} is missing")
            if item["prev_hash"] != before:
                raise ValueError(f"entry {seq} does not follow the one before it: moved, replaced or forged")
            before = hash_of(before, item["entry"])
            if item["entry_hash"] != before:
                raise ValueError(f"entry {seq} was edited")
            hashes[seq] = before
    good = 0
    for checkpoint in sorted(checkpoints + elsewhere, key=lambda each: each["seq"]):
        if not is_signed(checkpoint, keys):
            raise ValueError(f"the checkpoint at entry {checkpoint['seq']} was not signed by a key of this file")
        if checkpoint["seq"] > seq:
            raise ValueError(f"entry {seq + 1} is missing: a checkpoint knows entry {checkpoint['seq']}")
        if hashes[checkpoint["seq"]] != checkpoint["head_hash"]:
            raise ValueError(f"entries from {good + 1} to {checkpoint['seq']} were rewritten")
        good = checkpoint["seq"]
    if seq == 0:
        raise ValueError("there is no entry in this file")
    return seq, len(checkpoints) + len(elsewhere), sorted({each["key_id"] for each in checkpoints + elsewhere})


def main(arguments: list[str]) -> int:
    try:
        with open(arguments[0], encoding="utf-8") as export:
            elsewhere = []
            for path in arguments[1:]:
                with open(path, encoding="utf-8") as kept:
                    elsewhere += [json.loads(line) for line in kept]
            entries, checkpoints, keys = check(export, elsewhere)
    except (ValueError, KeyError, TypeError) as error:
        print(f"BAD {error!s}" if isinstance(error, ValueError) else "BAD this is no export of an audit log")
        return 1
    print(f"ok  {entries} entries, {checkpoints} checkpoints, signed by {', '.join(keys) or 'nobody'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) if len(sys.argv) in (2, 3) else "usage: verify_audit.py FILE [CHECKPOINTS]")
