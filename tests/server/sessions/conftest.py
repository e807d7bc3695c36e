"""People with a second factor: an app, and a mailbox that codes reach."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from avow.testing.server import Avow
from tests import phones
from tests.factories import make_totp_seed, make_user, new_email, new_phone
from tests.phones import Phone
from tests.server.api import Api, Reply

ORIGIN = "https://app.example.com"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a proven mailbox and phone number, and perhaps an app."""

    api: Api
    id: str
    email: str
    number: str
    phone: Phone | None

    def by_mail(self, token: str = "", options: Any = None, **headers: str) -> Reply:
        """Sign in with a code by e-mail."""
        return self._by("email", self.email, token, options, headers)

    def by_sms(self, token: str = "", options: Any = None, **headers: str) -> Reply:
        """Sign in with a code by SMS."""
        return self._by("sms", self.number, token, options, headers)

    def by_app(self, token: str = "", options: Any = None, **headers: str) -> Reply:
        """Sign in with the next code of the app; time goes on by a step."""
        assert self.phone is not None
        self.api.clock.advance(30)
        body = {"loginId": self.email, "code": self.phone.code(self.api.clock()), "loginOptions": options}
        return self.api.post("/v1/auth/totp/verify", body, token=token, **headers)

    def waiting(self, **options: object) -> str:
        """Sign in with one factor only; return the token of the sign-in that waits."""
        asked = self.by_mail(options=options)
        assert asked.refusal == (403, "E061401")
        return str(asked.body["mfaToken"])

    def signed_in(self, **headers: str) -> Reply:
        """Sign in with code and app."""
        answer = self.by_app(self.waiting(), {"mfa": True}, **headers)
        assert answer.status == 200, answer.body
        return answer

    def _by(self, method: str, address: str, token: str, options: Any, headers: dict[str, str]) -> Reply:
        body = {"loginId": self.email, "loginOptions": options}
        started = self.api.post(f"/v1/auth/otp/signin/{method}", body, token=token)
        if started.status != 200:
            return started
        return self.api.verify_code(self.email, self.api.avow.code(address), method, **headers)


@pytest.fixture
def make_person(make_project: Callable[..., Avow]) -> Callable[..., Person]:
    """Give a function that makes a project with settings, and somebody in it."""

    def make(*, has_app: bool = True, **settings: object) -> Person:
        api = Api(make_project(passkey_rp_id="app.example.com", passkey_origins=[ORIGIN], **settings))
        email, number = new_email(), new_phone()
        user_id = make_user(api.avow, email, phone=number)
        phone = phones.holding(make_totp_seed(api.avow, user_id)) if has_app else None
        return Person(api, user_id, email, number, phone)

    return make
