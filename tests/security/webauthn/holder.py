"""Somebody with a device full of passkeys, who may forge what it answers."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.bed.authenticator import HONEST, Authenticator, Forgery, Passkey
from tests.factories import new_email
from tests.security.calls import Answer, Wish
from tests.security.place import Person, Place, person_of

ROUTES = "/v1/auth/webauthn"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass
class Holder:
    """A device in front of a place.

    Attributes:
        place: Where it signs in.
        device: What holds the passkeys.
        origin: Of the page.
        agent: User-Agent.
    """

    place: Place
    device: Authenticator = field(default_factory=Authenticator)
    origin: str = ""
    agent: str = AGENT

    def __post_init__(self) -> None:
        self.origin = self.origin or self.place.api.origin

    def begin(self, what: str, body: dict[str, Any], token: str = "") -> Answer:
        """Begin a ceremony: signup, signin, signup-in or update."""
        return self._post(f"{what}/start", {"origin": self.origin, **body}, token)

    def begun(self, what: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
        """Begin a ceremony that is not refused; return its transaction."""
        answer = self.begin(what, body, token)
        assert answer.status == 200, answer.content
        transaction: dict[str, Any] = answer.body
        return transaction

    def finish(self, what: str, transaction_id: str, response: str, token: str = "") -> Answer:
        """Finish a ceremony: signup, signin or update."""
        return self.place.api.carrier.send(self.finish_wish(what, transaction_id, response, token))

    def finish_wish(self, what: str, transaction_id: str, response: str, token: str = "") -> Wish:
        """Return the request that finishes a ceremony."""
        body = {"transactionId": transaction_id, "response": response}
        return self.place.api.wish("POST", f"{ROUTES}/{what}/finish", token, body, headers=self._headers)

    def sign_up(self, login_id: str | None = None, forgery: Forgery = HONEST) -> Answer:
        """Sign a new user up with a passkey."""
        begun = self.begun("signup", {"user": {"loginId": login_id or new_email()}})
        return self.finish("signup", begun["transactionId"], self.device.create(begun["options"], self.origin, forgery))

    def person(self, login_id: str | None = None) -> Person:
        """Sign somebody up with a passkey; return who it is."""
        login_id = login_id or new_email()
        return person_of(login_id, self.sign_up(login_id))

    def sign_in(self, login_id: str, forgery: Forgery = HONEST, passkey: Passkey | None = None) -> Answer:
        """Sign a user in by a passkey; without a login ID by the newest of the device."""
        begun = self.begun("signin", {"loginId": login_id})
        shown = self.device.show(begun["options"], self.origin, forgery, passkey=passkey)
        return self.finish("signin", begun["transactionId"], shown)

    def sign_in_wish(self, login_id: str) -> Wish:
        """Begin a sign-in; return the request that finishes it."""
        begun = self.begun("signin", {"loginId": login_id})
        return self.finish_wish("signin", begun["transactionId"], self.device.show(begun["options"], self.origin))

    def add(self, person: Person, forgery: Forgery = HONEST) -> Answer:
        """Add a passkey to somebody who is signed in."""
        begun = self.begun("update", {"loginId": person.login_id}, person.refresh_jwt)
        return self.finish("update", begun["transactionId"], self.device.create(begun["options"], self.origin, forgery))

    def stored(self) -> list[list[tuple[object, ...]]]:
        """Return what a refused answer must not change: passkeys, users, sessions."""
        return [self.place.rows(table) for table in ("passkeys", "users", "sessions")]

    @property
    def _headers(self) -> dict[str, str]:
        return {"user-agent": self.agent}

    def _post(self, path: str, body: dict[str, Any], token: str) -> Answer:
        return self.place.api.post(f"{ROUTES}/{path}", token, body, headers=self._headers)


def asked(options: str) -> dict[str, Any]:
    """Return what stands in `options`."""
    found: dict[str, Any] = json.loads(options)["publicKey"]
    return found
