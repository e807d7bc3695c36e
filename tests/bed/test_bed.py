"""The test bed gives what it promises."""

import os
import smtplib
import socket
import sqlite3
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import psycopg
import pytest
import valkey

from avow.testing.clock import FileClock
from tests.bed.sms import SmsMode, SmsSink
from tests.bed.smtp import SmtpMode, SmtpSink, smtp_server

LETTER = "Subject: A code\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nYour code is 123456.\r\n"


def send(sink: SmtpSink, timeout: float = 5) -> None:
    with smtplib.SMTP(sink.host, sink.port, timeout=timeout) as client:
        client.sendmail("avow@example.com", ["ada@example.com"], LETTER)


@pytest.mark.parametrize("again", [1, 2])
def test_each_test_gets_an_empty_postgres_database(postgres_url: str, again: int) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE only_here (id BIGINT)")
        (found,) = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() or (0,)
    assert found == 1


@pytest.mark.parametrize("again", [1, 2])
def test_each_test_gets_an_empty_valkey_database(valkey_url: str, again: int) -> None:
    with valkey.Valkey.from_url(valkey_url) as client:
        assert client.incr("visits") == 1


def test_each_database_url_comes_in_two_kinds(database_url: str) -> None:
    assert database_url.startswith(("sqlite:///", "postgresql://"))


def test_sqlite_database_can_be_created(sqlite_url: str) -> None:
    sqlite3.connect(sqlite_url.removeprefix("sqlite://")).close()


def test_mail_is_kept_as_it_came(smtp_sink: SmtpSink) -> None:
    send(smtp_sink)
    (mail,) = smtp_sink.wait()
    assert (mail.sender, mail.recipients, mail.subject) == ("avow@example.com", ("ada@example.com",), "A code")
    assert "123456" in mail.text
    assert not mail.is_encrypted


def test_mail_server_refuses_for_a_while(smtp_sink: SmtpSink) -> None:
    smtp_sink.mode = SmtpMode.LATER
    with pytest.raises(smtplib.SMTPDataError):
        send(smtp_sink)
    send(smtp_sink)
    assert (smtp_sink.tries, len(smtp_sink.mails)) == (2, 1)


def test_mail_server_refuses_for_good(smtp_sink: SmtpSink) -> None:
    smtp_sink.mode = SmtpMode.REFUSE
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(smtp_sink)


def test_mail_server_drops_the_connection(smtp_sink: SmtpSink) -> None:
    smtp_sink.mode = SmtpMode.DROP
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(smtp_sink)


def test_mail_server_hangs(smtp_sink: SmtpSink) -> None:
    smtp_sink.mode = SmtpMode.HANG
    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        send(smtp_sink, timeout=3)
    assert smtp_sink.tries == 1


def test_mail_server_wants_encryption_and_a_password() -> None:
    with smtp_server(tls=True, user="avow", password="open sesame") as sink:
        with pytest.raises(smtplib.SMTPSenderRefused):
            send(sink)
        with smtplib.SMTP(sink.host, sink.port, timeout=5) as client:
            client.starttls(context=ssl.create_default_context(cadata=sink.ca_pem.decode()))
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login("avow", "wrong")
            client.login("avow", "open sesame")
            client.sendmail("avow@example.com", ["ada@example.com"], LETTER)
        (mail,) = sink.wait()
    assert (mail.is_encrypted, mail.login) == (True, "avow")


def post_sms(sink: SmsSink, timeout: float = 5) -> tuple[int, bytes]:
    url = f"{sink.url}/2010-04-01/Accounts/AC1/Messages.json"
    request = urllib.request.Request(
        url, b"To=%2B15555550100&From=%2B15555550101&Body=Code+1", {"Authorization": "Basic QUMxOnNlY3JldA=="}
    )
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return answer.status, answer.read()


def test_sms_is_kept_as_it_came(sms_sink: SmsSink) -> None:
    assert post_sms(sms_sink)[0] == 201
    (message,) = sms_sink.wait()
    assert (message.to, message.text, message.user, message.password) == ("+15555550100", "Code 1", "AC1", "secret")


@pytest.mark.parametrize("mode", [SmsMode.ERROR, SmsMode.LIMIT, SmsMode.REFUSE])
def test_sms_gateway_answers_errors(sms_sink: SmsSink, mode: SmsMode) -> None:
    sms_sink.mode = mode
    with pytest.raises(urllib.error.HTTPError) as caught:
        post_sms(sms_sink)
    caught.value.close()
    assert caught.value.code == int(mode.value)
    assert (len(sms_sink.requests), sms_sink.taken) == (1, [])


def test_sms_gateway_answers_a_page(sms_sink: SmsSink) -> None:
    sms_sink.mode = SmsMode.HTML
    assert b"<html>" in post_sms(sms_sink)[1]


def test_sms_gateway_hangs(sms_sink: SmsSink) -> None:
    sms_sink.mode = SmsMode.HANG
    with pytest.raises(TimeoutError):
        post_sms(sms_sink, timeout=3)


def test_clock_moves_in_other_processes_too(clock: FileClock) -> None:
    clock.freeze(1_790_000_000)
    clock.advance(61)
    program = "import sys; from avow.testing.clock import FileClock; print(FileClock(sys.argv[1])())"
    said = subprocess.run([sys.executable, "-c", program, clock.path], capture_output=True, text=True, check=True)
    assert int(said.stdout) == clock() == 1_790_000_061


def test_clock_adds_its_offset_to_the_wall_clock(tmp_path: Path) -> None:
    clock = FileClock(tmp_path / "clock", source=lambda: 1000)
    assert (clock(), clock.advance(30), clock.advance(-10), clock()) == (1000, 1030, 1020, 1020)
    assert clock.freeze() == 1020
    clock.reset()
    assert clock() == 1000


def test_processes_of_a_run_are_noted_for_its_end(postgres_url: str) -> None:
    noted = list(Path(os.environ["AVOW_TEST_RUN"]).glob("*.process"))
    assert noted or os.environ.get("AVOW_TEST_POSTGRES_URL")


def test_other_machines_are_out_of_reach() -> None:
    with pytest.raises(OSError, match="tests do not reach"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
