"""Values that are slow to make, held while they are in use: each is made once, the oldest go."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class LoadOnce(Generic[K, V]):
    """The newest values by key; for use by several threads at once.

    Args:
        capacity: How many values are held.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._held: OrderedDict[K, _Slot[V]] = OrderedDict()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of a key; the first who asks makes it, others wait for that one.

        Raises:
            Exception: What ``make`` raises; the next who asks tries again.
        """
        with self._lock:
            slot = self._held.get(key)
            if slot is None:
                slot = self._held[key] = _Slot()
                while len(self._held) > self._capacity:
                    self._held.popitem(last=False)
            else:
                self._held.move_to_end(key)
        return slot.get(make)


class _Slot(Generic[V]):
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: tuple[V] | None = None

    def get(self, make: Callable[[], V]) -> V:
        made = self._made
        if made is None:
            with self._lock:
                made = self._made
                if made is None:
                    made = self._made = (make(),)
        return made[0]
