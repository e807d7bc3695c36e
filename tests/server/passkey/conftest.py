"""What the tests of passkeys share: a device, and ceremonies with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.bed.authenticator import HONEST, Authenticator, Forgery, Passkey
from tests.factories import new_email
from tests.server.api import Api, Reply

ROUTES = "/v1/auth/webauthn"
ORIGIN = "http://localhost:8000"  # of the server


@dataclass
class Browser:
    """A browser with a device, on a page of one origin."""

    api: Api
    device: Authenticator
    origin: str = ORIGIN
    agent: str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"

    def begin(self, what: str, body: dict[str, Any], token: str = "") -> Reply:
        """Begin a ceremony: signup, signin, signup-in or update."""
        path = f"{ROUTES}/{what}/start"
        return self.api.post(path, {"origin": self.origin, **body}, token=token, user_agent=self.agent)

    def finish(self, what: str, transaction_id: str, response: str, token: str = "", **headers: str) -> Reply:
        """Finish a ceremony: signup, signin or update."""
        body = {"transactionId": transaction_id, "response": response}
        headers = {"user_agent": self.agent, **headers}
        return self.api.post(f"{ROUTES}/{what}/finish", body, token=token, **headers)

    def sign_up(self, login_id: str | None = None, forgery: Forgery = HONEST, **user: Any) -> Reply:
        """Sign a new user up."""
        begun = self.begin("signup", {"user": {"loginId": login_id or new_email(), **user}})
        made = self.device.create(begun["options"], self.origin, forgery)
        return self.finish("signup", begun["transactionId"], made)

    def sign_in(
        self,
        login_id: str = "",
        forgery: Forgery = HONEST,
        *,
        options: dict[str, Any] | None = None,
        token: str = "",
        passkey: Passkey | None = None,
    ) -> Reply:
        """Sign a user in; without a login ID by the newest passkey of the device."""
        begun = self.begin("signin", {"loginId": login_id, "loginOptions": options or {}}, token)
        shown = self.device.show(begun["options"], self.origin, forgery, passkey=passkey)
        return self.finish("signin", begun["transactionId"], shown)

    def add(self, login_id: str, token: str, forgery: Forgery = HONEST, **body: Any) -> Reply:
        """Add a passkey to the user of a session."""
        begun = self.begin("update", {"loginId": login_id, **body}, token)
        made = self.device.create(begun["options"], self.origin, forgery)
        return self.finish("update", begun["transactionId"], made)


@dataclass(frozen=True)
class Person:
    """Somebody with a passkey, signed in by it."""

    id: str
    login_id: str
    refresh_jwt: str


@pytest.fixture
def device() -> Authenticator:
    return Authenticator()


@pytest.fixture
def browser(api: Api, device: Authenticator) -> Browser:
    return Browser(api, device)


@pytest.fixture
def make_person(browser: Browser) -> Callable[..., Person]:
    """Sign somebody up with a passkey of the device."""

    def make(login_id: str | None = None, browser: Browser = browser, **user: Any) -> Person:
        login_id = login_id or new_email()
        session = browser.sign_up(login_id, **user)
        return Person(session["user"]["userId"], login_id, session["refreshJwt"])

    return make


@pytest.fixture
def person(make_person: Callable[..., Person]) -> Person:
    return make_person()
