"""Load on servers that fail: clients in threads of this process, which outlives them, and what each was answered."""

import asyncio
import contextlib
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.security.calls import LOST, Answer, Wish
from tests.security.place import Place

_PAUSE_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer came.

    Attributes:
        reason: What happened instead, with the moment and how the connection had been used.
    """

    reason: str


def ask(place: Place, wish: Wish) -> Answer | Silence:
    """Send a request, whether or not an answer comes."""
    try:
        return place.api.carrier.send(wish)
    except LOST as lost:
        notes = "; ".join(getattr(lost, "__notes__", ()))
        return Silence(f"{lost!r} ({notes or 'no connection'}) at {time.monotonic():.3f}")


class Load:
    """Clients that repeat a step at the same time until the block ends.

    A step that finds no server is repeated after a moment; any other failure of a step fails the test.

    Attributes:
        seconds: How long each whole step took, with the moment at which it ended.
        lost: The moments at which a connection ended without an answer.
    """

    def __init__(self, step: Callable[[int], object], clients: int) -> None:
        """Take what each client does; it is given its number."""
        self._step = step
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(clients)]
        self._stop = threading.Event()
        self._bugs: list[BaseException] = []
        self.seconds: list[tuple[float, float]] = []
        self.lost: list[float] = []

    def __enter__(self) -> Self:
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let every client finish its step."""
        self._stop.set()
        for thread in self._threads:
            thread.join(120)
        if error is None and not self._bugs:
            assert not [thread for thread in self._threads if thread.is_alive()], "a step does not end"
        if error is None and self._bugs:
            raise self._bugs[0]

    def wait_for(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        """Wait while the clients work."""
        until = time.monotonic() + seconds
        while not condition():
            if self._bugs:
                raise self._bugs[0]
            assert time.monotonic() < until, "the load does not come about"
            time.sleep(0.005)

    def between(self, begin: float, end: float) -> list[float]:
        """Return the seconds of the steps that ended between two moments."""
        return [seconds for seconds, ended in list(self.seconds) if begin <= ended < end]

    def _work(self, number: int) -> None:
        while not self._stop.is_set():
            begun = time.monotonic()
            try:
                self._step(number)
            except ConnectionRefusedError:  # nothing was asked
                time.sleep(_PAUSE_SECONDS)
            except LOST:
                self.lost.append(time.monotonic())
                time.sleep(_PAUSE_SECONDS)
            except BaseException as bug:
                self._bugs.append(bug)
                return
            else:
                self.seconds.append((time.monotonic() - begun, time.monotonic()))


def _source(number: int) -> str:
    return f"127.0.0.{2 + number % 200}"


def p95(seconds: Iterable[float]) -> float:
    """Return the value that 95 of 100 do not exceed."""
    ordered = sorted(seconds)
    assert ordered, "nothing was measured"
    return ordered[max(0, math.ceil(0.95 * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request, by its place in the order: status 0 when no answer came."""

    number: int
    status: int
    content: bytes
    seconds: float
    ended: float
    headers: bytes = b""


@dataclass(slots=True)
class Burst:
    """What became of many requests.

    Attributes:
        outcomes: Of each request, in the order of the answers.
        late_seconds: The longest that the client itself came late to what it had to do.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    late_seconds: float = 0.0

    @property
    def statuses(self) -> Counter[int]:
        """Return how often each status came."""
        return Counter(outcome.status for outcome in self.outcomes)


def burst(urls: Sequence[str], wishes: Iterable[Wish], *, per_second: float, patience: float = 60) -> Burst:
    """Send requests at a steady rate, each on a connection of its own, whether or not earlier ones were answered.

    They come from many loopback addresses in turn: one address has ports for 28,000 connections a minute.
    """
    return asyncio.run(_burst([urlsplit(url).port or 0 for url in urls], wishes, per_second, patience))


async def _burst(ports: Sequence[int], wishes: Iterable[Wish], per_second: float, patience: float) -> Burst:
    begun = time.monotonic()
    done = Burst()
    watch = asyncio.create_task(_watch_lateness(done))
    tasks = []
    for number, wish in enumerate(wishes):
        due = begun + number / per_second
        if (early := due - time.monotonic()) > 0:
            await asyncio.sleep(early)
        tasks.append(asyncio.create_task(_one(number, ports[number % len(ports)], wish, patience, done)))
    await asyncio.gather(*tasks)
    watch.cancel()
    return done


async def _watch_lateness(done: Burst) -> None:
    while True:
        begun = time.monotonic()
        await asyncio.sleep(_PAUSE_SECONDS)
        done.late_seconds = max(done.late_seconds, time.monotonic() - begun - _PAUSE_SECONDS)


async def _one(number: int, port: int, wish: Wish, patience: float, done: Burst) -> None:
    begun = time.monotonic()
    status, head, content = 0, b"", b""
    with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, ValueError, IndexError):
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(_source(number), 0))
            try:
                writer.write(wish.raw(f"localhost:{port}").replace(b"\r\n", b"\r\nconnection: close\r\n", 1))
                answer = await reader.read()
                head, _, content = answer.partition(b"\r\n\r\n")
                status = int(head.split(b" ", 2)[1])
            finally:
                writer.close()
    ended = time.monotonic()
    done.outcomes.append(Outcome(number, status, content, ended - begun, ended, head.lower()))
