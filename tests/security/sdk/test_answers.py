"""S-SDK-02, 04 and 06: what the SDK tells about a person, to whom, and where it sends what it is given."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest

from avow import AsyncClient, Client
from avow.errors import AuthException, InvalidArgument
from avow.sdk.answers import ignored
from avow.sdk.calls.call import call
from avow.wire.endpoint import Caller, Endpoint, Nothing
from avow.wire.table import ENDPOINTS
from tests.bed.cases import Case
from tests.factories import make_member, make_role, make_tenant
from tests.security.place import Person, Place

WRONG_TENANTS: tuple[Any, ...] = (None, 1, ["T1"], {"T1": 1})
WRONG_TYPES: tuple[Any, ...] = (None, "", "admin", b"admin", 1, {"admin": True}, [None], [1], [["admin"]])


def test_s_sdk_02_role_and_permission_helpers(case: Case, local_place: Place) -> None:
    place, person = local_place, local_place.sign_in()
    make_member(
        place.avow,
        person.id,
        roles_of_project={"editor": ["write"]},
        tenant_id="T1",
        roles_in_tenant={"admin": ["all"]},
    )
    make_tenant(place.avow, tenant_id="T2")
    make_role(place.avow, "owner", ["own"])
    client = place.avow.client()
    session: Any = client.validate_session(place.api.refresh(person.refresh_jwt).body["sessionJwt"])
    helpers = {
        "roles": (client.validate_roles, client.validate_tenant_roles, "editor", "admin"),
        "permissions": (client.validate_permissions, client.validate_tenant_permissions, "write", "all"),
    }
    for kind, (in_project, in_tenant, own, of_tenant) in helpers.items():
        case.control(partial(in_project, session, [own]))
        case.control(partial(in_tenant, session, "T1", [of_tenant]))
        with case.cell(f"{kind}: every name must be held"):
            assert not in_project(session, [own, "owner"])
            assert not in_tenant(session, "T1", [of_tenant, "owner"])
        with case.cell(f"{kind}: another case, another spelling"):
            for name in (own.upper(), own.title(), own + " ", own[:-1], "", "*"):
                assert not in_project(session, [name])
            for name in (of_tenant.upper(), of_tenant.title(), of_tenant + " ", of_tenant[:-1], "", "*"):
                assert not in_tenant(session, "T1", [name])
        with case.cell(f"{kind}: what a tenant grants does not count in the project, nor the other way round"):
            assert not in_project(session, [of_tenant])
            assert not in_tenant(session, "T1", [own])
        with case.cell(f"{kind}: a tenant the person is not in"):
            for tenant in ("T2", "T3", "", "t1", "T1 "):
                assert not in_tenant(session, tenant, [of_tenant])
                assert not in_tenant(session, tenant, [])
        with case.cell(f"{kind}: an empty list asks for nothing and means no administrator"):
            assert in_project(session, [])
            assert in_tenant(session, "T1", [])
            assert not in_project({}, [])
            assert not in_project(None, [])
        with case.cell(f"{kind}: a wrong type raises"):
            for names in WRONG_TYPES:
                with pytest.raises(InvalidArgument):
                    in_project(session, names)
                with pytest.raises(InvalidArgument):
                    in_tenant(session, "T1", names)
            for wrong in WRONG_TENANTS:
                with pytest.raises(InvalidArgument):
                    in_tenant(session, wrong, [of_tenant])
        with case.cell(f"{kind}: claims that are null or of a wrong type hold nothing"):
            for held in (None, own, 1, True, {own: True}):
                assert not in_project({**session, kind: held}, [own])
            for tenants in (None, "T1", ["T1"], {"T1": None}, {"T1": "admin"}, {"T1": {kind: of_tenant}}):
                assert not in_tenant({**session, "tenants": tenants}, "T1", [of_tenant])
        with case.cell(f"{kind}: the list of matches"):
            matched = getattr(client, f"get_matched_{kind}")
            matched_in = getattr(client, f"get_matched_tenant_{kind}")
            assert matched(session, [own, "owner", own.upper()]) == [own]
            assert matched_in(session, "T1", [of_tenant, own]) == [of_tenant]
            assert matched_in(session, "T2", [of_tenant]) == []
            assert matched({**session, kind: None}, [own]) == []


def test_s_sdk_04_each_request_gets_its_own_person(
    case: Case, local_place: Place, rounds: Callable[[int, int], int]
) -> None:
    place, count = local_place, rounds(4_000, 20_000)
    people = [place.sign_in(), place.sign_in()]
    # Tokens that begin alike, so that a cache by prefix or by payload length would mix them up.
    tokens = [(person, place.api.refresh(person.refresh_jwt).body["sessionJwt"]) for person in people * 5]
    turns = [tokens[number * 7 % len(tokens)] for number in range(count)]
    client = place.avow.client()
    case.control(lambda: client.validate_session(people[0].session_jwt)["userId"] == people[0].id)

    def is_mixed_up(turn: tuple[Person, str]) -> bool:
        seen = client.validate_session(turn[1])
        return (seen["sub"], seen["userId"], seen["jwt"]) != (turn[0].id, turn[0].id, turn[1])

    with case.cell("validate_session by 100 threads"), ThreadPoolExecutor(100) as pool:
        assert sum(pool.map(is_mixed_up, turns)) == 0
    with case.cell("validate_session by 100 tasks"):
        assert asyncio.run(_mixed_up_in_tasks(place.avow.async_client(), turns)) == 0
    with case.cell("me by 100 threads, interleaved with validate_session"):

        def is_another(turn: tuple[Person, str]) -> bool:
            return client.me(turn[0].refresh_jwt)["userId"] != turn[0].id or is_mixed_up(turn)

        with ThreadPoolExecutor(100) as pool:
            assert sum(pool.map(is_another, turns[: count // 10])) == 0
    with case.cell("what a caller changes in an answer stays with that caller"):
        seen = client.validate_session(tokens[0][1])
        seen["sub"] = seen["userId"] = "Uattacker"
        seen["roles"].append("admin")
        seen["sessionToken"]["roles"].append("admin")
        again = client.validate_session(tokens[0][1])
        assert (again["sub"], again["roles"], again["sessionToken"]["roles"]) == (tokens[0][0].id, [], [])
    with case.cell("a token that differs in one character is not the seen one"):
        head, payload, signature = tokens[0][1].split(".")
        for forged in (f"{head}.{payload}.{signature[:-6]}AAAAAA", f"{head}.{tokens[1][1].split('.')[1]}.{signature}"):
            with pytest.raises(Exception, match="E06400"):
                client.validate_session(forged)


async def _mixed_up_in_tasks(client: AsyncClient, turns: list[tuple[Person, str]]) -> int:
    room = asyncio.Semaphore(100)

    async def is_mixed_up(person: Person, token: str) -> bool:
        async with room:
            seen = await client.validate_session(token)
            await asyncio.sleep(0)
            return (seen["sub"], seen["userId"], seen["jwt"]) != (person.id, person.id, token)

    return sum(await asyncio.gather(*(is_mixed_up(*turn) for turn in turns)))


# --- S-SDK-06 --------------------------------------------------------------------------------------------------

SMUGGLED = (
    "../tenant/delete", "..%2ftenant%2fdelete", "a/b", "a%2fb", "a\\b", "?x=1", "x?y=1&z=2", "#", "x#y", "%00", "a b",
    "é", ";x=1", "@evil.example.com", "//evil.example.com", "x\r\nhost: evil.example.com", "x\nSet-Cookie: a=b",
)  # fmt: skip
REFUSED: tuple[Any, ...] = ("", ".", "..", None, 1, "\ud800")


class Mock(ThreadingHTTPServer):
    """A server that notes the request lines as they came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lines: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Mock

    def do_GET(self) -> None:
        self.server.lines.append(self.requestline)
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_DELETE = do_PUT = do_PATCH = do_GET  # noqa: N815 - names that http.server looks for

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def mock() -> Iterator[Mock]:
    with Mock() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_s_sdk_06_path_parameters(case: Case, mock: Mock) -> None:
    by_id = Endpoint("x", "GET", "/v1/mgmt/user/{userId}/sessions", Nothing, Nothing, Caller.MANAGEMENT)
    with Client("P1", base_url=mock.url, management_key="K1") as client:

        def sent(value: Any) -> str:
            client._run(client._flows.deliver(call(by_id, Nothing(), ignored, path={"userId": value})))
            return mock.lines[-1]

        case.control(lambda: sent("U1") == "GET /v1/mgmt/user/U1/sessions HTTP/1.1")
        for value in SMUGGLED:
            with case.cell(f"{value!r} stays one part of the path"):
                before = len(mock.lines)
                verb, path, version = sent(value).split(" ")
                assert (verb, version, len(mock.lines)) == ("GET", "HTTP/1.1", before + 1)
                parts = path.split("/")
                assert parts[:4] + parts[5:] == ["", "v1", "mgmt", "user", "sessions"]
                assert not set("?#;\\@ ") & set(parts[4])
        for wrong in REFUSED:
            with case.cell(f"{wrong!r} is refused before the request"):
                before = len(mock.lines)
                with pytest.raises(InvalidArgument):
                    sent(wrong)
                assert len(mock.lines) == before
        for name, (line, call_of) in _management_calls(client).items():
            with case.cell(f"management call {name}: an id stays in its place"):
                for value in SMUGGLED:
                    before = len(mock.lines)
                    with contextlib.suppress(AuthException):
                        call_of(value)
                    assert len(mock.lines) == before + 1
                    for sent_line in mock.lines[before:]:
                        verb, address, version = sent_line.split(" ")
                        path, _, query = address.partition("?")
                        assert (f"{verb} {path}", version) == (line, "HTTP/1.1"), sent_line
                        assert not set("#;\\@ ") & set(address)
                        assert value in [held for _, held in parse_qsl(query)] or not query, sent_line
        with case.cell("management calls with ids in the path"):
            # The contract names ids in queries and bodies alone; one that did otherwise would be built as above.
            paths = {row.path for row in ENDPOINTS if row.caller is Caller.MANAGEMENT}
            assert not [path for path in paths if "{" in path]
        for name, function in _calls_by_method(client).items():
            for method in ("../verify", "email/x", "EMAIL", "", "fax", None):
                with case.cell(f"{name} by {method!r}"):
                    before = len(mock.lines)
                    with pytest.raises(InvalidArgument):
                        function(method)
                    assert len(mock.lines) == before


def _management_calls(client: Client) -> dict[str, tuple[str, Callable[[str], object]]]:
    """Return management calls that name something by its id, each with the request line that it may send."""
    mgmt = client.mgmt
    return {
        "user.load": ("GET /v1/mgmt/user", mgmt.user.load),
        "user.load_by_user_id": ("GET /v1/mgmt/user", mgmt.user.load_by_user_id),
        "user.delete_by_user_id": ("POST /v1/mgmt/user/delete", mgmt.user.delete_by_user_id),
        "user.logout_user": ("POST /v1/mgmt/user/logout", mgmt.user.logout_user),
        "tenant.load": ("GET /v1/mgmt/tenant", mgmt.tenant.load),
        "tenant.load_settings": ("GET /v1/mgmt/tenant/settings", mgmt.tenant.load_settings),
        "tenant.delete": ("POST /v1/mgmt/tenant/delete", mgmt.tenant.delete),
        "access_key.load": ("GET /v1/mgmt/accesskey", mgmt.access_key.load),
        "access_key.delete": ("POST /v1/mgmt/accesskey/delete", mgmt.access_key.delete),
        "sso.load_settings": ("GET /v2/mgmt/sso/settings", mgmt.sso.load_settings),
        "sso.delete_settings": ("DELETE /v1/mgmt/sso/settings", mgmt.sso.delete_settings),
        "management_key.load": ("GET /v1/mgmt/managementkey", mgmt.management_key.load),
        "list.load": ("GET /v1/mgmt/list", mgmt.list.load),
        "list.load_by_name": ("GET /v1/mgmt/list/name", mgmt.list.load_by_name),
        "flow.export_flow": ("POST /v1/mgmt/flow/export", mgmt.flow.export_flow),
        "group.load_all_groups": ("POST /v1/mgmt/group/all", mgmt.group.load_all_groups),
    }


def _calls_by_method(client: Client) -> dict[str, Callable[[Any], object]]:
    """Return the calls whose path names a delivery method."""
    who = "mia@example.com"
    return {
        "otp.sign_up": lambda method: client.otp.sign_up(method, who),
        "otp.sign_in": lambda method: client.otp.sign_in(method, who),
        "otp.sign_up_or_in": lambda method: client.otp.sign_up_or_in(method, who),
        "otp.verify_code": lambda method: client.otp.verify_code(method, who, "000000"),
        "otp.update_user_phone": lambda method: client.otp.update_user_phone(method, who, "+12025550100", "a.b.c"),
        "magiclink.sign_up": lambda method: client.magiclink.sign_up(method, who),
        "magiclink.sign_in": lambda method: client.magiclink.sign_in(method, who),
        "magiclink.sign_up_or_in": lambda method: client.magiclink.sign_up_or_in(method, who),
    }
