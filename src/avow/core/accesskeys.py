"""What the session token of an access key says. No I/O, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from avow.core.grants import Held
from avow.core.kinds import KEY_CLAIM, SESSION
from avow.core.layouts import PLAIN, Layout

__all__ = ["KeyClaims"]


@dataclass(frozen=True, slots=True)
class KeyClaims:
    """All that the token says.

    Attributes:
        project_id: Issuer.
        key_id: Subject.
        issued_at: When the token is made.
        expires_at: End of the token, not after that of the key.
        held: Roles, permissions and tenants: the key's, or those of the user whom it acts for.
        selected_tenant: One of the tenants, or "".
        claims: Custom claims of the key, already free of reserved names.
        unsigned_claims: Custom claims that whoever exchanged the key asked for; they appear under `nsec`.
        token_id: Id of this very token, or "" for none.
        layout: Where roles and permissions stand.
    """

    project_id: str
    key_id: str
    issued_at: int
    expires_at: int
    held: Held = field(default_factory=Held)
    selected_tenant: str = ""
    claims: Mapping[str, object] = field(default_factory=dict)
    unsigned_claims: Mapping[str, object] = field(default_factory=dict)
    token_id: str = ""
    layout: Layout = PLAIN

    def session_token(self) -> dict[str, object]:
        """Return the claims of the token. There is no session behind it: no `sid`, and nothing to refresh.

        Spec: contract "tokens" section 5; RFC 8725 section 3.12 (tokens for different uses tell themselves apart).
        """
        said: dict[str, object] = dict(self.claims)
        if self.unsigned_claims:
            said["nsec"] = self.unsigned_claims
        said |= {
            "drn": SESSION,
            "iss": self.project_id,
            "sub": self.key_id,
            KEY_CLAIM: self.key_id,
            "iat": self.issued_at,
            "exp": self.expires_at,
        }
        said |= self.layout.rights(self.held.roles, self.held.permissions, self.held.tenants, self.selected_tenant)
        if self.selected_tenant:
            said["dct"] = self.selected_tenant
        if self.token_id:
            said["jti"] = self.token_id
        return said
