"""What a browser loads over the network, by the protocol of its own tools: requests, and bytes with their headers."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["Traffic", "traffic_of"]


@dataclass  # no slots: Playwright keeps handlers on their object
class Traffic:
    """What came over the wire so far, redirects included; what the browser had in its cache is none of it.

    Attributes:
        received_bytes: Headers and bodies, as they came.
    """

    received_bytes: int = 0
    _sent: list[tuple[str, str]] = field(default_factory=list)
    _cached: set[str] = field(default_factory=set)

    @property
    def urls(self) -> list[str]:
        """Return the address of each request, in order."""
        return [url for request, url in self._sent if request not in self._cached]

    def send(self, told: dict[str, Any]) -> None:
        """Note a request, and the redirect that it follows."""
        if before := told.get("redirectResponse"):
            self.received_bytes += int(before["encodedDataLength"])
        if not told["request"]["url"].startswith(("data:", "blob:")):
            self._sent.append((told["requestId"], told["request"]["url"]))

    def take_from_cache(self, told: dict[str, Any]) -> None:
        """Note that a request went nowhere."""
        self._cached.add(told["requestId"])

    def begin_answer(self, told: dict[str, Any]) -> None:
        """Note an answer that came from the disk."""
        if told["response"].get("fromDiskCache"):
            self._cached.add(told["requestId"])

    def receive(self, told: dict[str, Any]) -> None:
        """Note the end of an answer."""
        if told["requestId"] not in self._cached:
            self.received_bytes += int(told["encodedDataLength"])


@contextlib.contextmanager
def traffic_of(page: "Page") -> Iterator[Traffic]:
    """Note what a page loads."""
    found = Traffic()
    tools = page.context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.on("Network.requestWillBeSent", found.send)
    tools.on("Network.requestServedFromCache", found.take_from_cache)
    tools.on("Network.responseReceived", found.begin_answer)
    tools.on("Network.loadingFinished", found.receive)
    yield found
    tools.detach()
