"""Makes the same calls to djwto or to our layer and prints the answers: `play_djwto djwto '{"DJWTO_MODE": "JSON"}'`."""

import base64
import json
import sys
import time
from datetime import timedelta
from typing import Any

import django
import jwt as pyjwt
from django.conf import settings

KEY = "a signing key of the play, with more than 64 bytes, as HS512 wants it to be"
PASSWORD = "wonder land 1"
ROUTES = {
    "login": "/login/",
    "validate_access": "/validate_access/",
    **{
        name: f"/api/token/refresh/{name}/"
        for name in ("logout", "validate_refresh", "refresh_access", "update_refresh")
    },
}


def set_up(package: str, chosen: dict[str, Any]) -> None:
    app = {"djwto": "djwto", "avow": "avow.django.jwt"}[package]
    lifetimes = {name: timedelta(seconds=value) for name, value in chosen.items() if name.endswith("_LIFETIME")}
    settings.configure(
        SECRET_KEY=KEY,
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", app],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ROOT_URLCONF=f"{app}.urls",
        ALLOWED_HOSTS=["testserver"],
        USE_TZ=True,
        **{"DJWTO_SIGNING_KEY": KEY, **chosen, **lifetimes},
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


class Play:
    """Calls and what came of them, with everything that differs from run to run taken out."""

    def __init__(self, package: str, chosen: dict[str, Any]) -> None:
        from django.test import Client

        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.mode: str = chosen.get("DJWTO_MODE", "JSON")
        self.answers: dict[str, Any] = {}
        self.heard: list[Any] = []
        self.tokens = {"access": "", "refresh": ""}
        self.access_cookie = {"ONE-COOKIE": "jwt_access", "TWO-COOKIES": "jwt_access_token"}.get(self.mode, "")
        self._listen(package)

    def call(self, name: str, route: str, kind: str = "access", method: str = "post", **data: Any) -> None:
        csrf = data.pop("csrf", True)
        headers = self._headers(kind, csrf)
        form = data | ({"jwt_type": "refresh"} if kind == "refresh" and self.mode != "JSON" else {})
        before = len(self.heard)
        answer = getattr(self.client, method)(ROUTES.get(route, route), form, secure=True, headers=headers)
        self._keep(name, answer, before)

    def hold(self, kind: str, **changes: Any) -> None:
        claims = pyjwt.decode(self.tokens[kind], options={"verify_signature": False}) | changes
        self.put(kind, pyjwt.encode({key: value for key, value in claims.items() if value is not None}, KEY))

    def put(self, kind: str, token: str) -> None:
        self.tokens[kind] = token
        if self.mode != "JSON":
            self.client.cookies["jwt_refresh" if kind == "refresh" else self.access_cookie] = token

    def _headers(self, kind: str, csrf: bool) -> dict[str, str]:
        if self.mode == "JSON":
            return {"authorization": f"Bearer {self.tokens[kind]}"} if self.tokens[kind] else {}
        cookie = self.client.cookies.get("csrftoken")
        return {"X-CSRFToken": cookie.value, "Referer": "https://testserver/"} if csrf and cookie else {}

    def _keep(self, name: str, answer: Any, before: int) -> None:
        assert name not in self.answers, name
        is_json = answer.get("Content-Type") == "application/json" and answer.content
        body = answer.json() if is_json else len(answer.content) > 0
        for kind, cookie in (("access", self.access_cookie), ("refresh", "jwt_refresh")):
            if isinstance(body, dict) and kind in body:
                self.tokens[kind] = body[kind]
            elif cookie in answer.cookies:
                self.tokens[kind] = answer.cookies[cookie].value
        self.answers[name] = {
            "status": answer.status_code,
            "body": {key: shown(value) for key, value in body.items()} if isinstance(body, dict) else body,
            "cookies": {key: cookie_of(cookie) for key, cookie in sorted(answer.cookies.items())},
            "challenge": answer.get("WWW-Authenticate"),
            "signals": self.heard[before:],
        }

    def _listen(self, package: str) -> None:
        if package == "djwto":
            from djwto import signals
        else:
            from avow.django.jwt import signals

        names = ("logged_in", "login_fail", "blacklisted", "token_validated", "access_refreshed", "refresh_updated")
        for name in (f"jwt_{each}" for each in names):

            def receive(sender: object, _name: str = name, **sent: Any) -> None:
                values = {key: shown(value) for key, value in sent.items() if key not in {"signal", "request"}}
                self.heard.append([_name, sender, sorted(sent), values])

            getattr(signals, name).connect(receive, weak=False)


def shown(value: Any) -> Any:
    """Return a value without what differs from run to run; a token as its claims."""
    if isinstance(value, str) and value.count(".") == 2 and value.startswith("eyJ"):
        header = pyjwt.get_unverified_header(value)
        return {"header": header, "claims": shown(pyjwt.decode(value, options={"verify_signature": False}))}
    if isinstance(value, dict) and "type" in value:
        return [list(value), {**value, **times_of(value), "jti": len(value.get("jti", ""))}]
    if isinstance(value, str) and len(value) == 36 and value.count("-") == 4:
        return "a jti"
    return value


def times_of(claims: dict[str, Any]) -> dict[str, Any]:
    """Return the times of a token as distances, which are the same however long a run takes."""
    if "iat" not in claims:  # minutes from now
        return {name: round((claims[name] - time.time()) / 60) for name in ("exp", "nbf") if name in claims}
    begun = {"exp": claims["iat"], "nbf": claims.get("refresh_iat", claims["iat"])}
    distances: dict[str, Any] = {name: claims[name] - at for name, at in begun.items() if name in claims}
    if "refresh_iat" in claims:
        distances["refresh_iat"] = claims["refresh_iat"] <= claims["iat"]
    return {"iat": abs(claims["iat"] - time.time()) < 60, **distances}


def cookie_of(cookie: Any) -> dict[str, Any]:
    """Return flags and value of a cookie."""
    value = cookie.value
    if cookie.key == "jwt_access_payload" and value:
        value = json.loads(base64.b64decode(value))
    if cookie.key == "csrftoken":
        value = len(value)
    flags = {key: cookie[key] for key in ("path", "domain", "max-age", "httponly", "secure", "samesite")}
    return {"value": shown(value), **flags}


def sign_in(play: Play) -> None:
    play.call("login: empty", "login", username="", password="")
    play.call("login: wrong", "login", username="alice", password="x")
    play.call("login: inactive", "login", username="bob", password=PASSWORD)
    play.call("login: get", "login", method="get")
    play.call("nothing: validate", "validate_access")
    play.call("nothing: logout", "logout", "refresh")
    play.call("login", "login", username="alice", password=PASSWORD)
    play.call("login: again", "login", username="alice", password=PASSWORD)


def use(play: Play) -> None:
    for route in ("validate_access", "validate_refresh", "refresh_access", "update_refresh", "logout"):
        for kind in ("access", "refresh"):
            if (route, kind) != ("logout", "refresh"):
                play.call(f"{route} by {kind}", route, kind)
        play.call(f"{route} without csrf token", route, "access", csrf=False)
        play.call(f"{route} of another type", route, "access", jwt_type="other")
        play.call(f"{route}: put", route, method="put")
    access, refresh = play.tokens["access"], play.tokens["refresh"]
    changes: dict[str, dict[str, Any]] = {
        "expired": {"exp": 1},
        "immature": {"nbf": 9_999_999_999},
        "no jti": {"jti": None},
        "no iat": {"iat": None},
        "other iss": {"iss": "other"},
        "no aud": {"aud": None},
        "other aud": {"aud": "other"},
        "no user": {"user": None},
        "user without id": {"user": {"username": "alice"}},
        "unknown user": {"user": {"username": "nobody", "id": 99}},
        "inactive user": {"user": {"username": "bob", "id": 2}},
    }
    for name, change in changes.items():
        for kind, route in (
            ("access", "validate_access"),
            ("refresh", "refresh_access"),
            ("refresh", "update_refresh"),
        ):
            play.put("access", access)
            play.put("refresh", refresh)
            play.hold(kind, **change)
            play.call(f"{route}: {name}", route, kind)
    for token in ("x", "a.b.c", pyjwt.encode({"user": {"id": 1}}, KEY[::-1]), pyjwt.encode({}, "", algorithm="none")):
        play.put("access", token)
        play.call(f"validate_access: {token[:40]}", "validate_access")
    play.put("access", access)
    play.put("refresh", refresh)


def end(play: Play) -> None:
    play.call("delete without csrf token", "logout", method="delete", csrf=False)
    play.call("logout", "logout", "refresh")
    play.call("logout again", "logout", "refresh")
    for route in ("validate_access", "validate_refresh", "refresh_access", "update_refresh"):
        play.call(f"{route} when ended", route, "refresh" if route != "validate_access" else "access")
    play.call("delete", "logout", method="delete")


def main() -> None:
    package, chosen = sys.argv[1], json.loads(sys.argv[2])
    set_up(package, chosen)
    from django.contrib.auth.models import User

    User.objects.create_user("alice", password=PASSWORD)
    User.objects.create_user("bob", password=PASSWORD, is_active=False)
    play = Play(package, chosen)
    for part in (sign_in, use, end):
        part(play)
    sys.stdout.write(json.dumps(play.answers))


if __name__ == "__main__":
    main()
