"""People with an authenticator app."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests import phones
from tests.factories import make_totp_seed, make_user, new_email
from tests.phones import Phone
from tests.server.api import Api, Reply


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an app, who is not signed in."""

    api: Api
    id: str
    login_id: str
    phone: Phone

    def code(self, early: int = 0) -> str:
        """Return the code that the app shows now, or so many steps before or after."""
        return self.phone.code(self.api.clock(), early)

    def verify(self, code: str | None = None, token: str = "", **options: object) -> Reply:
        """Send a code, the present one when absent."""
        return verify(self.api, self.login_id, self.code() if code is None else code, token, **options)


def verify(api: Api, login_id: str, code: str, token: str = "", **options: object) -> Reply:
    """Send a code of an app, with login options."""
    body = {"loginId": login_id, "code": code, "loginOptions": options}
    return api.post("/v1/auth/totp/verify", body, token=token)


def wrong(phone: Phone, now: int) -> str:
    """Return a code that the app shows nowhere near this moment."""
    shown = {phone.code(now, early) for early in range(-4, 5)}
    return next(code for code in (f"{number:06d}" for number in range(20)) if code not in shown)


@pytest.fixture
def make_person(api: Api) -> Callable[..., Person]:
    """Give a function that inserts a user with an app."""

    def make(on: Api = api, **columns: Any) -> Person:
        phones.begin_a_step(on.avow)
        login_id = new_email()
        user_id = make_user(on.avow, login_id, **columns)
        return Person(on, user_id, login_id, phones.holding(make_totp_seed(on.avow, user_id)))

    return make


@pytest.fixture
def person(make_person: Callable[..., Person]) -> Person:
    return make_person()
