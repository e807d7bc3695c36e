"""The server inside a process: calls of the SDK that stay there, its beginning and end, forks, and what it refuses."""

import asyncio
import io
import os
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from avow import Client, DeliveryMethod
from avow.core.ids import secret_text
from avow.embed.embedded import Embedded
from avow.embed.fastapi import Embedded as StarletteEmbedded
from avow.embed.mounts import AsgiMount, WsgiMount
from avow.errors import AuthException, AvowError
from avow.server.operations import actions as operations
from avow.server.store import StoreRefused
from tests.bed.plugin import DATABASES
from tests.embed.conftest import database
from tests.embed.shops import made_project
from tests.factories import new_email

BASE_URL = "http://localhost:8000/auth"


@dataclass
class Data:
    """A database with a project in it, and how an application speaks of it."""

    said: dict[str, Any]
    project_id: str


@pytest.fixture(params=DATABASES)
def database_url_of_avow(request: pytest.FixtureRequest) -> Iterator[str]:
    with database(request.param, request) as url:
        yield url


@pytest.fixture
def data(database_url_of_avow: str) -> Data:
    secret_key = secret_text()
    project_id, key = made_project(database_url_of_avow, secret_key)
    said = {"base_url": BASE_URL, "database_url": database_url_of_avow, "secret_key": secret_key, "development": True}
    return Data({**said, "project_id": project_id, "management_key": key}, project_id)


@pytest.fixture
def avow(data: Data) -> Iterator[Embedded]:
    made = Embedded(**data.said)
    yield made
    made.close()


@pytest.fixture
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        raise AssertionError(f"somebody reaches for {address}")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)


def code_for(avow: Embedded, address: str) -> str:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if found := avow.inbox.messages(address):
            return str(found[0].code)
        time.sleep(0.01)
    raise AssertionError(f"nothing was sent to {address}")


def threads() -> set[str]:
    return {each.name for each in threading.enumerate() if each.name.startswith("avow-")}


def sign_in(avow: Embedded) -> Any:
    client, mail = avow.client(), new_email()
    client.otp.sign_up_or_in(DeliveryMethod.EMAIL, mail)
    return client.otp.verify_code(DeliveryMethod.EMAIL, mail, code_for(avow, mail))


# --- Calls -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_no_network")
def test_calls_stay_in_the_process(avow: Embedded) -> None:
    session, client = sign_in(avow), avow.client()
    refresh = session["refreshSessionToken"]["jwt"]
    assert client.validate_session(session["sessionToken"]["jwt"])["userId"] == session["userId"]
    assert client.me(refresh)["userId"] == session["userId"]
    assert client.refresh_session(refresh)["userId"] == session["userId"]
    found: Any = client.mgmt.user.load_by_user_id(session["userId"])
    assert found["user"]["userId"] == session["userId"]
    client.logout(refresh)


@pytest.mark.usefixtures("_no_network")
def test_asynchronous_calls_stay_in_the_process(avow: Embedded) -> None:
    async def one() -> str:
        client, mail = avow.async_client(), new_email()
        await client.otp.sign_up_or_in(DeliveryMethod.EMAIL, mail)
        code = await asyncio.to_thread(code_for, avow, mail)
        session: Any = await client.otp.verify_code(DeliveryMethod.EMAIL, mail, code)
        validated: Any = await client.validate_session(session["sessionToken"]["jwt"])
        assert validated["userId"] == session["userId"]
        return str(session["userId"])

    async def several() -> list[str]:
        return await asyncio.gather(*(one() for _ in range(5)))

    assert len(set(asyncio.run(several()))) == 5
    assert len(set(asyncio.run(several()))) == 5  # on another loop


# --- Beginning and end -----------------------------------------------------------------------------------------


def test_nothing_is_opened_before_the_first_use_and_nothing_stays_after_the_end(data: Data) -> None:
    before = threads()
    avow = Embedded(**data.said)
    avow.client()
    assert (avow.is_started, threads()) == (False, before)
    sign_in(avow)
    assert {"avow-courier", "avow-postman", "avow-housekeeper"} <= {name for name in threads()}
    avow.close()
    assert (avow.is_started, threads()) == (False, before)
    sign_in(avow)  # begins anew
    avow.close()


def test_many_threads_begin_one_server(avow: Embedded) -> None:
    with ThreadPoolExecutor(8) as pool:
        sites = {id(site) for site in pool.map(lambda _: avow.site, range(16))}
        assert len(sites) == 1
        users = {session["userId"] for session in pool.map(lambda _: sign_in(avow), range(8))}
    assert len(users) == 8
    assert len([each for each in threading.enumerate() if each.name == "avow-courier"]) == 1


def test_server_lives_as_long_as_the_application(data: Data) -> None:
    avow = StarletteEmbedded(**data.said)
    app = Starlette()
    avow.mount(app)
    with TestClient(app, "http://localhost:8000") as browser:
        assert avow.is_started
        assert browser.get("/auth/healthz").status_code == 200
        assert browser.get("/auth/openapi.json").json()["servers"][0]["url"] == "/auth"
        assert browser.get("/healthz").status_code == 404
    assert not avow.is_started


def test_mount_that_is_served_by_itself_begins_and_ends_with_its_server(data: Data) -> None:
    avow = Embedded(**data.said)
    with TestClient(AsgiMount(avow), "http://localhost:8000") as browser:
        assert avow.is_started
        assert browser.get("/readyz").status_code == 200
    assert not avow.is_started


def test_mount_below_another_mount_is_found(data: Data) -> None:
    avow = StarletteEmbedded(**{**data.said, "base_url": "http://localhost:8000/shop/auth"})
    inner, outer = Starlette(), Starlette()
    inner.mount("/auth", avow.asgi)
    outer.mount("/shop", inner)
    with TestClient(outer, "http://localhost:8000") as browser:
        assert "/shop/auth/assets/" in browser.get("/shop/auth/", headers={"accept": "text/html"}).text
    avow.close()


# --- Forks -----------------------------------------------------------------------------------------------------


def in_a_child(work: Callable[[], object]) -> int:
    """Fork, do the work in the child, and return its exit code."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # Python 3.12: forked beside threads, on purpose
def test_process_that_is_forked_after_use_begins_anew_on_both_sides(avow: Embedded) -> None:
    before = sign_in(avow)["refreshSessionToken"]["jwt"]
    assert in_a_child(lambda: (avow.client().me(before), sign_in(avow), avow.close())) == 0
    assert avow.client().me(before)
    assert in_a_child(lambda: sign_in(avow)) == 0
    sign_in(avow)


def test_process_that_was_forked_behind_our_back_is_refused(data: Data) -> None:
    """A server in C that forks runs no Python before it: the child has open connections that are its parent's."""
    avow = Embedded(**data.said)
    store = avow.site.store
    engine = store._engine
    store.after_fork_in_child()
    avow.after_fork_in_child()
    with pytest.raises(StoreRefused, match="start it after the fork"):
        avow.start()
    assert engine is not None
    engine.close()
    assert avow._carried is not None
    avow._carried.close()


# --- What is refused -------------------------------------------------------------------------------------------


def asked(app: Any, **environ: str) -> tuple[int, dict[str, str], bytes]:
    """Ask an application of WSGI."""
    told: list[tuple[str, list[tuple[str, str]]]] = []
    given: Mapping[str, Any] = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "/auth",
        "PATH_INFO": "/readyz",
        "QUERY_STRING": "",
        "REMOTE_ADDR": "203.0.113.7",
        "wsgi.input": io.BytesIO(),
        **environ,
    }
    body = b"".join(app(dict(given), lambda status, headers: told.append((status, headers))))
    return int(told[0][0][:3]), dict(told[0][1]), body


def test_database_without_tables_is_refused_until_it_is_migrated(database_url_of_avow: str) -> None:
    said: dict[str, Any] = {
        "base_url": BASE_URL,
        "database_url": database_url_of_avow,
        "secret_key": secret_text(),
        "project_id": "P1x",
    }
    avow = Embedded(**said)
    with pytest.raises(AuthException) as refused:
        avow.client().otp.sign_up_or_in(DeliveryMethod.EMAIL, "mia@example.com")
    assert refused.value.status_code == 503
    status, headers, body = asked(WsgiMount(avow))
    assert (status, headers["cache-control"]) == (503, "no-store")
    assert b"E019503" in body
    assert TestClient(AsgiMount(avow)).get("/readyz").status_code == 503
    assert avow.migrate() == "created"
    assert asked(WsgiMount(avow))[0] == 200
    assert avow.migrate() == "current"
    avow.close()


def test_requests_that_waited_for_a_database_which_hangs_share_its_refusal() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://avow@127.0.0.1:{silent.getsockname()[1]}/shop?schema=avow"
        avow = Embedded(base_url=BASE_URL, database_url=url, secret_key=secret_text(), project_id="P1x")
        began = time.monotonic()
        assert asked(WsgiMount(avow))[0] == 503
        one = time.monotonic() - began
        avow.close()  # which forgets it
        began = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            assert {answer[0] for answer in pool.map(lambda _: asked(WsgiMount(avow)), range(4))} == {503}
        assert time.monotonic() - began < 2 * one


def test_application_does_not_start_over_a_database_that_cannot_be_served(avow: Embedded, data: Data) -> None:
    avow.start()  # which writes down by what key
    other = StarletteEmbedded(**{**data.said, "secret_key": secret_text()})
    app = Starlette()
    other.mount(app)
    with pytest.raises(StoreRefused, match="AVOW_SECRET_KEY"), TestClient(app):
        pass
    assert not other.is_started


def test_data_of_avow_dev_is_served_in_development_only(avow: Embedded, data: Data) -> None:
    avow.site.store.run_anywhere(operations.mark_development)
    avow.close()
    avow.start()
    other = Embedded(**{**data.said, "development": False})
    with pytest.raises(StoreRefused, match="avow dev"):
        other.start()


# --- Who asks --------------------------------------------------------------------------------------------------


def wrong_passwords(client: Client, count: int) -> set[int]:
    """Try passwords of people who are not there; return how each try was refused."""
    statuses = set()
    for number in range(count):
        with pytest.raises(AvowError) as refused:
            client.password.sign_in(f"nobody-{number}@example.com", "Wrong horse battery 9!")
        statuses.add(refused.value.status)
    return statuses


def test_wrong_passwords_of_strangers_lock_nobody_out(database_url_of_avow: str) -> None:
    """All who sign in through the application would share one address: that of no person."""
    secret_key = secret_text()
    project_id, key = made_project(database_url_of_avow, secret_key, password_failures_per_client=2)
    avow = Embedded(
        base_url=BASE_URL,
        database_url=database_url_of_avow,
        secret_key=secret_key,
        project_id=project_id,
        development=True,
    )
    mail, password = new_email(), "Correct horse battery 9!"
    client = avow.client()
    client.password.sign_up(mail, password)
    assert wrong_passwords(client, 4) == {401}
    assert client.password.sign_in(mail, password)
    with client.calling_for("203.0.113.9"):
        assert wrong_passwords(client, 2) == {401}
        assert wrong_passwords(client, 1) == {429}
    with client.calling_for("203.0.113.8"):
        assert client.password.sign_in(mail, password)
    keyed = Client(project_id, base_url=BASE_URL, auth_management_key=key, transport=avow)
    with keyed.calling_for("203.0.113.9"):
        assert wrong_passwords(keyed, 1) == {429}
    assert wrong_passwords(keyed, 1) == {401}

    async def asynchronously() -> None:
        with pytest.raises(AuthException) as refused:
            await avow.async_client().password.sign_in("nobody@example.com", "Wrong horse battery 9!")
        assert refused.value.status_code == 401

    for _ in range(3):
        asyncio.run(asynchronously())
    avow.close()


def test_calls_share_no_limit_of_an_address(database_url_of_avow: str) -> None:
    secret_key = secret_text()
    project_id, _ = made_project(database_url_of_avow, secret_key, requests_per_minute=10)
    said: dict[str, Any] = {"base_url": BASE_URL, "database_url": database_url_of_avow, "secret_key": secret_key}
    avow = Embedded(**said, project_id=project_id, development=True)
    assert wrong_passwords(avow.client(), 12) == {401}
    avow.close()


def test_unix_socket_is_this_machine_and_names_its_client_when_trusted(data: Data) -> None:
    avow = Embedded(**data.said, metrics_networks="127.0.0.1,203.0.113.9", trusted_proxies="127.0.0.1")
    mount = WsgiMount(avow)
    assert asked(mount, PATH_INFO="/metrics", REMOTE_ADDR="")[0] == 200
    assert asked(mount, PATH_INFO="/metrics", REMOTE_ADDR="", HTTP_X_FORWARDED_FOR="203.0.113.8")[0] == 404
    assert asked(mount, PATH_INFO="/metrics", REMOTE_ADDR="203.0.113.8")[0] == 404
    avow.close()


def test_captured_messages_are_shown_on_this_machine_only(avow: Embedded) -> None:
    mount = WsgiMount(avow)
    for peer in ("127.0.0.1", "::1", "::ffff:127.0.0.1", ""):
        assert asked(mount, PATH_INFO="/dev/inbox", REMOTE_ADDR=peer)[0] == 200
    for peer in ("203.0.113.7", "10.0.0.7", "2001:db8::7"):
        assert asked(mount, PATH_INFO="/dev/inbox", REMOTE_ADDR=peer)[0] == 404
