"""Mail over SMTP: messages built so that nothing can be written into their headers, connections kept for a batch."""

import re
import smtplib
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses
from typing import Literal

import idna

from avow.server.delivery.catalogue import one_line
from avow.server.delivery.messages import Rendered
from avow.server.delivery.senders import TryLater, Undeliverable, Unreachable

__all__ = ["SmtpSender", "SmtpSettings", "build_mail"]

_POLICY = SMTP.clone(raise_on_defect=True)
_LOCAL = re.compile(r"(?!.*=\?)[^\x00-\x20\x7f-\xa0\s()<>@,;:\\\"\[\]]{1,64}")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?!-)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """How to reach the mail server.

    Attributes:
        host: The server.
        port: Its port.
        sender: `Name <address>` or an address; whom mails come from.
        security: `starttls` (nothing is sent when the server does not offer it), `tls` from the first byte, or `none`.
        user: For AUTH; "" for none.
        password: For AUTH.
        timeout_seconds: Longest silence of the server.
        tls: Certificates to trust; the system's when None.
    """

    host: str
    port: int
    sender: str
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout_seconds: int = 10
    tls: ssl.SSLContext | None = None


class SmtpSender:
    """Sends mail through one server; connections are kept while there is mail."""

    def __init__(self, settings: SmtpSettings) -> None:
        """Check the sender; nothing is connected yet.

        Raises:
            ValueError: The sender is not one plain address.
        """
        self._settings = settings
        self._sender = _sender(settings.sender)
        self._tls = settings.tls or ssl.create_default_context()
        self._guard = threading.Lock()
        self._idle: list[smtplib.SMTP] = []
        self._name: str | None = None  # of this machine, for EHLO; asked of DNS by the first connection alone

    def send(self, message: Rendered) -> None:
        """Hand one mail over.

        Raises:
            Undeliverable: The server answered 5xx to this mail, or its address cannot be written.
            TryLater: The server answered 4xx to this mail, or fell silent in the middle of it.
            Unreachable: There is no server that we may talk to.
        """
        mail = build_mail(message, self._sender)
        connection = self._take()
        try:
            _submit(connection, mail, self._sender.addr_spec, _recipient(message.address).addr_spec)
        except Undeliverable:
            self._give_back(connection)
            raise
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)

    def rest(self) -> None:
        """Close the connections that nobody uses."""
        with self._guard:
            idle, self._idle = self._idle, []
        for connection in idle:
            _quit(connection)

    def _take(self) -> smtplib.SMTP:
        """Return a connection that lives, opened if need be."""
        while True:
            with self._guard:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                break
            if _is_alive(connection):
                return connection
            connection.close()
        try:
            return self._connect()
        except (OSError, smtplib.SMTPException) as failure:
            raise Unreachable(_reason("no connection", failure)) from failure

    def _give_back(self, connection: smtplib.SMTP) -> None:
        with self._guard:
            self._idle.append(connection)

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        at, timeout = (settings.host, settings.port), settings.timeout_seconds
        connection: smtplib.SMTP
        if settings.security == "tls":
            connection = smtplib.SMTP_SSL(*at, local_hostname=self._name, timeout=timeout, context=self._tls)
        else:
            connection = smtplib.SMTP(*at, local_hostname=self._name, timeout=timeout)
        self._name = connection.local_hostname
        try:
            if settings.security == "starttls":
                connection.starttls(context=self._tls)
            connection.ehlo_or_helo_if_needed()
            if settings.user:
                connection.login(settings.user, settings.password)
        except BaseException:
            connection.close()
            raise
        return connection


def build_mail(message: Rendered, sender: Address) -> EmailMessage:
    """Build a mail with exactly one recipient.

    Header values go through the library's typed headers, which refuse a line break instead of writing one; but they
    decode encoded words (`=?utf-8?q?...?=`) in what they are given, line breaks included, so none may be in it.

    Raises:
        Undeliverable: The address is not one plain address.

    Spec: RFC 5322; RFC 2047 section 5; RFC 3834 section 5 (Auto-Submitted).
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = sender
    mail["To"] = _recipient(message.address)
    mail["Subject"] = one_line(message.subject).replace("=?", "= ?")
    mail["Date"] = format_datetime(datetime.fromtimestamp(message.created_at, UTC))
    mail["Message-ID"] = f"<{message.id}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    mail["Content-Language"] = message.locale  # after the content, which replaces the Content- headers
    return mail


def _recipient(address: str) -> Address:
    """Return the one address, its domain as DNS writes it.

    Raises:
        Undeliverable: It is not one plain address.
    """
    local, _, domain = address.rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as wrong:
        raise Undeliverable("the domain of the address cannot be written") from wrong
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(ascii_domain):
        raise Undeliverable("the recipient is not one plain address")
    try:
        return Address(username=local, domain=ascii_domain)
    except (ValueError, IndexError) as wrong:
        raise Undeliverable("the recipient is not one plain address") from wrong


def _sender(text: str) -> Address:
    found = getaddresses([text])
    name, spec = found[0] if len(found) == 1 and one_line(text) == text else ("", "")
    try:
        plain = _recipient(spec)
    except Undeliverable as wrong:
        raise ValueError("the sender of mails must be one address, such as: Avow <no-reply@example.com>") from wrong
    return Address(name, plain.username, plain.domain)


def _submit(connection: smtplib.SMTP, mail: EmailMessage, sender: str, recipient: str) -> None:
    """Run one mail transaction.

    Raises:
        Undeliverable: 5xx, or the server cannot take such an address.
        TryLater: 4xx, or the connection broke.
    """
    try:
        connection.send_message(mail, sender, [recipient])
    except smtplib.SMTPRecipientsRefused as refused:
        _refuse("recipient", next(iter(refused.recipients.values()))[0], refused)
    except smtplib.SMTPResponseException as refused:
        _refuse("mail", refused.smtp_code, refused)
    except (smtplib.SMTPNotSupportedError, UnicodeError) as refused:
        raise Undeliverable("the mail server does not take such an address") from refused
    except (OSError, smtplib.SMTPException) as broken:
        raise TryLater(_reason("connection lost", broken)) from broken


def _refuse(what: str, code: int, cause: Exception) -> None:
    """Raise by the first digit of the answer; its text stays out of logs, for it often names the recipient."""
    if 500 <= code < 600:
        raise Undeliverable(f"the mail server refused the {what}: {code}") from cause
    raise TryLater(f"the mail server put the {what} off: {code}") from cause


def _reason(what: str, failure: Exception) -> str:
    code = f" {failure.smtp_code}" if isinstance(failure, smtplib.SMTPResponseException) else ""
    return f"{what} to the mail server: {type(failure).__name__}{code}"


def _is_alive(connection: smtplib.SMTP) -> bool:
    try:
        return connection.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def _quit(connection: smtplib.SMTP) -> None:
    try:
        connection.quit()
    except (OSError, smtplib.SMTPException):
        connection.close()
