"""The way of a person through social sign-in: the application's start, the browser, the provider, the exchange."""

from dataclasses import dataclass, field
from typing import Any

from avow import Client
from avow.testing.server import Avow
from tests.bed.openid import Asked, OpenIdPeer
from tests.bed.visitor import Page, Visitor

__all__ = ["PAGE", "Journey", "Social"]

PAGE = "https://app.example.com/handle-oauth"


@dataclass(frozen=True, slots=True)
class Journey:
    """A sign-in whose browser stands at the provider."""

    visitor: Visitor
    asked: Asked = field(repr=False)


class Social:
    """A project with a provider that the test holds.

    Attributes:
        avow: The project.
        peer: The provider.
        name: What the project calls it.
    """

    def __init__(self, avow: Avow, peer: OpenIdPeer, name: str = "acme") -> None:
        """Set nothing up yet."""
        self.avow = avow
        self.peer = peer
        self.name = name

    @property
    def client(self) -> Client:
        """Return our SDK's client of the project."""
        return self.avow.client()

    def configure(self, **settings: Any) -> dict[str, Any]:
        """Tell the project about the provider; return what it is answered."""
        wanted = {"issuer": self.peer.url, **settings}
        client_id, secret = self.peer.client
        secret = wanted.pop("client_secret", secret)
        answered = self.client.mgmt.provider.save(self.name, client_id, secret, **wanted)
        return dict(answered["provider"])

    def configure_oauth(self, **settings: Any) -> dict[str, Any]:
        """Tell the project about the provider as one of GitHub's shape."""
        url = self.peer.url
        shape = {
            "kind": "oauth2",
            "authorization_url": f"{url}/authorize",
            "token_url": f"{url}/token",
            "user_url": f"{url}/user",
            "emails_url": f"{url}/user/emails",
            "claims": {"subject": "id", "picture": "avatar_url"},
            "scopes": ("read:user", "user:email"),
            "client_auth": "post",
        }
        return self.configure(**{**shape, **settings})

    def start(self, **wishes: Any) -> str:
        """Begin a sign-in; return the address for the browser."""
        return self.client.oauth.start(self.name, wishes.pop("return_url", PAGE), **wishes)["url"]

    def open(self, url: str, visitor: Visitor | None = None) -> Journey:
        """Open the address of a start; return the browser at the provider."""
        visitor = visitor or Visitor(self.avow.server.site)
        return Journey(visitor, Asked.of(visitor.get(url).location))

    def come_back(self, journey: Journey, **answer: str | None) -> Page:
        """Sign the person in at the provider and come back; return what Avow answers."""
        return journey.visitor.get(self.peer.authorize(journey.asked.url, **answer))

    def arrive(self, visitor: Visitor | None = None, **wishes: Any) -> Page:
        """Go all the way to the application's page."""
        return self.come_back(self.open(self.start(**wishes), visitor))

    def sign_in(self, visitor: Visitor | None = None, **wishes: Any) -> Any:
        """Sign the person in to the end; return the session as the SDK gives it."""
        return self.client.oauth.exchange_token(self.arrive(visitor, **wishes).code)

    def audited(self) -> list[Any]:
        """Return the refused sign-ins of the audit, the newest first."""
        found = self.client.mgmt.audit.search(actions=["federation.refused"])
        return list(found["audits"])

    def users(self) -> list[Any]:
        """Return the users of the project."""
        return list(self.client.mgmt.user.search_all()["users"])
