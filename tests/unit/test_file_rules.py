"""Which files a question takes: sizes to the byte, kinds by what a file is."""

import pytest

from fundapp.applications.files.rules import MEGABYTE, announced_problems, content_problems, largest
from fundapp.applications.form_engine.definition import FILE_KINDS, Kind


@pytest.mark.parametrize("kind", sorted(FILE_KINDS))
def test_file_may_be_exactly_as_large_as_the_limit(kind: Kind) -> None:
    most = largest(kind) * MEGABYTE
    assert announced_problems(kind, filename="plan", size_bytes=most) == []
    (problem,) = announced_problems(kind, filename="plan", size_bytes=most + 1)
    assert f"at most {largest(kind)} MB" in str(problem.message)


def test_each_group_of_files_has_its_own_limit_where_a_question_takes_several() -> None:
    size = 30 * MEGABYTE
    assert content_problems(Kind.RECORDING, "video/mp4", size_bytes=size) == []
    assert content_problems(Kind.RECORDING, "audio/mpeg", size_bytes=size) != []
    assert content_problems(Kind.RECORDING, "application/pdf", size_bytes=1) != []
