"""Make a backup, and restore one: an archive of the database and the files, sealed as it is written."""

import json
import os
import re
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import Engine

from fundapp.backups import database
from fundapp.backups.envelope import NotABackup, SealedReader, SealedWriter
from fundapp.core.keys import Keyring
from fundapp.core.storage import Storage

DATABASE: Final = "database"
MANIFEST: Final = "manifest.json"
_FILE: Final = re.compile(r"files/([0-9a-f]{2})/(\1[0-9a-f]{62})")


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself. `revision` is that of the database's structure."""

    made_at: datetime
    engine: str
    revision: str


def make_backup(*, engine: Engine, revision: str, storage: Storage, folder: Path, ring: Keyring, now: datetime) -> Path:
    """Write a backup into `folder` and return it. The database first: files are put before the rows that name them.

    The file has its name only once it is whole and on the disk. Raises BackupFailed, OSError.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    manifest = Manifest(now, engine.dialect.name, revision)
    final = folder / f"fundapp-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.backup"
    handle, unfinished = tempfile.mkstemp(prefix="unfinished-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file, tempfile.TemporaryDirectory(prefix="fundapp-dump-") as work:
            dumped = Path(work) / DATABASE
            database.dump(engine, dumped)
            writer = SealedWriter(file, ring)
            with tarfile.open(fileobj=cast(Any, writer), mode="w|") as archive:
                _add_bytes(archive, MANIFEST, _to_json(manifest))
                archive.add(dumped, DATABASE, filter=_anonymous)
                for path in _stored(storage):
                    archive.add(path, f"files/{path.parent.name}/{path.name}", filter=_anonymous)
            writer.finish()
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, final)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
    return final


def restore_backup(*, engine: Engine, revision: str, storage: Storage, file: Path, ring: Keyring) -> Manifest:
    """Fill an empty database and the file store from a backup; return what it says of itself.

    Everything is opened, and so known to be whole, before the database is touched. Raises NotABackup, BackupFailed.
    """
    if not database.is_empty(engine):
        raise NotABackup("the database is not empty; a backup is restored into an empty one only")
    with tempfile.TemporaryDirectory(prefix="fundapp-restore-") as work:
        manifest, files = _unpack(file, ring, Path(work))
        if manifest.engine != engine.dialect.name:
            raise NotABackup(f"this backup is of {manifest.engine}, and DATABASE_URL names {engine.dialect.name}")
        if manifest.revision != revision:
            raise NotABackup(
                f"this backup has the structure {manifest.revision}, and this version of fundapp {revision}:"
                " restore it with the version that made it, then upgrade"
            )
        for path in files:
            storage.put_back(path)
        database.load(engine, Path(work) / DATABASE)
    return manifest


def _unpack(file: Path, ring: Keyring, folder: Path) -> tuple[Manifest, list[Path]]:
    manifest: Manifest | None = None
    files = []
    with file.open("rb") as opened:
        reader = SealedReader(opened, ring)
        with tarfile.open(fileobj=cast(Any, reader), mode="r|") as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content is None or not (member.name in (MANIFEST, DATABASE) or _FILE.fullmatch(member.name)):
                    raise NotABackup("this backup holds something that no backup of ours has")
                if member.name == MANIFEST:
                    manifest = _from_json(content.read())
                    continue
                target = folder / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as written:
                    while data := content.read(1024 * 1024):
                        written.write(data)
                if member.name != DATABASE:
                    files.append(target)
        reader.read_to_end()
    if manifest is None or not (folder / DATABASE).is_file():
        raise NotABackup("this backup lacks its beginning")
    return manifest, files


def _stored(storage: Storage) -> Iterable[Path]:
    return sorted(path for path in storage.root.glob("*/*") if _FILE.fullmatch(f"files/{path.parent.name}/{path.name}"))


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out who ran the server."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, BytesIO(data))


def _to_json(manifest: Manifest) -> bytes:
    return json.dumps({**vars(manifest), "made_at": manifest.made_at.isoformat()}).encode()


def _from_json(data: bytes) -> Manifest:
    read = json.loads(data)
    return Manifest(datetime.fromisoformat(read["made_at"]), read["engine"], read["revision"])
