"""Presents forged tokens wherever tokens are taken: to the server as refresh token, to the SDK as session token."""

import asyncio
import contextlib
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import pytest

from avow.core.tokens import SigningKey
from avow.errors import InvalidToken
from avow.sdk.validate import SESSION_LIFETIME_SECONDS
from tests.bed.cases import Case
from tests.factories import new_email
from tests.forgeries import Forgery, forgeries
from tests.issuing import FACES, bearer
from tests.issuing import Place as Api
from tests.security.calls import Answer, assert_refused
from tests.security.place import Person, Place, claims_of
from tests.security.views import APIS, ApiView, django_view
from tests.server.oidc.relying import Rp, made_keys, make_app, prepare

_WATCHED_TABLES = ("sessions", "users", "challenges")


@dataclass
class Canary:
    """A listener on loopback that nobody may call: it counts who does."""

    url: str = ""
    calls: list[object] = field(default_factory=list)


@contextlib.contextmanager
def listening() -> Iterator[Canary]:
    """Run a canary."""
    found = Canary()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            found.calls.append(self.client_address)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listener:
        found.url = f"http://127.0.0.1:{listener.server_address[1]}/keys"
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield found
        listener.shutdown()
        thread.join()


@dataclass(frozen=True, slots=True)
class Stage:
    """A project with somebody signed in, and the forgeries of their tokens.

    Attributes:
        place: The project.
        person: Who holds the genuine tokens.
        key: The active key, with its private half.
        of_session: Forged session tokens, by case.
        of_refresh: Forged refresh tokens, by case.
        client: An application of the OpenID provider.
        access_token: A genuine access token of it.
        of_access: Forged access tokens, by case.
    """

    place: Place
    person: Person
    key: SigningKey
    of_session: list[Forgery]
    of_refresh: list[Forgery]
    client: Rp
    access_token: str
    of_access: list[Forgery]


def set_stage(place: Place, algorithm: str, canary: str) -> Stage:
    """Sign somebody in under a key of an algorithm and forge their tokens; nothing may ask at `canary`."""
    if algorithm != "ES256":
        place.use_algorithm(algorithm)
    person, key = place.sign_in(), place.signing_key()
    assert key.algorithm == algorithm
    session, refresh = claims_of(person.session_jwt), claims_of(person.refresh_jwt)
    prepare(place.avow)
    client = make_app(place.avow)
    access = client.tokens(client.browser(), new_email())["access_token"]
    return Stage(
        place,
        person,
        key,
        list(forgeries(key, session, canary=canary, max_lifetime_seconds=SESSION_LIFETIME_SECONDS)),
        list(forgeries(key, refresh, canary=canary)),
        client,
        access,
        list(forgeries(made_keys()[0], claims_of(access), canary=canary, typ="at+jwt")),
    )


def present(case: Case, stage: Stage) -> None:
    """Present the forged tokens of a case everywhere; the genuine ones work before and after."""
    place, person = stage.place, stage.person
    client = place.avow.client()
    case.control(lambda: place.api.me(person.refresh_jwt).status == 200)
    case.control(lambda: place.api.refresh(person.refresh_jwt).status == 200)
    case.control(lambda: client.validate_session(person.session_jwt)["sub"] == person.id)
    before = stored(place)
    for name, call in _server_calls(case.id, stage):
        with case.cell(name):
            answer = call()
            assert_refused(answer)
            assert person.id.encode() not in answer.content
    with case.cell("nothing stored has changed"):
        assert stored(place) == before
    for forgery in (each for each in stage.of_session if each.case_id == case.id):
        with case.cell(f"validate_session, {forgery.title}"):
            refuses(partial(client.validate_session, forgery.token))
    asyncio.run(_present_to_async(case, stage))
    _present_to_django(case, stage)
    for name, open_view in APIS.items():
        _present_to_api(case, stage, name, open_view(place.avow))
    _present_to_userinfo(case, stage)
    _present_to_resource_servers(case, stage)


def stored(place: Place) -> list[list[tuple[object, ...]]]:
    """Return what an attack must not change; when a session was last used is the control's doing."""
    return [place.rows(table) for table in _WATCHED_TABLES]


def refuses(call: Callable[[], object]) -> None:
    """Assert that the SDK raises its error for tokens that do not hold."""
    with pytest.raises(InvalidToken) as refused:
        call()
    assert refused.value.status_code in (400, 401)


def _server_calls(case_id: str, stage: Stage) -> Iterator[tuple[str, Callable[[], Answer]]]:
    api = stage.place.api
    for forgery in (each for each in stage.of_refresh if each.case_id == case_id and each.over_the_wire):
        token = forgery.token
        yield f"GET /v1/auth/me, {forgery.title}", partial(api.me, token)
        yield f"POST /v1/auth/refresh, {forgery.title}", partial(api.refresh, token)
        cookies = {"DSR": token}
        yield f"refresh cookie, {forgery.title}", partial(api.get, "/v1/auth/me", cookies=cookies)


async def _present_to_async(case: Case, stage: Stage) -> None:
    client = stage.place.avow.async_client()
    for forgery in (each for each in stage.of_session if each.case_id == case.id):
        cell = case.cell(f"validate_session of the asynchronous client, {forgery.title}")
        with cell, pytest.raises(InvalidToken):
            await client.validate_session(forgery.token)
    assert (await client.validate_session(stage.person.session_jwt))["sub"] == stage.person.id


def _present_to_userinfo(case: Case, stage: Stage) -> None:
    """Present forged access tokens to the OpenID provider, in the header and in a form."""
    client, forged = stage.client, [each for each in stage.of_access if each.case_id == case.id and each.over_the_wire]
    assert client.userinfo(stage.access_token).status == 200
    if forged:
        with case.cell("userinfo"):
            for each in forged:
                assert client.userinfo(each.token).status in (400, 401), each
                assert client.call("/userinfo", {"access_token": each.token}).status in (400, 401), each
    assert client.userinfo(stage.access_token).status == 200


def _present_to_resource_servers(case: Case, stage: Stage) -> None:
    """Present forged access tokens to an API that Avow gives tokens for, in each integration."""
    forged = [each for each in stage.of_access if each.case_id == case.id and each.over_the_wire]
    # Their issuer may be anybody's, and RFC 7519 section 2 allows instants with a fraction.
    forged = [each for each in forged if each.title != "exp is a fraction"]
    place = Api.of_avow(stage.place.avow, stage.client.issuer, claims_of(stage.access_token)["aud"])
    for name in ("Django", "Flask", "FastAPI") if forged else ():
        ask = FACES[name](place)
        assert ask("/any", bearer(stage.access_token)).status == 200
        with case.cell(f"protected API view, {name}"):
            for each in forged:
                assert ask("/any", bearer(each.token)).status in (400, 401), each
        assert ask("/any", bearer(stage.access_token)).status == 200


def _present_to_django(case: Case, stage: Stage) -> None:
    of_session = [each.token for each in stage.of_session if each.case_id == case.id]
    of_refresh = [each.token for each in stage.of_refresh if each.case_id == case.id]
    with django_view(stage.place.avow) as visit:
        assert visit(stage.person.session_jwt, "") == 200
        with case.cell("protected view, Django"):
            assert {visit(token, "") for token in of_session} <= {302}
            assert {visit("", token) for token in of_refresh} <= {302}
        assert visit(stage.person.session_jwt, "") == 200


def _present_to_api(case: Case, stage: Stage, name: str, view: ApiView) -> None:
    of_session = [each for each in stage.of_session if each.case_id == case.id]
    of_refresh = [each for each in stage.of_refresh if each.case_id == case.id]
    assert view.by_header(stage.person.session_jwt) == 200
    assert view.by_cookies(stage.person.session_jwt, "") == 200
    with case.cell(f"protected view, {name}"):
        assert {view.by_header(each.token) for each in of_session if each.over_the_wire} <= {401}
        assert {view.by_cookies(each.token, "") for each in of_session} <= {401}
        assert {view.by_cookies("", each.token) for each in of_refresh} <= {401}
    assert view.by_header(stage.person.session_jwt) == 200
