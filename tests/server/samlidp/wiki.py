"""A SAML application of a project with its service provider: its requests, browsers with them, and what it reads."""

from base64 import b64decode
from dataclasses import dataclass
from typing import Any

from lxml import etree

from avow.core.saml import Assertion, Demand, Expected, IdentityProvider, ServiceProvider, read_response
from avow.server.keys import saml as saml_keys
from avow.testing.server import Avow
from tests.saml.sp import ACS, ENTITY, SP_KEY, Asking, asking, leaving
from tests.saml.stage import key
from tests.server.pages.browsing import Browser, Page

__all__ = ["LEFT", "Wiki", "make_wiki"]

LEFT = "https://wiki.example.com/left"
_P = "{urn:oasis:names:tc:SAML:2.0:protocol}"


@dataclass(frozen=True, slots=True)
class Wiki:
    """The application.

    Attributes:
        avow: The project.
        id: Of the application.
        idp: What management shows of our side.
        signs: Its requests are signed.
    """

    avow: Avow
    id: str
    idp: dict[str, Any]
    signs: bool = True

    @property
    def now(self) -> int:
        return self.avow.server.clock()

    def asking(self, id: str = "_ask1", **changes: Any) -> Asking:
        """Return an AuthnRequest."""
        return asking(self.now, id=id, **{"destination": self.idp["idpSsoUrl"], **changes})

    def url(self, asked: Asking, relay_state: str | None = None) -> str:
        """Return the address that carries a request."""
        query = asked.query(relay_state, algorithm="rsa-sha256" if self.signs else "")
        return f"{self.idp['idpSsoUrl']}?{query}"

    def ask(self, browser: Browser, relay_state: str | None = None, *, id: str = "_ask1", **changes: Any) -> Page:
        """Send a browser with a request, and follow it as far as the server leads."""
        return browser.get(self.url(self.asking(id, **changes), relay_state))

    def post(self, browser: Browser, asked: Asking, relay_state: str = "", **options: Any) -> Page:
        """Have a page of the service provider post a request: cookies stay behind."""
        asked = asked.signed() if options.pop("signs", self.signs) else asked
        fields = {"SAMLRequest": asked.posted, **({"RelayState": relay_state} if relay_state else {})}
        return elsewhere(browser, self.idp["idpSsoUrl"], fields, **options)

    def leave(self, browser: Browser, name_id: str, *indexes: str, id: str = "_leave1", **changes: Any) -> Page:
        """Send a browser with a log-out."""
        asked = leaving(self.now, name_id, *indexes, id=id, **{"destination": self.idp["idpLogoutUrl"], **changes})
        query = asked.query("bye", algorithm="rsa-sha256" if self.signs else "")
        return browser.get(f"{self.idp['idpLogoutUrl']}?{query}")

    def sign_in(self, browser: Browser, page: Page, email: str) -> Page:
        """Sign in on the page that asks for it."""
        page = browser.submit(page.form(), "code", email=email)
        return browser.submit(page.form(), "verify", code=self.avow.code(email))

    def told(self, page: Page, request_id: str | None = "_ask1") -> Assertion:
        """Return what the page that posts by itself says, believed as our own service provider believes others."""
        assert page.status == 200, (page.status, page.text)
        form = page.form()
        assert form.action == ACS, form.action
        idp = IdentityProvider(
            entity_id=self.idp["idpEntityId"], sso_url=self.idp["idpSsoUrl"], certificates=(self.idp["idpCert"],)
        )
        expected = Expected(
            idp=idp,
            sp=ServiceProvider(entity_id=ENTITY, acs_url=ACS),
            request_id=request_id,
            accepts_unsolicited=request_id is None,
            demand=Demand.BOTH,
        )
        return read_response(form.fields["SAMLResponse"], expected, self.now)

    def statuses(self, page: Page) -> list[str]:
        """Return the codes that the service provider is told in the place of an assertion."""
        root = etree.fromstring(b64decode(page.form().fields["SAMLResponse"]))
        assert root.find("{urn:oasis:names:tc:SAML:2.0:assertion}Assertion") is None
        return [each.get("Value", "").rpartition(":")[2] for each in root.iter(f"{_P}StatusCode")]


def elsewhere(browser: Browser, url: str, fields: dict[str, str], **options: Any) -> Page:
    """Post a form of another site with a browser, which keeps its cookies to itself then."""
    kept, browser.cookies = browser.cookies, {}
    answer = browser.post(url, fields, follow=False, origin="https://wiki.example.com", sec_fetch_site="cross-site")
    browser.cookies = kept | browser.cookies
    if answer.status == 303 and options.get("follow", True):
        return browser.get(answer.headers["location"])
    return answer


def make_wiki(avow: Avow, *, signs: bool = True, **settings: Any) -> Wiki:
    """Make the application, by the settings of the SDK; the key of the project is one that all tests share."""
    avow.run(lambda tx: saml_keys._keep(tx, key()))
    given = {
        "entity_id": ENTITY,
        "acs_url": ACS,
        "certificate": SP_KEY.certificate if signs else "none",
        "logout_redirect_url": LEFT,
        **settings,
    }
    apps = avow.client().mgmt.sso_application
    id = apps.create_saml_application("Wiki", "", **given)["id"]
    return Wiki(avow, id, apps.load(id)["samlSettings"], signs)
