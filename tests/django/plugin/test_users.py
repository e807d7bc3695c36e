"""Django's rows: whom a session gets, what is written into them, and whose they never become."""

from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group, User

from avow.django import users
from avow.django.authentication import AvowBackend
from avow.django.models import AvowUser, DescopeUser
from avow.errors import AuthException
from avow.sdk.integration.session import AvowSession
from avow.testing.server import Avow
from tests.django.plugin.conftest import Configure, Network, SignIn
from tests.django.plugin.visitor import Visitor, tokens_of


def session_of(session: Any, **claims: Any) -> AvowSession:
    """Return a session of the SDK as a request has it; claims replace those of the token."""
    return AvowSession({**session["sessionToken"], **claims}, tokens_of(session))


# --- S-SDK-05: no account of somebody else ----------------------------------------------------------------------


@pytest.mark.parametrize("password", ["wonder land 1", None], ids=["with a password", "of another backend"])
def test_local_account_of_the_same_name_is_not_taken_over(
    store: str, password: str | None, visitor: Visitor, sign_up: SignIn
) -> None:
    session = sign_up()
    local = User.objects.create_superuser(session["userId"], "root@example.com", password)
    answer = visitor.bring(session)
    assert (answer.status_code, answer.json()["success"]) == (403, False)
    assert visitor.row["kind"] == "AnonymousUser"
    assert not visitor.kept
    local.refresh_from_db()
    assert (local.is_superuser, local.email) == (True, "root@example.com")
    assert visitor.bring(sign_up()).status_code == 200


def test_tokens_that_are_kept_already_do_not_get_a_local_account(store: str, visitor: Visitor, sign_up: SignIn) -> None:
    session = sign_up()
    User.objects.create_superuser(session["userId"], "root@example.com", "wonder land 1")
    visitor.keep(tokens_of(session))
    assert visitor.row["kind"] == "AnonymousUser"


def test_address_of_a_local_account_gives_nothing(store: str, visitor: Visitor, sign_up: SignIn) -> None:
    User.objects.create_superuser("root", "root@example.com", "wonder land 1")
    session = sign_up(email="root@example.com")
    assert visitor.bring(session).status_code == 200
    assert (visitor.row["username"], visitor.row["is_superuser"]) == (session["userId"], False)


def test_row_of_the_older_plugin_is_taken_over(visitor: Visitor, sign_up: SignIn) -> None:
    session = sign_up()
    older = User.objects.create(username=session["userId"])
    visitor.bring(session)
    assert visitor.row["username"] == session["userId"]
    assert User.objects.get().pk == older.pk


def test_nobody_can_sign_in_to_a_row_of_ours_with_a_password(visitor: Visitor, sign_up: SignIn) -> None:
    session = sign_up()
    visitor.bring(session)
    row = User.objects.get()
    assert not row.has_usable_password()
    for password in ("", row.password, "!"):
        assert authenticate(username=session["userId"], password=password) is None


def test_account_that_was_locked_here_is_let_in_no_more(store: str, visitor: Visitor, sign_up: SignIn) -> None:
    session = sign_up()
    visitor.bring(session)
    User.objects.update(is_active=False)
    assert visitor.row["kind"] == "AnonymousUser"
    assert Visitor().bring(session).status_code == 403


# --- Roles ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("roles", "flags"),
    [
        ([], (False, False)),
        (["is_staff"], (True, False)),
        (["is_staff", "is_superuser"], (True, True)),
        (["editor"], (False, False)),
    ],
)
def test_roles_become_flags_of_the_row(
    store: str, roles: list[str], flags: tuple[bool, bool], visitor: Visitor, sign_up: SignIn
) -> None:
    visitor.bring(sign_up(roles={role: [] for role in roles}))
    assert (visitor.row["is_staff"], visitor.row["is_superuser"]) == flags
    row = User.objects.get()
    assert (row.is_staff, row.is_superuser) == flags


def test_roles_of_the_settings_are_the_ones_that_count(visitor: Visitor, sign_up: SignIn, configure: Configure) -> None:
    configure(AVOW_IS_STAFF_ROLE="editor", AVOW_IS_SUPERUSER_ROLE="")
    session = sign_up(roles={"editor": [], "is_superuser": []})
    visitor.bring(session)
    assert (visitor.row["is_staff"], visitor.row["is_superuser"]) == (True, False)
    User.objects.update(is_superuser=True)
    assert visitor.row["is_superuser"] is True  # the column is left alone


def test_role_in_a_tenant_is_no_role_in_the_project(visitor: Visitor, sign_up: SignIn) -> None:
    visitor.bring(sign_up(tenant_id="T1", roles_in_tenant={"is_superuser": [], "is_staff": []}))
    assert (visitor.row["is_staff"], visitor.row["is_superuser"]) == (False, False)


@pytest.mark.parametrize("roles", ["is_superuser", {"is_superuser": True}, [["is_superuser"]], None, 1])
def test_claim_of_another_shape_is_no_role(roles: Any, sign_up: SignIn) -> None:
    row = users.arrive(session_of(sign_up(), roles=roles))
    assert (row.is_staff, row.is_superuser) == (False, False)


def test_role_in_custom_claims_is_no_role(sign_up: SignIn) -> None:
    row = users.arrive(session_of(sign_up(), nsec={"roles": ["is_superuser"]}, is_superuser=True, is_staff=True))
    assert (row.is_staff, row.is_superuser) == (False, False)


def test_lost_role_is_lost_with_the_next_token(sign_up: SignIn) -> None:
    session = sign_up(roles={"is_staff": [], "is_superuser": []})
    assert users.arrive(session_of(session)).is_superuser
    row = users.load(session_of(session, roles=[]))
    assert (row.is_staff, row.is_superuser) == (False, False)
    users.arrive(session_of(session, roles=[]))
    assert not User.objects.get().is_superuser


# --- Groups and permissions -------------------------------------------------------------------------------------


def test_roles_become_groups_as_the_settings_map_them(sign_up: SignIn, configure: Configure) -> None:
    configure(AVOW_GROUPS={"editor": "Editors", "author": "Authors"})
    for name in ("Editors", "Authors", "Friends"):
        Group.objects.create(name=name)
    session = sign_up()
    row = users.arrive(session_of(session, roles=["editor", "unmapped"]))
    row.groups.add(Group.objects.get(name="Friends"))
    users.arrive(session_of(session, roles=["author"]))
    assert set(row.groups.values_list("name", flat=True)) == {"Authors", "Friends"}


def test_groups_may_have_the_names_of_roles(sign_up: SignIn, configure: Configure) -> None:
    configure(AVOW_GROUPS=True)
    for name in ("editor", "author"):
        Group.objects.create(name=name)
    session = sign_up()
    row = users.arrive(session_of(session, roles=["editor", "no group"]))
    assert list(row.groups.values_list("name", flat=True)) == ["editor"]
    users.arrive(session_of(session, roles=["author"]))
    assert list(row.groups.values_list("name", flat=True)) == ["author"]


def test_groups_are_left_alone_by_default(sign_up: SignIn) -> None:
    Group.objects.create(name="editor")
    assert not users.arrive(session_of(sign_up(), roles=["editor"])).groups.exists()


@pytest.mark.parametrize(
    ("mapping", "held"),
    [
        (False, set()),
        (True, {"polls.add_poll"}),
        ({"write": "polls.change_poll", "publish": "polls.publish_poll"}, {"polls.change_poll"}),
    ],
    ids=["off", "names", "mapped"],
)
def test_permissions_of_the_token_become_djangos(
    mapping: Any, held: set[str], sign_up: SignIn, configure: Configure
) -> None:
    configure(AVOW_PERMISSIONS=mapping)
    row = users.arrive(session_of(sign_up(), permissions=["polls.add_poll", "write", "a.b.c"]))
    assert row.get_all_permissions() == held
    assert row.has_perms(held)
    assert not row.has_perm("polls.delete_poll")
    assert row.has_module_perms("polls") is bool(held)
    assert not row.has_perm("polls.add_poll", obj=row)


# --- Finding rows -----------------------------------------------------------------------------------------------


def test_row_is_found_by_the_claim_of_the_settings_and_keeps_its_name(sign_up: SignIn, configure: Configure) -> None:
    configure(AVOW_USERNAME_CLAIM="handle")
    session = sign_up()
    first = users.arrive(session_of(session, handle="mia"))
    second = users.arrive(session_of(session, handle="mia"))
    assert (first.pk, second.get_username()) == (second.pk, "mia")
    assert User.objects.count() == 1


@pytest.mark.parametrize("handle", [None, "", "  ", 1, ["mia"], "x" * 151, "m\0a"])
def test_claim_that_names_nobody_gets_no_row(handle: Any, sign_up: SignIn, configure: Configure) -> None:
    configure(AVOW_USERNAME_CLAIM="handle")
    with pytest.raises(users.AccountConflict):
        users.arrive(session_of(sign_up(), handle=handle))
    assert not User.objects.exists()


def test_chosen_name_does_not_take_an_empty_password_for_ours(sign_up: SignIn, configure: Configure) -> None:
    configure(AVOW_USERNAME_CLAIM="handle")
    User.objects.create(username="mia")
    with pytest.raises(users.AccountConflict):
        users.arrive(session_of(sign_up(), handle="mia"))


def test_machine_gets_no_row(sign_up: SignIn) -> None:
    with pytest.raises(users.AccountConflict):
        users.arrive(session_of(sign_up(), keyId="K1"))


def test_two_first_requests_at_once_make_one_row(sign_up: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    session = session_of(sign_up())
    first = users.arrive(session)
    monkeypatch.setattr(users, "_find", lambda name: None)  # the other had not committed when this one looked
    assert users.arrive(session).pk == first.pk


# --- The seed's names -------------------------------------------------------------------------------------------


def test_row_has_the_attributes_of_the_seed(store: str, visitor: Visitor, sign_up: SignIn) -> None:
    session = sign_up(email="desmond@example.com")
    visitor.bring(session)
    row = visitor.row
    assert (row["kind"], row["username"], row["email"]) == ("AvowUser", session["userId"], "desmond@example.com")
    assert row["claims"]["sub"] == session["userId"]
    assert row["claims"]["jwt"] == tokens_of(session).session
    assert row["refresh_token"] == tokens_of(session).refresh
    assert DescopeUser is AvowUser


def test_sync_takes_over_and_saves(sign_up: SignIn, avow: Avow) -> None:
    session = sign_up(email="desmond@example.com", roles={"is_staff": []})
    row = AvowUser.objects.create(username=session["userId"])
    row.sync(session, tokens_of(session).refresh)
    assert row.get_username() == session["userId"]
    saved = User.objects.get()
    assert (saved.email, saved.is_staff) == ("desmond@example.com", True)
    row.sync(avow.client().validate_session(tokens_of(session).session), tokens_of(session).refresh)
    assert row.session_token is not None
    assert row.session_token["sub"] == session["userId"]


def test_row_without_a_session_knows_nothing_of_one() -> None:
    row = AvowUser(username="U1")
    assert (row.session_token, row.refresh_token, row.avow, row.me) == (None, "", None, {})
    assert str(row) == "AvowUser U1"


# --- The backend ------------------------------------------------------------------------------------------------


def test_backend_authenticates_a_pair_of_tokens(sign_up: SignIn) -> None:
    session = sign_up()
    tokens = tokens_of(session)
    found = authenticate(session_token=tokens.session, refresh_token=tokens.refresh)
    assert found is not None
    assert found.get_username() == session["userId"]
    assert found.backend == "avow.django.authentication.AvowBackend"
    assert authenticate(session_token="garbage") is None


def test_backend_refreshes_when_due(sign_up: SignIn, avow: Avow) -> None:
    session = sign_up()
    avow.advance(700)
    found = AvowBackend().authenticate(None, tokens_of(session).session, tokens_of(session).refresh)
    assert found is not None
    assert found.refresh_token != tokens_of(session).refresh


def test_backend_gives_rows_by_their_key(sign_up: SignIn) -> None:
    row = users.arrive(session_of(sign_up()))
    found = AvowBackend().get_user(row.pk)
    assert isinstance(found, AvowUser)
    assert found == row
    assert AvowBackend().get_user(row.pk + 1) is None
    User.objects.update(is_active=False)
    assert AvowBackend().get_user(row.pk) is None


def test_password_form_passes_the_backend_by(configure: Configure) -> None:
    User.objects.create_user("local", password="wonder land 1")
    found = authenticate(username="local", password="wonder land 1")
    assert found is not None
    configure(AUTHENTICATION_BACKENDS=["avow.django.authentication.AvowBackend"])
    assert authenticate(username="local", password="wonder land 1") is None


def test_row_may_belong_to_other_rows(sign_up: SignIn) -> None:
    from django.contrib.admin.models import LogEntry

    row = users.arrive(session_of(sign_up()))
    assert LogEntry(user=row).user == row
    assert isinstance(row, User)


def test_first_request_of_somebody_unknown_asks_the_server_once(
    visitor: Visitor, sign_up: SignIn, network: Network
) -> None:
    session = sign_up()
    visitor.keep(tokens_of(session))
    network.paths.clear()
    assert visitor.row["email"] == session["user"]["email"]
    assert network.paths == ["/v1/auth/me"]


def test_first_request_while_the_server_is_away_is_nobodys(
    store: str, visitor: Visitor, sign_up: SignIn, network: Network
) -> None:
    session = sign_up()
    visitor.keep(tokens_of(session))
    network.is_away = True
    assert visitor.row["kind"] == "AnonymousUser"
    with pytest.raises(AuthException):
        users.arrive(session_of(session))
