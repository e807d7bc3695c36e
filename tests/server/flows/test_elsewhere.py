from avow.testing.server import Avow
from tests.bed.social import Social
from tests.bed.tenant_idp import TenantIdp
from tests.bed.visitor import Visitor
from tests.factories import make_tenant
from tests.server.api import Api
from tests.server.flows.walking import PAGE, Walk


def test_provider_signs_in_and_leads_back_to_the_flow(api: Api, social: Social, visitor: Visitor) -> None:
    walk = Walk(api)
    walk.start()
    assert 'id="social.acme"' in walk.html()
    away = walk.do("social.acme", provider="acme")
    assert away["action"] == "redirect"
    back = social.come_back(social.open(away["redirect"]["url"], visitor))
    assert back.location.startswith(PAGE)
    execution, _, _ = back.parameter("descope-login-flow").rpartition("_")
    assert execution == away["executionId"]
    done = walk.do("submit", exchangeCode=back.code)
    assert done["status"] == "completed"
    assert done["authInfo"]["user"]["OAuth"]


def test_provider_that_says_no_leads_back_to_the_first_screen(api: Api, social: Social, visitor: Visitor) -> None:
    walk = Walk(api)
    walk.start()
    away = walk.do("social.acme")
    back = social.come_back(social.open(away["redirect"]["url"], visitor), error="access_denied")
    walk.do("submit", exchangeError=back.error)
    assert walk.screen == "email"
    assert walk.error


def test_provider_that_the_project_has_not_is_refused_on_the_screen(api: Api, social: Social) -> None:
    walk = Walk(api)
    walk.start()
    walk.do("social.unknown")
    assert walk.screen == "email"
    assert walk.error


def test_code_of_a_provider_is_for_the_browser_that_began(api: Api, social: Social, visitor: Visitor) -> None:
    walk = Walk(api)
    walk.start()
    away = walk.do("social.acme")
    back = social.come_back(social.open(away["redirect"]["url"], visitor))
    assert walk.repeat("submit", nonce="", exchangeCode=back.code).refusal == (401, "E108201")
    assert walk.do("submit", exchangeCode=back.code)["status"] == "completed"


def test_address_finds_the_identity_provider_of_its_tenant(avow: Avow, api: Api, visitor: Visitor) -> None:
    idp = TenantIdp(avow, make_tenant(avow, tenant_id="T1"))
    idp.configure(redirect_url=PAGE)
    walk = Walk(api, "sso")
    walk.start()
    walk.do("sso", email="mia@unknown.test")
    assert walk.screen == "email"
    assert walk.error
    away = walk.do("sso", email="mia@example.com")
    assert away["action"] == "redirect"
    journey = idp.follow(away["redirect"]["url"], visitor)
    back = idp.arrive(journey, name_id="mia@example.com", attributes={"email": ("mia@example.com",), "name": ("Mia",)})
    done = walk.do("submit", exchangeCode=back.code)
    assert done["status"] == "completed"


def test_page_of_a_tenant_leads_there_at_once(avow: Avow, api: Api) -> None:
    TenantIdp(avow, make_tenant(avow, tenant_id="T1")).configure(redirect_url=PAGE)
    walk = Walk(api, options={"tenant": "T1"})
    walk.start()
    assert walk.do("sso")["action"] == "redirect"
