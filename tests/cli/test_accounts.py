"""`avow user ...` on one account: made, invited, changed, shut out, signed out, given a password, deleted."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from avow.cli import questions
from avow.core import passwords
from avow.server.keys.directory import load
from avow.server.serving import Client, Issued
from avow.server.sessions import actions as sessions
from avow.server.sessions.actions import Opening
from avow.server.settings import Settings
from avow.server.store import Tx
from tests.bed.server import NOBODY_CARRIES
from tests.cli import programs
from tests.cli.conftest import StartDev
from tests.cli.programs import in_process as avow
from tests.cli.shops import Shop

MIA = "mia@example.com"
WORD = "a good long password"


def signed_in(shop: Shop, user_id: str, device: str = "") -> str:
    """Open a session of a user; return its id."""
    settings = Settings(database_url=shop.variables["AVOW_DATABASE_URL"], secret_key=shop.variables["AVOW_SECRET_KEY"])

    def unit(tx: Tx) -> str:
        project = load(tx, settings)
        assert project is not None
        client = Client("192.0.2.1", device)
        issued = sessions.open_session(tx, project, client, user_id, Opening(amr=("email",), via="otp"))
        assert isinstance(issued, Issued)
        return issued.claims.session_id

    return shop.store.run(shop.project_id, unit)


def encoded(shop: Shop) -> list[tuple[str, str]]:
    """Return the passwords of the project as they are stored, with their states."""
    sql = "SELECT encoded, state FROM passwords WHERE project_id = :project_id"

    def unit(tx: Tx) -> list[tuple[str, str]]:
        return tx.all(sql, lambda *row: (str(row[0]), str(row[1])))

    return shop.store.look(shop.project_id, unit)


def waiting(shop: Shop) -> list[str]:
    """Return by which methods messages are to be sent."""

    def unit(tx: Tx) -> list[str]:
        return tx.all("SELECT method FROM outbox WHERE project_id = :project_id AND state = 'waiting'", str)

    return shop.store.look(shop.project_id, unit)


# --- Made and changed --------------------------------------------------------------------------------------------


def test_user_is_made_as_the_options_say(shop: Shop) -> None:
    shop.made("role", "create", "reader")
    shop.made("tenant", "create", "Acme", "--id", "acme")
    made = shop.made(
        "user", "create", MIA, "--name", "Mia", "--given-name", "M", "--family-name", "Example",
        "--phone", "+15555550100", "--verified-phone", "--login-id", "mia",
        "--role", "reader", "--tenant-role", "Acme", "reader", "--status", "enabled",
    )  # fmt: skip
    assert (made["loginIds"], made["email"], made["phone"]) == (["mia", MIA], MIA, "+15555550100")
    assert (made["verifiedPhone"], made["roleNames"], made["status"]) == (True, ["reader"], "enabled")
    assert [(each["tenantId"], each["roleNames"]) for each in made["userTenants"]] == [("acme", ["reader"])]
    assert shop.made("user", "show", "mia") == made
    assert [actor for actor, _ in shop.events("user.created")] == ["command"]
    assert waiting(shop) == []


def test_user_who_exists_is_not_made_again(shop: Shop) -> None:
    shop.made("user", "create", MIA)
    said = shop.run("user", "create", MIA.upper())
    assert (said.code, said.err) == (1, "avow: A user with this login ID exists already.\n")


def test_parts_are_changed_and_the_rest_stays(shop: Shop) -> None:
    made = shop.made("user", "create", MIA, "--name", "Mia", "--given-name", "M")
    changed = shop.made("user", "update", made["userId"], "--name", "Mia Sample", "--email", "m@example.org")
    assert (changed["name"], changed["givenName"], changed["loginIds"]) == ("Mia Sample", "M", [MIA])
    assert (changed["email"], changed["verifiedEmail"]) == ("m@example.org", False)
    assert shop.run("user", "update", MIA).code == 2
    assert [actor for actor, _ in shop.events("user.changed")] == ["command"]


def test_membership_begins_with_default_roles_and_ends(shop: Shop) -> None:
    shop.made("role", "create", "reader")
    shop.made("role", "create", "writer")
    shop.made("tenant", "create", "Acme", "--id", "acme", "--default-role", "reader")
    shop.made("user", "create", MIA)
    joined = shop.made("user", "add-tenant", MIA, "Acme", "--role", "writer")
    assert joined["userTenants"][0]["roleNames"] == ["reader", "writer"]
    assert len(shop.listed("user", "list", "--tenant", "Acme")) == 1
    assert shop.made("user", "remove-role", MIA, "writer", "--tenant", "Acme")["roles"] == ["reader"]
    assert shop.made("user", "remove-tenant", MIA, "acme")["userTenants"] == []
    said = shop.run("user", "remove-tenant", MIA, "Acme")
    assert (said.code, said.err) == (1, "avow: The user is not a member of this tenant.\n")


def test_roles_are_given_by_name_or_id(shop: Shop) -> None:
    reader = shop.made("role", "create", "reader")["id"]
    shop.made("user", "create", MIA)
    assert shop.made("user", "add-role", MIA, reader)["roles"] == ["reader"]
    assert shop.made("user", "remove-role", MIA, "reader")["roles"] == []


# --- Shut out and signed out -------------------------------------------------------------------------------------


def test_disabled_user_has_no_session_and_may_come_back(shop: Shop) -> None:
    user_id = shop.made("user", "create", MIA, "--status", "enabled")["userId"]
    shop.made("user", "create", "ben@example.com")
    signed_in(shop, user_id)
    assert shop.made("user", "disable", MIA, "ben@example.com")["status"] == "disabled"
    assert shop.listed("user", "sessions", MIA) == []
    assert [each["status"] for each in shop.listed("user", "list")] == ["disabled", "disabled"]
    shop.made("user", "enable", user_id)
    assert shop.made("user", "show", MIA)["status"] == "enabled"
    assert shop.run("user", "disable", MIA, "nobody@example.com").code == 2
    assert shop.made("user", "show", MIA)["status"] == "enabled"


def test_sessions_are_listed_and_ended(shop: Shop) -> None:
    user_id = shop.made("user", "create", MIA, "--status", "enabled")["userId"]
    assert "avow user history" in shop.said("user", "sessions", MIA)
    ids = {signed_in(shop, user_id, "Browser \x1b[2J") for _ in range(3)}
    listed = shop.listed("user", "sessions", MIA)
    assert ({each["id"] for each in listed}, listed[0]["address"]) == (ids, "192.0.2.1")
    assert "\x1b" not in shop.said("user", "sessions", MIA)
    one = listed[0]["id"]
    assert shop.made("user", "logout", MIA, "--session", one) == {"user_id": user_id, "sessions_ended": 1}
    assert shop.run("user", "logout", MIA, "--session", one).code == 2
    assert shop.made("user", "logout", user_id)["sessions_ended"] == 2
    assert "nobody was signed out" in shop.said("user", "logout", MIA)
    assert len(shop.listed("user", "history", MIA)) == 3
    assert "192.0.2.1" in shop.said("user", "history", MIA)
    assert {actor for actor, _ in shop.events("session.all_ended")} == {"command"}


def test_history_of_who_never_came_says_so(shop: Shop) -> None:
    shop.made("user", "create", MIA)
    assert "has not signed in yet" in shop.said("user", "history", MIA)


def test_deleting_asks_first_and_takes_all_or_none(shop: Shop) -> None:
    ids = sorted(shop.made("user", "create", login_id)["userId"] for login_id in (MIA, "ben@example.com"))
    assert shop.run("user", "delete", MIA, "nobody@example.com", "--yes").code == 2
    said = shop.answered("n\n", "user", "delete", MIA)
    assert (said.code, f"Delete {MIA}" in said.err) == (2, True)
    assert len(shop.listed("user", "list")) == 2
    said = shop.answered("y\n", "user", "delete", MIA, "ben@example.com", "--json")
    assert json.loads(said.out) == {"user_ids": ids, "deleted": True}
    assert "avow user create LOGIN_ID" in shop.said("user", "list")
    assert [actor for actor, _ in shop.events("user.deleted")] == ["command", "command"]


# --- Passwords ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("option", "state"), [((), "temporary"), (("--active",), "active")])
def test_piped_password_is_set_and_printed_nowhere(shop: Shop, option: tuple[str, ...], state: str) -> None:
    user_id = shop.made("user", "create", MIA, "--status", "enabled")["userId"]
    signed_in(shop, user_id)
    said = shop.answered(f"{WORD}\n", "user", "set-password", MIA, "--stdin", *option)
    assert (said.code, WORD in said.out + said.err) == (0, False)
    ((stored, kept),) = encoded(shop)
    assert (passwords.verify(stored, WORD), kept) == (True, state)
    assert shop.listed("user", "sessions", MIA) == []
    ((actor, data),) = shop.events("password.set")
    assert (actor, WORD in data) == ("command", False)


def test_typed_password_is_asked_for_twice_and_never_shown(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.made("user", "create", MIA)
    asked: list[object] = []

    def prompt(text: str, **how: object) -> str:
        asked.append((text, how["hide_input"], bool(how["confirmation_prompt"])))
        return WORD

    monkeypatch.setattr(click, "prompt", prompt)
    monkeypatch.setattr(questions, "_is_terminal", lambda: True)
    said = shop.run("user", "set-password", MIA)
    assert (said.code, WORD in said.out + said.err) == (0, False)
    assert asked == [("New password", True, True)]
    assert passwords.verify(encoded(shop)[0][0], WORD)


def test_terminal_does_not_echo_the_password(installation: dict[str, str]) -> None:
    assert avow("user", "create", MIA, variables=installation).code == 0
    ours, theirs = os.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "avow.cli", "user", "set-password", MIA],
        env=programs.environment(installation),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    seen = b""
    for question in (b"New password: ", b"Once more: "):
        while not seen.endswith(question):
            seen += os.read(ours, 1)
        os.write(ours, f"{WORD}\n".encode())
    with contextlib.suppress(OSError):  # the other end is closed when the command ends
        while rest := os.read(ours, 1000):
            seen += rest
    os.close(ours)
    assert (running.wait(20), WORD.encode() in seen, b"no session left" in seen) == (0, False, True)


@pytest.mark.parametrize(
    ("typed", "option", "code", "part"),
    [
        ("", (), 2, "--stdin"),
        ("\n", ("--stdin",), 2, "empty"),
        ("short\n", ("--stdin",), 1, "8"),
        (f"{'x' * 300}\n", ("--stdin",), 1, "password"),
    ],
)
def test_refused_password_changes_nothing(
    shop: Shop, typed: str, option: tuple[str, ...], code: int, part: str
) -> None:
    shop.made("user", "create", MIA)
    said = shop.answered(typed, "user", "set-password", MIA, *option)
    assert (said.code, part in said.err, encoded(shop)) == (code, True, [])
    assert "x" * 20 not in said.err


def test_password_is_expired(shop: Shop) -> None:
    shop.made("user", "create", MIA)
    said = shop.run("user", "expire-password", MIA)
    assert (said.code, said.err) == (1, "avow: The user has no password.\n")
    shop.answered(f"{WORD}\n", "user", "set-password", MIA, "--stdin", "--active")
    assert shop.made("user", "expire-password", MIA) == {"login_id": MIA, "state": "expired"}


# --- Invitations -------------------------------------------------------------------------------------------------


@pytest.fixture
def mailing(shop: Shop) -> Callable[..., programs.Said]:
    """Run `avow user invite` where a mail server is set up."""
    variables = {
        **shop.variables,
        "AVOW_PUBLIC_URL": "https://auth.example.com",
        "AVOW_SMTP_HOST": "localhost",
        "AVOW_MAIL_FROM": "Shop <no-reply@example.com>",
    }
    return lambda *arguments: avow("user", "invite", *arguments, variables=variables)


def test_invited_user_is_made_and_sent_a_link(shop: Shop, mailing: Callable[..., programs.Said]) -> None:
    shop.made("tenant", "create", "Acme", "--id", "acme")
    invited = mailing(MIA, "--tenant", "Acme", "--json").json()
    assert (invited["status"], invited["userTenants"][0]["tenantId"]) == ("invited", "acme")
    assert waiting(shop) == ["email"]
    again = mailing(MIA, "--json")
    assert (again.code, again.json()["userId"]) == (0, invited["userId"])
    assert len(waiting(shop)) == 2
    assert [actor for actor, _ in shop.events("user.invited")] == ["command"]
    assert mailing(MIA, "--name", "Mia").code == 2


def test_who_is_here_needs_no_invitation(shop: Shop, mailing: Callable[..., programs.Said]) -> None:
    shop.made("user", "create", MIA, "--status", "enabled")
    said = mailing(MIA)
    assert (said.code, "needs no invitation" in said.err, waiting(shop)) == (2, True, [])


def test_invitation_without_an_address_makes_nobody(shop: Shop, mailing: Callable[..., programs.Said]) -> None:
    said = mailing("mia")
    assert (said.code, "--email" in said.err, shop.listed("user", "list")) == (2, True, [])


@pytest.mark.parametrize(
    ("missing", "part"), [("AVOW_PUBLIC_URL", "AVOW_PUBLIC_URL"), ("AVOW_SMTP_HOST", "AVOW_SMTP_HOST")]
)
def test_invitation_needs_the_settings_of_a_server(shop: Shop, missing: str, part: str) -> None:
    known = {
        "AVOW_PUBLIC_URL": "https://auth.example.com",
        "AVOW_SMTP_HOST": "localhost",
        "AVOW_MAIL_FROM": "a@example.com",
    }
    variables = {**shop.variables, **{name: value for name, value in known.items() if name != missing}}
    said = avow("user", "invite", MIA, variables=variables)
    assert (said.code, part in said.err, shop.listed("user", "list")) == (2, True, [])


def test_link_of_an_invitation_leads_to_the_running_development_server(dev: StartDev, tmp_path: Path) -> None:
    server = dev()
    said = avow("user", "invite", MIA, "--data", str(tmp_path / "data"), "--json", variables=NOBODY_CARRIES)
    assert said.code == 0, said.err
    assert json.loads((tmp_path / "data" / "dev.json").read_text())["public_url"] == server.facts["url"]


# --- Refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("logout", "nobody@example.com"), 2,
         "There is no user 'nobody@example.com'; `avow user list nobody@example.com` searches."),
        (("create", MIA, "--role", "nobody"), 1, "There is no role named 'nobody'."),
        (("create", MIA, "--email", "no address"), 1, "The e-mail address must be one plain address, name@domain."),
        (("create", MIA, "--attribute", "colour=red"), 1, "The project defines no attribute 'colour'."),
    ],
)  # fmt: skip
def test_refusal_is_one_sentence(shop: Shop, arguments: tuple[str, ...], code: int, sentence: str) -> None:
    said = shop.run("user", *arguments)
    assert (said.code, said.err) == (code, f"avow: {sentence}\n")
    assert shop.listed("user", "list") == []
