"""What session and refresh tokens say, and when a refresh token still counts. No I/O, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

from avow.core.kinds import REFRESH, SESSION
from avow.core.layouts import PLAIN, Layout

__all__ = ["SessionClaims", "SessionState", "TenantGrants", "Verdict", "judge", "rotates"]


@dataclass(frozen=True, slots=True)
class TenantGrants:
    """What a user, or an access key, holds in one tenant."""

    name: str
    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()

    def claim(self) -> dict[str, object]:
        """Return what tokens say of the tenant."""
        return {"name": self.name, "roles": self.roles, "permissions": self.permissions}


@dataclass(frozen=True, slots=True)
class SessionClaims:
    """All that the two tokens of one session say.

    Attributes:
        project_id: Issuer of both tokens.
        user_id: Subject.
        session_id: The family.
        generation: Generation of the refresh token.
        issued_at: When the session token is made.
        rotated_at: When this generation began; the refresh token's `iat`, so that it can be minted again.
        session_expires_at: End of the session token.
        expires_at: End of the session; never moved.
        amr: Methods used, RFC 8176 names and the contract's.
        roles, permissions: Held in the project.
        tenants: Held in each tenant.
        selected_tenant: The chosen tenant, or "".
        claims: Custom claims of the server side, already free of reserved names.
        unsigned_claims: Custom claims a client asked for; they appear under `nsec`.
        impersonator: Who acts in the user's name, or "".
        token_id: Id of this very session token, or "" for none.
        layout: Where roles and permissions stand.
    """

    project_id: str
    user_id: str
    session_id: str
    generation: int
    issued_at: int
    rotated_at: int
    session_expires_at: int
    expires_at: int
    amr: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    tenants: Mapping[str, TenantGrants] = field(default_factory=dict)
    selected_tenant: str = ""
    claims: Mapping[str, object] = field(default_factory=dict)
    unsigned_claims: Mapping[str, object] = field(default_factory=dict)
    impersonator: str = ""
    token_id: str = ""
    layout: Layout = PLAIN

    def session_token(self) -> dict[str, object]:
        """Return the claims of the session token.

        Spec: contract "tokens" section 5. There is no `aud`: official clients fail on a foreign one.
        """
        said: dict[str, object] = dict(self.claims)
        if self.unsigned_claims:
            said["nsec"] = self.unsigned_claims
        said |= {
            "drn": SESSION,
            "iss": self.project_id,
            "sub": self.user_id,
            "sid": self.session_id,
            "iat": self.issued_at,
            "exp": self.session_expires_at,
            "rexp": datetime.fromtimestamp(self.expires_at, UTC).isoformat().replace("+00:00", "Z"),
            "amr": self.amr,
        }
        said |= self.layout.rights(self.roles, self.permissions, self.tenants, self.selected_tenant)
        if self.selected_tenant:
            said["dct"] = self.selected_tenant
        if self.token_id:
            said["jti"] = self.token_id
        if self.impersonator:
            said["act"] = self._actor()
        return said

    def refresh_token(self) -> dict[str, object]:
        """Return the claims of the refresh token; equal for equal (session, generation)."""
        said: dict[str, object] = {
            "drn": REFRESH,
            "iss": self.project_id,
            "sub": self.user_id,
            "sid": self.session_id,
            "gen": self.generation,
            "jti": f"{self.session_id}-{self.generation}",
            "iat": self.rotated_at,
            "exp": self.expires_at,
            "amr": self.amr,
        }
        if self.impersonator:
            said["act"] = self._actor()
        return said

    def _actor(self) -> dict[str, str]:
        """Return the claim of who acts in the user's name. Spec: RFC 8693 section 4.1."""
        return {"sub": self.impersonator}


class Verdict(Enum):
    """What a refresh token is worth."""

    ROTATES = "rotates"  # the current one, at least one grace old: the next generation begins
    REPEATS = "repeats"  # the current one again, or the one before within the grace: the current is minted again
    ENDED = "ended"  # revoked, expired or idle for too long
    REUSED = "reused"  # a generation that nobody honest holds any more: the family ends


@dataclass(frozen=True, slots=True)
class SessionState:
    """The columns of a session row that decide a refresh."""

    generation: int
    rotates: int
    rotated_at: int
    expires_at: int
    last_used_at: int
    revoked_at: int | None


def judge(state: SessionState, presented: int, now: int, *, grace_seconds: int, idle_seconds: int) -> Verdict:
    """Decide one refresh.

    `sessions.rows.CONTINUE` says the same as one conditional UPDATE, so that two refreshes at once cannot both begin
    a generation; a test holds the two against each other.

    Args:
        state: The row as it stands.
        presented: Generation named by the token.
        now: Seconds since the epoch.
        grace_seconds: How long the generation before the current one counts.
        idle_seconds: How long a session may rest; 0 for ever.

    Spec: RFC 9700 section 4.14.2 (rotation; reuse ends the family), with a grace for lost answers and second tabs.
    """
    if state.revoked_at is not None or state.expires_at <= now:
        return Verdict.ENDED
    if idle_seconds and state.last_used_at <= now - idle_seconds:
        return Verdict.ENDED
    is_young = state.rotated_at > now - grace_seconds
    if presented == state.generation:
        return Verdict.REPEATS if is_young or not state.rotates else Verdict.ROTATES
    if state.rotates and presented == state.generation - 1 and is_young:
        return Verdict.REPEATS
    return Verdict.REUSED


def rotates(policy: str, *, is_sole_holder: bool) -> bool:
    """Tell whether a session's refresh tokens rotate; decided once, at sign-in.

    Args:
        policy: Project setting `rotation`.
        is_sole_holder: The token goes only into our own HttpOnly cookie, or to a caller that promised to keep the
            newest one. Official clients of other kinds never store a new one, so theirs does not rotate.
    """
    return policy == "always" or (policy == "sole-holder" and is_sole_holder)
