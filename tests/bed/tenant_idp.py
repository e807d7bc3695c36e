"""The SAML identity provider of a tenant, whose key the test holds, and the way of a person through it."""

import itertools
import zlib
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lxml import etree

from avow import AttributeMapping, RoleMapping, SSOSAMLSettings
from avow.testing.server import Avow
from tests.bed.visitor import Page, Visitor
from tests.saml.maker import Idp, Told, assertion_xml, make_idp, posted, response_xml, signed

__all__ = ["PAGE", "Journey", "TenantIdp"]

PAGE = "https://app.example.com/handle-saml"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Journey:
    """A sign-in whose browser stands at the identity provider.

    Attributes:
        visitor: The browser.
        told: What the request told.
        relay_state: Comes back with the answer.
        request: The AuthnRequest, parsed.
        query: Of the address that the browser was sent to.
    """

    visitor: Visitor
    told: Told
    relay_state: str
    request: Any = field(repr=False)
    query: dict[str, str] = field(repr=False)


class TenantIdp:
    """A tenant with its identity provider.

    Attributes:
        avow: The project.
        tenant: Id of the tenant.
        sso_id: Of the configuration, "" for the first.
        idp: Its name and key.
    """

    def __init__(self, avow: Avow, tenant: str, *, sso_id: str = "", entity_id: str = "", name: str = "idp") -> None:
        """Set nothing up yet."""
        self.avow = avow
        self.tenant = tenant
        self.sso_id = sso_id
        self.idp: Idp = make_idp(entity_id or "https://idp.example.com/metadata", name)

    def configure(
        self,
        *,
        domains: Sequence[str] = ("example.com",),
        roles: dict[str, Sequence[str]] | None = None,
        attributes: AttributeMapping | None = None,
        redirect_url: str = PAGE,
        **settings: Any,
    ) -> None:
        """Tell the tenant about its identity provider through the SDK.

        Args:
            domains: Mail domains that sign in here.
            roles: Groups by the role that they give.
            attributes: The mapping; name, email and groups when absent.
            redirect_url: Where people go once they have signed in.
            settings: Further ones of `SSOSAMLSettings`.
        """
        wanted = SSOSAMLSettings(
            idp_url="https://idp.example.com/sso",
            idp_entity_id=self.idp.entity_id,
            idp_cert=self.idp.certificate,
            attribute_mapping=attributes or AttributeMapping(name="name", email="email", group="groups"),
            role_mappings=[RoleMapping(list(groups), role) for role, groups in (roles or {}).items()],
            **settings,
        )
        self.avow.client().mgmt.sso.configure_saml_settings(
            self.tenant, wanted, redirect_url, list(domains), sso_id=self.sso_id or None
        )

    @property
    def place(self) -> dict[str, str]:
        """Return where its identity provider answers to, and our name there."""
        saml = self.avow.client().mgmt.sso.load_settings(self.tenant, sso_id=self.sso_id or None)["saml"]
        return {"acs_url": saml["spACSUrl"], "sp_entity_id": saml["spEntityId"]}

    def start(self, visitor: Visitor | None = None, **wishes: Any) -> Journey:
        """Begin a sign-in, and go with a browser as far as the identity provider."""
        given = {"tenant": self.tenant, "return_url": PAGE, "sso_id": self.sso_id or None, **wishes}
        url = self.avow.client().sso.start(**given)["url"]
        return self.follow(url, visitor)

    def follow(self, url: str, visitor: Visitor | None = None) -> Journey:
        """Open the address of a start, and read the request that the browser is sent away with."""
        visitor = visitor or Visitor(self.avow.server.site)
        query = {name: values[0] for name, values in parse_qs(urlsplit(visitor.get(url).location).query).items()}
        document = zlib.decompress(b64decode(query["SAMLRequest"]), -15)
        request: Any = etree.fromstring(document)
        told = Told(
            acs_url=request.get("AssertionConsumerServiceURL"),
            sp_entity_id=request.findtext("{*}Issuer"),
            request_id=request.get("ID"),
            now=self.avow.server.clock(),
        )
        return Journey(visitor, told, query["RelayState"], request, query)

    def unsolicited(self) -> Told:
        """Return what a response says that nobody asked for."""
        return Told(**self.place, request_id=None, now=self.avow.server.clock())

    def response(self, told: Told, **said: Any) -> str:
        """Return a genuine response, as a form has it; `said` is of the assertion, with an id of its own."""
        number = next(_numbers)
        assertion = {"id": f"_assertion{number}", **said}
        document = response_xml(self.idp, told, assertion_xml(self.idp, told, **assertion), id=f"_response{number}")
        return posted(signed(document, assertion["id"], self.idp.key))

    def post(self, journey: Journey, response: str, relay_state: str | None = None) -> Page:
        """Post a response to the ACS of the request, from the identity provider's page."""
        state = journey.relay_state if relay_state is None else relay_state
        return journey.visitor.post_from_elsewhere(
            journey.told.acs_url, {"SAMLResponse": response, "RelayState": state}
        )

    def arrive(self, journey: Journey, **said: Any) -> Page:
        """Come back from the identity provider with a genuine response, to the application's page."""
        held = self.post(journey, self.response(journey.told, **said))
        is_held = held.status == 303 and "/v1/auth/saml/arrived/" in held.location
        return journey.visitor.get(held.location) if is_held else held

    def sign_in(self, *, email: str = "alice@example.com", visitor: Visitor | None = None, **said: Any) -> Any:
        """Sign a person in to the end; return the session as the SDK gives it."""
        groups = said.pop("groups", ())
        name = said.pop("name", "Alice")
        attributes = {"email": (email,), "name": (name,), "groups": tuple(groups)}
        wanted = {"name_id": email, "attributes": {key: values for key, values in attributes.items() if values}, **said}
        page = self.arrive(self.start(visitor), **wanted)
        return self.avow.client().sso.exchange_token(page.code)
