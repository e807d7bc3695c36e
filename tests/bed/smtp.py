"""A real mail server for tests: keeps what it is sent, and misbehaves on request."""

import asyncio
import contextlib
import email
import email.message
import email.policy
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class SmtpMode(Enum):
    """How the server treats the next messages."""

    ACCEPT = "accept"
    LATER = "later"  # 451 for `later_count` messages, then 250
    REFUSE = "refuse"  # 550 for every recipient
    HANG = "hang"  # takes the message and does not answer; closes the connection when the mode changes
    DROP = "drop"  # takes the message and closes the connection without an answer


@dataclass(frozen=True, slots=True)
class Mail:
    """One message that was taken: its envelope, and its content read as MIME."""

    sender: str
    recipients: tuple[str, ...]
    content: email.message.EmailMessage
    is_encrypted: bool
    login: str = ""

    @property
    def subject(self) -> str:
        """Return the subject."""
        return str(self.content["Subject"])

    @property
    def text(self) -> str:
        """Return the plain text part, "" when there is none."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """Return the HTML part, "" when there is none."""
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.content.get_body((kind,))
        return str(part.get_content()) if part else ""


@dataclass(slots=True)
class SmtpSink:
    """A running mail server.

    Attributes:
        port: On 127.0.0.1; `host` is `localhost`, which its certificate names.
        mode: How it treats the next messages; set it at will.
        later_count: With `LATER`, how many messages still get a 451.
        mails: What was taken, oldest first.
        tries: How many messages were offered, refused ones included.
        user, password: What AUTH must show, or "" when none is asked for.
        ca_pem: Certificate of the authority behind its STARTTLS, or b"" without STARTTLS.
    """

    port: int = 0
    host: str = "localhost"
    mode: SmtpMode = SmtpMode.ACCEPT
    later_count: int = 1
    mails: list[Mail] = field(default_factory=list)
    tries: int = 0
    user: str = ""
    password: str = ""
    ca_pem: bytes = b""

    def wait(self, count: int = 1, seconds: float = 60) -> list[Mail]:
        """Wait until `count` messages were taken and return all of them."""
        until = time.monotonic() + seconds
        while len(self.mails) < count:
            if time.monotonic() > until:
                raise AssertionError(f"{len(self.mails)} of {count} mails arrived in {seconds} s")
            time.sleep(0.005)
        return list(self.mails)

    def to(self, address: str) -> list[Mail]:
        """Return the messages to one address, oldest first."""
        return [mail for mail in self.mails if address in mail.recipients]


class _Handler:
    """What aiosmtpd calls for each command."""

    def __init__(self, sink: SmtpSink) -> None:
        self.sink = sink

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.sink.mode is SmtpMode.REFUSE:
            self.sink.tries += 1
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        self.sink.tries += 1
        did_hang = self.sink.mode is SmtpMode.HANG
        while self.sink.mode is SmtpMode.HANG:
            await asyncio.sleep(0.02)
        if did_hang or self.sink.mode is SmtpMode.DROP:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return "250 never sent"
        if self.sink.mode is SmtpMode.LATER and self.sink.later_count > 0:
            self.sink.later_count -= 1
            return "451 4.3.0 Try again later"
        assert isinstance(envelope.content, bytes)
        content = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(content, email.message.EmailMessage)
        login = self.sink.user if getattr(session, "authenticated", False) else ""
        mail = Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), content, session.ssl is not None, login)
        self.sink.mails.append(mail)
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, how: str, given: Any) -> AuthResult:
        accepted = isinstance(given, LoginPassword) and given == LoginPassword(
            self.sink.user.encode(), self.sink.password.encode()
        )
        return AuthResult(success=accepted, handled=False)  # the server itself answers 535


@contextlib.contextmanager
def smtp_server(*, tls: bool = False, user: str = "", password: str = "") -> Iterator[SmtpSink]:
    """Run a mail server on a free loopback port.

    Args:
        tls: Offer STARTTLS and require it.
        user: Ask for AUTH with this name; needs `tls`.
        password: What AUTH must show.
    """
    sink = SmtpSink(user=user, password=password)
    context = _certificate(sink) if tls else None
    handler = _Handler(sink)
    loop = asyncio.new_event_loop()

    def session() -> SMTP:
        return SMTP(
            handler,
            loop=loop,
            hostname="mail.example.test",
            tls_context=context,
            require_starttls=tls,
            auth_required=bool(user),
            auth_require_tls=tls,
            authenticator=handler.authenticate if user else None,
        )

    server = loop.run_until_complete(loop.create_server(session, "127.0.0.1", 0))
    sink.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, name="smtp-sink", daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)  # lets closed transports say goodbye


def _certificate(sink: SmtpSink) -> ssl.SSLContext:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    sink.ca_pem = authority.cert_pem.bytes()
    return context
