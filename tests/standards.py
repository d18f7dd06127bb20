"""What others say a file of theirs must be: their schemas, read from the folder that STANDARDS_DIR names."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from referencing import Registry
from referencing.jsonschema import DRAFT4, DRAFT202012


def openapi_errors(file: Path, path: str, status: int, content: Any) -> list[str]:
    """Return what is wrong with a JSON answer, by an OpenAPI 3.0 file; its schemas are read as JSON Schema draft 4.

    Times are not checked as formats: CommonGrants means those without a zone, and JSON Schema only those with one.
    """
    api = yaml.safe_load(file.read_text(encoding="utf-8"))
    answer = api["paths"][path]["get"]["responses"][str(status)]["content"]["application/json"]["schema"]
    registry: Registry[Any] = Registry().with_resource("urn:api", DRAFT4.create_resource(_absolute(api)))
    checker = jsonschema.Draft4Validator(
        _absolute(answer), registry=registry, format_checker=jsonschema.FormatChecker(["date", "date-time", "uuid"])
    )
    return [f"{error.json_path}: {error.message}" for error in checker.iter_errors(content)]


def giving_errors(folder: Path, content: Any) -> list[str]:
    """Return what is wrong with a package of grants, by the schemas of 360Giving.

    The schema of a package asks for version 1.4.2 of that of a grant, which calls itself 1.4.3: it stands under both.
    """
    grant = json.loads((folder / "360-giving-schema.json").read_text(encoding="utf-8"))
    package = json.loads((folder / "360-giving-package-schema.json").read_text(encoding="utf-8"))
    resource = DRAFT202012.create_resource(grant)
    registry: Registry[Any] = Registry().with_resources(
        [(grant["$id"], resource), (grant["$id"].replace("1.4.3", "1.4.2"), resource)]
    )
    checker = jsonschema.Draft202012Validator(
        package, registry=registry, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    return [f"{error.json_path}: {error.message}" for error in checker.iter_errors(content)]


def _absolute(content: Any) -> Any:
    """Return a part of the file with its references to the file's own parts as whole addresses."""
    if isinstance(content, dict):
        return {
            key: f"urn:api{value}" if key == "$ref" and isinstance(value, str) else _absolute(value)
            for key, value in content.items()
        }
    return [_absolute(each) for each in content] if isinstance(content, list) else content
