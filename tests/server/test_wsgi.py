"""The WSGI driver: the same answers as the ASGI one, whatever the host's server hands over."""

import io
import json
from collections.abc import Mapping
from typing import Any

import pytest

from avow.server.wsgi import WsgiApp
from tests.factories import new_email
from tests.server.api import Api

PATH = "/v1/auth/otp/signup-in/email"


def call(
    api: Api, path: str = PATH, environ: Mapping[str, object] | None = None, *, verb: str = "POST", body: bytes = b""
) -> tuple[int, Any]:
    """Send a request as a WSGI server does; return status and decoded body. None in `environ` takes a name out."""
    started: list[str] = []
    given: dict[str, object] = {
        "REQUEST_METHOD": verb,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "203.0.113.7",
        "HTTP_AUTHORIZATION": f"Bearer {api.avow.project_id}",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **(environ or {}),
    }
    given = {name: value for name, value in given.items() if value is not None}
    answered = WsgiApp(api.avow.server.site)(given, lambda status, _: started.append(status))
    text = b"".join(answered)
    return int(started[0].partition(" ")[0]), json.loads(text) if text else None


def start(address: str) -> bytes:
    return json.dumps({"loginId": address}).encode()


def chunked(body: bytes, *, is_ended: bool = True) -> dict[str, object]:
    """Return the environment of a body without a length; `is_ended` says that the host's server tells its end."""
    ended = {"wsgi.input_terminated": True} if is_ended else {}
    return {
        "CONTENT_LENGTH": None,
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": io.BytesIO(body),
        **ended,
    }


def test_start_and_verify_sign_in(api: Api) -> None:
    address = new_email()
    assert call(api, body=start(address))[0] == 200
    body = json.dumps({"loginId": address, "code": api.avow.code(address)}).encode()
    status, session = call(api, "/v1/auth/otp/verify/email", body=body)
    assert (status, session["user"]["email"]) == (200, address)


@pytest.mark.parametrize("length", ["ten", "-1", "+5", "1_0", " 5", "\u0665", "0x5"])
def test_length_that_is_no_number_is_a_bad_request(length: str, api: Api) -> None:
    assert call(api, PATH, {"CONTENT_LENGTH": length}, body=start(new_email()))[0] == 400


@pytest.mark.parametrize("length", [str(2**20), "9" * 5000])
def test_length_over_the_limit_is_refused_unread(length: str, api: Api) -> None:
    body = io.BytesIO(b"x" * 10)
    assert call(api, PATH, {"CONTENT_LENGTH": length, "wsgi.input": body})[0] == 413
    assert body.tell() == 0


def test_body_in_chunks_is_read_where_the_host_ends_it(api: Api) -> None:
    address = new_email()
    assert call(api, PATH, chunked(start(address)))[0] == 200
    assert api.avow.code(address)


def test_body_in_chunks_over_the_limit_is_refused(api: Api) -> None:
    body = b" " * (api.avow.server.site.settings.body_bytes + 1)
    assert call(api, PATH, chunked(body))[0] == 413


def test_body_in_chunks_that_the_host_does_not_end_is_a_bad_request(api: Api) -> None:
    assert call(api, PATH, chunked(start(new_email()), is_ended=False))[0] == 400


def test_head_is_answered_without_a_body(api: Api) -> None:
    assert call(api, f"/v2/keys/{api.avow.project_id}", verb="HEAD") == (200, None)
