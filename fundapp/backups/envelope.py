"""The form of a backup file: chunks sealed under a key that only the holder of the private backup key can unwrap.

head: magic, number of the backup key (2 bytes), the file key closed by HPKE (fixed length); then chunks of at most
64 KiB, each its length (4 bytes) and AES-256-GCM under the file key. A nonce is the number of its chunk, which is
safe because no file key is used twice. Each chunk is bound to the head and says whether it is the last: one that is
changed, moved, doubled or cut off does not open.

Source: HPKE, RFC 9180; AES-256-GCM, NIST SP 800-38D.
"""

import hashlib
import io
import secrets
from typing import BinaryIO, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from fundapp.core.errors import Failure
from fundapp.core.keys import Keyring, Part

MAGIC: Final = b"fundapp backup 1\n"
CHUNK_BYTES: Final = 64 * 1024
_CONTEXT: Final = b"fundapp|backup|1"
_suite: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_CLOSED_KEY_BYTES: Final = 32 + 32 + 16
"""The sender's share, the file key, its tag."""
_TAG_BYTES: Final = 16


class NotABackup(Failure):
    """The file is no backup, was changed or cut off, or was made for another key."""


class SealedWriter(io.RawIOBase):
    """Writes what it is given, sealed, to a file. Only `finish` makes the file whole: a crash leaves no backup."""

    def __init__(self, file: BinaryIO, ring: Keyring) -> None:
        super().__init__()
        number = ring.newest(Part.BACKUP_PUBLIC)
        public = X25519PublicKey.from_public_bytes(ring.raw(Part.BACKUP_PUBLIC, number))
        key = secrets.token_bytes(32)
        head = MAGIC + number.to_bytes(2, "big") + _suite.encrypt(key, public, info=_CONTEXT)
        file.write(head)
        self._file = file
        self._cipher = AESGCM(key)
        self._head_hash = hashlib.sha256(head).digest()
        self._waiting = bytearray()
        self._count = 0

    def writable(self) -> bool:
        """It is for writing."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override] # tarfile gives bytes, as BinaryIO promises
        """Take bytes; full chunks are written at once."""
        self._waiting += data
        while len(self._waiting) > CHUNK_BYTES:
            self._write_chunk(bytes(self._waiting[:CHUNK_BYTES]), is_last=False)
            del self._waiting[:CHUNK_BYTES]
        return len(data)

    def finish(self) -> None:
        """Write the last chunk."""
        self._write_chunk(bytes(self._waiting), is_last=True)
        self._waiting.clear()

    def _write_chunk(self, data: bytes, *, is_last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._count), data, _bound(self._head_hash, is_last=is_last))
        self._file.write(len(sealed).to_bytes(4, "big") + sealed)
        self._count += 1


class SealedReader(io.RawIOBase):
    """Reads what a SealedWriter wrote. Raises NotABackup as soon as anything is not as it was written."""

    def __init__(self, file: BinaryIO, ring: Keyring) -> None:
        super().__init__()
        head = file.read(len(MAGIC) + 2 + _CLOSED_KEY_BYTES)
        if not head.startswith(MAGIC) or len(head) < len(MAGIC) + 2 + _CLOSED_KEY_BYTES:
            raise NotABackup("this file is not a backup of fundapp")
        number = int.from_bytes(head[len(MAGIC) : len(MAGIC) + 2], "big")
        private = X25519PrivateKey.from_private_bytes(ring.raw(Part.BACKUP_PRIVATE, number))
        try:
            key = _suite.decrypt(head[len(MAGIC) + 2 :], private, info=_CONTEXT)
        except (InvalidTag, ValueError) as error:
            raise NotABackup("this backup was made for another key, or its beginning was changed") from error
        self._file = file
        self._cipher = AESGCM(key)
        self._head_hash = hashlib.sha256(head).digest()
        self._opened = bytearray()
        self._count = 0
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, fewer only at the end."""
        while not self._ended and (size < 0 or len(self._opened) < size):
            self._read_chunk()
        taken = bytes(self._opened) if size < 0 else bytes(self._opened[:size])
        del self._opened[: len(taken)]
        return taken

    def read_to_end(self) -> None:
        """Read what is left, so that a file that was cut off is noticed. Raises NotABackup."""
        while self.read(CHUNK_BYTES):
            pass

    def _read_chunk(self) -> None:
        length = int.from_bytes(self._file.read(4), "big")
        sealed = self._file.read(length) if _TAG_BYTES <= length <= CHUNK_BYTES + _TAG_BYTES else b""
        for is_last in (False, True):
            try:
                opened = self._cipher.decrypt(_nonce(self._count), sealed, _bound(self._head_hash, is_last=is_last))
            except (InvalidTag, ValueError):
                continue
            if is_last and self._file.read(1):
                raise NotABackup("something was added behind the end of this backup")
            self._opened += opened
            self._count += 1
            self._ended = is_last
            return
        raise NotABackup("this backup was changed or cut off")


def _nonce(count: int) -> bytes:
    return count.to_bytes(12, "big")


def _bound(head_hash: bytes, *, is_last: bool) -> bytes:
    return head_hash + (b"\x01" if is_last else b"\x00")
