"""A signed-in GET of a Django project: what each way to sign people in adds to the bare stack, in time and statements.

    python -m bench.django_get [--rounds 61]

Every candidate is a whole middleware stack before the same small view, called in the process without a socket, with one
SQLite file and a connection that lasts. Nothing here can reach a network: keys are at hand, and what the older plugin
would ask its server is in its cache.
"""

import argparse
import io
import json
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import cycle
from pathlib import Path
from typing import Any

import django
from django.conf import settings

from avow.core.tokens import SigningKey
from bench.rounds import Work, compare, report
from bench.validate import BARE as BARE_CHECK
from bench.validate import CANDIDATES, PROJECT, UNSEEN, Case

__all__ = ["main"]

BARE, OFFICIAL = "bare stack", "django-descope"
OURS, OURS_UNSEEN = "avow.django", "avow.django, unseen token"
CHECK, BOTH = "one ES256 check", "bare stack, then one ES256 check"
BARS = {OURS: 1.25}
MOST_OF_BOTH = 1.6  # what an unseen token takes, see docs/decisions/0025
MOST_OF_OFFICIAL = 1 / 20  # of what it adds

_KEY = "a signing key of the benchmarks, which is long enough"
_CORE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
_SESSIONS = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
_SUBJECT = "U2qxGv4Ky8cWd1nRzT6bJhM3sLfA"
_DB = "django.contrib.sessions.backends.db"
_WRITES = ("INSERT", "UPDATE", "DELETE", "BEGIN", "COMMIT", "SAVEPOINT")


@dataclass(frozen=True, slots=True)
class Statements:
    """What one request asked of the database."""

    reads: int
    writes: int


def main(arguments: list[str] | None = None) -> bool:
    """Run the benchmark and print; return whether the bars hold."""
    parser = argparse.ArgumentParser(prog="django_get")
    parser.add_argument("--rounds", type=int, default=61)
    rounds: int = parser.parse_args(arguments or []).rounds
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other packages
        logging.disable(logging.CRITICAL)
        case = Case("ES256")
        _configure(Path(folder), case.key)
        candidates = _candidates(case)
        asked = {name: _statements(work) for name, work in candidates.items()}
        rows = compare(candidates, BARE, rounds=rounds, seconds=0.006)  # short, so that a pair is measured alike
        is_held = report("Django, signed-in GET", rows, BARS)
        print("\nstatements of one request: reads, writes and transactions")
        for name, found in asked.items():
            print(f"{name:<40} {found.reads:3} {found.writes:3}")
        from django.db import connections

        connections.close_all()
        logging.disable(logging.NOTSET)
    ratios = {row.name: row.ratio for row in rows}
    share = (ratios[OURS] - 1) / (ratios[OFFICIAL] - 1)
    checks = (ratios[OURS_UNSEEN] - 1) / ratios[CHECK]
    is_small = _is_within(f"added by {OURS} / added by {OFFICIAL}", share, MOST_OF_OFFICIAL)
    is_direct = _is_within(f"{OURS_UNSEEN} / {BOTH}", ratios[OURS_UNSEEN] / ratios[BOTH], MOST_OF_BOTH)
    print(f"added by {OURS_UNSEEN} / {CHECK}: {checks:.2f}; by {BOTH}: {(ratios[BOTH] - 1) / ratios[CHECK]:.2f}")
    is_silent = asked[OURS] == asked[OURS_UNSEEN] == Statements(0, 0)
    return is_held and is_small and is_direct and is_silent


def _is_within(what: str, found: float, bar: float) -> bool:
    print(f"{what}: {found:.4f}  {'within' if found <= bar else 'OVER'} {bar}")
    return found <= bar


def _configure(folder: Path, key: SigningKey) -> None:
    options = {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"}
    settings.configure(
        SECRET_KEY=_KEY,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="bench.django_urls",
        USE_TZ=True,
        INSTALLED_APPS=[
            *("django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"),
            *("django_descope", "djwto", "avow.django", "avow.django.jwt"),
        ],
        MIDDLEWARE=_CORE,
        DATABASES={
            "default": {
                **{"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "db"), "OPTIONS": options},
                "CONN_MAX_AGE": None,
            }
        },
        LOGGING_CONFIG=None,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend"],
        AVOW_PROJECT_ID=PROJECT,
        AVOW_CLIENT=partial(_client, key),
        DESCOPE_PROJECT_ID=PROJECT,
        DJWTO_SIGNING_KEY=_KEY,
        DJWTO_CSRF=False,
        SIMPLE_JWT={"SIGNING_KEY": _KEY},
        REST_FRAMEWORK={"UNAUTHENTICATED_USER": None},
    )
    os.environ.setdefault("DJWTO_SIGNING_KEY", _KEY)  # djwto reads it whatever is set
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _client(key: SigningKey) -> object:
    from avow import Client

    return Client(PROJECT, public_key=key.public_jwk())


def _candidates(case: Case) -> dict[str, Work]:
    from django.contrib.auth.models import User

    from avow.django.users import marked_password

    user = User.objects.create(username=_SUBJECT, email="jane.doe@example.com", password=marked_password())
    bare, check = _request(_CORE, "/plain"), CANDIDATES[BARE_CHECK](case)
    # Both in turn take longer than each by itself: they drive each other out of the processor's caches.
    found: dict[str, Work] = {BARE: bare, CHECK: check, BOTH: lambda: (bare(), check())}
    for engine in ("db", "cached_db", "signed_cookies"):
        name = f"django.contrib.sessions.backends.{engine}"
        cookie = f"sessionid={_session_of(user, name)}"
        found[f"Django's sessions, {engine}"] = _request([*_CORE, *_SESSIONS], "/row", engine=name, HTTP_COOKIE=cookie)
    found[OFFICIAL] = _official(case, user)
    found |= _of_tokens(user)
    return found | _ours(case)


def _ours(case: Case) -> dict[str, Work]:
    from avow.django import settings as ours

    stack, name = [*_CORE, "avow.django.middleware.AvowMiddleware"], ours.load().session_cookie_name
    unseen = cycle([f"{name}={token}" for token in case.tokens(UNSEEN)])
    cookie = f"{name}={case.token}"
    handler = _handler(stack)
    return {
        OURS: _request(stack, "/plain", HTTP_COOKIE=cookie),
        OURS_UNSEEN: lambda: _answered(handler, _environ("/plain", HTTP_COOKIE=next(unseen))),
        f"{OURS}, roles read": _request(stack, "/roles", HTTP_COOKIE=cookie),
        f"{OURS}, login_required": _request(stack, "/guarded", HTTP_COOKIE=cookie),
        f"{OURS}, row read": _request(stack, "/row", HTTP_COOKIE=cookie),
        f"{OURS}, beside Django's sessions": _request([*_CORE, *_SESSIONS, *stack[-1:]], "/plain", HTTP_COOKIE=cookie),
    }


def _official(case: Case, user: Any) -> Work:
    """Return the older plugin's request: its tokens stand in a session of the database, its `me` in the cache."""
    import django_descope
    import django_descope.authentication
    import django_descope.models
    from descope import REFRESH_SESSION_COOKIE_NAME, SESSION_COOKIE_NAME, DescopeClient

    jwk = json.loads(case.key.public_jwk())
    client = DescopeClient(project_id=PROJECT, public_key=jwk)
    known = {"userId": user.username, "email": user.email}
    vars(client)["me"] = lambda refresh_token: known  # nothing asks the network
    for module in (django_descope, django_descope.authentication, django_descope.models):
        vars(module)["descope_client"] = client
    held = {SESSION_COOKIE_NAME: case.token, REFRESH_SESSION_COOKIE_NAME: case.token}
    stack = [*_CORE, *_SESSIONS, "django_descope.middleware.DescopeMiddleware"]
    return _request(stack, "/row", engine=_DB, HTTP_COOKIE=f"sessionid={_session_of(user, _DB, **held)}")


def _of_tokens(user: Any) -> dict[str, Work]:
    """Return the packages for tokens of Django's own users, and our layer in their place."""
    import djwto.tokens
    from rest_framework_simplejwt.tokens import AccessToken

    from avow.django.jwt import tokens
    from avow.django.jwt.simplejwt import tokens as simple

    request: Any = None
    refresh = djwto.tokens.process_claims(user, request, "refresh", [], {})
    theirs = djwto.tokens.encode_claims(djwto.tokens.get_access_claims_from_refresh(refresh))
    mine = tokens.encode_claims(tokens.get_access_claims_from_refresh(tokens.process_claims(user, request)))
    shim = tokens.encode_claims(simple.make_access(simple.make_refresh(user, request), user))
    sent = {
        "djwto": ("/djwto", theirs),
        "avow.django.jwt": ("/jwt", mine),
        "DRF alone": ("/drf", ""),
        "DRF, simplejwt": ("/simplejwt", str(AccessToken.for_user(user))),
        "DRF, avow.django.jwt.simplejwt": ("/shim", shim),
    }
    return {name: _request(_CORE, path, HTTP_AUTHORIZATION=f"Bearer {token}") for name, (path, token) in sent.items()}


def _session_of(user: Any, engine: str, **held: str) -> str:
    """Return the key of a session in which Django knows somebody."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    session = import_module(engine).SessionStore()
    known = {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }
    for name, value in {**known, **held}.items():
        session[name] = value
    session.save()
    return str(session.session_key)


def _request(stack: list[str], path: str, *, engine: str = _DB, **more: str) -> Work:
    handler, environ = _handler(stack, engine), _environ(path, **more)
    return lambda: _answered(handler, dict(environ))


def _handler(stack: list[str], engine: str = _DB) -> Callable[..., Any]:
    from django.core.handlers.wsgi import WSGIHandler

    settings.MIDDLEWARE, settings.SESSION_ENGINE = stack, engine  # a handler reads them once
    return WSGIHandler()


def _environ(path: str, **more: str) -> dict[str, Any]:
    return {
        **{"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": "", "HTTP_HOST": "shop"},
        **{"SERVER_NAME": "shop", "SERVER_PORT": "443", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "https"},
        **{"wsgi.version": (1, 0), "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO()},
        **{"wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False},
        **more,
    }


def _answered(handler: Callable[..., Any], environ: dict[str, Any]) -> None:
    statuses: list[str] = []
    response = handler(environ, lambda status, headers, *_: statuses.append(status))
    body = b"".join(response)
    response.close()
    if not statuses[0].startswith("200") or b"jane" not in body:
        raise LookupError(f"a request of the benchmark was answered {statuses[0]}: {body[:200]!r}")


def _statements(work: Work) -> Statements:
    """Return what the third request asks: the first ones fill caches."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for _ in range(2):
        work()
    with CaptureQueriesContext(connection) as seen:
        work()
    writes = sum(each["sql"].startswith(_WRITES) for each in seen.captured_queries)
    return Statements(len(seen.captured_queries) - writes, writes)


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
