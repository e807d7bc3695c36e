"""The development inbox: messages are kept in memory instead of being sent."""

import threading
from collections import deque

import msgspec

from avow.server.delivery.messages import Link, Rendered
from avow.wire.secret import Secret, described, shown

__all__ = ["InboxLink", "InboxMessage", "InboxSender"]

_KEPT = 200


class InboxLink(msgspec.Struct, frozen=True):
    """A numbered link of an enchanted-link message."""

    id: str
    url: Secret

    __repr__ = described
    __rich_repr__ = shown


class InboxMessage(msgspec.Struct, frozen=True):
    """A captured message, as the inbox shows it; `channel` is the delivery method."""

    to: str
    channel: str
    subject: str
    text: Secret
    html: Secret
    code: Secret
    link: Secret
    links: list[InboxLink]
    created_at: int

    __repr__ = described
    __rich_repr__ = shown


class InboxSender:
    """Keeps the last 200 messages of every method; any thread may send and read.

    Attributes:
        is_for_this_machine: It is shown to nobody on another one, as whoever else reaches the server is a stranger.
    """

    def __init__(self, *, is_for_this_machine: bool = False) -> None:
        """Begin empty."""
        self.is_for_this_machine = is_for_this_machine
        self._guard = threading.Lock()
        self._messages: deque[InboxMessage] = deque(maxlen=_KEPT)

    def send(self, message: Rendered) -> None:
        """Keep one message."""
        kept = InboxMessage(
            to=message.address,
            channel=message.method,
            subject=message.subject,
            text=message.text,
            html=message.html,
            code=message.code,
            link=message.link,
            links=[_inbox_link(each) for each in message.links],
            created_at=message.created_at,
        )
        with self._guard:
            self._messages.appendleft(kept)

    def rest(self) -> None:
        """Hold nothing; there is nothing to let go of."""

    def messages(self, to: str | None = None) -> list[InboxMessage]:
        """Return the captured messages, newest first; of one recipient when `to` is given."""
        with self._guard:
            kept = list(self._messages)
        return kept if not to else [each for each in kept if each.to.casefold() == to.casefold()]

    def clear(self) -> None:
        """Forget every message."""
        with self._guard:
            self._messages.clear()


def _inbox_link(link: Link) -> InboxLink:
    return InboxLink(link.id, link.url)
