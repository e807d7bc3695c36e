"""How a refusal is answered: status, sentence and the header that says which credentials to bring."""

from dataclasses import dataclass, field
from typing import Final

from avow.errors import AuthException, AvowError
from avow.sdk.integration.arrivals import Arrival, Ended, Unknown

__all__ = ["AWAY", "FORBIDDEN", "FOREIGN", "NO_LONGER", "STRANGER", "Refusal", "for_stranger", "of_sign_in"]

_CHALLENGE: Final = 'Bearer realm="api"'


@dataclass(frozen=True, slots=True)
class Refusal:
    """One answer to a request that may not pass.

    Attributes:
        status: HTTP status.
        sentence: For people.
        headers: Header fields.

    Spec: RFC 6750 section 3.
    """

    status: int
    sentence: str
    headers: dict[str, str] = field(default_factory=dict)


def _with_error(code: str, sentence: str) -> dict[str, str]:
    return {"WWW-Authenticate": f'{_CHALLENGE}, error="{code}", error_description="{sentence}"'}


# A request without credentials is told which ones to bring, and no error (RFC 6750 section 3.1, at its end).
STRANGER: Final = Refusal(401, "A valid session token is needed.", {"WWW-Authenticate": _CHALLENGE})
_NOT_ENOUGH: Final = "The session does not have the rights that this needs."
FORBIDDEN: Final = Refusal(403, _NOT_ENOUGH, _with_error("insufficient_scope", _NOT_ENOUGH))
FOREIGN: Final = Refusal(403, "This request has to come from a page of the application.")


_ENDED: Final = "The session token does not hold."
NO_LONGER: Final = Refusal(401, _ENDED, _with_error("invalid_token", _ENDED))
AWAY: Final = Refusal(503, "Sessions cannot be verified now; please try again.", {"Retry-After": "2"})


def for_stranger(arrival: Arrival | None) -> Refusal:
    """Return the answer to somebody who is not signed in, by what came of their tokens; None when they had none."""
    match arrival:
        case Unknown():
            return AWAY
        case Ended():
            return NO_LONGER
        case _:
            return STRANGER


def of_sign_in(error: AvowError) -> Refusal:
    """Return the answer to tokens that were to be kept and are not."""
    if isinstance(error, AuthException) and error.status_code < 500:
        return Refusal(401, error.error_message)
    return AWAY
