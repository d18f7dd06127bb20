"""The arithmetic of the chain: one spelling of each value, the same for ever."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest

from fundapp.core.audit.chain import NO_HASH, canonical_json, canonical_time, entry_hash


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        ({"b": 1, "a": [True, None, "x"]}, b'{"a":[true,null,"x"],"b":1}'),
        ({"ä": 1, "z": 2, "A": 3}, '{"A":3,"z":2,"ä":1}'.encode()),
        ("عدالة", '"عدالة"'.encode()),
        ("⚖️ 🧭", '"⚖️ 🧭"'.encode()),
        ('a "quoted"\nline\\', b'"a \\"quoted\\"\\nline\\\\"'),
        (2**80, b"1208925819614629174706176"),
        (-7, b"-7"),
        ({}, b"{}"),
    ],
)
def test_a_value_has_one_spelling(value, spelled):
    assert canonical_json(value) == spelled


@pytest.mark.parametrize("value", [1.0, float("nan"), uuid4(), datetime.now(UTC), b"x", {1: "a"}, {"a": [0.5]}, {"x"}])
def test_what_has_no_one_spelling_is_refused(value):
    with pytest.raises(TypeError):
        canonical_json(value)


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "ok\udfff"])
def test_text_that_a_database_cannot_hold_is_refused(text):
    with pytest.raises(ValueError, match="cannot be stored"):
        canonical_json({"a": text})


def test_an_instant_is_spelled_in_utc_with_microseconds():
    nairobi = timezone(timedelta(hours=3))
    assert canonical_time(datetime(2020, 9, 14, 15, 0, tzinfo=nairobi)) == "2020-09-14T12:00:00.000000Z"
    assert canonical_time(datetime(2020, 9, 14, 12, 0, 0, 42, tzinfo=UTC)) == "2020-09-14T12:00:00.000042Z"
    with pytest.raises(ValueError, match="instant"):
        canonical_time(datetime(2020, 9, 14))  # noqa: DTZ001 - a naive one is what is refused


def test_the_hash_of_an_entry_never_changes():
    facts = {"action": "call:load", "data": {"reference": "GJF-2020-0001"}, "seq": 1}
    first = entry_hash(NO_HASH, facts)
    assert first == "c9b88caa921adb97b6287a56fc057c78a4b26e5043595369e3af0ef1077fc373"
    assert entry_hash(first, facts) != first
    assert entry_hash(NO_HASH, {**facts, "seq": 2}) != first
