"""The application of the guide on what it pins, Authlib 1.3.2 with Django 5.0, and on the newest of both."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.bed import run
from tests.factories import grant, make_role, make_user, new_email
from tests.oidc.peers.python import ROOT, WebApp, web_app
from tests.oidc.serving import Peer, Surfer
from tests.served import free_port
from tests.server.oidc.relying import API

FIELDS = ("nickname", "name", "picture", "updated_at", "email", "email_verified", "sub")
_START_SECONDS = 20


@pytest.fixture(scope="module")
def api(provider: Peer) -> Iterator[str]:
    """Run the API server of our example; give its address."""
    port = free_port()
    known = {**os.environ, **provider.variables()}
    said = ["--port", str(port), "--issuer", provider.issuer, "--audience", API]
    command = [sys.executable, "-m", "examples.django_oidc.api", *said]
    with subprocess.Popen(command, cwd=ROOT, env=known) as process:
        run.note_process(process)
        try:
            deadline = time.monotonic() + _START_SECONDS
            while True:
                assert process.poll() is None, "the API server has ended"
                assert time.monotonic() < deadline, "the API server did not start"
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.02)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)
            run.forget_process(process.pid)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("django50", marks=pytest.mark.peer("Authlib 1.3.2 with Django 5.0")),
        pytest.param("newest", marks=pytest.mark.peer("newest Authlib and Django")),
    ],
)
def app(provider: Peer, api: str, request: pytest.FixtureRequest) -> Iterator[WebApp]:
    variables = {"AUTH0_AUDIENCE": API, "API_SERVER_URL": api}
    with web_app(provider, request.param, "authlib", callback="/callback", variables=variables) as started:
        yield started


def test_log_in_shows_the_profile_and_opens_what_the_person_may_see(
    provider: Peer, app: WebApp, surfer: Surfer
) -> None:
    email = new_email()
    user = make_user(provider.avow, email, name="Mia Example", picture="https://pictures.example.com/mia")
    grant(provider.avow, user, make_role(provider.avow, "admin", ["read:admin-messages"]))
    assert surfer.get(app.url).json() == {"tabs": ["Profile", "Public"], "buttons": ["Sign Up", "Log In"]}
    page = surfer.get(f"{app.url}/profile")
    assert page.url.startswith(f"https://{provider.domain}/login/")  # by way of /login
    shown = surfer.sign_in(page, email)
    assert shown.url == f"{app.url}/profile"
    told = shown.json()
    assert all(told[name] for name in FIELDS)
    assert (told["sub"], told["email"], told["name"]) == (user, email, "Mia Example")
    assert isinstance(told["updated_at"], str)
    tabs = ["Profile", "Public", "Protected", "Admin"]
    assert surfer.get(app.url).json() == {"tabs": tabs, "buttons": ["Log Out"]}
    assert surfer.get(f"{app.url}/protected").json() == {"text": "This is a protected message."}
    assert surfer.get(f"{app.url}/admin").json() == {"text": "This is an admin message."}


def test_whoever_signs_up_has_no_permission(provider: Peer, app: WebApp, surfer: Surfer) -> None:
    page = surfer.get(f"{app.url}/signup")
    assert "flow=sign-up&" in page.url
    email = new_email()
    assert surfer.sign_in(page, email).json()["email"] == email
    surfer.get(f"{app.url}/login")  # the guide names no audience where it signs up
    refused = {"error": "The access token does not have the rights that this needs."}
    assert surfer.get(f"{app.url}/admin").json() == refused


def test_log_out_asks_again(provider: Peer, app: WebApp, surfer: Surfer) -> None:
    surfer.sign_in(surfer.get(f"{app.url}/login"), new_email())
    assert surfer.get(f"{app.url}/login").url == f"{app.url}/profile"  # one sign-in is enough
    left = surfer.get(f"{app.url}/logout")
    assert (left.url, left.json()["buttons"]) == (f"{app.url}/", ["Sign Up", "Log In"])
    assert surfer.get(f"{app.url}/login").url.startswith(f"https://{provider.domain}/login/")


def test_answer_in_another_browser_is_refused(app: WebApp, new_surfer: Callable[[], Surfer]) -> None:
    surfer, other = new_surfer(), new_surfer()
    answer = app.answer(surfer, f"{app.url}/login", new_email())
    assert other.get(answer).status_code == 500  # the guide catches nothing
    assert other.get(app.url).json()["buttons"] == ["Sign Up", "Log In"]
    assert surfer.get(answer).url == f"{app.url}/profile"


def test_code_of_another_sign_in_is_refused_by_its_nonce(app: WebApp, new_surfer: Callable[[], Surfer]) -> None:
    surfer = new_surfer()
    stolen = app.answer(new_surfer(), f"{app.url}/login", new_email())
    answer = app.answer(surfer, f"{app.url}/login", new_email())
    code = parse_qs(urlsplit(stolen).query)["code"][0]
    state = parse_qs(urlsplit(answer).query)["state"][0]
    assert surfer.get(f"{app.callback}?{urlencode({'code': code, 'state': state})}").status_code == 500
    assert surfer.get(app.url).json()["buttons"] == ["Sign Up", "Log In"]
