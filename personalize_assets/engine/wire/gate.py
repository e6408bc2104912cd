"""Lets requests through, or holds them back while the state behind them is exchanged.

All of it happens on the event loop's thread, so that it needs no lock. Knows nothing of requests.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Gate:
    """Counts who is inside and keeps others outside while it is closed."""

    def __init__(self) -> None:
        self._inside = 0
        self._opened: asyncio.Event | None = None  # None while it is open
        self._left: asyncio.Event | None = None

    async def enter(self) -> None:
        """Go in, once the gate is open."""
        while self._opened is not None:
            await self._opened.wait()
        self._inside += 1

    def leave(self) -> None:
        """Go out again."""
        self._inside -= 1
        if self._left is not None and not self._inside:
            self._left.set()

    @asynccontextmanager
    async def passed(self) -> AsyncGenerator[None]:
        """Be inside for a while."""
        await self.enter()
        try:
            yield
        finally:
            self.leave()

    @asynccontextmanager
    async def closed(self) -> AsyncGenerator[None]:
        """Hold newcomers back, wait until nobody is inside, and open again afterwards."""
        while self._opened is not None:
            await self._opened.wait()
        self._opened, self._left = asyncio.Event(), asyncio.Event()
        try:
            if self._inside:
                await self._left.wait()
            yield
        finally:
            opened, self._opened, self._left = self._opened, None, None
            opened.set()
