"""People with passwords, for cases about them, and the requests that name one."""

from dataclasses import dataclass
from typing import Any

from avow.core.passwords import hashed
from avow.server.passwords import actions as passwords
from tests.factories import make_user, new_email
from tests.security.calls import Answer, Wish
from tests.security.place import Person, Place, person_of, token_of

GOOD = "correct horse battery"
NEW = "staple of another kind"
WRONG = "wrong pony charger"
SIGN_UP, SIGN_IN = "/v1/auth/password/signup", "/v1/auth/password/signin"
REPLACE, UPDATE = "/v1/auth/password/replace", "/v1/auth/password/update"
RESET, POLICY = "/v1/auth/password/reset", "/v1/auth/password/policy"
_ENCODED: dict[str, str] = {}
KEPT = {"users": "id", "login_ids": "login_id", "sessions": "id", "passwords": "user_id", "password_history": "id"}


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody with a password, who is not signed in."""

    place: Place
    id: str
    login_id: str
    password: str = GOOD

    def wish(self, password: str | None = None, token: str = "", **fields: Any) -> Wish:
        """Return the request that signs in, with the right password unless another is named."""
        body = {"loginId": self.login_id, "password": self.password if password is None else password, **fields}
        return self.place.api.wish("POST", SIGN_IN, token, body)

    def send(self, password: str | None = None, token: str = "", **fields: Any) -> Answer:
        """Try to sign in."""
        return self.place.api.carrier.send(self.wish(password, token, **fields))

    def sign_in(self) -> Person:
        """Sign in with the password."""
        return person_of(self.login_id, self.send())

    def replace(self, old: str, new: str = NEW) -> Answer:
        """Replace the password."""
        body = {"loginId": self.login_id, "oldPassword": old, "newPassword": new}
        return self.place.api.post(REPLACE, body=body)

    def update(self, token: str, password: str = NEW) -> Answer:
        """Change the password in a session."""
        return self.place.api.post(UPDATE, token, {"loginId": self.login_id, "newPassword": password})

    def reset(self) -> str:
        """Ask for a link to choose a new password, and return its token."""
        sent = self.place.api.post(RESET, body={"loginId": self.login_id})
        assert sent.status == 200, sent.content
        return token_of(self.place.avow.link(self.login_id))


def make_owner(place: Place, password: str = GOOD, login_id: str = "", **user: Any) -> Owner:
    """Insert a user with a password; one text is hashed once, for many users."""
    login_id = login_id or new_email()
    user_id = make_user(place.avow, login_id, **user)
    encoded = _ENCODED.setdefault(password, hashed(password))
    place.avow.run(lambda tx: passwords.insert(tx, user_id, encoded))
    return Owner(place, user_id, login_id, password)


def sign_up(place: Place, login_id: str, password: str = GOOD, **fields: Any) -> Answer:
    """Sign up with a password."""
    return place.api.post(SIGN_UP, body={"loginId": login_id, "password": password, **fields})


def take(place: Place, token: str, refresh_jwt: str = "") -> Answer:
    """Exchange the token of a link."""
    return place.api.post("/v1/auth/magiclink/verify", refresh_jwt, {"token": token})


def stored(place: Place) -> dict[str, list[tuple[object, ...]]]:
    """Return what a refused call may not change."""
    return {table: place.rows(table, order) for table, order in KEPT.items()}
