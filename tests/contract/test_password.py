"""Sign-in by password through the official SDK, and of users who were imported through ours too."""

from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import bcrypt
import descope
import pytest
from argon2 import PasswordHasher
from descope import AuthException, RateLimitException

import avow as avow_sdk
from avow.core import addresses
from avow.core.passwords import needs_rehash, verify
from avow.server.passwords import actions as passwords
from avow.testing.server import Avow
from tests.contract.people import Person, error_code
from tests.factories import change_settings, new_email

GOOD, NEW = "correct horse battery", "staple of another kind"
PAGE = "https://app.example.com/choose-a-password"


@pytest.fixture
def sign_up(client: Any) -> Callable[..., Person]:
    """Sign somebody up with a password."""

    def act(password: str = GOOD, **user: str) -> Person:
        email = new_email()
        return Person(email, client.password.sign_up(email, password, user or None))

    return act


@pytest.mark.operation("password.sign_up", "password.sign_in")
def test_sign_up_opens_the_first_session_and_sign_in_further_ones(client: Any, fits: Any) -> None:
    email = new_email()
    session = client.password.sign_up(email, GOOD, {"name": "Mia", "phone": "+12025550147"})
    assert fits("password.sign_up", "sessionJwt", "refreshJwt", "user", "firstSeen")
    assert session["firstSeen"] is True
    user = session["user"]
    assert (user["loginIds"], user["email"], user["name"], user["phone"]) == ([email], email, "Mia", "+12025550147")
    assert (user["password"], user["verifiedEmail"], user["verifiedPhone"]) == (True, False, False)
    assert session["sessionToken"]["amr"] == ["pwd"]
    again = client.password.sign_in(email, GOOD)
    assert fits("password.sign_in", "sessionJwt", "refreshJwt", "user", "firstSeen")
    assert (again["firstSeen"], again["userId"]) == (False, session["userId"])
    assert client.validate_session(again["sessionToken"]["jwt"])["userId"] == session["userId"]
    assert client.me(again["refreshSessionToken"]["jwt"])["userId"] == session["userId"]


@pytest.mark.operation("password.sign_up", "password.get_policy", "mgmt.password.configure_settings")
def test_policy_is_told_and_kept(client: Any, fits: Any) -> None:
    settings = {**client.mgmt.password.get_settings(), "minLength": 10, "nonAlphanumeric": True}
    client.mgmt.password.configure_settings("", settings)
    policy = client.password.get_policy()
    assert fits("password.get_policy", "minLength", "lowercase", "uppercase", "number", "nonAlphanumeric")
    assert (policy["minLength"], policy["nonAlphanumeric"], policy["number"]) == (10, True, False)
    for weak in ("sh0rt!", "nosymbolshere", "password1234!"):
        with pytest.raises(AuthException) as refused:
            client.password.sign_up(new_email(), weak)
        assert (refused.value.status_code, error_code(refused)) == (400, "E011004")


@pytest.mark.operation("password.sign_up", "password.sign_in")
def test_what_is_not_right_is_refused(client: Any, sign_up: Callable[..., Person]) -> None:
    person = sign_up()
    for login_id, password, expected in (
        (person.login_id, GOOD + "!", (401, "E062901")),
        (new_email(), GOOD, (401, "E062901")),
    ):
        with pytest.raises(AuthException) as refused:
            client.password.sign_in(login_id, password)
        assert (refused.value.status_code, error_code(refused)) == expected
    with pytest.raises(AuthException) as refused:
        client.password.sign_up(person.login_id, GOOD)
    assert (refused.value.status_code, error_code(refused)) == (400, "E062107")
    for call in (client.password.sign_up, client.password.sign_in):
        with pytest.raises(AuthException):
            call(new_email(), "")


@pytest.mark.operation("password.sign_in")
def test_too_many_wrong_passwords_say_how_long_to_wait(client: Any, sign_up: Callable[..., Person]) -> None:
    person = sign_up()
    for _ in range(10):
        with pytest.raises(AuthException):
            client.password.sign_in(person.login_id, "wrong pony charger")
    with pytest.raises(RateLimitException) as refused:
        client.password.sign_in(person.login_id, GOOD)
    assert 0 < refused.value.rate_limit_parameters["Retry-After"] <= 900


@pytest.mark.operation("password.send_reset", "password.update", "magiclink.verify")
def test_reset_sends_a_link_whose_session_sets_a_new_password(
    client: Any, avow: Avow, sign_up: Callable[..., Person], fits: Any
) -> None:
    person = sign_up()
    sent = client.password.send_reset(person.login_id, PAGE, {"colour": "green"})
    assert fits("password.send_reset", "resetMethod", "maskedEmail")
    assert sent == {"resetMethod": "magiclink", "maskedEmail": addresses.masked_email(person.login_id)}
    assert client.password.send_reset(new_email()).keys() == sent.keys()
    link = avow.link(person.login_id)
    assert link.startswith(f"{PAGE}?t=")
    [token] = parse_qs(urlsplit(link).query)["t"]
    session = client.magiclink.verify(token)
    assert session["userId"] == person.id
    assert client.password.update(person.login_id, NEW, session["refreshSessionToken"]["jwt"]) is None
    assert fits("password.update")
    assert client.password.sign_in(person.login_id, NEW)["userId"] == person.id
    with pytest.raises(AuthException):
        client.password.sign_in(person.login_id, GOOD)
    with pytest.raises(AuthException):
        client.refresh_session(person.refresh_jwt)
    assert client.refresh_session(session["refreshSessionToken"]["jwt"])["userId"] == person.id


@pytest.mark.operation("password.update")
def test_update_is_refused_with_the_session_of_another(client: Any, sign_up: Callable[..., Person]) -> None:
    person, other = sign_up(), sign_up()
    with pytest.raises(AuthException) as refused:
        client.password.update(person.login_id, NEW, other.refresh_jwt)
    assert refused.value.status_code == 401
    assert client.password.sign_in(person.login_id, GOOD)["userId"] == person.id


@pytest.mark.operation("password.replace")
def test_replace_opens_a_session_and_ends_the_others(client: Any, sign_up: Callable[..., Person], fits: Any) -> None:
    person = sign_up()
    session = client.password.replace(person.login_id, GOOD, NEW)
    assert fits("password.replace", "sessionJwt", "refreshJwt", "user", "firstSeen")
    assert (session["userId"], session["firstSeen"]) == (person.id, False)
    with pytest.raises(AuthException):
        client.refresh_session(person.refresh_jwt)
    assert client.password.sign_in(person.login_id, NEW)["userId"] == person.id
    for old, new in ((GOOD, "yet another one here"), (NEW, "short"), (NEW, NEW)):
        with pytest.raises(AuthException):
            client.password.replace(person.login_id, old, new)


@pytest.mark.operation(
    "password.sign_in", "password.replace", "mgmt.user.set_temporary_password", "mgmt.user.set_active_password"
)
def test_temporary_and_expired_passwords_are_replaced(client: Any, sign_up: Callable[..., Person]) -> None:
    person = sign_up()
    client.mgmt.user.set_temporary_password(person.login_id, "for a while only")
    with pytest.raises(AuthException) as refused:
        client.password.sign_in(person.login_id, "for a while only")
    assert (refused.value.status_code, error_code(refused)) == (401, "E062909")
    assert client.password.replace(person.login_id, "for a while only", NEW)["userId"] == person.id
    client.mgmt.user.expire_password(person.login_id)
    with pytest.raises(AuthException) as refused:
        client.password.sign_in(person.login_id, NEW)
    assert error_code(refused) == "E062909"
    assert client.password.replace(person.login_id, NEW, GOOD)["userId"] == person.id
    client.mgmt.user.set_active_password(person.login_id, "set by an administrator")
    assert client.password.sign_in(person.login_id, "set by an administrator")["userId"] == person.id


# How the hash is handed over by an SDK (the official one has no class of its own for Argon2), and its password.
BROUGHT: dict[str, tuple[Callable[[Any], Any], str]] = {
    "Django": (
        lambda sdk: sdk.UserPasswordDjango("pbkdf2_sha256$10000$seasalt$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY="),
        "l\u00e8tmein",
    ),
    "bcrypt": (
        lambda sdk: sdk.UserPasswordBcrypt(bcrypt.hashpw(b"of bcrypt", bcrypt.gensalt(4)).decode()),
        "of bcrypt",
    ),
    "argon2": (
        lambda sdk: (
            sdk.UserPasswordDjango("argon2" + PasswordHasher(3, 65_536, 4).hash("of argon2"))
            if sdk is descope
            else sdk.UserPasswordArgon2(PasswordHasher(3, 65_536, 4).hash("of argon2"))
        ),
        "of argon2",
    ),
    "Firebase": (
        lambda sdk: sdk.UserPasswordFirebase(
            hash="lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
            salt="42xEC+ixf3L2lw==",
            salt_separator="Bw==",
            signer_key="jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==",
            memory=14,
            rounds=8,
        ),
        "user1password",
    ),
}


@pytest.mark.operation("password.sign_in", "mgmt.user.invite_batch")
@pytest.mark.parametrize("sdk", [descope, avow_sdk], ids=["official", "ours"])
@pytest.mark.parametrize("form", BROUGHT)
def test_imported_user_signs_in_with_the_old_password_and_its_hash_becomes_ours(
    make_client: Callable[..., Any], avow: Avow, sdk: ModuleType, form: str
) -> None:
    hashed, old = BROUGHT[form]
    client, email = make_client(avow, sdk=sdk), new_email()
    brought = sdk.UserObj(email, password=sdk.UserPassword(hashed=hashed(sdk)))
    [user] = client.mgmt.user.invite_batch([brought], send_mail=False)["createdUsers"]

    def stored() -> str:
        found = avow.run(lambda tx: passwords.held(tx, user["userId"]))
        assert found is not None
        return found.encoded

    imported = stored()
    assert needs_rehash(imported)
    with pytest.raises(sdk.AuthException):
        client.password.sign_in(email, old + "!")
    assert stored() == imported
    assert client.password.sign_in(email, old)["userId"] == user["userId"]
    upgraded = stored()
    assert upgraded.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify(upgraded, old)
    assert client.password.sign_in(email, old)["userId"] == user["userId"]
    with pytest.raises(sdk.AuthException):
        client.password.sign_in(email, old + "!")
    assert stored() == upgraded


@pytest.mark.operation("password.sign_in")
def test_calls_of_a_back_end_with_its_key_are_not_counted_for_its_address(
    make_client: Callable[..., Any], make_project: Callable[..., Avow]
) -> None:
    avow = make_project()
    change_settings(avow, {"password_failures_per_client": 3})
    trusted = make_client(avow, auth_management_key=avow.management_key)
    email = new_email()
    trusted.password.sign_up(email, GOOD)
    for number in range(5):
        with pytest.raises(AuthException):
            trusted.password.sign_in(f"nobody-{number}@example.com", GOOD)
    assert trusted.password.sign_in(email, GOOD)["user"]["loginIds"] == [email]
