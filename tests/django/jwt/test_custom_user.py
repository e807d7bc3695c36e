"""A project with a user model of its own, in a process of its own, as the model is fixed before Django is set up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

PROGRAM = """
import json, sys
import django
from django.conf import settings

settings.configure(
    SECRET_KEY="x" * 50,
    INSTALLED_APPS=[
        *("django.contrib.contenttypes", "django.contrib.auth", "rest_framework"),
        *("avow.django.jwt", "tests.django.jwt.people"),
    ],
    AUTH_USER_MODEL="people.Person",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ROOT_URLCONF="tests.django.jwt.urls_simplejwt",
    ALLOWED_HOSTS=["testserver"],
    AVOW_JWT_SIGNING_KEY="k" * 64,
    AVOW_JWT_STRICT=sys.argv[1] == "strict",
)
django.setup()
from django.core.management import call_command

call_command("migrate", run_syncdb=True, verbosity=0)
from django.contrib.auth import get_user_model
from django.test import Client

user = get_user_model()(email="mia@example.com")
user.set_password("a long word 1")
user.save()
client = Client(headers={})
form = {"username": "mia@example.com", "password": "a long word 1"}
pair = client.post("/login/", form).json()
header = lambda token: {"authorization": f"Bearer {token}"}
said = client.get("/protect/", headers=header(pair["access"])).json()["payload"]["user"]
assert said == {"email": "mia@example.com", "id": str(user.pk), "perms": []}, said
for route in ("refresh_access", "update_refresh", "logout"):
    answer = client.post(f"/api/token/refresh/{route}/", headers=header(pair["refresh"]))
    assert answer.status_code == 200, (route, answer.content)
form = {"email": "mia@example.com", "password": "a long word 1"}
pair = client.post("/api/token/", json.dumps(form), content_type="application/json").json()
assert client.get("/drf/", headers=header(pair["access"])).json() == {"user": "mia@example.com"}
body = json.dumps({"refresh": pair["refresh"]})
assert client.post("/api/token/refresh/", body, content_type="application/json").status_code == 200
assert client.post("/api/token/", "{}", content_type="application/json").json().keys() == {"email", "password"}
"""


@pytest.mark.parametrize("kind", ["default", "strict"])
def test_users_of_another_model_sign_in(kind: str) -> None:
    environment = {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    command = [sys.executable, "-W", "error::UserWarning", "-c", PROGRAM, kind]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
