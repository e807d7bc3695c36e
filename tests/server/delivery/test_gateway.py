"""SMS, calls and WhatsApp over HTTP: what the gateway is asked, and what its answers mean (F-MSG-02)."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from avow.server.delivery.gateway import GatewaySender, GatewaySettings
from avow.server.delivery.messages import Rendered
from avow.server.delivery.senders import TryLater, Undeliverable, Unreachable
from tests.bed.sms import SmsMode, SmsSink

SMS = Rendered(id="M1", method="sms", address="+14155552671", app="Acme", locale="en", text="Your sign-in code: 739182")


_LONGEST_SILENCE_SECONDS = 60


@pytest.fixture
def sender(request: pytest.FixtureRequest, sms_sink: SmsSink) -> Iterator[GatewaySender]:
    settings = GatewaySettings(
        url=f"{sms_sink.url}/",
        account="AC1",
        token="secret",
        sender="+12025550100",
        timeout_seconds=getattr(request, "param", _LONGEST_SILENCE_SECONDS),
    )
    started = GatewaySender(settings)
    yield started
    started.rest()


def test_an_sms_is_a_form_with_basic_authentication(sender: GatewaySender, sms_sink: SmsSink) -> None:
    sender.send(SMS)
    [request] = sms_sink.requests
    assert request.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert (request.user, request.password) == ("AC1", "secret")
    assert dict(request.form) == {"To": "+14155552671", "From": "+12025550100", "Body": SMS.text}


def test_whatsapp_numbers_are_marked(sender: GatewaySender, sms_sink: SmsSink) -> None:
    sender.send(replace(SMS, method="whatsapp"))
    [request] = sms_sink.requests
    assert (request.to, request.form["From"]) == ("whatsapp:+14155552671", "whatsapp:+12025550100")


def test_a_call_speaks_the_text_escaped_in_its_language(sender: GatewaySender, sms_sink: SmsSink) -> None:
    sender.send(replace(SMS, method="voice", locale="de", spoken='A & <B>: 7, 3</Say><Dial>+1900</Dial>"'))
    [request] = sms_sink.requests
    assert request.path.endswith("/Calls.json")
    assert request.form["Twiml"] == (
        '<Response><Say language="de-DE">A &amp; &lt;B&gt;: 7, 3&lt;/Say&gt;&lt;Dial&gt;+1900&lt;/Dial&gt;"'
        "</Say></Response>"
    )


@pytest.mark.parametrize(
    ("mode", "expected", "sender"),
    [
        (SmsMode.ERROR, TryLater, _LONGEST_SILENCE_SECONDS),
        (SmsMode.LIMIT, TryLater, _LONGEST_SILENCE_SECONDS),
        (SmsMode.HTML, TryLater, _LONGEST_SILENCE_SECONDS),
        (SmsMode.HANG, TryLater, 2),
        (SmsMode.REFUSE, Undeliverable, _LONGEST_SILENCE_SECONDS),
    ],
    indirect=["sender"],
)
def test_what_an_answer_means(
    sender: GatewaySender, sms_sink: SmsSink, mode: SmsMode, expected: type[Exception]
) -> None:
    sms_sink.mode = mode
    with pytest.raises(expected) as refused:
        sender.send(SMS)
    assert type(refused.value) is expected
    assert "4155552671" not in str(refused.value)
    assert len(sms_sink.requests) == 1


def test_retry_after_is_read_from_a_429(sender: GatewaySender, sms_sink: SmsSink) -> None:
    sms_sink.mode = SmsMode.LIMIT
    with pytest.raises(TryLater) as later:
        sender.send(SMS)
    assert later.value.retry_after_seconds == 1


@pytest.mark.parametrize(
    "body",
    [
        {"sid": "SM1", "status": "failed", "error_code": None},
        {"sid": "SM1", "status": "queued", "error_code": 30003},
        {"code": 21211, "message": "no", "status": 400},
        {"status": "queued"},
    ],
)
def test_200_with_an_error_in_the_body_is_final(body: dict[str, object]) -> None:
    with _answering(200, json.dumps(body)) as url, pytest.raises(Undeliverable):
        GatewaySender(GatewaySettings(url=url, account="AC1", token="t", sender="+12025550100")).send(SMS)


@pytest.mark.parametrize(("status", "body"), [(200, "[]"), (200, ""), (302, "{}"), (200, '{"sid": "S"')])
def test_what_no_gateway_says_means_later(status: int, body: str) -> None:
    with _answering(status, body) as url, pytest.raises(TryLater):
        GatewaySender(GatewaySettings(url=url, account="AC1", token="t", sender="+12025550100")).send(SMS)


def test_a_refused_account_costs_no_message_its_attempts() -> None:
    with _answering(401, '{"code": 20003}') as url, pytest.raises(Unreachable):
        GatewaySender(GatewaySettings(url=url, account="AC1", token="t", sender="+12025550100")).send(SMS)


def test_a_closed_port_is_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(Unreachable):
        GatewaySender(GatewaySettings(url=url, account="AC1", token="t", sender="+12025550100")).send(SMS)


@pytest.mark.parametrize(
    "address", ["4155552671", "+1415555267x", "+14155552671\n", "whatsapp:+14155552671", "+0123456"]
)
def test_only_e164_numbers_are_called(sender: GatewaySender, sms_sink: SmsSink, address: str) -> None:
    with pytest.raises(Undeliverable):
        sender.send(replace(SMS, address=address))
    assert sms_sink.requests == []


@contextlib.contextmanager
def _answering(status: int, body: str) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.handle_request, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    thread.join(5)
    server.server_close()
