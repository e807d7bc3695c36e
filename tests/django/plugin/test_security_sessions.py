"""Security cases of the plugin: which token is good for what, how sessions begin and end, whose a request is."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient, Client
from django.utils.log import AdminEmailHandler

from avow.django import settings, visits
from avow.django.ninja import AvowAuth
from avow.sdk.integration.demands import Verdict, demand
from avow.sdk.integration.session import AvowSession, Tokens
from avow.testing.server import Avow
from tests.applications import machine_token
from tests.bed.cases import Case
from tests.django.plugin.conftest import Configure, SignIn
from tests.django.plugin.test_security import signs_in
from tests.django.plugin.visitor import Visitor, run, tokens_of

APIS = ("/drf/me", "/ninja/me", "/ninja/async")


def everywhere(visitor: Visitor) -> set[int]:
    """Return the statuses of views that require a user: plain and asynchronous, ours and Django's."""
    asynchronous = {run(visitor.aget(f"/T1/{name}")).status_code for name in ("login-async", "login-class-async")}
    return {visitor.get(f"/T1/{name}").status_code for name in ("login", "login-class", "django")} | asynchronous


def status_of_bearer(path: str, token: str) -> int:
    """Return the status of an API for a token in the header."""
    status: int = Visitor().get(path, headers={"authorization": f"Bearer {token}"}).status_code
    return status


def test_s_typ_01_refresh_token_as_session_token_in_django(
    case: Case, store: str, sign_up: SignIn, configure: Configure
) -> None:
    configure(ROOT_URLCONF="tests.django.plugin.apis", REST_FRAMEWORK={})
    case.control(lambda: signs_in(sign_up))
    tokens = tokens_of(sign_up())
    with case.cell("DS cookie that holds it, Django"):
        for wrong in (Tokens(tokens.refresh, ""), Tokens(tokens.refresh, tokens.session), Tokens("", tokens.session)):
            visitor = Visitor()
            visitor.keep(wrong)
            assert everywhere(visitor) == {302}
            assert visitor.user_id == ""
    with case.cell("header that holds it, APIs of Django"):
        for path in APIS:
            assert status_of_bearer(path, tokens.session) == 200
            assert status_of_bearer(path, tokens.refresh) == 401


def test_s_typ_04_machine_is_no_user_of_django(
    case: Case, store: str, sign_up: SignIn, avow: Avow, configure: Configure
) -> None:
    configure(ROOT_URLCONF="tests.django.plugin.apis", REST_FRAMEWORK={})
    case.control(lambda: signs_in(sign_up))
    with case.cell("view that requires a user, Django"):
        token, rows = machine_token(avow), User.objects.count()
        for tokens in (Tokens(token, ""), Tokens(token, token), Tokens("", token)):
            visitor = Visitor()
            visitor.keep(tokens)
            assert everywhere(visitor) == {302}
        assert Visitor().bring(Tokens(token, tokens_of(sign_up()).refresh)).status_code == 401
        for path in ("/drf/user", "/ninja/user"):
            assert Visitor().get(path, headers={"authorization": f"Bearer {token}"}).json() == {"username": ""}
        assert User.objects.count() == rows


def test_s_ses_02_nothing_after_log_out_of_django(case: Case, store: str, sign_up: SignIn) -> None:
    case.control(lambda: signs_in(sign_up))
    with case.cell("view after log-out, Django"):
        visitor, other, session = Visitor(), Visitor(), sign_up()
        again = sign_up(session["user"]["loginIds"][0])
        other.bring(again)
        visitor.bring(session)
        copied = visitor.client.cookies.output()
        assert everywhere(visitor) == {200}
        assert visitor.post("/auth/logout/").status_code == 302
        assert everywhere(visitor) == {302}
        assert not visitor.kept
        with_refresh_token = Visitor()
        with_refresh_token.keep(Tokens("", tokens_of(session).refresh))
        assert everywhere(with_refresh_token) == {302}
        assert Visitor().bring(session).status_code == 401
        assert other.user_id == session["userId"]
        if store == settings.SESSION:  # the session that the cookie names is gone, not the cookie alone
            thief = Visitor()
            thief.client.cookies.load(copied.replace("Set-Cookie: ", ""))
            assert everywhere(thief) == {302}


def test_s_ses_09_new_identity_on_every_sign_in_in_django(case: Case, store: str, sign_up: SignIn) -> None:
    case.control(lambda: signs_in(sign_up))
    attacker, session = sign_up(), sign_up()
    with case.cell("Django session key"):
        for prepared in ("a visitor's", "the attacker's own"):
            visitor = Visitor()
            if prepared == "the attacker's own":
                visitor.bring(attacker)
            visitor.get("/visits")
            planted = Visitor()
            planted.client.cookies.load(visitor.client.cookies.output(header=""))
            before = visitor.client.session.session_key
            assert visitor.bring(session).status_code == 200
            assert visitor.client.session.session_key not in (None, before)
            assert visitor.user_id == session["userId"]
            assert planted.user_id in ("", attacker["userId"])
            assert planted.row["username"] != session["userId"]
    with case.cell("Django, tokens that stood there before"):
        visitor = Visitor()
        visitor.keep(Tokens("planted", tokens_of(attacker).refresh))
        assert visitor.bring(session).status_code == 200
        assert visitor.kept == tokens_of(session)
    with case.cell("Django, key that the attacker made up"):
        visitor = Visitor()
        visitor.client.cookies["sessionid"] = "a" * 32
        visitor.bring(session)
        planted = Visitor()
        planted.client.cookies["sessionid"] = "a" * 32
        assert planted.user_id == ""


def test_s_sdk_02_rights_in_django(case: Case, store: str, sign_up: SignIn, configure: Configure) -> None:
    configure(ROOT_URLCONF="tests.django.plugin.apis", REST_FRAMEWORK={})
    paths = ("/T1/role", "/T1/permission", "/T1/both", "/T1/tenantrole", "/T1/role-class", "/T1/permission-class")
    right = sign_up(roles={"editor": ["write"]})

    def statuses(session: Any) -> set[int]:
        visitor = Visitor()
        visitor.bring(session)
        asynchronous = {run(visitor.aget(f"{path}-async")).status_code for path in paths[:4]}
        return {visitor.get(path).status_code for path in paths} | asynchronous

    case.control(lambda: 200 in statuses(right))
    with case.cell("decorators for roles and permissions, Django"):
        near = {"Editor": ["Write"], "editors": ["writes"], "editor ": ["*"], "edito": ["writ"]}
        assert statuses(sign_up(roles=near, tenant_id="T2", roles_in_tenant={"editor": ["write"]})) == {403}
        assert statuses(sign_up(tenant_id="T1", roles_in_tenant={"reader": ["publish"]})) == {403}
        claims = {**right["sessionToken"], "roles": None, "permissions": None, "tenants": {"T1": None}}
        for demanded in (
            demand(roles=["editor"]),
            demand(permissions=["write"]),
            demand(roles=["editor"], tenant="T1"),
        ):
            assert demanded.judge(AvowSession(claims), {}) is Verdict.REFUSED
        for wrong in ([], "", None, "editor", [""], ["editor", ""]):
            with pytest.raises((ValueError, TypeError)):
                demand(roles=wrong)  # type: ignore[arg-type]  # as a project without a type checker writes it
    with case.cell("demands of APIs, Django"):
        token = tokens_of(sign_up(roles={"Editor": ["Write"], "editors": ["writes"]})).session
        for path in ("/drf/role", "/drf/permission", "/drf/T1/role", "/drf/roles-class", "/drf/permissions-class"):
            assert status_of_bearer(path, token) == 403
        for path in ("/ninja/role", "/ninja/permission", "/ninja/T1/role"):
            assert status_of_bearer(path, token) == 403
        with pytest.raises(ValueError, match="lists of names"):
            AvowAuth(roles="editor")


def test_s_sdk_04_each_request_of_django_gets_its_own_person(
    case: Case, store: str, sign_up: SignIn, configure: Configure, rounds: Callable[[int, int], int]
) -> None:
    configure(SESSION_ENGINE="django.contrib.sessions.backends.cache")  # threads open no database
    case.control(lambda: signs_in(sign_up))
    count, people = rounds(400, 5_000), [sign_up() for _ in range(4)]
    plain, asynchronous = [Client() for _ in people], [AsyncClient() for _ in people]
    for browser, task, session in zip(plain, asynchronous, people, strict=True):
        visitor = Visitor()
        visitor.bring(session)
        browser.cookies = task.cookies = visitor.client.cookies

    def is_mixed_up(number: int) -> bool:
        whose = number * 7 % len(people)
        seen = plain[whose].get("/whoami", secure=True)
        found: bool = seen.json()["user_id"] != people[whose]["userId"]
        return found

    with case.cell("middleware, Django"), ThreadPoolExecutor(32) as pool:
        assert sum(pool.map(is_mixed_up, range(count))) == 0

    async def mixed_up() -> int:
        room = asyncio.Semaphore(100)

        async def is_mixed_up(number: int) -> bool:
            whose = number * 7 % len(people)
            async with room:
                seen = await asynchronous[whose].get("/whoami", secure=True)
            found: bool = seen.json()["user_id"] != people[whose]["userId"]
            return found

        return sum(await asyncio.gather(*map(is_mixed_up, range(count))))

    with case.cell("middleware, Django, tasks"):
        assert run(mixed_up()) == 0


def test_s_sec_03_django_tells_no_token(
    case: Case, store: str, sign_up: SignIn, avow: Avow, caplog: pytest.LogCaptureFixture
) -> None:
    case.control(lambda: signs_in(sign_up))
    caplog.set_level(logging.DEBUG)
    for name in ("avow.django", "avow", "django"):
        caplog.set_level(logging.DEBUG, name)
    visitor, session = Visitor(), sign_up()
    tokens = tokens_of(session)
    answers = [visitor.bring(session), Visitor().bring(Tokens(tokens.session, "a.b.c"))]
    with case.cell("Django, reports of errors"):
        shown = reports(visitor, tokens)
        assert "ZeroDivisionError" in shown
    avow.client().logout(tokens.refresh)
    avow.advance(700)
    answers += [visitor.get("/whoami"), visitor.post("/auth/refresh/"), visitor.post("/auth/logout/")]
    avow.server.clock.reset()
    with case.cell("Django"):
        said = AvowSession(session["sessionToken"], tokens)
        told = caplog.text + "".join(answer.content.decode() for answer in answers) + repr(said) + repr(tokens)
        assert "has ended" in caplog.text
        for token in (tokens.session, tokens.refresh):
            for part in (token, token.split(".")[1], token.split(".")[2]):
                assert part not in told
                assert part not in shown


def reports(visitor: Visitor, tokens: Tokens) -> str:
    """Return what Django writes of a view that fails: a mail in plain text, and one with every variable."""
    visitor.client.raise_request_exception = False
    form = {"DS": tokens.session, "DSR": tokens.refresh}
    letters: list[str] = []

    class Handler(AdminEmailHandler):
        def send_mail(self, *args: Any, **kwargs: Any) -> None:
            letters.append(f"{args}{kwargs}")

    for is_html in (False, True):
        handler = Handler(include_html=is_html)
        logging.getLogger("django.request").addHandler(handler)
        try:
            assert visitor.get("/fails").status_code == 500
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(visits, "sign_in", lambda *_: 1 / 0)
                assert visitor.post("/auth/store_jwt", form).status_code == 500
        finally:
            logging.getLogger("django.request").removeHandler(handler)
    visitor.client.raise_request_exception = True
    return "".join(letters)
