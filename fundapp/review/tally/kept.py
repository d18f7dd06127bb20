"""Figures that take long are kept a while by what they were made from: the same marks always give the same figures."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MOST: Final = 8
"""So many are kept by each process; those that nobody asked for longest go first."""


class Kept(Generic[T]):
    """The last figures of one kind. What they were made from is their key, so they are never out of date."""

    def __init__(self) -> None:
        self._found: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the figures of a key, made now where they are not kept."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        made = make()
        with self._lock:
            self._found[key] = made
            while len(self._found) > MOST:
                self._found.popitem(last=False)
        return made
