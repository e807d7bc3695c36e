"""What a start remembers while the person is elsewhere, and what an exchange code brings; kept in challenges."""

from typing import Literal

import msgspec

__all__ = ["Grant", "Kind", "Start", "Way"]

Kind = Literal["oauth", "sso"]


class Way(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """By which configuration somebody comes: a provider of the project, or an SSO configuration of a tenant.

    Attributes:
        kind: Which of the two; an exchange code of one kind counts nothing at the other's endpoint.
        name: The provider (`google`), or the id of the SSO configuration ("" for a tenant's first).
        tenant_id: Of SSO.
    """

    kind: Kind
    name: str
    tenant_id: str = ""

    @property
    def text(self) -> str:
        """Return the way in one text, which no other way has: ids hold no colon."""
        return f"{self.kind}:{self.tenant_id}:{self.name}" if self.kind == "sso" else f"{self.kind}:{self.name}"


class Start(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A sign-in that was begun: by which way, where it ends, and what success does.

    Attributes:
        way: By which configuration.
        redirect: Page of the application that gets `code` or `err`: approved when the start was made.
        does: `sign-in` refuses whom nobody knows, `sign-up` whom somebody knows, `update` connects the identity to the
            user of the live session.
        user_id: Of an update, a step-up or MFA: the only user that the sign-in may end with.
        session_id: The session that asked for it, without which it comes to nothing.
        amr: Methods of that session.
        is_step_up, is_mfa, revokes_others, unsigned_claims: The caller's login options.
        is_popup: The application waits in the window that opened this one.
        details: What the method wants to know again when the person is back (prompt, scopes, id of a SAML request).
    """

    way: Way
    redirect: str
    does: Literal["sign-in", "sign-up", "sign-up-or-in", "update"] = "sign-up-or-in"
    user_id: str = ""
    session_id: str = ""
    amr: tuple[str, ...] = ()
    is_step_up: bool = False
    is_mfa: bool = False
    revokes_others: bool = False
    unsigned_claims: dict[str, object] = {}
    is_popup: bool = False
    details: dict[str, str] = {}


class Grant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an exchange code is for: the session of a person who has proven elsewhere who they are.

    Attributes:
        way: By which configuration they came.
        user_id: Who it is.
        credential_version: Of the user when the code was made; a changed credential makes the code void.
        method: The one method that this sign-in adds to `amr`: `oauth`, or `fed` for SSO.
        amr, is_step_up, is_mfa, revokes_others, unsigned_claims, session_id: As in the start.
        tenant_id: Tenant that is selected in the session, or "".
        first_seen: The user was created by this sign-in, or invited and is here for the first time.
        idp_response: What the application is told of the identity provider's answer (`idpResponse`), JSON, or "".
    """

    way: Way
    user_id: str
    credential_version: int
    method: Literal["oauth", "fed"]
    amr: tuple[str, ...] = ()
    is_step_up: bool = False
    is_mfa: bool = False
    revokes_others: bool = False
    unsigned_claims: dict[str, object] = {}
    session_id: str = ""
    tenant_id: str = ""
    first_seen: bool = False
    idp_response: str = ""
