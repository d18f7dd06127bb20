"""The file of a frozen tally: one line of canonical JSON, and a second line with the signature under it.

Source: Ed25519, RFC 8032. The key is the one that signs checkpoints of the record.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fundapp.core.audit.chain import canonical_json
from fundapp.core.errors import Failure

FORM: Final = "fundapp-tally-1"
EARLIER_FORM: Final = "fundapp-tally-0"
"""A tally that was kept before there were files: scores and ranks, no versions."""

SIGNATURE_LABEL: Final = b"fundapp-tally-v1\0"


@dataclass(frozen=True)
class Signature:
    """Who signed which bytes: their SHA-256 and the signature as hex, `at` in its canonical spelling."""

    sha256: str
    at: str
    key_id: str
    signature: str

    @property
    def message(self) -> bytes:
        """Return what is signed."""
        signed = {name: value for name, value in asdict(self).items() if name != "signature"}
        return SIGNATURE_LABEL + canonical_json(signed)

    def is_of(self, public: bytes) -> bool:
        """Say whether the holder of a public key of 32 bytes signed this."""
        if self.key_id.partition("-")[2] != hashlib.sha256(public).hexdigest()[:16]:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(self.signature), self.message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class FrozenFile:
    """A file as it was read: the bytes of its first line, what they say, and the signature where there is one."""

    content: bytes
    document: dict[str, Any]
    signature: Signature | None

    @property
    def sha256(self) -> str:
        """Return the hash of the content, as hex."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def is_canonical(self) -> bool:
        """Say whether the content is spelled as we spell it."""
        return canonical_json(self.document) == self.content


def signed_lines(content: bytes, signature: Signature | None) -> bytes:
    """Return the file: the content, and the signature where there is one, a line each."""
    lines = [content] if signature is None else [content, canonical_json(asdict(signature))]
    return b"".join(line + b"\n" for line in lines)


def read_frozen(data: bytes) -> FrozenFile:
    """Read a file. Raises Failure for what is no frozen tally."""
    content, _, rest = data.strip().partition(b"\n")
    try:
        document = json.loads(content.decode("utf-8"))
        form = document["form"]
        signature = Signature(**{key: str(value) for key, value in json.loads(rest).items()}) if rest else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure("this is no file of a frozen tally") from error
    if form not in (FORM, EARLIER_FORM):
        raise Failure(f"this file is of a form that this version does not know: {form}")
    return FrozenFile(content, document, signature)
