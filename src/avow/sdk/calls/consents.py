"""Calls about what the person who holds a session has allowed applications."""

from avow.sdk.answers import OwnConsents, as_is, ignored
from avow.sdk.calls.call import Call, call, refresh_token_of, text_of
from avow.wire import ownconsents
from avow.wire.endpoint import Nothing

__all__ = ["mine", "revoke"]


def mine(refresh_token: str) -> Call[OwnConsents]:
    """Return the call for what the user has allowed."""
    return call(ownconsents.MY_CONSENTS, Nothing(), as_is(OwnConsents), token=refresh_token_of(refresh_token))


def revoke(refresh_token: str, consent_id: str) -> Call[None]:
    """Return the call that takes a consent back."""
    body = ownconsents.RevokeConsent(consent_id=text_of("consent_id", consent_id))
    return call(ownconsents.REVOKE_CONSENT, body, ignored, token=refresh_token_of(refresh_token))
