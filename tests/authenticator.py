"""A device with passkeys, in Python: what a phone or a security key does, for tests that need no browser.

Source: Web Authentication level 2 (W3C), sections 6.1 and 6.5; ES256, attestation "none".
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn import base64url_to_bytes
from webauthn.helpers import bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Key:
    """A passkey: its private half, and how often it was used."""

    private: ec.EllipticCurvePrivateKey
    count: int = 0


class Authenticator:
    """Makes passkeys and uses them, at whatever origin it is told it is.

    `counts`: it counts how often each is used; passkeys that are shared between devices do not.
    """

    def __init__(self, origin: str = "http://localhost", *, counts: bool = True) -> None:
        self.origin = origin
        self.counts = counts
        self.keys: dict[str, Key] = {}

    def create(self, options: dict[str, Any]) -> str:
        """Make a passkey as `options` of a page ask; return the answer as the page's module would send it."""
        key = Key(ec.generate_private_key(ec.SECP256R1()))
        credential_id = secrets.token_bytes(16)
        point = key.private.public_key().public_numbers()
        public = encode_cbor({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)})
        attested = bytes(16) + len(credential_id).to_bytes(2) + credential_id + public
        data = self._data(options["rp"]["id"], PRESENT | VERIFIED | ATTESTED, 0) + attested
        self.keys[bytes_to_base64url(credential_id)] = key
        return self._answer(
            bytes_to_base64url(credential_id),
            self._client_data("webauthn.create", options["challenge"]),
            {"attestationObject": bytes_to_base64url(encode_cbor({"fmt": "none", "attStmt": {}, "authData": data}))},
        )

    def get(self, options: dict[str, Any], *, credential_id: str = "", verified: bool = True) -> str:
        """Use a passkey (default: the only one) as `options` of a page ask; return the answer."""
        credential_id = credential_id or next(iter(self.keys))
        key = self.keys[credential_id]
        key.count += self.counts
        client_data = self._client_data("webauthn.get", options["challenge"])
        data = self._data(options["rpId"], PRESENT | (VERIFIED if verified else 0), key.count)
        signature = key.private.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            credential_id,
            client_data,
            {"authenticatorData": bytes_to_base64url(data), "signature": bytes_to_base64url(signature)},
        )

    def _client_data(self, kind: str, challenge: str) -> bytes:
        asked = bytes_to_base64url(base64url_to_bytes(challenge))
        return json.dumps({"type": kind, "challenge": asked, "origin": self.origin}).encode()

    def _data(self, host: str, flags: int, count: int) -> bytes:
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + count.to_bytes(4)

    def _answer(self, credential_id: str, client_data: bytes, response: dict[str, str]) -> str:
        return json.dumps(
            {
                "id": credential_id,
                "rawId": credential_id,
                "type": "public-key",
                "response": {"clientDataJSON": bytes_to_base64url(client_data), **response},
            }
        )
