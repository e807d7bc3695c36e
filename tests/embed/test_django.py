"""A Django project that guards every page: answers of Avow are neither kept, nor guarded, nor in a transaction."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed.smtp import SmtpSink
from tests.embed.conftest import database
from tests.embed.shops import HttpBrowser, Shop, opened
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
