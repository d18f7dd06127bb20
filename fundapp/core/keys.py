"""The keys of an installation: files in one folder, several versions of each, and what is done with them.

A ring is a purpose; a key of it is a number and a file "identity.0001.secret". What is written names the number of its
key, so that older keys open older data while the newest one seals. Each process loads the parts that it needs and
no other: the web can close payee details, and has nothing with which to open them. docs/keys.md is the inventory.

Source: AES-256-GCM, NIST SP 800-38D; HPKE, RFC 9180 (X25519, HKDF-SHA-256, AES-256-GCM); Ed25519, RFC 8032.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from fundapp.core.errors import Failure

VERSION: Final = b"\x01"
NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32
INDEX_BYTES: Final = 16
EXAMPLE_KEY: Final = b"An example key, never a real one"
"""The key of the published test vectors; a key file that holds it is refused."""

_NAME: Final = re.compile(r"(?P<ring>[a-z]+)\.(?P<number>\d{4})\.(?P<half>secret|public|private)")
_HEAD: Final = 1 + 2  # version, number of the key
_MAX_NUMBER: Final = 9999
_suite: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class Ring(StrEnum):
    """What a key is for; no key serves two purposes."""

    IDENTITY = "identity"
    FILES = "files"
    INDEX = "index"
    PAYEE = "payee"
    AUDIT = "audit"
    BACKUP = "backup"


class Part(StrEnum):
    """What a process can hold of a ring: its secret, or one half of its pairs."""

    IDENTITY = "identity.secret"
    FILES = "files.secret"
    INDEX = "index.secret"
    PAYEE_PUBLIC = "payee.public"
    PAYEE_PRIVATE = "payee.private"
    AUDIT_PUBLIC = "audit.public"
    AUDIT_PRIVATE = "audit.private"
    BACKUP_PUBLIC = "backup.public"
    BACKUP_PRIVATE = "backup.private"


WEB: Final = frozenset({Part.IDENTITY, Part.FILES, Part.INDEX, Part.PAYEE_PUBLIC})
WORKER: Final = WEB
COMMAND: Final = WEB
"""What every command may use; one that needs more loads it by itself."""

_SECRETS: Final = {Ring.IDENTITY: Part.IDENTITY, Ring.FILES: Part.FILES, Ring.INDEX: Part.INDEX}


class KeysError(Failure):
    """A key is missing, unsafe or unreadable; the message says which file and what to do."""


class NotOpened(Failure):
    """Sealed bytes were changed, moved, or sealed with another key: nothing of them is given out."""


class Keyring:
    """The keys that one process holds."""

    def __init__(self, keys: Mapping[Part, Mapping[int, bytes]]) -> None:
        self._keys = {part: dict(numbered) for part, numbered in keys.items()}

    def __repr__(self) -> str:
        return f"<Keyring {', '.join(sorted(self._keys))}>"

    @classmethod
    def load(cls, folder: Path, parts: Iterable[Part]) -> "Keyring":
        """Read all versions of these parts. Raises KeysError for whatever is missing or unsafe."""
        return cls({part: _read(folder, part) for part in parts})

    @property
    def parts(self) -> frozenset[Part]:
        """Return what this process holds."""
        return frozenset(self._keys)

    def newest(self, part: Part) -> int:
        """Return the number of the key that new data is written with."""
        return max(self._of(part))

    def numbers(self, part: Part) -> list[int]:
        """Return the numbers of all keys of a part, the oldest first."""
        return sorted(self._of(part))

    def wrap(self, ring: Ring, plaintext: bytes, context: bytes) -> bytes:
        """Seal with the newest secret key of a ring."""
        part = _SECRETS[ring]
        number = self.newest(part)
        return seal(self._of(part)[number], plaintext, context, number=number)

    def unwrap(self, ring: Ring, sealed: bytes, context: bytes) -> bytes:
        """Open what `wrap` sealed. Raises NotOpened, KeysError when the key is not here."""
        number = number_of(sealed)
        return unseal(self._key(_SECRETS[ring], number), sealed, context, number=number)

    def index(self, purpose: str, value: str, *, number: int | None = None) -> str:
        """Return the blind index of a value: by it equal values are found, and nothing is read. One purpose a column.

        It starts with the number of its key, in four digits.
        """
        number = self.newest(Part.INDEX) if number is None else number
        message = purpose.encode() + b"\x00" + value.encode("utf-8", "surrogatepass")
        digest = hmac.new(self._key(Part.INDEX, number), message, hashlib.sha256).digest()
        return f"{number:04d}{digest[:INDEX_BYTES].hex()}"

    def indexes(self, purpose: str, value: str) -> list[str]:
        """Return the blind indexes of a value under all keys: one of them is stored while keys are exchanged."""
        return [self.index(purpose, value, number=number) for number in self.numbers(Part.INDEX)]

    def close_to_payee(self, plaintext: bytes, context: bytes) -> bytes:
        """Seal for the holder of the newest private payee key; whoever seals can't open it again."""
        number = self.newest(Part.PAYEE_PUBLIC)
        public = X25519PublicKey.from_public_bytes(self._of(Part.PAYEE_PUBLIC)[number])
        return _head(number) + _suite.encrypt(plaintext, public, info=context)

    def open_payee(self, sealed: bytes, context: bytes) -> bytes:
        """Open what was sealed for the payee ring. Raises NotOpened, KeysError without the private key."""
        private = X25519PrivateKey.from_private_bytes(self._key(Part.PAYEE_PRIVATE, number_of(sealed)))
        try:
            return _suite.decrypt(sealed[_HEAD:], private, info=context)
        except (InvalidTag, ValueError) as error:
            raise NotOpened("these sealed bytes do not open") from error

    def sign(self, message: bytes) -> tuple[int, bytes]:
        """Sign with the newest audit key; return its number and the signature."""
        number = self.newest(Part.AUDIT_PRIVATE)
        return number, Ed25519PrivateKey.from_private_bytes(self._of(Part.AUDIT_PRIVATE)[number]).sign(message)

    def verifies(self, message: bytes, signature: bytes, *, number: int) -> bool:
        """Return whether a signature is that of an audit key of ours."""
        public = Ed25519PublicKey.from_public_bytes(self._key(Part.AUDIT_PUBLIC, number))
        try:
            public.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def raw(self, part: Part, number: int | None = None) -> bytes:
        """Return a key's 32 bytes (default: the newest), for a format of its own such as that of backups."""
        return self._key(part, self.newest(part) if number is None else number)

    def _of(self, part: Part) -> Mapping[int, bytes]:
        found = self._keys.get(part)
        if not found:
            raise KeysError(f"this process does not hold {part}")
        return found

    def _key(self, part: Part, number: int) -> bytes:
        found = self._of(part).get(number)
        if found is None:
            raise KeysError(f"key {number:04d} of {part} is not here: put its file back, or this data stays closed")
        return found


def new_key() -> bytes:
    """Return 256 random bits."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, plaintext: bytes, context: bytes, *, number: int = 0) -> bytes:
    """Seal with AES-256-GCM: version, number of the key (0: a record's own), nonce, ciphertext with its tag.

    `context` says where the value belongs; opened anywhere else, it does not open.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    return _head(number) + nonce + AESGCM(key).encrypt(nonce, plaintext, context)


def unseal(key: bytes, sealed: bytes, context: bytes, *, number: int = 0) -> bytes:
    """Open what `seal` sealed in the same context. Raises NotOpened."""
    if number_of(sealed) != number:
        raise NotOpened("these sealed bytes name another key")
    nonce, ciphertext = sealed[_HEAD : _HEAD + NONCE_BYTES], sealed[_HEAD + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, context)
    except (InvalidTag, ValueError) as error:
        raise NotOpened("these sealed bytes do not open") from error


def number_of(sealed: bytes) -> int:
    """Return the number of the key that sealed these bytes. Raises NotOpened for another format."""
    if len(sealed) < _HEAD or sealed[:1] != VERSION:
        raise NotOpened("these sealed bytes are of an unknown version")
    return int.from_bytes(sealed[1:_HEAD], "big")


def context(table: str, column: str, row_id: object, version: int) -> bytes:
    """Return the context of a stored value: its table, column, row and version."""
    return f"fundapp|{table}|{column}|{row_id}|{version}".encode()


def make(folder: Path, rings: Iterable[Ring] = tuple(Ring)) -> list[Path]:
    """Make a first key for each ring that has none yet; return the new files. An existing key is never touched."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return [path for ring in rings if not numbers_in(folder, ring) for path in _write_key(folder, ring, 1)]


def rotate(folder: Path, ring: Ring) -> int:
    """Make the next key of a ring, and return its number; processes write with it after their next start."""
    numbers = numbers_in(folder, ring)
    if not numbers:
        raise KeysError(f"no key of the ring {ring} in {folder}: fundapp keys make makes the first one")
    number = max(numbers) + 1
    if number > _MAX_NUMBER:
        raise KeysError(f"the ring {ring} has no numbers left")
    _write_key(folder, ring, number)
    return number


def remove(folder: Path, ring: Ring, number: int) -> list[Path]:
    """Remove an older key's files; return which. Raises KeysError for the newest, which new data is written with."""
    if number == max(numbers_in(folder, ring), default=number):
        raise KeysError(f"key {number:04d} is the newest of {ring}: make the next one first, with fundapp keys rotate")
    paths = [path_of(folder, part, number) for part in Part if part.startswith(f"{ring}.")]
    found = [path for path in paths if path.exists()]
    for path in found:
        path.unlink()
    return found


def numbers_in(folder: Path, ring: Ring) -> set[int]:
    """Return the numbers of the keys of a ring that have a file, of either half."""
    found = (_NAME.fullmatch(path.name) for path in folder.iterdir())
    return {int(match["number"]) for match in found if match and match["ring"] == ring}


def path_of(folder: Path, part: Part, number: int) -> Path:
    """Return the file of a key."""
    ring, half = part.split(".")
    return folder / f"{ring}.{number:04d}.{half}"


def _head(number: int) -> bytes:
    return VERSION + number.to_bytes(2, "big")


def _write_key(folder: Path, ring: Ring, number: int) -> list[Path]:
    if ring in _SECRETS:
        return [_write(path_of(folder, _SECRETS[ring], number), new_key())]
    pair = Ed25519PrivateKey.generate() if ring is Ring.AUDIT else X25519PrivateKey.generate()
    return [
        _write(path_of(folder, Part(f"{ring}.private"), number), pair.private_bytes_raw()),
        _write(path_of(folder, Part(f"{ring}.public"), number), pair.public_key().public_bytes_raw()),
    ]


def _write(path: Path, key: bytes) -> Path:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(key) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return path


def _read(folder: Path, part: Part) -> dict[int, bytes]:
    ring, half = part.split(".")
    if not folder.is_dir():
        raise KeysError(f"there is no folder of keys at {folder}: fundapp keys make makes one (KEYS_DIR says where)")
    if folder.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise KeysError(f"others may write to {folder}, and so exchange keys: chmod go-w {folder}")
    keys = {
        int(match["number"]): _read_key(path, is_public=half == "public")
        for path in sorted(folder.iterdir())
        if (match := _NAME.fullmatch(path.name)) and match["ring"] == ring and match["half"] == half
    }
    if not keys:
        raise KeysError(
            f"there is no {part} key in {folder}: a new installation runs fundapp keys make;"
            " one that has data needs its own keys back"
        )
    return keys


def _read_key(path: Path, *, is_public: bool) -> bytes:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (0o022 if is_public else 0o077):
        raise KeysError(f"others than its owner may {'write' if is_public else 'use'} {path}: chmod 600 {path}")
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except PermissionError as error:
        raise KeysError(f"{path} can't be read by this user") from error
    except binascii.Error as error:
        raise KeysError(f"{path} holds no key") from error
    if len(key) != KEY_BYTES:
        raise KeysError(f"{path} holds no key of {KEY_BYTES} bytes")
    if key == EXAMPLE_KEY or len(set(key)) < KEY_BYTES // 4:
        raise KeysError(f"{path} holds an example, which everybody knows: delete it and run fundapp keys make")
    return key
