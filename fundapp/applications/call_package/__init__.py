"""Reads a call package: a folder with call.toml, the application form and, where there is one, the invitation list.

What each key means: docs/call-package.md.
"""

from fundapp.applications.call_package.local_time import LocalTimeError, instant
from fundapp.applications.call_package.package import CallPackage
from fundapp.applications.call_package.reading import read_package

__all__ = ["CallPackage", "LocalTimeError", "instant", "read_package"]
