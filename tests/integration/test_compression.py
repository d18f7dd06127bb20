"""What is sent takes little of a bad line, and the length of a page tells nothing exact about what is in it."""

import gzip

import pytest
from flask import Response

from fundapp.core.compression import MOST_NOISE, compress, pack

ASKING = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.fixture
def fetched(app):
    def fetch(path, **headers):
        answer = app.test_client().get(path, headers=headers)
        answer.get_data()
        answer.close()
        return answer

    return fetch


def test_page_is_packed_only_for_who_can_unpack_it(fetched):
    path = "/sign-in"
    plain, packed = fetched(path), fetched(path, **ASKING)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data).decode().startswith(plain.text[:200])
    assert "Content-Encoding" not in plain.headers
    assert len(packed.data) < len(plain.data) / 2
    assert int(packed.headers["Content-Length"]) == len(packed.data)
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.headers["Vary"]
    assert "Content-Encoding" not in fetched(path, **{"Accept-Encoding": "gzip;q=0, br"}).headers


def test_file_of_the_site_is_packed_and_still_cached_for_a_year(fetched):
    plain, packed = fetched("/static/app.css"), fetched("/static/app.css", **ASKING)
    assert gzip.decompress(packed.data) == plain.data
    assert "max-age=31536000" in packed.headers["Cache-Control"]
    assert packed.headers["ETag"] != plain.headers["ETag"], "two forms of one file are told apart"
    assert fetched("/static/app.css", **ASKING).data == packed.data


def test_page_of_a_very_long_list_is_packed_like_any_other(app):
    page = Response("<p>One more entry.</p>" * 200_000, mimetype="text/html")
    with app.test_request_context(headers=ASKING):
        packed = compress(page)
    assert len(gzip.decompress(packed.data)) > 4_000_000
    assert len(packed.data) < 100_000


def test_length_of_a_page_is_noise():
    lengths = {len(pack(b"the very same page " * 50, noise=True)) for _ in range(100)}
    assert max(lengths) - min(lengths) > MOST_NOISE / 2
    assert len({len(pack(b"the very same file " * 50, noise=False)) for _ in range(10)}) == 1


def test_small_answers_are_left_alone(fetched):
    answer = fetched("/health", **ASKING)
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers
