"""How much a file may cost whoever looks into it."""

from typing import Final

MEMORY_BYTES: Final = 1024 * 1024 * 1024
SECONDS: Final = 30
"""Of computing; and a little more by the clock, well under the lease of a worker."""
WAIT_SECONDS: Final = 45
