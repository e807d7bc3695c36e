"""A Django project that guards every page: answers of Avow are neither kept, nor guarded, nor in a transaction."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed.smtp import SmtpSink
from tests.embed.conftest import database
from tests.embed.shops import HttpBrowser, Shop, environment_of, opened
from tests.factories import new_email

SETTINGS = """
MIDDLEWARE = [
    "django.middleware.cache.UpdateCacheMiddleware",
    *MIDDLEWARE,
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.middleware.cache.FetchFromCacheMiddleware",
]
CACHE_MIDDLEWARE_SECONDS = 600
DATABASES["default"]["ATOMIC_REQUESTS"] = True
DATABASES["other"] = {**DATABASES["default"], "NAME": BASE_DIR / "other.sqlite3"}
DATA_UPLOAD_MAX_MEMORY_SIZE = 100_000
"""

PROGRAM = """
import asyncio, django
from asgiref.sync import iscoroutinefunction
from django.conf import settings
apps = ["django.contrib.contenttypes", "django.contrib.auth", "avow.embed.django"]
settings.configure(DATABASES={}, INSTALLED_APPS=apps)
django.setup()
from avow.embed.django.urls import urlpatterns

def found():
    match = urlpatterns[0].resolve("login/P1/code")
    return iscoroutinefunction(match.func), match.func.csrf_exempt, match.func.login_required, match.kwargs["rest"]

async def on_a_loop():
    return found()

print([found(), asyncio.run(on_a_loop()), found()])
"""


@pytest.fixture(scope="module", params=["django-wsgi", "django-asgi"])
def guarded(
    request: pytest.FixtureRequest, mails: SmtpSink, django_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp(request.param)
    with (
        database("sqlite", request) as url,
        opened(request.param, folder, url, mails, django_template, SETTINGS) as started,
    ):
        yield started


def test_answer_for_one_person_is_never_given_to_another(guarded: Shop) -> None:
    for name in ("first", "second"):
        session = guarded.sign_in(new_email(name))
        bearer = f"Bearer {guarded.project_id}:{session['refreshJwt']}"
        for _ in range(2):
            answered = guarded.get("/auth/v1/auth/me", authorization=bearer)
            assert json.loads(answered.body)["userId"] == session["user"]["userId"]
    assert json.loads(guarded.get("/auth/v1/auth/me").body)["errorCode"]


def test_stranger_signs_in_through_pages(guarded: Shop) -> None:
    browser, mail = HttpBrowser(guarded.url), new_email()
    page = browser.get(f"/auth/login/{guarded.project_id}")
    page = browser.submit(page.form(), "code", email=mail)
    assert page.url.endswith("/code")
    page = browser.submit(page.form(), "verify", code=guarded.code(mail))
    assert page.status == 200
    assert f"avow-refresh-{guarded.project_id}" in browser.cookies


def test_body_over_djangos_own_limit_is_refused_too(guarded: Shop) -> None:
    status, refused = guarded.post("/auth/v1/auth/otp/signup-in/email", {"loginId": "a" * 150_000})
    assert (status, bool(refused["errorCode"])) == (413, True)


def test_view_is_the_asynchronous_one_where_a_loop_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, env=environment_of(tmp_path, {}, 0), capture_output=True, text=True, check=True)
    free = (True, False, "login/P1/code")
    assert done.stdout.strip() == str([(False, *free), (True, *free), (False, *free)])
