"""`avow audit ...`: the audit as lines, the oldest first, and what is added to it."""

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from avow.cli.output import plain
from avow.cli.reach import Reached, reached_project
from avow.server.audit.events import search
from avow.wire.audit import MOST_ON_PAGE, Audit, SearchAudit

__all__ = ["Wanted", "tail"]

_POLL_SECONDS: Final = 1.0
# An event bears the time at which its unit began, and is there to be read once that is committed: a while later.
_LATE_MS: Final = 15_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events `avow audit tail` shows, as its options say."""

    lines: int = 20
    follows: bool = False
    actions: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()


class Reader:
    """Reads the events of a project, each once."""

    def __init__(self, found: Reached, wanted: Wanted) -> None:
        self._found = found
        self._wanted = wanted
        self._seen: dict[str, int] = {}

    def latest(self) -> list[Audit]:
        """Return the newest events, as many as are wanted, the oldest first; those before them count as seen."""
        events = self._page(0, 0, max(self._wanted.lines, 1))
        newest = int(events[0].occurred) if events else 0
        self._note([*events, *self._since(newest - _LATE_MS)])
        return events[: self._wanted.lines][::-1]

    def new(self) -> list[Audit]:
        """Return what was added since the last look, the oldest first."""
        newest = max(self._seen.values(), default=0)
        found = [event for event in self._since(newest - _LATE_MS) if event.id not in self._seen]
        self._note(found)
        return found[::-1]

    def _since(self, from_ms: int) -> list[Audit]:
        """Return all events from a time on, the newest first."""
        found: list[Audit] = []
        while True:
            events = self._page(max(0, from_ms), len(found) // MOST_ON_PAGE, MOST_ON_PAGE)
            found += events
            if len(events) < MOST_ON_PAGE:
                return found

    def _note(self, events: list[Audit]) -> None:
        self._seen |= {event.id: int(event.occurred) for event in events}
        oldest = max(self._seen.values(), default=0) - 2 * _LATE_MS
        self._seen = {each: at for each, at in self._seen.items() if at >= oldest}

    def _page(self, from_ms: int, page: int, limit: int) -> list[Audit]:
        body = SearchAudit(
            actions=self._wanted.actions or None,
            user_ids=self._wanted.users or None,
            from_=from_ms,
            page=page,
            limit=limit,
        )
        tenants = self._wanted.tenants or None
        look = self._found.store.look
        return look(self._found.project_id, lambda tx: search(tx, body, tenants, with_none=False))[0]


def tail(wanted: Wanted, *, project: str, data: Path | None, as_json: bool) -> None:
    """Print the newest events, and with `follows` those to come until somebody presses Ctrl-C."""
    with reached_project(data, project) as found:
        try:
            for event in _events(found, wanted):
                print(_json(event) if as_json else _line(event), flush=True)
        except KeyboardInterrupt:
            return
        except BrokenPipeError:  # whoever reads has enough; there is nobody left to tell
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _events(found: Reached, wanted: Wanted) -> Iterator[Audit]:
    reader = Reader(found, wanted)
    yield from reader.latest()
    if not wanted.follows:
        return
    while True:
        time.sleep(_POLL_SECONDS)
        yield from reader.new()


def _json(event: Audit) -> str:
    return json.dumps(msgspec.to_builtins(event))


def _line(event: Audit) -> str:
    at = datetime.fromtimestamp(int(event.occurred) / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    facts = {
        "by": event.actor_id,
        "user": event.user_id,
        "tenant": ",".join(event.tenants),
        "from": event.remote_address,
        **event.data,
    }
    said = " ".join(f"{name}={_plain(value)}" for name, value in facts.items() if value not in ("", None))
    return f"{at}  {event.type:<5}  {_plain(event.action)}  {said}".rstrip()


def _plain(value: object) -> str:
    """Return a value on one line, so that nobody who fills in an audit writes to a terminal."""
    return plain(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
