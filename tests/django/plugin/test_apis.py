"""DRF and Ninja: bearer tokens and cookies, CSRF, who is refused and with which status."""

from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import AsyncClient
from django.test.utils import CaptureQueriesContext

from avow.django import clients
from avow.testing.server import Avow
from tests.django.plugin.conftest import Configure, Network, SignIn
from tests.django.plugin.visitor import Visitor, run, tokens_of
from tests.factories import make_access_key

PREFIXES = ("/drf", "/ninja")


@pytest.fixture(autouse=True)
def routes(configure: Configure) -> ModuleType:
    """Serve the APIs."""
    configure(ROOT_URLCONF="tests.django.plugin.apis", REST_FRAMEWORK={})
    from tests.django.plugin import apis

    return apis


@pytest.fixture(params=PREFIXES)
def prefix(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def bearer(session: Any) -> dict[str, str]:
    token = session if isinstance(session, str) else tokens_of(session).session
    return {"authorization": f"Bearer {token}"}


def test_bearer_token_signs_in(prefix: str, visitor: Visitor, sign_up: SignIn, network: Network) -> None:
    session = sign_up()
    visitor.get(f"{prefix}/user", headers=bearer(session))
    network.paths.clear()
    with CaptureQueriesContext(connection) as seen:
        answer = visitor.get(f"{prefix}/me", headers=bearer(session))
    assert (answer.status_code, answer.json()) == (200, {"user_id": session["userId"]})
    assert len(seen) == 0
    assert network.paths == []
    with CaptureQueriesContext(connection) as seen:
        assert visitor.get(f"{prefix}/user", headers=bearer(session)).json() == {"username": session["userId"]}
    assert len(seen) == 1


def test_row_of_a_bearer_token_gets_its_address_with_a_sign_in(prefix: str, visitor: Visitor, sign_up: SignIn) -> None:
    session = sign_up(email="mia@example.com")
    visitor.get(f"{prefix}/user", headers=bearer(session))
    assert User.objects.get().email == ""
    visitor.bring(session)
    visitor.get(f"{prefix}/user", headers=bearer(session))
    assert User.objects.get().email == "mia@example.com"


def test_bearer_token_needs_no_csrf_token(prefix: str, visitor: Visitor, sign_up: SignIn) -> None:
    answer = visitor.client.post(f"{prefix}/me", secure=True, headers=bearer(sign_up()))
    assert answer.status_code == 200


def test_cookies_sign_in_with_a_csrf_token(prefix: str, store: str, visitor: Visitor, sign_up: SignIn) -> None:
    session = sign_up()
    visitor.bring(session)
    assert visitor.get(f"{prefix}/me").json() == {"user_id": session["userId"]}
    assert visitor.get(f"{prefix}/user").json() == {"username": session["userId"]}
    assert visitor.client.post(f"{prefix}/me", secure=True).status_code == 403
    token = visitor.client.cookies["csrftoken"].value
    headers = {"x-csrftoken": token, "referer": "https://testserver/"}
    assert visitor.client.post(f"{prefix}/me", secure=True, headers=headers).status_code == 200


def test_stranger_gets_401(prefix: str, visitor: Visitor) -> None:
    assert visitor.get(f"{prefix}/me").status_code == 401


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c", "x y"])
def test_token_that_does_not_hold_gets_401(prefix: str, token: str, visitor: Visitor, sign_up: SignIn) -> None:
    visitor.bring(sign_up())  # cookies do not help a wrong header
    answer = visitor.get(f"{prefix}/me", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    if prefix == "/drf":
        assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_refresh_token_is_no_session_token(prefix: str, visitor: Visitor, sign_up: SignIn) -> None:
    assert visitor.get(f"{prefix}/me", headers=bearer(tokens_of(sign_up()).refresh)).status_code == 401


def test_ended_session_token_gets_401(prefix: str, visitor: Visitor, sign_up: SignIn, avow: Avow) -> None:
    session = sign_up()
    avow.advance(700)
    assert visitor.get(f"{prefix}/me", headers=bearer(session)).status_code == 401


def test_token_that_nobody_can_judge_gets_503(
    prefix: str, visitor: Visitor, sign_up: SignIn, network: Network, avow: Avow
) -> None:
    headers = bearer(sign_up())
    clients.client.cache_clear()  # a process that has no keys yet
    network.is_away = True
    answer = visitor.get(f"{prefix}/me", headers=headers)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    network.is_away = False
    avow.advance(5)
    assert visitor.get(f"{prefix}/me", headers=headers).status_code == 200
    assert visitor.get(f"{prefix}/me", headers=bearer("garbage")).status_code == 401


def test_cookies_that_nobody_can_judge_get_503_and_stay(
    prefix: str, store: str, visitor: Visitor, sign_up: SignIn, network: Network, avow: Avow
) -> None:
    session = sign_up()
    visitor.bring(session)
    avow.advance(700)
    network.is_away = True
    answer = visitor.get(f"{prefix}/me")
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert Visitor().get(f"{prefix}/me").status_code == 401
    assert visitor.get("/plain").status_code == 200
    network.is_away = False
    avow.advance(5)
    assert visitor.get(f"{prefix}/me").json() == {"user_id": session["userId"]}


def test_machine_gets_in_by_its_token_and_is_no_user(prefix: str, visitor: Visitor, avow: Avow) -> None:
    key = avow.client().exchange_access_key(make_access_key(avow)[1])
    headers = bearer(key["sessionToken"]["jwt"])
    assert visitor.get(f"{prefix}/me", headers=headers).json() == {"user_id": ""}
    assert visitor.get(f"{prefix}/user", headers=headers).json() == {"username": ""}
    assert not User.objects.exists()


def test_demands_get_403(prefix: str, visitor: Visitor, sign_up: SignIn) -> None:
    editor = bearer(sign_up(roles={"editor": ["write"]}))
    nobody = bearer(sign_up())
    for path in ("role", "permission"):
        assert visitor.get(f"{prefix}/{path}", headers=editor).status_code == 200
        assert visitor.get(f"{prefix}/{path}", headers=nobody).status_code == 403
        assert visitor.get(f"{prefix}/{path}").status_code == 401


def test_demands_in_a_tenant(prefix: str, visitor: Visitor, sign_up: SignIn) -> None:
    editor = bearer(sign_up(tenant_id="T1", roles_in_tenant={"editor": []}))
    assert visitor.get(f"{prefix}/T1/role", headers=editor).status_code == 200
    assert visitor.get(f"{prefix}/T2/role", headers=editor).status_code == 403


def test_views_of_drf_may_name_their_demands(visitor: Visitor, sign_up: SignIn) -> None:
    editor = bearer(sign_up(roles={"editor": ["write"]}))
    for path in ("/drf/roles-class", "/drf/permissions-class"):
        assert visitor.get(path, headers=editor).status_code == 200
        assert visitor.get(path, headers=bearer(sign_up())).status_code == 403


def test_asynchronous_operation_of_ninja(visitor: Visitor, sign_up: SignIn) -> None:
    session = sign_up()

    async def walk() -> list[Any]:
        client = AsyncClient()
        found = [
            await client.get("/ninja/async", headers=headers, secure=True)
            for headers in (bearer(session), {}, {"authorization": "Bearer garbage"})
        ]
        return [each.status_code for each in found]

    assert run(walk()) == [200, 401, 401]


def test_asynchronous_operation_answers_503_while_nobody_can_judge(
    visitor: Visitor, sign_up: SignIn, network: Network
) -> None:
    headers = bearer(sign_up())
    clients.async_client.cache_clear()
    network.is_away = True

    async def walk() -> Any:
        return await AsyncClient().get("/ninja/async", headers=headers, secure=True)

    answer = run(walk())
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")


def test_openapi_of_ninja_names_the_scheme(visitor: Visitor) -> None:
    described = visitor.get("/ninja/openapi.json").json()
    assert described["components"]["securitySchemes"]["AvowAuth"] == {"type": "http", "scheme": "bearer"}
