"""People with an authenticator app, for cases about it, and the requests that send its codes."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from tests import phones
from tests.factories import make_totp_seed, make_user, new_email
from tests.phones import Phone
from tests.security.calls import Answer, Wish
from tests.security.place import Person, Place, person_of

VERIFY = "/v1/auth/totp/verify"
UPDATE = "/v1/auth/totp/update"
SIGN_UP = "/v1/auth/totp/signup"
KEPT = ("users", "login_ids", "sessions", "totp_seeds", "recovery_codes")  # what nobody changes by a refused call
_ORDERS = {"login_ids": "login_id", "totp_seeds": "user_id", "recovery_codes": "user_id, id"}


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody with an app, who is not signed in."""

    place: Place
    id: str
    login_id: str
    phone: Phone
    seed: bytes

    def code(self, early: int = 0) -> str:
        """Return the code that the app shows now, or so many steps before or after."""
        return self.phone.code(self.place.avow.server.clock(), early)

    def wish(self, code: object, token: str = "", **options: object) -> Wish:
        """Return the request that sends a code."""
        body = {"loginId": self.login_id, "code": code, "loginOptions": options}
        return self.place.api.wish("POST", VERIFY, token, body)

    def send(self, code: object, token: str = "", **options: object) -> Answer:
        """Send a code."""
        return self.place.api.carrier.send(self.wish(code, token, **options))

    def sign_in(self, early: int = 0) -> Person:
        """Sign in with the app alone."""
        return person_of(self.login_id, self.send(self.code(early)))

    def wrong_codes(self) -> Iterator[str]:
        """Return codes that the app shows nowhere near this moment, without end."""
        shown = {self.code(early) for early in range(-5, 6)}
        codes = (f"{number % 1_000_000:06d}" for number in itertools.count(111_111))
        return (code for code in codes if code not in shown)


def make_owner(place: Place, login_id: str = "") -> Owner:
    """Insert a user with an app."""
    phones.begin_a_step(place.avow)
    login_id = login_id or new_email()
    user_id = make_user(place.avow, login_id)
    seed = make_totp_seed(place.avow, user_id)
    return Owner(place, user_id, login_id, phones.holding(seed), seed)


def kept(place: Place) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of the project that a refused call leaves as they are."""
    return {table: place.rows(table, _ORDERS.get(table, "id")) for table in KEPT}


def enrol(place: Place, login_id: str, token: str) -> Phone:
    """Ask for a seed in a session, and bring it into another phone; it is not confirmed yet."""
    phones.begin_a_step(place.avow)
    answer = place.api.post(UPDATE, token, {"loginId": login_id})
    assert answer.status == 200, answer.content
    return phones.scanning(answer.body["image"])
