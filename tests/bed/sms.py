"""An SMS, voice and WhatsApp gateway of Twilio's shape for tests: keeps what it is sent, and misbehaves on request."""

import base64
import contextlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


class SmsMode(Enum):
    """How the gateway answers the next requests."""

    ACCEPT = "accept"  # 201 and JSON with sid and status
    ERROR = "500"
    LIMIT = "429"  # with Retry-After: 1
    REFUSE = "400"  # JSON with code and message, as for a number that cannot exist
    FAILED = "failed"  # 200 and JSON that says that it failed
    HTML = "html"  # 200 and a page, as from a captive portal
    HANG = "hang"  # no answer until the gateway stops


@dataclass(frozen=True, slots=True)
class SmsRequest:
    """One request as it came.

    Attributes:
        path: For example `/2010-04-01/Accounts/AC1/Messages.json`.
        user, password: From the Authorization header; of Twilio, account and token.
        form: Decoded fields.
        taken: It was answered with 201.
    """

    path: str
    user: str
    password: str
    form: Mapping[str, str]
    taken: bool

    @property
    def to(self) -> str:
        """Return the number, with the `whatsapp:` of that method."""
        return self.form.get("To", "")

    @property
    def text(self) -> str:
        """Return what the person reads or hears."""
        return self.form.get("Body", "") or self.form.get("Twiml", "")


@dataclass(slots=True)
class SmsSink:
    """A running gateway.

    Attributes:
        url: Root, `http://127.0.0.1:PORT`.
        mode: How it answers the next requests; set it at will.
        requests: All that came, oldest first.
    """

    url: str = ""
    mode: SmsMode = SmsMode.ACCEPT
    requests: list[SmsRequest] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def taken(self) -> list[SmsRequest]:
        """Return the requests that were answered with 201, oldest first."""
        return [request for request in self.requests if request.taken]

    def wait(self, count: int = 1, seconds: float = 60) -> list[SmsRequest]:
        """Wait until `count` messages were taken and return all of them."""
        until = time.monotonic() + seconds
        while len(self.taken) < count:
            if time.monotonic() > until:
                raise AssertionError(f"{len(self.taken)} of {count} messages arrived in {seconds} s")
            time.sleep(0.005)
        return self.taken


@contextlib.contextmanager
def sms_gateway() -> Iterator[SmsSink]:
    """Run a gateway on a free loopback port."""
    sink = SmsSink()

    class Handler(_Handler):
        gateway = sink

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    sink.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="sms-sink", daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        sink.released.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    gateway: SmsSink
    protocol_version = "HTTP/1.1"
    timeout = 5

    def do_POST(self) -> None:
        mode = self.gateway.mode
        form = dict(parse_qsl(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()))
        user, _, password = _basic(self.headers.get("Authorization", "")).partition(":")
        taken = mode is SmsMode.ACCEPT
        self.gateway.requests.append(SmsRequest(self.path, user, password, form, taken))
        sid = f"SM{len(self.gateway.requests):032x}"
        if mode is SmsMode.HANG:
            self.gateway.released.wait()
            self.close_connection = True
        elif mode is SmsMode.HTML:
            self._answer(200, "text/html", "<html><body>Welcome to our network</body></html>")
        elif mode is SmsMode.FAILED:
            self._json(200, {"sid": None, "status": "failed", "error_code": 30008, "to": form.get("To", "")})
        elif mode is SmsMode.ACCEPT:
            self._json(201, {"sid": sid, "status": "queued", "to": form.get("To", "")})
        else:
            status = int(mode.value)
            self._json(status, {"code": 20000 + status, "message": "No.", "more_info": "", "status": status})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _json(self, status: int, body: Mapping[str, object]) -> None:
        self._answer(status, "application/json", json.dumps(body))

    def _answer(self, status: int, content_type: str, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(text.encode())))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(text.encode())


def _basic(header: str) -> str:
    scheme, _, value = header.partition(" ")
    return base64.b64decode(value).decode() if scheme.lower() == "basic" else ""
