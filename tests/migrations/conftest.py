"""What the tests of migrations share."""

from .test_migrations import fresh_app

__all__ = ["fresh_app"]
