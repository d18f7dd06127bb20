"""Sample call packages: invented funds, groups and people, to try the service with."""

from pathlib import Path
from typing import Final

SAMPLES: Final = ("gjf-2020", "gjp-2019")


def folder(name: str) -> Path:
    """Return the folder of a sample: call.toml, form.md, applications.csv, reviewers.csv."""
    return Path(__file__).parent / name
