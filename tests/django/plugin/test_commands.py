"""The commands: asking the server, bringing rows up to date, handing accounts over."""

import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from avow.testing.server import Avow
from tests.django.plugin.conftest import Configure, Network, SignIn
from tests.django.plugin.visitor import Visitor
from tests.factories import grant, make_role


def run(name: str, *arguments: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(name, *arguments, stdout=out, **options)
    return out.getvalue()


def test_migrations_are_complete() -> None:
    call_command("makemigrations", "avow", check=True, dry_run=True, verbosity=0)


def test_check_says_what_is_there(network: Network) -> None:
    said = run("avow_check")
    assert f"Project {network.avow.project_id}: its keys are there." in said
    assert "The management key is taken." in said


def test_check_says_which_role_is_missing(configure: Configure) -> None:
    configure(AVOW_IS_STAFF_ROLE="nobody-made-this")
    assert 'There is no role "nobody-made-this" yet' in run("avow_check")


def test_check_does_without_a_management_key(configure: Configure) -> None:
    configure(AVOW_MANAGEMENT_KEY="")
    assert "No management key" in run("avow_check")


def test_check_fails_while_the_server_is_away(network: Network) -> None:
    network.is_away = True
    with pytest.raises(CommandError, match="localhost:8000"):
        run("avow_check")


def test_check_fails_with_a_key_that_is_not_taken(network: Network, configure: Configure) -> None:
    network.avow.management_key = "wrong"
    configure(AVOW_MANAGEMENT_KEY="wrong")
    with pytest.raises(CommandError, match="management key is not taken"):
        run("avow_check")


def test_sync_brings_rows_up_to_date(visitor: Visitor, sign_up: SignIn, avow: Avow) -> None:
    session = sign_up()
    visitor.bring(session)
    User.objects.create_superuser("local", password="wonder land 1")
    grant(avow, session["userId"], make_role(avow, "is_staff"))
    avow.client().mgmt.user.update_email(session["user"]["loginIds"][0], "new@example.com", True)
    assert run("avow_sync") == "1 users followed, 0 gone or disabled (left as they are).\n"
    row = User.objects.get(username=session["userId"])
    assert (row.is_staff, row.email) == (True, "new@example.com")
    assert User.objects.get(username="local").is_superuser


def test_sync_locks_who_is_gone_or_disabled_when_asked_to(visitor: Visitor, sign_up: SignIn, avow: Avow) -> None:
    gone, disabled = sign_up(), sign_up()
    for session in (gone, disabled):
        visitor.bring(session)
    avow.client().mgmt.user.delete(gone["user"]["loginIds"][0])
    avow.client().mgmt.user.deactivate(disabled["user"]["loginIds"][0])
    assert "2 gone or disabled (left as they are)" in run("avow_sync")
    assert User.objects.filter(is_active=True).count() == 2
    assert "2 gone or disabled (locked)" in run("avow_sync", deactivate=True)
    assert not User.objects.filter(is_active=True).exists()


def test_sync_needs_rows_named_by_the_id(configure: Configure) -> None:
    configure(AVOW_USERNAME_CLAIM="handle")
    with pytest.raises(CommandError, match="another claim"):
        run("avow_sync")


def test_sync_stops_while_the_server_is_away(visitor: Visitor, sign_up: SignIn, network: Network) -> None:
    visitor.bring(sign_up())
    network.is_away = True
    with pytest.raises(CommandError):
        run("avow_sync")


def test_account_is_handed_over_and_its_password_erased(store: str, visitor: Visitor, sign_up: SignIn) -> None:
    session = sign_up()
    User.objects.create_user(session["userId"], password="wonder land 1", first_name="Mia")
    assert visitor.bring(session).status_code == 403
    assert run("avow_adopt", session["userId"]) == "Handed over 1 accounts.\n"
    assert visitor.bring(session).status_code == 200
    row = User.objects.get()
    assert (row.first_name, row.has_usable_password()) == ("Mia", False)


def test_nothing_is_handed_over_when_a_name_is_wrong() -> None:
    User.objects.create_user("mia", password="wonder land 1")
    with pytest.raises(CommandError, match="nobody"):
        run("avow_adopt", "mia", "nobody")
    assert User.objects.get().has_usable_password()
