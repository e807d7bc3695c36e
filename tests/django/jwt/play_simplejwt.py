"""Makes the same calls to simplejwt or to our endpoints and prints the answers: `play_simplejwt simplejwt '{}'`."""

import json
import sys
import types
from typing import Any

import django
import jwt as pyjwt
from django.conf import settings

SECRET = "the secret key of a project, which is as long as the longest key has to be"
ALICE = {"username": "alice", "password": "wonder land 1"}
ROUTES = ("obtain", "refresh", "verify", "blacklist")


def set_up(package: str, simple_jwt: dict[str, Any]) -> None:
    app = {"simplejwt": "rest_framework_simplejwt.token_blacklist", "avow": "avow.django.jwt"}[package]
    settings.configure(
        SECRET_KEY=SECRET,
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", app],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ROOT_URLCONF="routes_of_the_play",
        ALLOWED_HOSTS=["testserver"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        SIMPLE_JWT=simple_jwt,
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def routes(package: str) -> None:
    from django.urls import path
    from rest_framework.permissions import IsAuthenticated
    from rest_framework.response import Response
    from rest_framework.views import APIView

    if package == "simplejwt":
        from rest_framework_simplejwt import views
        from rest_framework_simplejwt.authentication import JWTAuthentication
    else:
        from avow.django.jwt.simplejwt import views  # type: ignore[no-redef]
        from avow.django.jwt.simplejwt.authentication import JWTAuthentication  # type: ignore[assignment]

    class Private(APIView):  # type: ignore[misc]
        authentication_classes = (JWTAuthentication,)
        permission_classes = (IsAuthenticated,)

        def get(self, request: Any) -> Any:
            return Response({"user": request.user.get_username()})

    module = types.ModuleType("routes_of_the_play")
    named = ("token_obtain_pair", "token_refresh", "token_verify", "token_blacklist")
    patterns = [path(f"{name}/", getattr(views, view)) for name, view in zip(ROUTES, named, strict=True)]
    module.urlpatterns = [*patterns, path("private/", Private.as_view())]  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module


class Play:
    """Calls and what came of them."""

    def __init__(self, simple_jwt: dict[str, Any]) -> None:
        from django.test import Client

        self.client = Client(raise_request_exception=False)
        self.answers: dict[str, Any] = {}
        self.algorithm = simple_jwt.get("ALGORITHM", "HS256")
        self.scheme = simple_jwt.get("AUTH_HEADER_TYPES", ["Bearer"])[0]

    def post(self, name: str, route: str, body: Any, kind: str = "application/json") -> dict[str, Any]:
        data = body if isinstance(body, str) or kind == "form" else json.dumps(body)
        more: dict[str, Any] = {} if kind == "form" else {"content_type": kind}
        return self._keep(name, self.client.post(f"/{route}/", data, secure=True, **more))

    def get(self, name: str, header: str | None) -> None:
        headers = {} if header is None else {"authorization": header}
        self._keep(name, self.client.get("/private/", secure=True, headers=headers))

    def forge(self, token: str, **changes: Any) -> str:
        claims = pyjwt.decode(token, options={"verify_signature": False}) | changes
        return pyjwt.encode({k: v for k, v in claims.items() if v is not None}, SECRET, algorithm=self.algorithm)

    def _keep(self, name: str, response: Any) -> dict[str, Any]:
        assert name not in self.answers, name
        is_json = "json" in response.get("Content-Type", "")
        body = response.json() if is_json else None
        self.answers[name] = {
            "status": response.status_code,
            "body": {key: shown(key, value) for key, value in body.items()} if isinstance(body, dict) else body,
            "challenge": response.get("WWW-Authenticate"),
            "allow": response.get("Allow") if response.status_code == 405 else None,
        }
        return body if isinstance(body, dict) else {}


def shown(name: str, value: Any) -> Any:
    """Return a value of an answer without what differs from run to run: of a token, what simplejwt has in it."""
    if name not in {"access", "refresh"} or not isinstance(value, str):
        return value
    claims = pyjwt.decode(value, options={"verify_signature": False})
    header = pyjwt.get_unverified_header(value)
    kept = {key: claims.get(key) for key in ("token_type", "user_id", "iss", "aud")}
    return {**kept, "lives": round(claims["exp"] - claims["iat"], -1), "jti": len(claims["jti"]) > 30, "header": header}


def obtain(play: Play) -> None:
    bodies: dict[str, Any] = {
        "nothing": {},
        "no password": {"username": "alice"},
        "blank and null": {"username": "", "password": None},
        "numbers and lists": {"username": 1, "password": [1]},
        "booleans": {"username": True, "password": {}},
        "spaces": {"username": "  ", "password": "  "},
        "wrong password": ALICE | {"password": "x"},
        "nobody": ALICE | {"username": "nobody"},
        "a list": [1],
        "empty": "",
    }
    for name, body in bodies.items():
        play.post(f"obtain: {name}", "obtain", body)
    assert play.post("obtain: broken", "obtain", "{bad")["detail"].startswith("JSON parse error - ")
    play.post("obtain: form", "obtain", ALICE, "form")
    play.post("obtain: text", "obtain", "x", "text/plain")
    play.post("obtain: more", "obtain", ALICE | {"more": 1})
    play._keep("obtain: get", play.client.get("/obtain/", secure=True))


def use(play: Play) -> None:
    from django.contrib.auth.models import User

    pair = play.post("obtain", "obtain", ALICE)
    play.answers["last login"] = User.objects.get().last_login is not None
    forged = {
        "no token": "x",
        "access": pair["access"],
        "expired": play.forge(pair["refresh"], exp=1),
        "no kind": play.forge(pair["refresh"], token_type=None, type=None),
        "another key": pyjwt.encode({"exp": 9_999_999_999}, SECRET[::-1]),
        "unsigned": pyjwt.encode({"exp": 9_999_999_999}, "", algorithm="none"),
    }
    for route, field in (("refresh", "refresh"), ("verify", "token"), ("blacklist", "refresh")):
        for name, token in forged.items():
            play.post(f"{route}: {name}", route, {field: token})
        play.post(f"{route}: nothing", route, {})
    play.post("verify: refresh", "verify", {"token": pair["refresh"]})
    again = play.post("refresh: first", "refresh", {"refresh": pair["refresh"]})
    play.post("refresh: second", "refresh", {"refresh": pair["refresh"]})
    if "refresh" in again:
        play.post("refresh: the next", "refresh", {"refresh": again["refresh"]})
        play.post("verify: rotated", "verify", {"token": pair["refresh"]})


def end(play: Play) -> None:
    pair = play.post("obtain another", "obtain", ALICE)
    play.post("blacklist", "blacklist", {"refresh": pair["refresh"]})
    play.post("blacklist again", "blacklist", {"refresh": pair["refresh"]})
    play.post("refresh an ended token", "refresh", {"refresh": pair["refresh"]})
    rotates = play.answers.get("verify: rotated") is not None
    play.post(f"verify an ended token{'' if rotates else ', no rotation'}", "verify", {"token": pair["refresh"]})
    play.post("verify its access token", "verify", {"token": pair["access"]})


def private(play: Play) -> None:
    from django.contrib.auth.models import User

    pair = play.post("obtain a third", "obtain", ALICE)
    scheme = play.scheme
    headers = {"none": None, "other": "Basic x", "no token": scheme, "two": f"{scheme} a b", "text": f"{scheme} x"}
    for name, header in headers.items():
        play.get(f"private: {name}", header)
    play.get("private: lower case", f"{scheme.lower()} {pair['access']}")
    play.get("private: refresh", f"{scheme} {pair['refresh']}")
    play.get("private: expired", f"{scheme} {play.forge(pair['access'], exp=1)}")
    play.get("private: access", f"{scheme} {pair['access']}")
    User.objects.update(is_active=False)
    play.get("private: inactive", f"{scheme} {pair['access']}")
    play.post("refresh of an inactive user", "refresh", {"refresh": pair["refresh"]})
    play.post("obtain: inactive", "obtain", ALICE)
    User.objects.all().delete()
    play.get("private: gone", f"{scheme} {pair['access']}")
    play.post("refresh of a user who is gone", "refresh", {"refresh": pair["refresh"]})


def main() -> None:
    package, simple_jwt = sys.argv[1], json.loads(sys.argv[2])
    set_up(package, simple_jwt)
    routes(package)
    from django.contrib.auth.models import User

    User.objects.create_user(**ALICE)
    play = Play(simple_jwt)
    for part in (obtain, use, end, private):
        part(play)
    sys.stdout.write(json.dumps(play.answers, default=str))


if __name__ == "__main__":
    main()
