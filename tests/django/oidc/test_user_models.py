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

model = sys.argv[1]
settings.configure(
    SECRET_KEY="x" * 50,
    INSTALLED_APPS=[
        *("django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"),
        *("avow.django.oidc", "tests.django.plugin.people"),
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ],
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.contrib.auth.context_processors.auth"]},
    }],
    AUTHENTICATION_BACKENDS=["avow.django.oidc.authentication.OidcBackend"],
    AUTH_USER_MODEL=f"people.{model}",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    ROOT_URLCONF="tests.django.oidc.urls",
    LOGIN_URL="avow_oidc:login",
    ALLOWED_HOSTS=["testserver"],
)
django.setup()
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.core.management import call_command
from django.test import override_settings

from avow.clock import system_clock
from tests.bed.openid import openid_peer
from tests.django.oidc.visitor import Visitor

call_command("migrate", run_syncdb=True, verbosity=0)
call_command("makemigrations", "avow_oidc", check=True, dry_run=True, verbosity=0)


def come(**person):
    peer.person = person
    visitor = Visitor()
    answer = visitor.sign_in(peer)
    assert visitor.get("/private").status_code == (200 if answer.status_code == 302 else 302)
    return answer.status_code


with openid_peer(system_clock) as peer:
    peer.client = ("shop", "x")
    said = {"issuer": peer.url, "client_id": "shop", "client_secret": "x", "scope": "openid email"}
    if model == "Person":
        said |= {"roles_claim": "groups", "is_staff_role": "staff"}
    with override_settings(AVOW_OIDC=said):
        assert run_checks() == [], run_checks()
        get_user_model().objects.create(**{get_user_model().USERNAME_FIELD: "taken@example.com"})
        verified = {"email_verified": True, "groups": ["staff"]}
        print(*(come(sub="mia", email="mia@example.com", **verified) for _ in range(2)))
        print(come(sub="eve", email="Taken@example.com", **verified), come(sub="zoe", email="zoe@example.com"))
        for user in get_user_model().objects.order_by("pk"):
            print(user.get_username(), getattr(user, "is_staff", "-"))
"""
SAID = {
    "Person": ["302 302", "403 403", "taken@example.com False", "mia@example.com True"],
    "Bare": ["302 302", "302 302", "taken@example.com -", "mia -", "eve -", "zoe -"],
}


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("model", SAID)
def test_users_of_another_model_sign_in(kind: str, model: str) -> None:
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, model],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == SAID[model]
