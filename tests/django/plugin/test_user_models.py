"""Projects with a user model of their own, each in a process of its own: the model is fixed before Django is set up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

PROGRAM = """
import sys
import django
from django.conf import settings
from avow import DeliveryMethod
from avow.testing.server import Server

model, field = sys.argv[1:]
server = Server()
avow = server.project()
settings.configure(
    SECRET_KEY="x" * 50,
    INSTALLED_APPS=[
        *("django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"),
        *("avow.django", "tests.django.plugin.people"),
    ],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "avow.django.middleware.AvowMiddleware"],
    AUTHENTICATION_BACKENDS=["avow.django.authentication.AvowBackend"],
    AUTH_USER_MODEL=f"people.{model}",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    ROOT_URLCONF="avow.django.urls",
    ALLOWED_HOSTS=["testserver"],
    AVOW_PROJECT_ID=avow.project_id,
    AVOW_CLIENT=avow.client,
    **({"AVOW_USER_FIELD": field} if field else {}),
)
django.setup()
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import IntegrityError

call_command("migrate", run_syncdb=True, verbosity=0)
call_command("makemigrations", "avow", check=True, dry_run=True, verbosity=0)
print([message.id for message in run_checks() if message.id.startswith("avow.")])
from avow.django import users
from avow.sdk.integration.session import AvowSession, Tokens


def sign_in(address):
    client = avow.client()
    client.otp.sign_up_or_in(DeliveryMethod.EMAIL, address)
    session = client.otp.verify_code(DeliveryMethod.EMAIL, address, avow.code(address))
    tokens = Tokens(session["sessionToken"]["jwt"], session["refreshSessionToken"]["jwt"])
    return AvowSession(session["sessionToken"], tokens)


if field or model == "Bare":
    session = sign_in("mia@example.com")
    row = users.arrive(session)
    assert isinstance(row, get_user_model())
    assert getattr(row, users.user_field()) == session.user_id
    assert users.load(session).pk == row.pk
    assert get_user_model().objects.count() == 1
    if model == "Person":
        assert row.email == "mia@example.com" or field == "email"
        get_user_model().objects.create(email="taken@example.com", password="x")
        try:
            users.arrive(sign_in("taken@example.com"))
        except users.AccountConflict as error:
            print("refused")
server.close()
"""


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("model", "field", "said"),
    [("Person", "avow_id", ["[]", "refused"]), ("Person", "", ["['avow.E016']"]), ("Bare", "", ["[]"])],
)
def test_users_of_another_model_sign_in(kind: str, model: str, field: str, said: list[str]) -> None:
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, model, field],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == said
