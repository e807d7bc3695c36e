"""People who sign up and in while many others do: their letters arrive in any order."""

import time

from tests.factories import new_email
from tests.security.place import Person, Place, person_of

_LETTER_SECONDS = 20


def code_of(place: Place, login_id: str) -> str:
    """Return the newest code sent to an address; another thread may be carrying it at the moment."""
    until = time.monotonic() + _LETTER_SECONDS
    while True:
        try:
            return place.avow.code(login_id)
        except LookupError:
            if time.monotonic() > until:
                raise
            time.sleep(0.002)


def start_code(place: Place, login_id: str) -> None:
    """Have a code sent."""
    started = place.api.post("/v1/auth/otp/signup-in/email", body={"loginId": login_id})
    assert started.status == 200, started.content


def sign_in(place: Place, login_id: str = "") -> Person:
    """Sign somebody up or in with a code."""
    login_id = login_id or new_email()
    start_code(place, login_id)
    return person_of(login_id, place.verify_code(login_id, code_of(place, login_id)))
