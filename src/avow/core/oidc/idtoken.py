"""What ID tokens and logout tokens say. Signing comes after the commit.

Spec: OpenID Connect Core 1.0 section 2; OpenID Connect Back-Channel Logout 1.0 section 2.4.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from avow.core.tokens.encoding import to_base64url

__all__ = ["LOGOUT_TYP", "IdTokenClaims", "access_token_hash", "logout_token"]

LOGOUT_TYP: Final = "logout+jwt"
_LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_LOGOUT_SECONDS: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTokenClaims:
    """All that an ID token says.

    Attributes:
        issuer: Of the grant.
        subject: The user.
        client_id: The audience.
        session_id: Of the provider.
        issued_at, expires_at: Of this token.
        auth_time: When the person proved who they are.
        nonce: Of the request, or "".
        amr: How they did.
        acr: The class of it, or "".
        tenant_id: That they act in, or "".
        access_token: That comes with it, for `at_hash`, or "".
        algorithm: That it will be signed with.
        about: Claims about the person.
    """

    issuer: str
    subject: str
    client_id: str
    session_id: str
    issued_at: int
    expires_at: int
    auth_time: int
    nonce: str = ""
    amr: tuple[str, ...] = ()
    acr: str = ""
    tenant_id: str = ""
    access_token: str = field(default="", repr=False)
    algorithm: str = "RS256"
    about: Mapping[str, object] = field(default_factory=dict)

    def claims(self) -> dict[str, object]:
        """Return the claims; what the provider says of the token stands above what is said of the person."""
        said: dict[str, object] = dict(self.about)
        said |= {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": self.client_id,
            "iat": self.issued_at,
            "exp": self.expires_at,
            "auth_time": self.auth_time,
            "sid": self.session_id,
        }
        if self.nonce:
            said["nonce"] = self.nonce
        if self.amr:
            said["amr"] = self.amr
        if self.acr:
            said["acr"] = self.acr
        if self.tenant_id:
            said["org_id"] = self.tenant_id
            # Auth0's libraries compare what they asked for with this, in lower case, unless it begins with `org_`.
            said["org_name"] = self.tenant_id.lower()
        if self.access_token:
            said["at_hash"] = access_token_hash(self.access_token, self.algorithm)
        return said


def access_token_hash(access_token: str, algorithm: str) -> str:
    """Return `at_hash`: the left half of the digest that goes with the algorithm.

    Spec: OpenID Connect Core 1.0 section 3.1.3.6; of EdDSA the digest is SHA-512 (RFC 8032 section 5.1).
    """
    digest = (hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256)(access_token.encode()).digest()
    return to_base64url(digest[: len(digest) // 2])


def logout_token(
    issuer: str, client_id: str, subject: str, session_id: str, *, token_id: str, now: int
) -> dict[str, object]:
    """Return what a client is told when somebody whom it has signed in logs out; never with a nonce."""
    return {
        "iss": issuer,
        "aud": client_id,
        "sub": subject,
        "sid": session_id,
        "iat": now,
        "exp": now + _LOGOUT_SECONDS,
        "jti": token_id,
        "events": {_LOGOUT_EVENT: {}},
    }
