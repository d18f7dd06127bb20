"""Values of a document by their path: keys between dots, and parts of a list by their code ("criteria.need.label")."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from fundapp.applications.call_package.reading import Document


def value_at(document: Document, path: str) -> Any:
    """Return the value at a path; None where there is nothing."""
    value: Any = document
    for key in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list):
            value = next((each for each in value if each.get("code") == key), None)
        else:
            return None
    return value


def with_values(document: Document, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with other values at some paths; None takes out what stands there."""
    changed: dict[str, Any] = deepcopy(dict(document))
    for path, value in changes.items():
        *above, key = path.split(".")
        table = value_at(changed, ".".join(above)) if above else changed
        if table is None:
            table = changed.setdefault(above[0], {})
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value
    return changed


def fingerprint(document: Document, paths: Iterable[str]) -> str:
    """Return a SHA-256 over the values at some paths, the same as long as none of them changes."""
    values = {path: value_at(document, path) for path in paths}
    canonical = json.dumps(values, ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
