"""Keys for tests: real ones, made for one folder."""

from pathlib import Path

from fundapp.core import keys


def made_keys(data_dir: Path) -> Path:
    """Make a key for every ring where an installation looks for them by default, and return that folder."""
    folder = data_dir / "keys"
    keys.make(folder)
    return folder
