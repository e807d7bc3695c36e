"""What access tokens say. Spec: RFC 9068; RFC 9449 section 6 (`cnf`)."""

from dataclasses import dataclass
from typing import Final

from avow.core.tokens import MAX_TOKEN_BYTES
from avow.core.tokens.encoding import from_base64url, json_object

__all__ = [
    "TYP",
    "AccessTokenClaims",
    "audiences_said",
    "grant_of",
    "is_machine",
    "machine_subject",
    "token_id",
    "userinfo_audience",
]

TYP: Final = "at+jwt"
_MACHINE: Final = "@clients"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokenClaims:
    """All that an access token says.

    Attributes:
        issuer: Of the grant.
        subject: The user, or for a machine the client (`<client_id>@clients`, which no user is).
        audience: The APIs that it is for.
        client_id: Who has it.
        token_id: See `token_id`.
        issued_at, expires_at: Of this token.
        scope: What it allows.
        permissions: What the user may do at the API, where the API asks to be told; None for nothing said.
        auth_time: When the person proved who they are, 0 for a machine.
        amr: How they did.
        acr: The class of it, or "".
        tenant_id: That they act in, or "".
        dpop_jkt: The key that it is bound to, or "".
        actor: The application that acts for the subject by an exchange, or "".
    """

    issuer: str
    subject: str
    audience: tuple[str, ...]
    client_id: str
    token_id: str
    issued_at: int
    expires_at: int
    scope: tuple[str, ...] = ()
    permissions: tuple[str, ...] | None = None
    auth_time: int = 0
    amr: tuple[str, ...] = ()
    acr: str = ""
    tenant_id: str = ""
    dpop_jkt: str = ""
    actor: str = ""

    def claims(self) -> dict[str, object]:
        """Return the claims."""
        said: dict[str, object] = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": self.audience[0] if len(self.audience) == 1 else self.audience,
            "iat": self.issued_at,
            "exp": self.expires_at,
            "jti": self.token_id,
            "client_id": self.client_id,
            "azp": self.client_id,
            "scope": " ".join(self.scope),
        }
        if self.permissions is not None:
            said["permissions"] = self.permissions
        if self.auth_time:
            said |= {"auth_time": self.auth_time, "amr": self.amr}
        else:
            said["gty"] = "client-credentials"
        if self.acr:
            said["acr"] = self.acr
        if self.tenant_id:
            said["org_id"] = self.tenant_id
        if self.dpop_jkt:
            said["cnf"] = {"jkt": self.dpop_jkt}
        if self.actor:
            said["act"] = {"sub": self.actor}
        return said


def userinfo_audience(issuer: str) -> str:
    """Return the audience of tokens that open our own userinfo endpoint."""
    return f"{issuer.rstrip('/')}/userinfo"


def audiences_said(token: str) -> tuple[str, ...]:
    """Return the audiences that a token says it is for; nothing is proven by it."""
    parts = token.split(".")
    if len(token) > MAX_TOKEN_BYTES or len(parts) != 3 or not token.isascii():
        return ()
    try:
        said = json_object(from_base64url(parts[1].encode())).get("aud")
    except ValueError:
        return ()
    named = said if isinstance(said, list) else [said]
    return tuple(each for each in named if isinstance(each, str))


def token_id(grant_id: str, random_text: str) -> str:
    """Return the `jti` of a token: it names the grant, so that what is revoked can be found."""
    return f"{grant_id}.{random_text}"


def grant_of(jti: object) -> str:
    """Return the grant that a `jti` names, "" for none."""
    grant_id, dot, _ = jti.partition(".") if isinstance(jti, str) else ("", "", "")
    return grant_id if dot else ""


def machine_subject(client_id: str) -> str:
    """Return the subject of a machine, which is no user's id."""
    return f"{client_id}{_MACHINE}"


def is_machine(subject: str) -> bool:
    """Tell whether a subject is a machine."""
    return subject.endswith(_MACHINE)
