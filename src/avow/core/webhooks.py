"""How a webhook is signed, and which events it is for.

Spec: Standard Webhooks 1.0: headers `webhook-id`, `webhook-timestamp`, `webhook-signature`; what is signed is
`id.timestamp.body`, by HMAC-SHA256, in Base64 behind `v1,`; the secret is Base64 behind `whsec_`.
"""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["MIN_SECRET_CHARACTERS", "Filter", "is_wanted", "new_secret", "sign"]

MIN_SECRET_CHARACTERS: Final = 16
_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition of a webhook: the event's action or tenant is, or is not, among the values."""

    of: Literal["actions", "tenants"]
    includes: bool
    values: frozenset[str]


def new_secret() -> str:
    """Return a new secret, `whsec_` and 32 random bytes."""
    return _PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def sign(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of the header `webhook-signature`.

    Args:
        secret: As the receiver has it; one without `whsec_` counts by its own bytes.
        event_id: Value of `webhook-id`.
        timestamp: Value of `webhook-timestamp`, seconds since the epoch.
        body: The very bytes that are sent.
    """
    message = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.digest(_key(secret), message, "sha256")).decode()


def is_wanted(filters: Sequence[Filter], *, action: str, tenant_id: str) -> bool:
    """Tell whether an event passes every filter; without filters every event does."""
    return all(((action if each.of == "actions" else tenant_id) in each.values) == each.includes for each in filters)


def _key(secret: str) -> bytes:
    if secret.startswith(_PREFIX):
        try:
            return b64decode(secret.removeprefix(_PREFIX), validate=True)
        except ValueError:
            pass  # somebody's own secret that only begins so
    return secret.encode()
