import asyncio
import gc
import os
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from avow.sdk.local import AsyncLocal, AsyncLocks, Local, Locks


def test_threads_share_one_value() -> None:
    gate = threading.Barrier(16)
    local = Local(object)

    def ask(_: int) -> object:
        gate.wait()
        return local.get()

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(ask, range(16)))) == 1


def test_child_process_has_its_own_value(monkeypatch: pytest.MonkeyPatch) -> None:
    local, parent = Local(object), os.getpid()
    held = local.get()
    monkeypatch.setattr(os, "getpid", lambda: parent + 1)
    assert local.take() is None
    assert local.get() is not held
    monkeypatch.undo()
    assert local.get() is local.take() is held
    assert local.get() is not held


def test_each_event_loop_has_its_own_value() -> None:
    local = AsyncLocal(object)

    async def ask() -> object:
        assert local.get() is local.get()
        return local.get()

    first, second = asyncio.run(ask()), asyncio.run(ask())
    assert first is not second


def test_what_knows_its_loop_goes_with_it() -> None:
    """As an open connection does: each request of a view that is run by `async_to_sync` has a loop of its own."""

    class Connection:
        def __init__(self) -> None:
            self.loop = asyncio.get_running_loop()

    local, seen = AsyncLocal(Connection), []

    async def ask() -> None:
        seen.append(weakref.ref(local.get()))

    for _ in range(5):
        asyncio.run(ask())
    gc.collect()
    assert [each() is not None for each in seen] == [False, False, False, False, True]


def test_locks_are_locks() -> None:
    with Locks().get():
        pass

    async def hold() -> bool:
        locks = AsyncLocks()
        async with locks.get():
            return locks.get().locked()

    assert asyncio.run(hold())
