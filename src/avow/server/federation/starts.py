"""What a start remembers while the person is elsewhere, and what an exchange code brings; kept in challenges."""

from typing import Literal

import msgspec

from avow import shaping
from avow.server.proofs.options import Asked

__all__ = ["Does", "Grant", "Kind", "Start", "Way", "decoded", "encoded", "granted"]

Kind = Literal["oauth", "sso"]
Does = Literal["sign-in", "sign-up", "sign-up-or-in", "update"]


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
        """Return the way in one text, which no other way has: names hold no colon."""
        return f"{self.kind}:{self.name}:{self.tenant_id}" if self.kind == "sso" else f"{self.kind}:{self.name}"


class Start(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A sign-in that was begun: by which way, where it ends, and what success does.

    Attributes:
        way: By which configuration.
        redirect: Page of the application that gets `code` or `err`: approved when the start was made.
        does: `sign-in` refuses whom nobody knows, `sign-up` whom somebody knows, `update` connects the identity to the
            user of the live session.
        user_id: Of an update, a step-up or MFA: the only user that the sign-in may end with.
        anonymous_id: The anonymous user whose session asked for it (`newcomers.anonymous_of`), or "": whoever is
            created keeps that id.
        asked: The caller's login options; of an update, step-up or MFA also the session that asked for it, without
            which it comes to nothing.
        is_popup: The application waits in the window that opened this one.
        begun_at: When, in epoch seconds.
        details: What the method wants to know again when the person is back (prompt, scopes, id of a SAML request).
    """

    way: Way
    redirect: str
    does: Does = "sign-up-or-in"
    user_id: str = ""
    anonymous_id: str = ""
    asked: Asked = Asked()
    is_popup: bool = False
    begun_at: int = 0
    details: dict[str, str] = {}


class Grant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an exchange code is for: the session of a person who has proven elsewhere who they are.

    Attributes:
        way: By which configuration they came.
        user_id: Who it is.
        credential_version: Of the user when the code was made; a changed credential makes the code void.
        method: The one method that this sign-in adds to `amr`: `oauth`, or `fed` for SSO.
        asked: The caller's login options.
        tenant_id: Tenant that is selected in the session, or "".
        first_seen: The user was created by this sign-in, or invited and is here for the first time.
        idp_response: What the application is told of the identity provider's answer (`idpResponse`), JSON, or "".
        is_multi_factor: Two factors were shown there, by the word of whoever is in charge of the person.
        lifetime_seconds: How long the session may live at most, or 0.
        provider: Digest of the provider that vouched, as the configuration had it: the code ends with it.
    """

    way: Way
    user_id: str
    credential_version: int
    method: Literal["oauth", "fed"]
    asked: Asked = Asked()
    tenant_id: str = ""
    first_seen: bool = False
    idp_response: str = ""
    is_multi_factor: bool = False
    lifetime_seconds: int = 0
    provider: str = ""


def encoded(kept: Start | Grant) -> str:
    """Return a start or grant as the challenge keeps it."""
    return msgspec.json.encode(kept).decode()


def decoded(text: str) -> Start:
    """Return the start of a challenge."""
    return shaping.decode(text, Start)


def granted(text: str) -> Grant:
    """Return what the exchange code of a challenge is for."""
    return shaping.decode(text, Grant)
