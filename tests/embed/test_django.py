"""A Django project that guards every page: answers of Avow are neither kept, nor guarded, nor in a transaction."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

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


def test_body_in_chunks_arrives(guarded: Shop) -> None:
    body = json.dumps({"loginId": new_email()}).encode()
    assert posted(guarded, iter([body[:7], body[7:]]))[0] == 200
    # No more than one byte too many: a server that closes on what it has not read may take its answer along.
    status, refused = posted(guarded, iter([b"x" * 131_072, b"x" * 131_073]))
    assert status == 413, refused


def posted(shop: Shop, chunks: Iterator[bytes]) -> tuple[int, bytes]:
    """Ask for a code by a body whose length is not said."""
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(shop.url).port or 80, timeout=20)
    headers = {"Authorization": f"Bearer {shop.project_id}", "Content-Type": "application/json"}
    try:
        connection.request("POST", "/auth/v1/auth/otp/signup-in/email", chunks, headers, encode_chunked=True)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


LENGTHS = """
import io, django
from django.conf import settings
settings.configure(INSTALLED_APPS=["avow.embed.django"], ROOT_URLCONF="avow.embed.django.urls", ALLOWED_HOSTS=["*"])
django.setup()
from avow.embed.django.inside import embedded
from django.core.handlers.wsgi import WSGIHandler
embedded().migrate()
told = []
for more in ({"CONTENT_LENGTH": "x"}, {"CONTENT_LENGTH": "-1"}, {"HTTP_TRANSFER_ENCODING": "chunked"}):
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/v1/auth/otp/signup-in/email", "QUERY_STRING": "",
        "SERVER_NAME": "localhost", "SERVER_PORT": "8000", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(b"{}"),
        "REMOTE_ADDR": "127.0.0.1", **more}
    WSGIHandler()(environ, lambda status, headers: told.append(status[:3]))
embedded().close()
print(told)
"""


def test_body_whose_length_cannot_be_told_is_refused(tmp_path: Path) -> None:
    said = {"AVOW_BASE_URL": "http://localhost:8000/auth", "AVOW_SECRET_KEY": "x" * 32, "AVOW_DEVELOPMENT": "1"}
    environment = environment_of(tmp_path, {**said, "AVOW_DATABASE_URL": f"sqlite:///{tmp_path}/avow.sqlite3"}, 0)
    done = subprocess.run([sys.executable, "-c", LENGTHS], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "['400', '400', '400']", done.stderr


def test_view_is_the_asynchronous_one_where_a_loop_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, env=environment_of(tmp_path, {}, 0), capture_output=True, text=True, check=True)
    free = (True, False, "login/P1/code")
    assert done.stdout.strip() == str([(False, *free), (True, *free), (False, *free)])
