"""What the modules of the conformance plans share: one relying party, its person, and how answers come back."""

from dataclasses import dataclass, field
from typing import Any

from avow.core.tokens import Expected, verify
from tests.factories import make_user, new_email
from tests.server.oidc.relying import REDIRECT, Reply, Rp, claims, landed
from tests.server.pages.browsing import Browser, Page

__all__ = ["Suite"]

ATTRIBUTES = {
    "address": {"formatted": "Ring 1, 1010 Vienna", "country": "AT"},
    "website": "https://mia.example.com",
    "gender": "female",
    "birthdate": "1990-01-02",
    "zoneinfo": "Europe/Vienna",
    "locale": "de-AT",
    "profile": "https://mia.example.com/about",
}


@dataclass
class Suite:
    """A relying party of the conformance suite.

    Attributes:
        rp: The application.
        mode: How answers come back.
        browser: Its browser.
        email: Who signs in.
    """

    rp: Rp
    mode: str
    email: str = field(default_factory=new_email)

    def __post_init__(self) -> None:
        self.browser: Browser = self.rp.browser()
        self.user = make_user(
            self.rp.avow,
            self.email,
            name="Mia Example",
            given_name="Mia",
            family_name="Example",
            middle_name="M.",
            picture="https://mia.example.com/picture",
            phone="+12025550123",
            custom_attributes=ATTRIBUTES,
        )

    def ask(self, browser: Browser | None = None, **changes: Any) -> Page:
        """Send the browser with a request."""
        mode = {} if self.mode == "query" else {"response_mode": self.mode}
        return self.rp.ask(browser or self.browser, **{"scope": "openid", **mode, **changes})

    def told(self, page: Page) -> dict[str, str]:
        """Return what comes back to the relying party, in the way that was asked for."""
        if self.mode == "query":
            return landed(page)
        form = page.form()
        assert (page.status, form.action) == (200, REDIRECT), page.text
        return form.fields

    def sign_in(self, page: Page, browser: Browser | None = None) -> dict[str, str]:
        """Sign in on the page that asks, and return what comes back."""
        return self.told(self.rp.sign_in(browser or self.browser, page, self.email))

    def authorized(self, **changes: Any) -> dict[str, str]:
        """Return what comes back for a request, with a sign-in if the person is asked for one."""
        page = self.ask(**changes)
        is_asked = page.status == 200 and any("step" in form.fields or "flow" in form.fields for form in page.forms)
        return self.sign_in(page) if is_asked else self.told(page)

    def tokens(self, *, secret_in_body: bool = False, **changes: Any) -> Reply:
        """Return the tokens of a whole exchange."""
        told = self.authorized(**changes)
        assert "code" in told, told
        if not secret_in_body:
            return self.rp.redeem(told["code"])
        form = {"grant_type": "authorization_code", "code": told["code"], "redirect_uri": REDIRECT}
        return self.rp.call("/oauth/token", {**form, "client_id": self.rp.id, "client_secret": self.rp.secret})

    def id_token(self, reply: Reply, nonce: str = "n-0S6") -> dict[str, Any]:
        """Return the claims of an ID token that holds by every rule of the core."""
        token = reply["id_token"]
        expected = Expected(self.rp.issuer, frozenset(), audience=(self.rp.id,))
        said = verify(token, self.rp.key_set(), expected, self.rp.avow.server.clock()).claims()
        assert said == claims(token)
        assert (said.get("nonce", ""), said["sub"]) == (nonce, self.user)
        return said

    def userinfo(self, reply: Reply) -> Any:
        """Return what the userinfo endpoint says."""
        told = self.rp.userinfo(reply["access_token"])
        assert told["sub"] == self.user
        return told.body
