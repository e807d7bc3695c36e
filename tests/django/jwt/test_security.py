"""Security cases of the JWT layer, each with its control."""

import base64
import hashlib
import hmac
import json
import logging
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import got_request_exception
from django.views.debug import ExceptionReporter

from avow.django.jwt import tokens
from avow.django.jwt.checks import check_settings
from tests.bed.cases import Case
from tests.django.jwt.conftest import KEY, Configure
from tests.django.jwt.visitor import PASSWORD, BrowserClient, Visitor, claims_of

PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE_PEM = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC_PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
PATHS = ("/protect/", "/perms_protect/", "/both_perms/", "/perms_only/", "/async/", "/tested/", "/never/")
ROUTES = ("validate_access", "validate_refresh", "refresh_access", "update_refresh", "logout")


def signs_in() -> bool:
    """Show that somebody with nothing special gets in."""
    visitor = Visitor()
    return visitor.sign_in().status_code == 200 and visitor.get("/protect/").status_code == 200


def maced(claims: dict[str, Any], key: bytes) -> str:
    """Return a token by HS256 with any key, as no library signs it."""
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    message = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(key, message, hashlib.sha256)).rstrip(b"=")
    return (message + b"." + signature).decode()


# --- What is believed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strict", [False, True])
def test_s_sdk_01_keys_of_the_jwt_layer(case: Case, configure: Configure, alice: Any, strict: bool) -> None:
    configure(AVOW_JWT_STRICT=strict)
    case.control(signs_in)
    visitor = Visitor()
    visitor.sign_in()
    visitor.client.raise_request_exception = False
    cells: dict[str, dict[str, Any]] = {
        "JWT layer: HS256 with a key under 256 bits": {"DJWTO_SIGNING_KEY": "a" * 31},
        "JWT layer: HS algorithm with an asymmetric key": {"DJWTO_SIGNING_KEY": PUBLIC_PEM},
        "JWT layer: HS algorithm with a private key": {"DJWTO_SIGNING_KEY": PRIVATE_PEM},
        "JWT layer: HS algorithm that verifies with a public key": {"DJWTO_VERIFYING_KEY": PUBLIC_PEM},
        "JWT layer: empty key": {"DJWTO_SIGNING_KEY": ""},
        "JWT layer: HS512 with a key for HS256": {"DJWTO_ALGORITHM": "HS512", "DJWTO_SIGNING_KEY": "a" * 32},
        "JWT layer: RS256 with a secret": {"DJWTO_ALGORITHM": "RS256", "DJWTO_VERIFYING_KEY": KEY},
        "JWT layer: keys of two pairs": {
            **{"DJWTO_ALGORITHM": "RS256", "DJWTO_SIGNING_KEY": other_private_key()},
            "DJWTO_VERIFYING_KEY": PUBLIC_PEM,
        },
    }
    for name, wrong in cells.items():
        with case.cell(name):
            configure(**wrong)
            found = check_settings()
            assert [message.id for message in found] == ["avow_jwt.E001"]
            assert found[0].is_serious()  # Django does not start
            refused = visitor.get("/protect/").status_code
            assert refused in ((401, 500) if strict else (401, 403))
            with pytest.raises(ImproperlyConfigured):
                tokens.try_keys()
        configure(DJWTO_ALGORITHM="HS256", DJWTO_SIGNING_KEY=KEY, DJWTO_VERIFYING_KEY=None)


def other_private_key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize("strict", [False, True])
def test_s_sdk_01_the_jwt_layer_believes_no_token_its_settings(
    case: Case, configure: Configure, alice: Any, strict: bool
) -> None:
    configure(AVOW_JWT_STRICT=strict)
    case.control(signs_in)
    signed = Visitor()
    signed.sign_in()
    claims = claims_of(signed.access)
    other = "another key of somebody else, which is as long as it has to be for any algorithm"
    forged = {
        "alg none": pyjwt.encode(claims, "", algorithm="none"),
        "another key": pyjwt.encode(claims, other),
        "another algorithm": pyjwt.encode(claims, KEY, algorithm="HS512"),
        "a key within": pyjwt.encode(claims, other, headers={"jwk": {"kty": "oct", "k": other}}),
        "a key elsewhere": pyjwt.encode(claims, other, headers={"jku": "https://evil.example/keys"}),
        "an empty key": maced(claims, b""),
        "a cut-off signature": signed.access[:-4],
        "other claims": ".".join([*signed.access.split(".")[:1], *signed.refresh.split(".")[1:2], "AAAA"]),
    }
    for name, token in forged.items():
        with case.cell(f"JWT layer: {name}"):
            signed.has(access=token)
            assert signed.get("/protect/").status_code in (401, 403)
    with case.cell("JWT layer: a public key as the secret"):
        configure(DJWTO_ALGORITHM="RS256", DJWTO_SIGNING_KEY=PRIVATE_PEM, DJWTO_VERIFYING_KEY=PUBLIC_PEM)
        assert signs_in()
        for secret in (PUBLIC_PEM, PUBLIC_PEM.strip()):
            signed.has(access=maced(claims, secret.encode()))
            assert signed.get("/protect/").status_code in (401, 403)
        configure(DJWTO_ALGORITHM="HS256", DJWTO_SIGNING_KEY=KEY, DJWTO_VERIFYING_KEY=None)


def test_s_typ_01_refresh_token_as_access_token_of_the_jwt_layer(
    case: Case, configure: Configure, mode: str, alice: Any
) -> None:
    configure(AVOW_JWT_STRICT=True)
    case.control(signs_in)
    with case.cell("JWT layer, strict"):
        visitor = Visitor()
        visitor.sign_in()
        visitor.has(access=visitor.refresh)
        assert {visitor.get(path).status_code for path in PATHS[:3]} == {401}
        assert visitor.post("validate_access").status_code == 401


# --- Who gets in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strict", [False, True])
def test_s_sdk_03_decorators_of_the_jwt_layer_fail_closed(
    case: Case, configure: Configure, mode: str, alice: Any, strict: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(AVOW_JWT_STRICT=strict)
    case.control(signs_in)
    signed = Visitor()
    signed.sign_in()
    signed.client.raise_request_exception = False

    def refuses(visitor: Visitor, *methods: str, statuses: tuple[int, ...] = (401, 403)) -> None:
        for path in PATHS:
            for method in methods or ("get", "head", "options"):
                answer = visitor.send(method, path, {}, visitor.headers("access", csrf=False))
                assert answer.status_code in statuses or (method, answer.content) == ("options", b"")
                assert b"worked" not in answer.content

    with case.cell("decorators, JWT layer"):
        for token in ("", "x", "a.b.c", "null", "undefined", signed.access[:-8]):
            visitor = Visitor()
            visitor.has(access=token)
            refuses(visitor)
    with case.cell("settings that cannot be used, JWT layer"):
        for wrong in ({"DJWTO_SIGNING_KEY": ""}, {"DJWTO_ALGORITHM": "none"}, {"DJWTO_ALGORITHM": "XS256"}):
            configure(**wrong)
            refuses(signed, statuses=(403, 500) if strict else (401, 403))
            configure(DJWTO_SIGNING_KEY=KEY, DJWTO_ALGORITHM="HS256")
    with case.cell("exception inside a claims hook, JWT layer"), monkeypatch.context() as patched:
        patched.setattr(tokens, "process_user", lambda user: 1 / 0)
        visitor = Visitor()
        visitor.client.raise_request_exception = False
        assert visitor.sign_in().status_code == 500
        assert not {"jwt_access", "jwt_access_token", "jwt_refresh"} & set(visitor.client.cookies)
        refuses(visitor)
    with case.cell("the verifier fails, JWT layer"), monkeypatch.context() as patched:
        patched.setattr(tokens, "decode_token", lambda token: 1 / 0)
        signed.client.raise_request_exception = False
        for path in PATHS[:3]:
            assert signed.get(path).status_code == 500
            assert b"worked" not in signed.get(path).content


def test_s_sdk_04_each_request_of_the_jwt_layer_gets_its_own_person(
    case: Case, alice: Any, rounds: Callable[[int, int], int]
) -> None:
    case.control(signs_in)
    users = [{"id": number, "username": f"user {number}"} for number in range(1, 5)]
    names = [tokens.encode_claims({"iat": int(time.time()), "jti": str(user["id"]), "user": user}) for user in users]

    client = BrowserClient()

    def is_mixed_up(number: int) -> bool:
        whose = number * 7 % len(users)
        answer = client.get("/protect/", headers={"authorization": f"Bearer {names[whose]}"})
        found: bool = answer.json()["payload"]["user"] != users[whose]
        return found

    with case.cell("decorators of the JWT layer"), ThreadPoolExecutor(32) as pool:
        assert sum(pool.map(is_mixed_up, range(rounds(400, 5_000)))) == 0


def test_s_ses_02_nothing_after_log_out_of_the_jwt_layer(
    case: Case, configure: Configure, mode: str, alice: Any
) -> None:
    configure(AVOW_JWT_STRICT=True)
    case.control(signs_in)
    with case.cell("view after log-out, JWT layer, strict"):
        visitor, other = Visitor(), Visitor()
        visitor.sign_in()
        other.sign_in()
        access, refresh = visitor.access, visitor.refresh
        assert visitor.post("logout", "refresh").status_code == 200
        visitor.has(access=access, refresh=refresh)
        assert visitor.get("/protect/").status_code == 401
        assert {visitor.post(route, "refresh").status_code for route in ROUTES if route != "validate_access"} == {401}
        assert other.get("/protect/").status_code == 200


# --- Browsers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strict", [False, True])
def test_s_web_01_cookies_of_the_jwt_layer(
    case: Case, configure: Configure, cookie_mode: str, alice: Any, strict: bool
) -> None:
    configure(AVOW_JWT_STRICT=strict)
    case.control(signs_in)
    with case.cell(f"JWT layer, {cookie_mode}"):
        visitor = Visitor()
        kept = visitor.sign_in().cookies
        gone = visitor.delete("logout").cookies
        assert set(gone) == {name for name in kept if name != "csrftoken"}
        for name in gone:
            cookie = kept[name]
            assert (cookie["secure"], cookie["samesite"], cookie["domain"]) == (True, "Lax", "")
            assert bool(cookie["httponly"]) is (name != "jwt_access_payload")  # scripts read the claims there
            assert cookie["path"] == ("/api/token/refresh" if name == "jwt_refresh" else "/")
            assert len(cookie.OutputString()) < 4096
            assert (gone[name]["max-age"], gone[name]["path"], gone[name]["domain"]) == (0, cookie["path"], "")
        assert visitor.client.cookies["jwt_refresh"].value == ""


@pytest.mark.parametrize("strict", [False, True])
def test_s_web_02_csrf_in_the_jwt_layer(
    case: Case, configure: Configure, cookie_mode: str, alice: Any, strict: bool
) -> None:
    configure(AVOW_JWT_STRICT=strict)
    case.control(signs_in)
    visitor = Visitor()
    visitor.sign_in()
    token = visitor.client.cookies["csrftoken"].value
    foreign = {
        "no token": {},
        "no token, our own page": {"Origin": "https://testserver"},
        "wrong token": {"X-CSRFToken": "a" * 32, "Referer": "https://testserver/"},
        "right token, another site": {"X-CSRFToken": token, "Origin": "https://evil.example"},
        "right token, another referer": {"X-CSRFToken": token, "Referer": "https://evil.example/"},
        "right token, no referer": {"X-CSRFToken": token},
        "right token, origin null": {"X-CSRFToken": token, "Origin": "null"},
    }
    for name, headers in foreign.items():
        with case.cell(f"JWT layer, {cookie_mode}, {name}"):
            for route in ROUTES:
                path = "/validate_access/" if route == "validate_access" else f"/api/token/refresh/{route}/"
                answer = visitor.send("post", path, {"jwt_type": "refresh"}, headers)
                assert answer.status_code == 403
                assert not answer.cookies
            assert visitor.send("delete", "/api/token/refresh/logout/", {}, headers).status_code == 403
    with case.cell(f"JWT layer, {cookie_mode}, GET"):
        statuses = {visitor.get(f"/api/token/refresh/{route}/").status_code for route in ROUTES[1:]}
        assert statuses | {visitor.get("/validate_access/").status_code} == {405}
    with case.cell(f"JWT layer, {cookie_mode}, nothing came of it"):
        assert visitor.post("refresh_access", "refresh").status_code == 200


def test_s_web_08_answers_of_the_jwt_layer_with_tokens_are_kept_by_nobody(case: Case, mode: str, alice: Any) -> None:
    case.control(signs_in)
    with case.cell(f"JWT layer, {mode}"):
        visitor = Visitor()
        answers = [
            visitor.sign_in(),
            visitor.post("refresh_access", "refresh"),
            visitor.post("update_refresh", "refresh"),
        ]
        assert {(answer.status_code, answer["Cache-Control"]) for answer in answers} == {(200, "no-store")}


@pytest.mark.parametrize("strict", [False, True])
def test_s_sec_03_jwt_layer_tells_no_token(
    case: Case, configure: Configure, mode: str, alice: Any, strict: bool, caplog: pytest.LogCaptureFixture
) -> None:
    configure(AVOW_JWT_STRICT=strict)
    case.control(signs_in)
    caplog.set_level(logging.DEBUG)
    visitor = Visitor()
    visitor.sign_in(password="wrong word 1")
    visitor.sign_in()
    secrets = {PASSWORD, "wrong word 1", KEY}
    known = [visitor.access, visitor.refresh]
    secrets |= {part for token in known for part in (token, *token.split(".")[1:])}
    answers = [visitor.post("logout", "refresh")]
    visitor.has(access=known[0], refresh=known[1])
    answers += [visitor.post(route, "refresh") for route in ROUTES[1:]]
    visitor.has(access=known[0][:-6] + "AAAAAA", refresh=known[1])
    answers += [visitor.get("/protect/"), visitor.post("validate_access")]
    with case.cell(f"JWT layer, {mode}"):
        refusals = b"".join(answer.content for answer in answers if answer.status_code >= 400).decode()
        assert refusals
        assert not [secret for secret in secrets if secret in caplog.text + refusals]


@pytest.mark.parametrize("where", ["login", "simplejwt", "simplejwt form"])
def test_report_of_an_error_has_no_password(alice: Any, configure: Configure, where: str) -> None:
    def fail(user: object) -> None:
        raise RuntimeError("a mistake of the project")

    reports: list[str] = []

    def report(request: Any, **_: object) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        reports.extend([reporter.get_traceback_html(), reporter.get_traceback_text()])

    configure(ROOT_URLCONF="tests.django.jwt.urls_simplejwt", AVOW_JWT_PROCESS_USER=fail)
    client = BrowserClient(raise_request_exception=False)
    form: dict[str, Any] = {"username": "alice", "password": PASSWORD}
    more: dict[str, Any] = {"content_type": "application/json"} if where == "simplejwt" else {}
    got_request_exception.connect(report, weak=False, dispatch_uid="report")
    try:
        answer = client.post("/login/" if where == "login" else "/api/token/", form, secure=True, **more)
    finally:
        got_request_exception.disconnect(dispatch_uid="report")
    assert answer.status_code == 500
    assert len(reports) == 2
    assert [PASSWORD in each for each in reports] == [False, False]
