"""Files by hash: durable, never half written, never another file's bytes."""

import hashlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from fundapp.core.storage import Storage, StorageError


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "files")


def files(storage: Storage) -> list[Path]:
    return [path for path in storage.root.rglob("*") if path.is_file()]


def test_put_returns_the_hash_and_the_bytes_come_back(storage: Storage) -> None:
    sha256 = storage.put(b"letter")
    assert sha256 == hashlib.sha256(b"letter").hexdigest()
    assert storage.read(sha256) == b"letter"
    with storage.open(sha256) as file:
        assert file.read() == b"letter"
    assert storage.exists(sha256)


def test_put_twice_is_one_file(storage: Storage) -> None:
    assert storage.put(b"same") == storage.put(b"same")
    assert len(files(storage)) == 1


def test_put_repairs_a_file_that_was_cut_short(storage: Storage) -> None:
    sha256 = storage.put(b"whole")
    files(storage)[0].write_bytes(b"who")
    assert storage.put(b"whole") == sha256
    assert storage.read(sha256) == b"whole"


def test_read_refuses_changed_bytes(storage: Storage) -> None:
    sha256 = storage.put(b"letter")
    files(storage)[0].write_bytes(b"another")
    with pytest.raises(StorageError, match="changed"):
        storage.read(sha256)


def test_missing_file_is_an_error_and_not_there(storage: Storage) -> None:
    absent = "0" * 64
    assert not storage.exists(absent)
    for reading in (storage.open, storage.read):
        with pytest.raises(StorageError, match="no stored file"):
            reading(absent)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n", "/" * 64])
def test_only_hashes_are_names(storage: Storage, name: str) -> None:
    for asking in (storage.open, storage.read, storage.exists):
        with pytest.raises(StorageError, match="not a SHA-256"):
            asking(name)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_nothing_behind(storage: Storage, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, step, full)
        with pytest.raises(OSError, match="No space"):
            storage.put(b"letter")
    assert files(storage) == []
    assert storage.read(storage.put(b"letter")) == b"letter"


def test_bytes_are_on_the_disk_before_the_name(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []

    def noted(step: str, real: Callable[..., None], *args: object) -> None:
        steps.append(step)
        real(*args)

    for step in ("fsync", "replace"):
        real = getattr(os, step)
        monkeypatch.setattr(os, step, partial(noted, step, real))
    storage.put(b"letter")
    assert steps == ["fsync", "replace", "fsync", "fsync"]
