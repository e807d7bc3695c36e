"""What the person who holds a session has allowed applications: seen and taken back."""

from avow.wire.bounds import Reference
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape

__all__ = ["ENDPOINTS", "MY_CONSENTS", "REVOKE_CONSENT", "OwnConsent", "OwnConsents", "RevokeConsent"]


class OwnConsent(Shape, frozen=True, kw_only=True):
    """What the user has allowed one application.

    Attributes:
        id: Names it in `consents.revoke`.
        application_id: Which application.
        application_name: Its name.
        scopes: What it may do.
        created_time: When it was first allowed something, seconds since the epoch.
        modified_time: When it was last allowed more.
    """

    id: str
    application_id: str
    application_name: str
    scopes: tuple[str, ...]
    created_time: int
    modified_time: int


class OwnConsents(Shape, frozen=True, kw_only=True):
    """What the user has allowed applications, the oldest first."""

    consents: tuple[OwnConsent, ...] = ()


class RevokeConsent(Shape, frozen=True, kw_only=True):
    """The consent to take back."""

    consent_id: Reference


MY_CONSENTS = Endpoint("consents.mine", "GET", "/v1/auth/avow/consents", Nothing, OwnConsents, Caller.SESSION)
REVOKE_CONSENT = Endpoint(
    "consents.revoke", "POST", "/v1/auth/avow/consents/revoke", RevokeConsent, Nothing, Caller.SESSION
)

ENDPOINTS = (MY_CONSENTS, REVOKE_CONSENT)
