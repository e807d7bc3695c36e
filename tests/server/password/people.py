"""People with passwords, and how the tests call the routes of passwords."""

from typing import Any

from avow.core.passwords import hashed, imported
from avow.server.passwords import actions as passwords
from avow.server.passwords.actions import HeldRow, State
from avow.testing.server import Avow
from avow.wire.hashes import HashedPassword
from tests.factories import make_user, new_email
from tests.server.api import Api, Reply

GOOD = "correct horse battery"
OTHER = "wrong pony charger"
NEW = "staple of another kind"
SIGN_UP, SIGN_IN = "/v1/auth/password/signup", "/v1/auth/password/signin"
REPLACE, UPDATE = "/v1/auth/password/replace", "/v1/auth/password/update"
RESET, POLICY = "/v1/auth/password/reset", "/v1/auth/password/policy"
SETTINGS = "/v1/mgmt/password/settings"


def make_person(
    avow: Avow, password: str = GOOD, *, login_id: str = "", state: State = "active", **user: Any
) -> tuple[str, str]:
    """Insert a user with a password; return login ID and user id."""
    login_id = login_id or new_email()
    user_id = make_user(avow, login_id, **user)
    give_password(avow, user_id, password, state)
    return login_id, user_id


def give_password(avow: Avow, user_id: str, password: str = GOOD, state: State = "active") -> None:
    """Give a user a password."""
    encoded = hashed(password)
    avow.run(lambda tx: passwords.replace(tx, user_id, encoded, state, remembers=0))


def make_imported(avow: Avow, form: HashedPassword) -> tuple[str, str]:
    """Insert a user whose password another system hashed; return login ID and user id."""
    login_id = new_email()
    user_id, encoded = make_user(avow, login_id), imported(form)
    assert encoded is not None
    avow.run(lambda tx: passwords.insert(tx, user_id, encoded))
    return login_id, user_id


def held(avow: Avow, user_id: str) -> HeldRow:
    """Return what is stored of a user's password."""
    found = avow.run(lambda tx: passwords.held(tx, user_id))
    assert found is not None
    return found


def sign_in(api: Api, login_id: str, password: str = GOOD, *, token: str = "", **fields: Any) -> Reply:
    """Try to sign in."""
    return api.post(SIGN_IN, {"loginId": login_id, "password": password, **fields}, token=token)


def configure(api: Api, tenant_id: str = "", **changes: object) -> None:
    """Change the settings of passwords."""
    assert api.post(SETTINGS, {"tenantId": tenant_id, **changes}, token=api.avow.management_key).status == 200
