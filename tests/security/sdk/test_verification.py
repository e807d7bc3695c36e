"""S-SDK-01 and 03: the SDK decides by its own settings, and without keys it accepts nobody."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from avow import Client
from avow.core.tokens import KeySet, SigningKey, sign
from avow.core.tokens.encoding import to_base64url
from avow.errors import AuthException, InvalidToken, KeysUnavailable, Unreachable
from avow.sdk.transport import Request, Response
from tests.bed.cases import Case
from tests.security.conftest import MakePlace
from tests.security.place import Place, claims_of
from tests.security.presenting import Stage, present, refuses

SEEN_SECONDS = 600


def test_s_sdk_01_settings_are_not_taken_from_the_token(case: Case, stage: Stage) -> None:
    present(case, stage)


def test_s_sdk_01_two_projects_in_one_process(case: Case, make_local_place: MakePlace) -> None:
    one, two = make_local_place(), make_local_place()
    of_one, of_two = one.sign_in(), two.sign_in()
    first, second = one.avow.client(), two.avow.client()
    case.control(lambda: first.validate_session(of_one.session_jwt)["projectId"] == one.avow.project_id)
    case.control(lambda: second.validate_session(of_two.session_jwt)["projectId"] == two.avow.project_id)
    for name, client, token in (("one", first, of_two.session_jwt), ("the other", second, of_one.session_jwt)):
        with case.cell(f"two projects, {name}"):
            refuses(partial(client.validate_session, token))
        with case.cell(f"two projects, {name}, as a token to refresh beside"):
            refuses(partial(client.validate_and_refresh_session, token, token))
    key_of_two = two.signing_key()
    asks = {"iss": one.avow.project_id}
    with case.cell("a token of the other project that names this one"):
        refuses(partial(first.validate_session, sign(key_of_two, {**claims_of(of_two.session_jwt), **asks})))
    with case.cell("a client told the key of the other project"):
        told = Client(one.avow.project_id, public_key=key_of_two.public_jwk(), clock=one.avow.server.clock)
        refuses(partial(told.validate_session, of_one.session_jwt))
        refuses(partial(told.validate_session, of_two.session_jwt))


def test_s_sdk_01_keys_that_are_none_are_configuration_errors(case: Case, local_place: Place) -> None:
    key, token = local_place.signing_key(), local_place.sign_in().session_jwt
    clock = local_place.avow.server.clock

    def client_with(public_key: Any) -> Client:
        return Client(local_place.avow.project_id, public_key=public_key, clock=clock)

    case.control(lambda: bool(client_with(key.public_jwk()).validate_session(token)))
    jwk = json.loads(key.public_jwk())
    pem = key.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    wrong: dict[str, Any] = {
        "a PEM": pem,
        "a PEM with HS256": {"kty": "oct", "alg": "HS256", "kid": key.kid, "k": pem},
        "a symmetric key": {"kty": "oct", "alg": "HS256", "kid": "k", "k": "A" * 43},
        "an empty symmetric key": {"kty": "oct", "alg": "HS256", "kid": "k", "k": ""},
        "a short symmetric key": {"kty": "oct", "alg": "HS256", "kid": "k", "k": "AA"},
        "HS256 on an asymmetric key": {**jwk, "alg": "HS256"},
        "none on an asymmetric key": {**jwk, "alg": "none"},
        "the algorithm of another kind": {**jwk, "alg": "RS256"},
        "no algorithm": {name: value for name, value in jwk.items() if name != "alg"},
        "a private key": {**jwk, "d": "A" * 43},
        "a point off the curve": {**jwk, "x": "A" * 43},
        "RSA of 1024 bits": _small_rsa(),
        "a list": [jwk],
        "not JSON": "{",
    }
    for name, given in wrong.items():
        with case.cell(f"public_key is {name}"), pytest.raises(AuthException):
            client_with(given)
    for name in ("a symmetric key", "a private key", "RSA of 1024 bits", "HS256 on an asymmetric key"):
        with case.cell(f"the published key set has {name}"):
            rows = [jwk, wrong[name]] if name != "HS256 on an asymmetric key" else [wrong[name]]
            client = _client_of(local_place, _GoodAtFirst(_json({"keys": rows}), _down))
            with pytest.raises(AuthException):
                client.validate_session(token)


def _small_rsa() -> dict[str, str]:
    made = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()  # noqa: S505 - to be refused
    large = json.loads(SigningKey.generate("RS256").public_jwk())
    return {**large, "n": to_base64url(made.public_numbers().n.to_bytes(128, "big"))}


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


class _Answering:
    """A transport that answers as a function says."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self._answer = answer

    def send(self, request: Request) -> Response:
        return self._answer(request)

    def close(self) -> None:
        pass


class _GoodAtFirst:
    """Answers with the keys until it is told to answer otherwise."""

    def __init__(self, keys: bytes, later: Callable[[Request], Response]) -> None:
        self.is_good = True
        self._keys = keys
        self._later = later

    def __call__(self, request: Request) -> Response:
        return Response(200, {}, (), self._keys) if self.is_good else self._later(request)


def _client_of(place: Place, answer: Callable[[Request], Response]) -> Client:
    return Client(
        place.avow.project_id,
        base_url="http://localhost",
        transport=_Answering(answer),
        clock=place.avow.server.clock,
        retry_delays_seconds=(),
    )


def test_s_sdk_03_without_keys_nobody_is_accepted(case: Case, local_place: Place) -> None:
    place, person = local_place, local_place.sign_in()
    case.control(lambda: bool(place.avow.client().validate_session(person.session_jwt)))
    rows = KeySet.of([place.signing_key()]).to_jwks()
    outages: dict[str, Callable[[Request], Response]] = {
        "is down": _down,
        "answers 500": lambda _: Response(500, {}, (), b""),
        "answers 500 with the keys": lambda _: Response(500, {}, (), rows),
        "answers 404": lambda _: Response(404, {}, (), b"{}"),
        "redirects": lambda _: Response(302, {"location": "http://localhost/keys"}, (), rows),
        "answers HTML": lambda _: Response(200, {"content-type": "text/html"}, (), b"<html>sign in to the wifi</html>"),
        "answers an empty set": lambda _: Response(200, {}, (), b'{"keys":[]}'),
        "answers nothing": lambda _: Response(200, {}, (), b""),
        "answers null": lambda _: Response(200, {}, (), b"null"),
        "answers half of it": lambda _: Response(200, {}, (), rows[: len(rows) // 2]),
        "answers the keys of somebody else": lambda _: Response(
            200, {}, (), KeySet.of([SigningKey.generate("ES256")]).to_jwks()
        ),
    }
    for name, answer in outages.items():
        with case.cell(f"the key set {name}, at start"):
            _assert_closed(_client_of(place, answer), person.session_jwt)
        with case.cell(f"the key set {name}, after it was good for its time"):
            answers = _GoodAtFirst(rows, answer)
            client = _client_of(place, answers)
            assert client.validate_session(person.session_jwt)
            answers.is_good = False
            place.advance(SEEN_SECONDS)
            fresh = place.open_session()
            _assert_closed(client, fresh.session_jwt)
            place.avow.server.clock.reset()
    with case.cell("the clock fails"):
        client = Client(place.avow.project_id, public_key=place.signing_key().public_jwk(), clock=_broken_clock)
        with pytest.raises(OSError, match="no clock"):
            client.validate_session(person.session_jwt)


def _down(request: Request) -> Response:
    raise Unreachable


def _broken_clock() -> int:
    raise OSError("no clock")


def _assert_closed(client: Client, token: str) -> None:
    """Assert that the SDK refuses a genuine token, with an answer that an application passes on as 401 or 503."""
    for _ in range(2):
        with pytest.raises(AuthException) as refused:
            client.validate_session(token)
        assert isinstance(refused.value, InvalidToken | KeysUnavailable)
        assert refused.value.status_code in (401, 503)
