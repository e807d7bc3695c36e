"""Mail over a real SMTP conversation: what arrives, what is refused, and that nobody writes into headers (S-IDN-08)."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from avow.server.delivery.messages import Rendered
from avow.server.delivery.senders import TryLater, Undeliverable, Unreachable
from avow.server.delivery.smtp import SmtpSender, SmtpSettings
from tests.bed.smtp import SmtpMode, SmtpSink, smtp_server

MAIL = Rendered(
    id="M1",
    method="email",
    address="ada@example.com",
    app="Acme",
    locale="de",
    subject="Acme: Ihr Anmeldecode für heute",
    text="Ihr Code: 739182, gültig für 5 Min.",
    html="<p>Ihr Code: <b>739182</b></p>",
    created_at=1_790_000_000,
)


def _settings(sink: SmtpSink, timeout_seconds: int = 60) -> SmtpSettings:
    sender = "Avow <no-reply@example.com>"
    return SmtpSettings(sink.host, sink.port, sender, security="none", timeout_seconds=timeout_seconds)


@pytest.fixture
def sender(smtp_sink: SmtpSink) -> Iterator[SmtpSender]:
    started = SmtpSender(_settings(smtp_sink))
    yield started
    started.rest()


def test_a_mail_arrives_as_it_was_rendered(sender: SmtpSender, smtp_sink: SmtpSink) -> None:
    sender.send(MAIL)
    [mail] = smtp_sink.wait()
    assert (mail.sender, mail.recipients) == ("no-reply@example.com", ("ada@example.com",))
    assert (mail.subject, mail.text.strip()) == (MAIL.subject, MAIL.text)
    assert mail.html.strip() == MAIL.html
    assert mail.content["To"] == "ada@example.com"
    assert mail.content["From"] == "Avow <no-reply@example.com>"
    assert mail.content["Message-ID"] == "<M1@example.com>"
    assert mail.content["Date"] == "Mon, 21 Sep 2026 14:13:20 +0000"
    assert mail.content["Auto-Submitted"] == "auto-generated"
    assert mail.content["Content-Language"] == "de"


def test_one_connection_carries_a_batch(
    sender: SmtpSender, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections: list[object] = []
    connect = socket.create_connection

    def counted(*args: Any, **kwargs: Any) -> socket.socket:
        connections.append(args)
        return connect(*args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", counted)
    for number in range(5):
        sender.send(replace(MAIL, address=f"user{number}@example.com"))
    assert len(smtp_sink.wait(5)) == 5
    assert len(connections) == 1
    sender.rest()
    sender.send(MAIL)
    assert len(connections) == 2


@pytest.mark.parametrize(
    "address",
    [
        "a@x.test,b@evil.test",
        "a@x.test b@evil.test",
        "a@x.test\r\nBcc: b@evil.test",
        "a\r\nBcc: b@evil.test\r\n@x.test",
        '"a@x.test" <b@evil.test>',
        "a@x.test@evil.test",
        "<a@x.test>",
        "a@x.test\0",
        "a@",
        "@x.test",
        "a@x.test\nDATA",
        "a@x_y.test>",
        "a@[127.0.0.1]",
        "=?utf-8?q?a=0d=0aBcc=3a_b=40evil.test?=@x.test",
        "=?utf-8?b?YUBiLnRlc3QsYw==?=@x.test",
    ],
)
def test_anything_but_one_plain_address_is_refused_before_the_server_hears_of_it(
    sender: SmtpSender, smtp_sink: SmtpSink, address: str
) -> None:
    with pytest.raises(Undeliverable):
        sender.send(replace(MAIL, address=address))
    sender.send(MAIL)
    [mail] = smtp_sink.wait()
    assert mail.recipients == ("ada@example.com",)


@pytest.mark.parametrize("address", ["a@x.test%0aCc:b@evil.test", "a%0aCc:b@evil.test"])
def test_an_address_with_percent_signs_stays_one_recipient_or_is_refused(
    sender: SmtpSender, smtp_sink: SmtpSink, address: str
) -> None:
    with pytest.raises(Undeliverable):
        sender.send(replace(MAIL, address=address))
    assert smtp_sink.mails == []


def test_an_international_domain_is_written_as_dns_writes_it(sender: SmtpSender, smtp_sink: SmtpSink) -> None:
    sender.send(replace(MAIL, address="ada@bücher.example"))
    [mail] = smtp_sink.wait()
    assert mail.recipients == ("ada@xn--bcher-kva.example",)


def test_line_breaks_in_a_subject_add_no_header(sender: SmtpSender, smtp_sink: SmtpSink) -> None:
    sender.send(replace(MAIL, subject="Hi\r\nBcc: b@evil.test\r\n\r\nbody\x1b[31m\0"))
    [mail] = smtp_sink.wait()
    assert mail.recipients == ("ada@example.com",)
    assert mail.content["Bcc"] is None
    assert mail.subject == "Hi Bcc: b@evil.test body [31m"


@pytest.mark.parametrize(
    "word", ["=?utf-8?q?a=0d=0aBcc=3a_b=40evil.test?=", "=?utf-8?b?YWINCkJjYzogYmJAZXZpbC50ZXN0?="]
)
def test_encoded_words_in_a_subject_stay_as_they_are_written(
    sender: SmtpSender, smtp_sink: SmtpSink, word: str
) -> None:
    for subject in (word, f"Hi {word}", f"Für {word}"):
        sender.send(replace(MAIL, subject=subject))
    for mail, before in zip(smtp_sink.wait(3), ("", "Hi ", "Für "), strict=True):
        assert mail.content["Bcc"] is None
        assert mail.subject == f"{before}= {word[1:]}"


def test_5xx_is_final_and_the_connection_lives_on(sender: SmtpSender, smtp_sink: SmtpSink) -> None:
    smtp_sink.mode = SmtpMode.REFUSE
    with pytest.raises(Undeliverable) as refused:
        sender.send(MAIL)
    assert "550" in str(refused.value)
    assert "ada" not in str(refused.value)
    smtp_sink.mode = SmtpMode.ACCEPT
    sender.send(MAIL)
    assert len(smtp_sink.wait()) == 1


@pytest.mark.parametrize("mode", [SmtpMode.LATER, SmtpMode.DROP, SmtpMode.HANG])
def test_4xx_a_lost_connection_and_silence_mean_later(smtp_sink: SmtpSink, mode: SmtpMode) -> None:
    sender = SmtpSender(_settings(smtp_sink, 2 if mode is SmtpMode.HANG else 60))
    smtp_sink.mode = mode
    with pytest.raises(TryLater) as later:
        sender.send(MAIL)
    assert not isinstance(later.value, Unreachable)
    smtp_sink.mode = SmtpMode.ACCEPT
    sender.send(MAIL)
    assert len(smtp_sink.wait()) == 1
    sender.rest()


def test_a_closed_port_is_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Unreachable):
        SmtpSender(SmtpSettings("127.0.0.1", port, "no-reply@example.com", security="none")).send(MAIL)


def test_a_server_that_never_greets_is_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = SmtpSettings(
            "127.0.0.1", silent.getsockname()[1], "no-reply@example.com", security="none", timeout_seconds=1
        )
        with pytest.raises(Unreachable):
            SmtpSender(settings).send(MAIL)


def test_starttls_and_auth() -> None:
    with smtp_server(tls=True, user="avow", password="secret") as sink:
        tls = ssl.create_default_context(cadata=sink.ca_pem.decode())
        settings = replace(_settings(sink), security="starttls", tls=tls, user="avow", password="secret")
        sender = SmtpSender(settings)
        sender.send(MAIL)
        sender.rest()
        [mail] = sink.wait()
        assert mail.is_encrypted
        assert mail.login == "avow"


def test_a_wrong_password_sends_nothing_and_is_not_told() -> None:
    with smtp_server(tls=True, user="avow", password="secret") as sink:
        tls = ssl.create_default_context(cadata=sink.ca_pem.decode())
        settings = replace(_settings(sink), security="starttls", tls=tls, user="avow", password="wrong-one")
        with pytest.raises(Unreachable) as refused:
            SmtpSender(settings).send(MAIL)
        assert "535" in str(refused.value)
        assert "wrong-one" not in str(refused.value)
        assert "wrong-one" not in repr(settings)


def test_an_unknown_certificate_and_missing_starttls_send_nothing(smtp_sink: SmtpSink) -> None:
    with smtp_server(tls=True) as sink:
        with pytest.raises(Unreachable):
            SmtpSender(replace(_settings(sink), security="starttls")).send(MAIL)
        assert sink.mails == []
    with pytest.raises(Unreachable):
        SmtpSender(replace(_settings(smtp_sink), security="starttls")).send(MAIL)
    assert smtp_sink.mails == []


@pytest.mark.parametrize("sender", ["", "Avow", "a@x.test, b@x.test", "Avow <a@x.test\r\nBcc: b@x.test>"])
def test_a_sender_must_be_one_address(sender: str) -> None:
    with pytest.raises(ValueError, match="one address"):
        SmtpSender(SmtpSettings("localhost", 25, sender))
