"""The tables of call.toml that later rooms know. Each room tells what it reads; no room needs to know a later one."""

from collections.abc import Sequence
from typing import cast

from flask import Flask, current_app

from fundapp.applications.call_package import PackagePart


def add_package_part(app: Flask, part: PackagePart) -> None:
    """Let a room read and write a table of its own in call packages."""
    app.extensions.setdefault("package_parts", []).append(part)


def package_parts() -> Sequence[PackagePart]:
    """Return the parts of all rooms."""
    return cast(list[PackagePart], current_app.extensions.get("package_parts", []))
