"""A tenant that signs in at an OpenID provider of the tests, and the way of a person through it."""

from collections.abc import Sequence
from typing import Any

from avow import SSOOIDCSettings
from avow.testing.server import Avow
from tests.bed.openid import Asked, OpenIdPeer
from tests.bed.tenant_idp import PAGE
from tests.bed.visitor import Page, Visitor

__all__ = ["TenantOp"]


class TenantOp:
    """A tenant with its OpenID provider.

    Attributes:
        avow: The project.
        tenant: Id of the tenant.
        peer: The provider.
        sso_id: Of the configuration, "" for the first.
    """

    def __init__(self, avow: Avow, tenant: str, peer: OpenIdPeer, *, sso_id: str = "") -> None:
        """Set nothing up yet."""
        self.avow = avow
        self.tenant = tenant
        self.peer = peer
        self.sso_id = sso_id

    def configure(self, *, domains: Sequence[str] = ("example.com",), **settings: Any) -> None:
        """Tell the tenant about its provider through the SDK; `settings` are of `SSOOIDCSettings`."""
        client_id, secret = self.peer.client
        given: dict[str, Any] = {"issuer": self.peer.url, "redirect_url": PAGE, **settings}
        wanted = SSOOIDCSettings("Provider", client_id, client_secret=secret, **given)
        self.avow.client().mgmt.sso.configure_oidc_settings(
            self.tenant, wanted, list(domains), sso_id=self.sso_id or None
        )

    @property
    def callback_url(self) -> str:
        """Return where its provider leads people back to."""
        found: str = self.avow.client().mgmt.sso.load_settings(self.tenant, sso_id=self.sso_id or None)["oidc"][
            "callbackUrl"
        ]
        return found

    def start(self, visitor: Visitor | None = None, **wishes: Any) -> tuple[Visitor, str]:
        """Begin a sign-in, and go with a browser to the provider; return the browser and where it stands."""
        visitor = visitor or Visitor(self.avow.server.site)
        given = {"tenant": self.tenant, "return_url": PAGE, "sso_id": self.sso_id or None, **wishes}
        return visitor, visitor.get(self.avow.client().sso.start(**given)["url"]).location

    def asked(self, **wishes: Any) -> Asked:
        """Begin a sign-in; return the request to the provider."""
        return Asked.of(self.start(**wishes)[1])

    def come_back(self, **answer: str | None) -> Page:
        """Go to the provider and come back; `answer` differs from the books."""
        visitor, at_provider = self.start()
        return visitor.get(self.peer.authorize(at_provider, **answer))

    def sign_in(self, **person: object) -> Any:
        """Sign a person in to the end; return the session as the SDK gives it."""
        self.peer.person = {"sub": "jane", "email": "jane@example.com", "email_verified": True, **person}
        return self.avow.client().sso.exchange_token(self.come_back().code)
