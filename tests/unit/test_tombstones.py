"""The list of what was erased, outside the database."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from fundapp.retention.tombstones import Tombstone, append, read

NOW = datetime(2020, 9, 14, 12, 0, tzinfo=UTC)


def test_each_is_written_once_and_read_in_order(tmp_path):
    path = tmp_path / "erased.jsonl"
    graves = [Tombstone("application", uuid4(), NOW), Tombstone("person", uuid4(), NOW)]
    for grave in (*graves, *graves):
        append(path, grave)
    assert read(path) == graves
    assert len(path.read_text().splitlines()) == 2


def test_a_list_that_is_missing_or_damaged_is_an_error(tmp_path):
    path = tmp_path / "erased.jsonl"
    with pytest.raises(FileNotFoundError):
        read(path)
    append(path, Tombstone("person", uuid4(), NOW))
    path.write_text(path.read_text()[:-5])
    with pytest.raises(ValueError, match=r"delimiter|Unterminated"):
        read(path)
