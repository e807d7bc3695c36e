import asyncio
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import avow
from avow import AsyncClient, AuthException, Client, DescopeClient, DescopeClientAsync
from avow.errors import InvalidArgument
from tests.sdk.bed import PROJECT, AsyncTransport, FakeServer, SyncTransport

BOTH = pytest.mark.parametrize("kind", [Client, AsyncClient])


@BOTH
def test_environment_is_enough(monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    monkeypatch.setenv("DESCOPE_PROJECT_ID", "Pofficial")
    monkeypatch.setenv("DESCOPE_BASE_URI", "https://official.example.com/")
    monkeypatch.setenv("DESCOPE_MANAGEMENT_KEY", "Kofficial")
    client = kind()
    assert (client._flows.config.project_id, client._flows.config.management_key) == ("Pofficial", "Kofficial")
    assert client._runner._transport._base_url == "https://official.example.com"
    monkeypatch.setenv("AVOW_PROJECT_ID", "Pours")
    monkeypatch.setenv("AVOW_BASE_URL", "http://localhost:8000/auth/")
    monkeypatch.setenv("AVOW_MANAGEMENT_KEY", "Kours")
    client = kind()
    assert (client._flows.config.project_id, client._flows.config.management_key) == ("Pours", "Kours")
    assert client._runner._transport._base_url == "http://localhost:8000/auth"
    client = kind("Pargument", management_key="Kargument", base_url="http://localhost:9")
    assert (client._flows.config.project_id, client._flows.config.management_key) == ("Pargument", "Kargument")


@BOTH
def test_public_key_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    ours, official = FakeServer().key, FakeServer().key
    monkeypatch.setenv("DESCOPE_PUBLIC_KEY", official.public_jwk())
    assert kind(PROJECT)._flows._ring.current(0).kids == {official.kid}
    monkeypatch.setenv("AVOW_PUBLIC_KEY", ours.public_jwk())
    assert kind(PROJECT)._flows._ring.current(0).kids == {ours.kid}


@BOTH
def test_missing_project_or_address_is_told(kind: Any) -> None:
    for options, said in (
        ({"base_url": "http://localhost:8000"}, "AVOW_PROJECT_ID"),
        ({"project_id": "", "base_url": "http://localhost:8000"}, "AVOW_PROJECT_ID"),
        ({"project_id": PROJECT}, "AVOW_BASE_URL"),
    ):
        with pytest.raises(AuthException) as refused:
            kind(**options)
        assert (refused.value.status_code, refused.value.error_type) == (400, "invalid argument")
        assert said in refused.value.error_message


@BOTH
@pytest.mark.parametrize(
    "url",
    [
        "localhost:8000",
        "ftp://example.com",
        "file:///etc/passwd",
        "http://",
        "http://a:b@example.com",
        "http://example.com?x=1",
        "http://example.com/#x",
        "http://exa mple.com",
        "http://example.com:port",
        "http://example.com:99999",
        "javascript:alert(1)",
        "http://example.com/\r\nx: y",
    ],
)
def test_address_that_is_no_plain_http_url_is_refused(kind: Any, url: str) -> None:
    with pytest.raises(AuthException) as refused:
        kind(PROJECT, base_url=url)
    assert refused.value.status_code == 400


@BOTH
def test_values_that_would_change_the_header_are_refused(kind: Any) -> None:
    for options in (
        {"project_id": "P1\r\nx: y"},
        {"project_id": "P1:P2"},
        {"management_key": "K 1"},
        {"auth_management_key": "K\n"},
        {"timeout_seconds": 0},
        {"jwt_validation_leeway": -1},
        {"jwt_validation_leeway": 3600},
    ):
        with pytest.raises(AuthException) as refused:
            kind(**{"project_id": PROJECT, "base_url": "http://localhost:8000"} | options)
        assert refused.value.status_code == 400


def test_official_names_are_the_same_classes() -> None:
    assert DescopeClient is Client
    assert DescopeClientAsync is AsyncClient


def test_management_needs_a_key(make_client: Callable[..., Any], server: FakeServer) -> None:
    with pytest.raises(AuthException) as refused:
        _ = make_client().mgmt
    assert refused.value.status_code == 400
    assert "AVOW_MANAGEMENT_KEY" in refused.value.error_message


def test_management_key_never_goes_with_sign_in_calls(make_client: Callable[..., Any], server: FakeServer) -> None:
    client = make_client(management_key="Ksecret")
    client.validate_session(server.session_token())
    assert server.last.headers["authorization"] == f"Bearer {PROJECT}"


def test_auth_management_key_goes_with_sign_in_calls(make_client: Callable[..., Any], server: FakeServer) -> None:
    client = make_client(auth_management_key="Kauth")
    server.answer("POST /v1/auth/magiclink/verify", body=server.session_body())
    client.magiclink.verify("t")
    assert server.requests[0].headers["authorization"] == f"Bearer {PROJECT}:Kauth"
    server.answer("GET /v1/auth/me", body={})
    client.me(token := server.refresh_token())
    assert server.last.headers["authorization"] == f"Bearer {PROJECT}:{token}:Kauth"


def test_address_of_a_person_goes_with_the_calls_for_them(server: FakeServer) -> None:
    client = Client(PROJECT, transport=SyncTransport(server), management_key="Ksecret", clock=server.clock)
    server.answer("GET /v1/auth/me", body={})
    server.answer("GET /v1/mgmt/user", body={"user": {}})
    with client.calling_for("2001:db8:0::7"):
        client.me(server.refresh_token())
        assert server.last.headers["x-forwarded-for"] == "2001:db8::7"
        client.mgmt.user.load("mia@example.com")
        assert "x-forwarded-for" not in server.last.headers
    client.me(server.refresh_token())
    assert "x-forwarded-for" not in server.last.headers


@pytest.mark.parametrize(
    "address", ["", "example.com", "203.0.113.0/24", "203.0.113.7, 198.51.100.1", "1.2.3.4\r\na: b"]
)
def test_what_is_no_address_is_nobodys(server: FakeServer, address: str) -> None:
    client = Client(PROJECT, transport=SyncTransport(server))
    with pytest.raises(InvalidArgument):
        client.calling_for(address)


def test_headers_say_who_asks(client: Any, server: FakeServer) -> None:
    server.answer("GET /v1/auth/me", body={})
    client.me(server.refresh_token())
    headers = server.last.headers
    assert headers["x-descope-project-id"] == PROJECT
    assert headers["x-descope-sdk-name"] == "python"
    assert headers["x-avow-sdk-version"] == avow.__version__
    assert headers["x-avow-stores-rotated-tokens"] == "1"


def test_secrets_are_in_no_repr(make_client: Callable[..., Any], server: FakeServer) -> None:
    client = make_client(management_key="Ksecret1", auth_management_key="Ksecret2", verbose=True)
    server.answer("POST /v1/auth/refresh", body=server.session_body())
    answer = client.refresh_session(server.refresh_token())
    inner = getattr(client, "wrapped", client)
    shown = repr([inner, inner._flows.config, server.requests, inner.get_last_response(), inner._flows._ring])
    cached = repr(list(inner._flows._checker.cache._young.values()))
    for secret in ("Ksecret", answer["sessionToken"]["jwt"][-40:], answer["refreshSessionToken"]["jwt"][-40:]):
        assert secret not in shown + cached


def test_error_of_a_call_does_not_repeat_the_token(client: Any, server: FakeServer) -> None:
    token = server.session_token() + "x"
    with pytest.raises(AuthException) as refused:
        client.validate_session(token)
    assert token[-30:] not in repr(refused.value) + str(refused.value) + refused.value.detail


def test_last_response_is_kept_only_when_verbose(make_client: Callable[..., Any], server: FakeServer) -> None:
    server.answer("GET /v1/auth/me", 404, {"errorCode": "E062108"}, cf_ray="1a2b")
    loud, quiet = make_client(verbose=True), make_client()
    for client in (quiet, loud):
        with pytest.raises(AuthException):
            client.me(server.refresh_token())
    assert quiet.get_last_response() is None


def test_last_response_is_that_of_the_thread(server: FakeServer) -> None:
    client = Client(PROJECT, transport=SyncTransport(server), clock=server.clock, verbose=True)
    server.answer("GET /v1/auth/me", 404, {"errorCode": "E062108"}, cf_ray="1a2b")
    with pytest.raises(AuthException):
        client.me(server.refresh_token())
    response = client.get_last_response()
    assert response is not None
    assert (response.status_code, response.headers.get("cf-ray")) == (404, "1a2b")


def test_given_transport_is_left_open(server: FakeServer) -> None:
    carrier, other = SyncTransport(server), AsyncTransport(server)
    with Client(PROJECT, transport=carrier, clock=server.clock) as client:
        client.validate_session(server.session_token())

    async def use() -> None:
        async with AsyncClient(PROJECT, transport=other, clock=server.clock) as client:
            await client.validate_session(server.session_token())

    asyncio.run(use())
    assert (carrier.closed, other.closed) == (0, 0)


def test_unchecked_certificates_are_warned_of() -> None:
    with pytest.warns(UserWarning, match="skip_verify"):
        Client(PROJECT, base_url="https://localhost:8443", skip_verify=True)


def test_every_public_name_can_be_imported() -> None:
    for name in avow.__all__:
        assert getattr(avow, name) is not None
    with pytest.raises(AttributeError):
        _ = avow.nothing  # type: ignore[attr-defined]
    assert set(avow.__all__) <= set(dir(avow))


@pytest.mark.parametrize("line", ["import avow", "from avow import Client, DeliveryMethod, AuthException"])
def test_import_brings_nothing_heavy(line: str) -> None:
    heavy = ("httpx2", "sqlalchemy", "django", "flask", "starlette", "uvicorn", "typer", "psycopg", "ssl")
    code = f"import sys\n{line}\nprint(*(name for name in {heavy} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_server_can_be_imported_without_the_sdk() -> None:
    code = "import sys, avow.errors, avow.wire.table\nprint(*(n for n in sys.modules if n.startswith('avow.sdk')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_version_is_that_of_the_distribution() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert avow.__version__ == project["version"]
