"""SMS, calls and WhatsApp through an HTTP gateway of Twilio's shape."""

import re
import threading
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

import msgspec

from avow import shaping
from avow.server.delivery.catalogue import DEFAULT, LANGUAGES, texts
from avow.server.delivery.messages import Rendered
from avow.server.delivery.senders import TryLater, Undeliverable, Unreachable

if TYPE_CHECKING:
    import httpx2

__all__ = ["GatewaySender", "GatewaySettings"]

_MESSAGES = "Messages.json"
_CALLS = "Calls.json"
_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}")
_LONGEST_WAIT_SECONDS = 300
_ANSWER_BYTES = 65_536
_REFUSED = frozenset({"failed", "undelivered", "canceled"})


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """How to reach the gateway.

    Attributes:
        url: Its root, `https://api.example.com`.
        account: Account id; the user of basic authentication.
        token: Its secret.
        sender: Number that SMS and calls come from.
        whatsapp_sender: Number that WhatsApp messages come from; `sender` when "".
        timeout_seconds: Longest silence of the gateway.
    """

    url: str
    account: str
    token: str = field(repr=False)
    sender: str
    whatsapp_sender: str = ""
    timeout_seconds: int = 10


class _Answer(msgspec.Struct):
    """What we read of the gateway's answer."""

    sid: str | None = None
    status: str | int | None = None
    code: int | None = None
    error_code: int | None = None


class GatewaySender:
    """Sends SMS, calls and WhatsApp messages."""

    def __init__(self, settings: GatewaySettings) -> None:
        """Keep the settings; nothing is connected yet."""
        self._settings = settings
        self._root = f"{settings.url.rstrip('/')}/2010-04-01/Accounts/{settings.account}"
        self._guard = threading.Lock()
        self._client: httpx2.Client | None = None

    def send(self, message: Rendered) -> None:
        """Hand one message over.

        Raises:
            Undeliverable: The gateway refused it: 4xx, or 200 with an error in the body.
            TryLater: 429 or 5xx, something that is no answer of a gateway, or silence after it had the message.
            Unreachable: There is no gateway to talk to, or it does not know our account.
        """
        import httpx2

        resource, form = _form(message, self._settings)
        try:
            answer = self._opened().post(f"{self._root}/{resource}", data=form)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol) as failure:
            raise Unreachable(f"no connection to the gateway: {type(failure).__name__}") from failure
        except httpx2.HTTPError as failure:
            raise TryLater(f"no answer of the gateway: {type(failure).__name__}") from failure
        _judge(answer)

    def rest(self) -> None:
        """Close idle connections; the next message opens new ones."""
        with self._guard:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _opened(self) -> "httpx2.Client":
        import httpx2

        settings = self._settings
        with self._guard:
            if self._client is None:
                self._client = httpx2.Client(
                    auth=(settings.account, settings.token),
                    timeout=settings.timeout_seconds,
                    follow_redirects=False,
                    trust_env=False,
                )
            return self._client


def _form(message: Rendered, settings: GatewaySettings) -> tuple[str, dict[str, str]]:
    """Return the resource and the form of one message.

    Raises:
        Undeliverable: The address is not an E.164 number.
    """
    if not _NUMBER.fullmatch(message.address):
        raise Undeliverable("the recipient is not an E.164 number")
    if message.method == "voice":
        return _CALLS, {"To": message.address, "From": settings.sender, "Twiml": _twiml(message)}
    if message.method == "whatsapp":
        sender = settings.whatsapp_sender or settings.sender
        to, come_from = f"whatsapp:{message.address}", f"whatsapp:{sender}"
        return _MESSAGES, {"To": to, "From": come_from, "Body": message.text}
    return _MESSAGES, {"To": message.address, "From": settings.sender, "Body": message.text}


def _twiml(message: Rendered) -> str:
    language = texts(message.locale if message.locale in LANGUAGES else DEFAULT).voice
    spoken = escape(message.spoken or message.text, quote=False)
    return f'<Response><Say language="{language}">{spoken}</Say></Response>'


def _judge(answer: "httpx2.Response") -> None:
    """Return when the gateway has taken the message.

    Raises:
        Undeliverable: It refused the message.
        TryLater: It asked for patience, or did not answer as a gateway does.
        Unreachable: It does not know our account.
    """
    status = answer.status_code
    if status == 429 or status >= 500:
        wait = answer.headers.get("Retry-After", "")
        seconds = min(int(wait), _LONGEST_WAIT_SECONDS) if wait.isascii() and wait.isdigit() else 0
        raise TryLater(f"the gateway answered {status}", retry_after_seconds=seconds)
    if status == 401:  # our account, not this message: an operator mends it and the message still goes out
        raise Unreachable("the gateway refused the account: 401")
    body = _read(answer.content)
    if status >= 400:
        raise Undeliverable(f"the gateway answered {status}{_code(body)}")
    if body is None or status >= 300:
        raise TryLater(f"the gateway answered {status} and nothing a gateway says")
    if body.error_code or body.code or body.status in _REFUSED or not body.sid:
        raise Undeliverable(f"the gateway refused the message{_code(body)}")


def _read(content: bytes) -> _Answer | None:
    try:
        return shaping.decode(content[:_ANSWER_BYTES], _Answer)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


def _code(body: _Answer | None) -> str:
    number = (body.error_code or body.code) if body is not None else None
    return f" (code {number})" if number else ""
