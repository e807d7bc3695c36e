"""People who sign up and in while many others do: their letters arrive in any order."""

import threading
import time

from avow.core import addresses
from avow.core.tokens import sign
from avow.server.keys.directory import load
from avow.server.serving import Client, Issued, Refusal
from avow.server.sessions import actions as sessions
from avow.server.sessions.actions import Opening
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.server.users.actions import NewUser
from tests.factories import new_email
from tests.security.calls import Api, InProcess
from tests.security.place import Person, Place, person_of

_LETTER_SECONDS = 20
_CARRYING = threading.Lock()  # one thread carries the letters of all; many at once get in each other's way


def code_of(place: Place, login_id: str, patience_seconds: float = _LETTER_SECONDS) -> str:
    """Return the newest code sent to an address; a server may be carrying it at the moment.

    Raises:
        LookupError: None came for as long as the caller has patience.
    """
    until = time.monotonic() + patience_seconds
    while True:
        try:
            with _CARRYING:
                return place.avow.code(login_id)
        except LookupError:
            if time.monotonic() > until:
                raise
            time.sleep(0.002)


def start_code(place: Place, login_id: str) -> None:
    """Have a code sent."""
    started = place.api.post("/v1/auth/otp/signup-in/email", body={"loginId": login_id})
    assert started.status == 200, started.content


def start_link(place: Place, login_id: str) -> None:
    """Have a magic link sent."""
    started = place.api.post("/v1/auth/magiclink/signup-in/email", body={"loginId": login_id})
    assert started.status == 200, started.content


def nearby(place: Place) -> Place:
    """Return the same project as the server in this process answers for it, past the servers that fail."""
    return Place(place.avow, Api(place.avow.project_id, InProcess(place.avow.server.site), place.api.origin))


def sign_in(place: Place, login_id: str = "") -> Person:
    """Sign somebody up or in with a code."""
    login_id = login_id or new_email()
    start_code(place, login_id)
    return person_of(login_id, place.verify_code(login_id, code_of(place, login_id)))


def open_sessions(place: Place, count: int) -> list[Person]:
    """Open a session for each of so many new users, straight in the database and in one unit."""
    client = Client("127.0.0.1", device="test", stores_rotated_tokens=True)

    def unit(tx: Tx) -> list[Issued | Refusal]:
        project = load(tx, place.avow.server.site.settings)
        assert project is not None
        people = [users.create(tx, _newcomer(new_email())) for _ in range(count)]
        return [sessions.open_session(tx, project, client, each, Opening(amr=("email",))) for each in people]

    return [_person(issued) for issued in place.avow.run(unit)]


def _newcomer(email: str) -> NewUser:
    return NewUser(login_id=addresses.login_id(email), email=email, is_email_verified=True)


def _person(issued: Issued | Refusal) -> Person:
    assert isinstance(issued, Issued), issued
    key, claims = issued.key, issued.claims
    tokens = sign(key, claims.session_token()), sign(key, claims.refresh_token())
    return Person(issued.user.user_id, issued.user.email, *tokens)
