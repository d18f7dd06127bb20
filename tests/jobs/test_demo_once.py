"""Rounds without a person, as `script/demo --once` runs them: real queue, real worker, and what they leave behind."""

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from fundapp import samples

from ..servers import PostgresServer, RedisServer, SmtpServer

GRANT = samples.folder("gjf-2020")
CRITERIA = ("community", "need", "plan")


def run_once(
    folder: Path, *arguments: str | Path, servers: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    others = ("DATABASE_URL", "REDIS_URL", "MAIL_URL")
    environment = {name: value for name, value in os.environ.items() if name not in others} | (servers or {})
    command = [sys.executable, "-m", "fundapp.demo", "--once", "--folder", str(folder), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def is_marked(pdf: Path) -> bool:
    """Whether a letter says at its very top, in its own language, that it is a sample."""
    first_line = PdfReader(pdf).pages[0].extract_text().strip().splitlines()[0]
    return first_line.startswith(("SAMPLE", "EXEMPLE", "EJEMPLO")) or "نموذج" in first_line


def some_applications(number: int) -> list[dict[str, str]]:
    """Sample applications that are eligible on their face."""
    rows = rows_of(GRANT / "applications.csv")
    return [row for row in rows if row["partner"] == "no" and row["form"] != "company"][:number]


def scores_of(applications: list[dict[str, str]], by_reviewer: dict[str, list[int]]) -> list[dict[str, str]]:
    return [
        {"application": row["id"], "reviewer": reviewer, "criterion": criterion, "score": str(score)}
        for reviewer, scores in by_reviewer.items()
        for row, score in zip(applications, scores, strict=True)
        for criterion in CRITERIA
    ]


def test_sample_rounds_add_up_and_everything_they_make_is_marked(tmp_path: Path) -> None:
    done = run_once(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "BAD" not in done.stdout
    assert "in 4 languages, from 6 regions" in done.stdout
    assert (tmp_path / "summary.txt").read_text() in done.stdout
    for name in ("audit checkpoint", "tally verify gjf-2020", "tally verify gjp-2019"):
        assert f"ok  exit status of: fundapp {name}: 0" in done.stdout
    assert len((tmp_path / "checkpoints.jsonl").read_text().splitlines()) == 1
    for slug, budget, fewest in (("gjf-2020", 1_000_000, 60), ("gjp-2019", 30_000, 10)):
        rows = rows_of(tmp_path / slug / "decisions.csv")
        assert len({row["application_reference"] for row in rows}) >= fewest
        decided = [row for row in rows if row["application_status"] == "eligible"]
        refused = {row["application_reference"] for row in rows if row["application_status"] == "ineligible"}
        assert len(decided) + len([row for row in rows if row["application_status"] == "ineligible"]) == len(rows)
        assert {row["decision"] for row in decided} == {"award", "decline"}
        assert {row["reviews"] for row in decided} == {"3"}
        awarded = sum(float(row["amount_awarded"]) for row in decided if row["decision"] == "award")
        assert 0.8 * budget < awarded <= budget
        assert all(row["sample"] == "yes" for row in rows)
        letters = sorted((tmp_path / slug / "letters").glob("*.pdf"))
        assert len(letters) == len(decided) + len(refused)
        assert [letter.name for letter in letters if not is_marked(letter)] == []


@pytest.fixture(params=["embedded", "postgresql and redis"])
def servers(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The servers of the environment: none, or real ones."""
    if request.param == "embedded":
        yield {}
    else:
        with PostgresServer() as postgres, RedisServer() as redis, SmtpServer() as smtp:
            mail = f"smtp://{smtp.host}:{smtp.port}"
            yield {"DATABASE_URL": postgres.url("fund"), "REDIS_URL": redis.url, "MAIL_URL": mail}
            assert len(smtp.messages) >= 5, "each letter is announced by a mail"


def test_scores_of_a_file_decide_and_nothing_is_marked_as_sample(tmp_path: Path, servers: dict[str, str]) -> None:
    applications = some_applications(5)
    applications[4]["partner"] = "yes"  # not eligible by its own answer, so nobody needs to score it
    scores = {"ruth@example.org": [5, 4, 3, 2], "Tomás": [5, 3, 4, 1]}
    done = run_once(
        tmp_path,
        "--applications",
        write_rows(tmp_path / "own.csv", applications),
        "--scores",
        write_rows(tmp_path / "scores.csv", scores_of(applications[:4], scores)),
        servers=servers,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = rows_of(tmp_path / "gjf-2020" / "decisions.csv")
    found = [(row["application_status"], row["reviews"], row["score_mean"], row["rank"]) for row in rows]
    assert found == [
        ("eligible", "2", "5.00", "1"),
        ("eligible", "2", "3.50", "2"),
        ("eligible", "2", "3.50", "2"),
        ("eligible", "2", "1.50", "4"),
        ("ineligible", "0", "", ""),
    ]
    assert {row["sample"] for row in rows} == {"no"}
    letters = list((tmp_path / "gjf-2020" / "letters").glob("*.pdf"))
    assert len(letters) == 5
    assert [letter.name for letter in letters if is_marked(letter)] == []


def test_row_that_cannot_be_taken_is_named_and_the_round_falls_short(tmp_path: Path) -> None:
    applications = some_applications(7)
    applications[2]["amount"] = "as much as you can"
    done = run_once(tmp_path, "--applications", write_rows(tmp_path / "own.csv", applications))
    assert done.returncode == 1
    assert "row 4, column amount" in done.stdout
    assert "BAD rows of the spreadsheet that were taken: 6, not 7" in done.stdout
    assert "something fell short" in done.stderr
    assert len(list((tmp_path / "gjf-2020" / "letters").glob("*.pdf"))) == 6


def test_scores_that_do_not_fit_the_applications_are_refused_before_anything_is_decided(tmp_path: Path) -> None:
    applications = some_applications(2)
    scores = scores_of([applications[0], {"id": "GJF-2020-9999"}], {"Ruth": [5, 4]})
    done = run_once(
        tmp_path,
        "--applications",
        write_rows(tmp_path / "own.csv", applications),
        "--scores",
        write_rows(tmp_path / "scores.csv", scores),
    )
    assert done.returncode == 1
    assert "GJF-2020-9999: the call has no such application" in done.stderr
    assert f"{applications[1]['id']}: nobody scored it" in done.stderr
    assert not (tmp_path / "gjf-2020").exists()
