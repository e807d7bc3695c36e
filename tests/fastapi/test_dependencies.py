"""The dependencies: who passes, what the others are told, and what never is shown."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from avow import DeliveryMethod
from avow.errors import AvowError
from avow.fastapi import Avow, AvowSession, CurrentSession, InvalidSettings, current_session, require, visits
from avow.testing.server import BASE_URL, Server
from avow.testing.server import Avow as Project
from tests.applications import OWN_PAGE, Network, SignIn, forged_tokens, machine_token, signed_in, tokens_of
from tests.factories import make_member, new_email
from tests.fastapi.conftest import Open, Visitor
from tests.fastapi.shop import DEMANDING, new_shop

PROJECT: dict[str, Any] = {"roles_of_project": {"editor": ["articles:write", "articles:read"]}}
TENANT: dict[str, Any] = {"roles_in_tenant": {"clerk": ["bills:read"]}}


@pytest.mark.parametrize("path", ["/me", "/me/sync", "/mounted/me"])
def test_session_is_that_of_the_token(visitor: Visitor, sign_in: SignIn, avow: Project, path: str) -> None:
    tokens = sign_in()
    user = avow.client().validate_session(tokens.session)["userId"]
    assert visitor.get(path, tokens.session).json()["user"] == user


@pytest.mark.parametrize("path", DEMANDING)
def test_stranger_is_told_which_credentials_to_bring(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)
    assert (answer.status_code, list(answer.json())) == (401, ["detail"])
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("path", [*DEMANDING, "/who"])
@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer a.b.c", "bearer x", "Bearer a b"])
def test_token_that_does_not_hold_is_refused(visitor: Visitor, path: str, header: str) -> None:
    answer = visitor.get(path, headers={"Authorization": header})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "path", ["/role", "/permissions", "/tenant/my-tenant-ID", "/tenant-role", "/member", "/selected"]
)
def test_person_without_rights_is_refused(visitor: Visitor, sign_in: SignIn, path: str) -> None:
    answer = visitor.get(path, sign_in().session)
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/role", "/permissions", "/routed/me"])
def test_rights_of_the_project_admit(visitor: Visitor, sign_in: SignIn, path: str) -> None:
    assert visitor.get(path, sign_in(**PROJECT).session).json() == "secret"


def test_every_permission_is_needed(visitor: Visitor, sign_in: SignIn) -> None:
    half = sign_in(roles_of_project={"reader": ["articles:read"]})
    assert visitor.get("/permissions", half.session).status_code == 403


def test_rights_in_a_tenant_admit_there_and_nowhere_else(visitor: Visitor, sign_in: SignIn) -> None:
    clerk = sign_in(**TENANT).session
    for path in ("/tenant/my-tenant-ID", "/tenant-role", "/member", "/members/my-tenant-ID"):
        assert visitor.get(path, clerk).status_code == 200, path
    for path in ("/tenant/another", "/members/another", "/selected", "/selected-role"):
        assert visitor.get(path, clerk).status_code == 403, path


def test_rights_of_the_project_do_not_count_in_a_tenant(visitor: Visitor, sign_in: SignIn) -> None:
    person = sign_in(roles_of_project={"clerk": ["bills:read"]})
    for path in ("/tenant/my-tenant-ID", "/tenant-role", "/member"):
        assert visitor.get(path, person.session).status_code == 403, path


def test_selected_tenant_is_that_of_the_session(visitor: Visitor, avow: Project) -> None:
    address, client = new_email(), avow.client()
    client.otp.sign_up_or_in(DeliveryMethod.EMAIL, address)
    session: Any = client.otp.verify_code(DeliveryMethod.EMAIL, address, avow.code(address))
    make_member(avow, session["userId"], **TENANT)
    selected = tokens_of(client.select_tenant("my-tenant-ID", tokens_of(session).refresh))
    assert [visitor.get(path, selected.session).status_code for path in ("/selected", "/selected-role")] == [200, 200]


@pytest.mark.parametrize("path", ["/me", "/mounted/me", "/who"])
def test_forged_tokens_are_refused(visitor: Visitor, sign_in: SignIn, avow: Project, path: str) -> None:
    tokens = sign_in()
    for forgery in forged_tokens(avow, tokens.session):
        if forgery.token != forgery.token.strip():
            continue  # a client of HTTP takes the space away, and the genuine token is left
        assert visitor.get(path, forgery.token).status_code == 401, forgery
    assert visitor.get(path, tokens.session).status_code == 200


def test_refresh_token_and_token_of_another_project_are_refused(
    visitor: Visitor, sign_in: SignIn, server: Server
) -> None:
    assert visitor.get("/me", sign_in().refresh).status_code == 401
    assert visitor.get("/me", signed_in(server.project()).session).status_code == 401


def test_token_whose_time_is_over_is_refused(visitor: Visitor, sign_in: SignIn, avow: Project) -> None:
    tokens = sign_in()
    avow.advance(606)
    assert visitor.get("/me", tokens.session).status_code == 401


def test_machine_is_no_user(visitor: Visitor, avow: Project) -> None:
    answer = visitor.get("/me", machine_token(avow)).json()
    assert answer["user"] == ""
    assert answer["key"]


def test_optional_session_is_none_for_a_stranger(visitor: Visitor, sign_in: SignIn) -> None:
    assert visitor.get("/who").json() == "nobody"
    assert visitor.get("/who", sign_in().session).json() != "nobody"


@pytest.mark.parametrize("path", DEMANDING)
def test_nobody_passes_while_keys_cannot_be_had(open_shop: Open, sign_in: SignIn, network: Network, path: str) -> None:
    tokens = sign_in()
    network.is_away = True
    answer = open_shop().get(path, tokens.session)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


@pytest.mark.parametrize("path", DEMANDING)
@pytest.mark.parametrize("verb", ["HEAD", "OPTIONS", "POST"])
def test_other_verbs_show_nothing(visitor: Visitor, path: str, verb: str) -> None:
    answer = visitor.client.request(verb, path)
    assert answer.status_code in (401, 405)
    assert "secret" not in answer.text


def test_request_with_a_seen_token_sends_nothing(visitor: Visitor, sign_in: SignIn, network: Network) -> None:
    tokens = sign_in()
    visitor.get("/me", tokens.session)
    network.paths.clear()
    for path in ("/me", "/me/sync", "/mounted/me", "/who"):
        assert visitor.get(path, tokens.session).status_code == 200
    assert network.paths == []


def test_client_is_there_for_calls_of_ones_own(visitor: Visitor, sign_in: SignIn) -> None:
    assert visitor.keep(sign_in(**TENANT)).get("/tenants").status_code == 200


def test_socket_admits_by_header_and_by_cookie(visitor: Visitor, sign_in: SignIn) -> None:
    tokens = sign_in(**PROJECT)
    for headers in ({"Authorization": f"Bearer {tokens.session}"}, OWN_PAGE):
        visitor.keep(tokens)
        with visitor.client.websocket_connect("wss://shop.example.com/talk", headers=headers) as socket:
            assert socket.receive_text()


@pytest.mark.parametrize("who", ["stranger", "without the role", "forged", "another site", "session over"])
def test_socket_is_closed_before_it_is_open(visitor: Visitor, sign_in: SignIn, avow: Project, who: str) -> None:
    headers = dict(OWN_PAGE)
    if who == "without the role":
        visitor.keep(sign_in())
    if who == "forged":
        headers["Authorization"] = "Bearer a.b.c"
    if who == "another site":
        visitor.keep(sign_in(**PROJECT))
        headers = {"Origin": "https://evil.example"}
    if who == "session over":
        visitor.keep(sign_in(**PROJECT))
        avow.advance(606)  # its cookies could not be renewed by the answer of a socket
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        visitor.client.websocket_connect("wss://shop.example.com/talk", headers=headers) as socket,
    ):
        socket.receive_text()
    assert closed.value.code == 1008


def test_description_of_the_api_names_the_scheme(visitor: Visitor) -> None:
    described = visitor.get("/openapi.json").json()
    scheme = described["components"]["securitySchemes"]["avow"]
    assert (scheme["type"], scheme["scheme"], scheme["bearerFormat"]) == ("http", "bearer", "JWT")
    for path in ("/me", "/role", "/who", "/tenant/{tenant_id}", "/routed/me"):
        assert described["paths"][path]["get"]["security"] == [{"avow": []}], path
        assert "parameters" not in described["paths"][path]["get"] or path.startswith("/tenant")
    assert "security" not in described["paths"]["/plain"]["get"]
    assert not [path for path in described["paths"] if path.startswith("/auth")]


@pytest.mark.parametrize(
    "make",
    [
        require,
        lambda: require(roles=[]),
        lambda: require(roles="editor"),
        lambda: require(permissions=[""]),
        lambda: require(tenant=""),
        lambda: require(tenant="T1", tenant_param="tenant_id"),
    ],
)
def test_demand_of_nothing_is_a_mistake(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"Nothing|names|once|empty"):
        make()


def test_application_without_avow_says_what_to_do() -> None:
    app = FastAPI()

    @app.get("/")
    async def home(session: CurrentSession) -> str:
        return "secret"

    with pytest.raises(RuntimeError, match="Avow\\(app\\)"):
        TestClient(app).get("/")


def test_client_is_closed_when_the_application_ends(network: Network) -> None:
    ended: list[str] = []

    async def run() -> None:
        app = new_shop(network)
        avow_of_app = app.state.avow

        async def close() -> None:
            ended.append("closed")

        avow_of_app.client.close = close
        async with app.router.lifespan_context(app):
            assert ended == []

    asyncio.run(run())
    assert ended == ["closed"]


def test_lifespan_of_the_application_runs_within(network: Network) -> None:
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def own(app: FastAPI) -> AsyncIterator[dict[str, str]]:
        yield {"own": "state"}

    app = FastAPI(lifespan=own)
    Avow(app, project_id="P1", base_url=BASE_URL)

    async def run() -> Any:
        async with app.router.lifespan_context(app) as state:
            return state

    assert asyncio.run(run()) == {"own": "state"}


def test_people_are_not_mixed_up_by_tasks(network: Network, sign_in: SignIn, avow: Project) -> None:
    people = [sign_in() for _ in range(4)]
    users = [avow.client().validate_session(tokens.session)["userId"] for tokens in people]
    app = new_shop(network)

    async def ask(client: httpx2.AsyncClient, number: int, path: str) -> bool:
        answer = await client.get(path, headers={"Authorization": f"Bearer {people[number % 4].session}"})
        return bool(answer.json()["user"] == users[number % 4])

    async def run() -> list[bool]:
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="https://shop.example.com"
        ) as client:
            asked = [ask(client, number, path) for number in range(100) for path in ("/me", "/me/sync")]
            return await asyncio.gather(*asked)

    assert all(asyncio.run(run()))


def test_error_while_judging_shows_nothing(visitor: Visitor, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AvowError

    monkeypatch.setattr(visits, "bearer_at_once", fail)
    assert visitor.get("/me", sign_in().session).status_code == 500


@pytest.mark.parametrize(
    "said",
    [
        {"scripts": "others"},
        {"cookie_samesite": "none"},
        {"cookie_samesite": "None", "cookie_secure": False},
        {"session_cookie_name": "a", "refresh_cookie_name": "a"},
        {"session_cookie_name": "__Host-a", "cookie_domain": "example.com"},
        {"trusted_origins": "https://example.com"},
        {"trusted_origins": ["example.com"]},
        {"url_prefix": "auth"},
        {"login_redirect": "https://example.com"},
        {"public_url": "auth.example.com"},
        {"timeout_seconds": 0},
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_refused(said: Any) -> None:
    with pytest.raises(InvalidSettings):
        Avow(project_id="P1", base_url=BASE_URL, **said)


def test_session_of_a_test_reaches_what_demands_one(network: Network) -> None:
    app = new_shop(network)
    app.dependency_overrides[current_session] = lambda: AvowSession({"sub": "U1", "roles": ["editor"]})
    with TestClient(app) as client:
        answers = {path: client.get(path).status_code for path in ("/me", "/person", "/role", "/permissions")}
    assert answers == {"/me": 200, "/person": 200, "/role": 200, "/permissions": 403}
