"""`GET /dev/inbox`: captured messages as JSON for programs, and as a page for people. Development mode only."""

from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from avow.core.networks import is_elsewhere
from avow.errors import NotFound
from avow.server.delivery.inbox import InboxMessage, InboxSender
from avow.server.serving import Answer, Call, Slice, plain
from avow.wire.endpoint import Caller, Endpoint, Shape

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["INBOX", "inbox_slice"]

# The frame of a mail takes over this policy, so the mail's inline style must pass it; scripts pass nowhere but here.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class InboxQuery(Shape, frozen=True, kw_only=True):
    """Which messages to show: all, or those to one address."""

    to: Annotated[str, Meta(max_length=320)] | None = None


class Inbox(msgspec.Struct, frozen=True):
    """The captured messages, newest first."""

    messages: list[InboxMessage]


INBOX = Endpoint("dev.inbox", "GET", "/dev/inbox", InboxQuery, Inbox, Caller.ANYONE)


def inbox_slice(inbox: InboxSender) -> Slice:
    """Return the slice that shows this inbox; only `avow dev` and test servers list it."""
    return Slice("inbox", (plain(INBOX, partial(show, inbox)),))


def show(inbox: InboxSender, call: Call[InboxQuery]) -> Answer:
    """Show the messages that were captured instead of being sent, newest first.

    With `Accept: text/html` (a browser) the answer is a page, otherwise JSON.
    """
    if inbox.is_for_this_machine and is_elsewhere(call.client.address):
        raise NotFound
    messages = inbox.messages(call.body.to)
    if not call.client.accepts_html:
        return Answer(msgspec.json.encode(Inbox(messages)))
    nonce = token_urlsafe(16)
    page = _environment().get_template("inbox.html").render(messages=messages, to=call.body.to or "", nonce=nonce)
    return Answer(
        page,
        content_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": _POLICY.format(nonce=nonce)},
    )


def _framed(html: str) -> str:
    """Return a mail for the frame it is shown in: its links open in a new tab."""
    return html.replace("<head>", '<head><base target="_blank">', 1)


def _instant(seconds: int) -> str:
    """Return a time of day; the script writes it in the reader's own time zone."""
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S} UTC"


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # 20 ms, and a server is ready without it

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
    environment.filters["framed"] = _framed
    environment.filters["instant"] = _instant
    return environment
