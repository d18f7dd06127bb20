"""Files are sealed before they are stored: a storage folder holds no byte that people sent.

A file is cut into chunks of 64 KiB, each sealed with AES-256-GCM under the data key of its record, ring files. The
context of a chunk names the file, its place and whether it is the last: one that is moved, exchanged or missing at the
end does not open. Format: version, number 0, 8 random bytes, then the chunks with their tags; a chunk's nonce is the
random bytes and its place in four bytes. Two equal files are stored apart, so nobody learns that somebody else has one.
"""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from io import SEEK_CUR
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fundapp.core.keys import VERSION, NotOpened, Ring
from fundapp.core.sealing import Record, data_key
from fundapp.core.storage import Storage

CHUNK_BYTES: Final = 64 * 1024
_TAG_BYTES: Final = 16
_HEAD: Final = VERSION + b"\x00\x00"
_RANDOM_BYTES: Final = 8


@dataclass(frozen=True)
class SealedFile:
    """A stored file: whose data key seals it, its own row, its name in the storage, and its content's SHA-256.

    Without a hash the seal alone says that it is whole and in its place.
    """

    record: Record
    row: Record
    stored_as: str
    sha256: str = ""


def keep(storage: Storage, *, record: Record, row: Record, data: bytes) -> SealedFile:
    """Seal a file and store it. Put the file first, then commit the row that points to it. Raises Erased."""
    stored_as = storage.put(seal_file(data_key(record, Ring.FILES, make=True), row, data))
    return SealedFile(record, row, stored_as, hashlib.sha256(data).hexdigest())


def contents(storage: Storage, file: SealedFile) -> Iterator[bytes]:
    """Return a file's content in chunks, after one look through the whole that finds it as it was sent.

    Raises NotOpened, StorageError, Erased.
    """
    key = data_key(file.record, Ring.FILES, make=False)
    digest = hashlib.sha256()
    with storage.open(file.stored_as) as stored:
        for chunk in open_file(key, file.row, stored):
            digest.update(chunk)
    if file.sha256 and digest.hexdigest() != file.sha256:
        raise NotOpened(f"the file of {file.row.table} {file.row.id} is not the one that its row names")
    return _chunks_of(storage, file, key)


def stretch(storage: Storage, file: SealedFile, *, size: int, start: int, stop: int) -> Iterator[bytes]:
    """Yield the bytes from `start` to before `stop` of a file of `size` bytes; only their chunks are opened.

    Raises NotOpened, StorageError, Erased.
    """
    cipher = AESGCM(data_key(file.record, Ring.FILES, make=False))
    with storage.open(file.stored_as) as stored:
        random = _random_of(stored)
        stored.seek(start // CHUNK_BYTES * (CHUNK_BYTES + _TAG_BYTES), SEEK_CUR)
        for place in range(start // CHUNK_BYTES, (stop - 1) // CHUNK_BYTES + 1):
            is_last = (place + 1) * CHUNK_BYTES >= size
            chunk = _open_chunk(cipher, random, file.row, place, stored.read(CHUNK_BYTES + _TAG_BYTES), is_last=is_last)
            begin = place * CHUNK_BYTES
            yield chunk[max(0, start - begin) : stop - begin]


def read(storage: Storage, file: SealedFile) -> bytes:
    """Return a file's whole content. Raises as `contents` does."""
    return b"".join(contents(storage, file))


def seal_file(key: bytes, row: Record, data: bytes) -> bytes:
    """Return a file as it is stored."""
    random = secrets.token_bytes(_RANDOM_BYTES)
    cipher = AESGCM(key)
    starts = range(0, len(data), CHUNK_BYTES) if data else range(1)
    sealed = [
        cipher.encrypt(
            random + place.to_bytes(4, "big"),
            data[start : start + CHUNK_BYTES],
            _context(row, place, is_last=start + CHUNK_BYTES >= len(data)),
        )
        for place, start in enumerate(starts)
    ]
    return b"".join((_HEAD, random, *sealed))


def open_file(key: bytes, row: Record, stored: BinaryIO) -> Iterator[bytes]:
    """Yield the chunks of a stored file, one in memory at a time. Raises NotOpened."""
    random = _random_of(stored)
    cipher, place = AESGCM(key), 0
    sealed = stored.read(CHUNK_BYTES + _TAG_BYTES)
    while True:
        following = stored.read(CHUNK_BYTES + _TAG_BYTES)
        yield _open_chunk(cipher, random, row, place, sealed, is_last=not following)
        if not following:
            return
        sealed, place = following, place + 1


def _random_of(stored: BinaryIO) -> bytes:
    """Read the head of a stored file up to its chunks."""
    if stored.read(len(_HEAD)) != _HEAD:
        raise NotOpened("this file is of an unknown version")
    return stored.read(_RANDOM_BYTES)


def _open_chunk(cipher: AESGCM, random: bytes, row: Record, place: int, sealed: bytes, *, is_last: bool) -> bytes:
    try:
        return cipher.decrypt(random + place.to_bytes(4, "big"), sealed, _context(row, place, is_last=is_last))
    except (InvalidTag, ValueError) as error:
        raise NotOpened(f"the file of {row.table} {row.id} was changed, cut or moved") from error


def _chunks_of(storage: Storage, file: SealedFile, key: bytes) -> Iterator[bytes]:
    with storage.open(file.stored_as) as stored:
        yield from open_file(key, file.row, stored)


def _context(row: Record, place: int, *, is_last: bool) -> bytes:
    return f"fundapp|file|{row.table}|{row.id}|{place}|{int(is_last)}".encode()
