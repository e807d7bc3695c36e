"""Sign-in at SAML applications: requests by address and form, pages in between, and what the application is told."""

import json
from functools import partial
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from avow import SAMLIDPAttributeMappingInfo, SAMLIDPGroupsMappingInfo, SAMLIDPRoleGroupMappingInfo
from avow.core.saml.idp.parties import EMAIL, PERSISTENT, TRANSIENT
from avow.server.applications.rows import IdRow
from avow.server.samlidp import signins
from avow.server.store import Tx
from avow.testing.server import Avow
from tests.factories import grant, make_role, make_user, new_email
from tests.saml.sp import ACS, SP_KEY, Asking, deflated
from tests.server.oidc.relying import Rp
from tests.server.oidc.test_wishes import with_factors
from tests.server.pages.browsing import Browser
from tests.server.samlidp.wiki import Wiki, make_wiki

POLICY = '<samlp:NameIDPolicy Format="{}"/>'
CONTEXT = (
    "<samlp:RequestedAuthnContext><saml:AuthnContextClassRef>{}</saml:AuthnContextClassRef>"
    "</samlp:RequestedAuthnContext>"
)
MFA = "https://refeds.org/profile/mfa"
HOSTILE = '"><script>alert(1)</script>&\u2028'


@pytest.fixture
def wiki(avow: Avow) -> Wiki:
    return make_wiki(avow)


def changed(wiki: Wiki, **settings: object) -> None:
    """Change the application as a whole, as the contract has it."""
    apps = wiki.avow.client().mgmt.sso_application
    given = {"entity_id": wiki.idp["entityId"], "acs_url": ACS, "certificate": wiki.idp["certificate"], **settings}
    apps.update_saml_application(wiki.id, "Wiki", **{"login_page_url": "", **given})
    wiki.avow.advance(2)


def test_request_leads_over_the_pages_to_a_signed_assertion(wiki: Wiki) -> None:
    avow, email = wiki.avow, new_email()
    user = make_user(avow, email, name="Mia Example")
    browser = Browser(avow)
    page = wiki.ask(browser, HOSTILE)
    assert urlsplit(page.url).path == f"/login/{avow.project_id}"
    page = wiki.sign_in(browser, page, email)
    said = wiki.told(page)
    assert (said.name_id.value, said.in_response_to) == (user, "_ask1")
    assert {each.name: each.values for each in said.attributes} == {"email": (email,), "name": ("Mia Example",)}
    assert said.authn_context.endswith(":unspecified")
    assert page.form().fields["RelayState"] == HOSTILE
    assert HOSTILE not in page.html
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-store"


def test_session_of_the_pages_is_enough(wiki: Wiki) -> None:
    browser, email = Browser(wiki.avow), new_email()
    browser.sign_in(email)
    first = wiki.told(wiki.ask(browser))
    second = wiki.told(wiki.ask(browser, id="_ask2"), "_ask2")
    assert first.session_index == second.session_index
    assert first.id != second.id
    other = Browser(wiki.avow)
    other.sign_in(email)
    assert wiki.told(wiki.ask(other, id="_ask3"), "_ask3").session_index != first.session_index


def test_request_in_a_form_is_taken_though_it_brings_no_cookies(wiki: Wiki) -> None:
    browser = Browser(wiki.avow)
    browser.sign_in(new_email())
    page = wiki.post(browser, wiki.asking(), "state")
    assert (wiki.told(page).in_response_to, page.form().fields["RelayState"]) == ("_ask1", "state")
    fresh, email = Browser(wiki.avow), new_email()
    page = wiki.post(fresh, wiki.asking("_ask2"))
    assert page.url.startswith("/login/")
    wiki.told(wiki.sign_in(fresh, page, email), "_ask2")


def test_posted_request_is_the_first_browser_s_that_comes_with_it(wiki: Wiki) -> None:
    browser, thief = Browser(wiki.avow), Browser(wiki.avow)
    thief.sign_in(new_email())
    where = wiki.post(browser, wiki.asking(), follow=False).headers["location"]
    page = browser.get(where)
    assert thief.get(where).status == 400
    wiki.told(wiki.sign_in(browser, page, new_email()))


def test_request_is_answered_once(wiki: Wiki) -> None:
    browser, other = Browser(wiki.avow), Browser(wiki.avow)
    browser.sign_in(new_email())
    url = wiki.url(wiki.asking())
    waiting = other.get(url)
    wiki.told(browser.get(url))
    assert browser.get(url).status == 400
    assert browser.get(url).forms == []
    assert wiki.post(browser, wiki.asking()).status == 400
    assert wiki.sign_in(other, waiting, new_email()).status == 400
    wiki.avow.advance(600 + 120 + 1)
    assert browser.get(url).status == 400  # too old by now


def test_application_begins_a_sign_in_here(wiki: Wiki) -> None:
    changed(wiki, default_relay_state="home")
    browser = Browser(wiki.avow)
    page = browser.get(f"{wiki.idp['idpInitiatedUrl']}?RelayState=https://evil.example.com")
    page = wiki.sign_in(browser, page, new_email())
    said = wiki.told(page, None)
    assert (said.in_response_to, page.form().fields["RelayState"]) == (None, "home")
    assert wiki.told(browser.get(wiki.idp["idpInitiatedUrl"]), None).id != said.id


def test_force_authn_and_passive(wiki: Wiki) -> None:
    browser, email = Browser(wiki.avow), new_email()
    assert wiki.statuses(wiki.ask(browser, IsPassive="true")) == ["Responder", "NoPassive"]
    browser.sign_in(email)
    wiki.told(wiki.ask(browser, id="_ask2", IsPassive="true"), "_ask2")
    wiki.avow.advance(5)
    page = wiki.ask(browser, id="_ask3", ForceAuthn="true")
    assert page.url.startswith("/login/")
    said = wiki.told(wiki.sign_in(browser, page, email), "_ask3")
    assert said.authn_at == wiki.now
    assert wiki.statuses(wiki.ask(browser, id="_ask4", ForceAuthn="1", IsPassive="1")) == ["Responder", "NoPassive"]
    changed(wiki, force_authentication=True)
    assert browser.get(wiki.idp["idpInitiatedUrl"]).url.startswith("/login/")


def test_name_is_of_the_format_that_is_asked_for(wiki: Wiki) -> None:
    browser, email = Browser(wiki.avow), new_email()
    user = make_user(wiki.avow, email)
    browser.sign_in(email)
    asked = {EMAIL: email, PERSISTENT: user}
    for at, (format, value) in enumerate(asked.items()):
        said = wiki.told(wiki.ask(browser, id=f"_n{at}", inside=POLICY.format(format)), f"_n{at}")
        assert (said.name_id.format, said.name_id.value) == (format, value)
    transient = [
        wiki.told(wiki.ask(browser, id=f"_t{at}", inside=POLICY.format(TRANSIENT)), f"_t{at}").name_id.value
        for at in range(2)
    ]
    assert transient[0] == transient[1] not in (email, user)
    odd = POLICY.format("urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos")
    assert wiki.statuses(wiki.ask(browser, id="_k", inside=odd)) == ["Requester", "InvalidNameIDPolicy"]
    odd = CONTEXT.format("urn:oasis:names:tc:SAML:2.0:ac:classes:Kerberos")
    assert wiki.statuses(wiki.ask(browser, id="_c", inside=odd)) == ["Responder", "NoAuthnContext"]


def test_two_factors_are_asked_for_where_only_they_will_do(wiki: Wiki) -> None:
    avow, email = wiki.avow, new_email()
    user = make_user(avow, email)
    browser = Browser(avow)
    browser.sign_in(email)
    page = wiki.ask(browser, inside=CONTEXT.format(MFA))
    assert page.form().fields["flow"] == "mfa"
    asked = CONTEXT.format(MFA)
    passive = wiki.ask(browser, id="_ask2", IsPassive="true", inside=asked)
    assert wiki.statuses(passive) == ["Responder", "NoAuthnContext"]
    strong = with_factors(Rp(avow, wiki.id), user)
    assert wiki.told(wiki.ask(strong, id="_ask3", inside=asked), "_ask3").authn_context == MFA
    assert wiki.told(wiki.ask(strong, id="_ask4"), "_ask4").is_multi_factor


def test_application_s_own_page_comes_before_the_sign_in(wiki: Wiki) -> None:
    changed(wiki, login_page_url="https://wiki.example.com/welcome?a=1")
    browser = Browser(wiki.avow)
    where = urlsplit(wiki.ask(browser).headers["location"])
    assert where.netloc == "wiki.example.com"
    said = parse_qs(where.query)
    assert (said["a"], said["client_id"]) == (["1"], [wiki.id])
    page = browser.get(said["next"][0])
    wiki.told(wiki.sign_in(browser, page, new_email()))


def test_unproven_address_names_nobody(wiki: Wiki) -> None:
    avow, phone = wiki.avow, "+4930901820"
    make_user(avow, phone, email="boss@example.com", is_email_verified=False)
    browser = Browser(avow)
    page = browser.get(f"/login/{avow.project_id}")
    page = browser.submit(page.form(), "code", email=phone)
    browser.submit(page.form(), "verify", code=avow.code(phone))
    said = wiki.told(wiki.ask(browser))
    assert [each.name for each in said.attributes if "boss@example.com" in each.values] == []
    page = wiki.ask(browser, id="_ask2", inside=POLICY.format(EMAIL))
    assert wiki.statuses(page) == ["Responder", "UnknownPrincipal"]


def test_person_is_the_one_that_the_request_means(wiki: Wiki) -> None:
    browser, mia, bob = Browser(wiki.avow), new_email(), new_email("bob")
    browser.sign_in(mia)
    meant = f'<saml:Subject><saml:NameID Format="{EMAIL}">{bob}</saml:NameID></saml:Subject>'
    page = wiki.ask(browser, inside=meant)
    assert page.form().fields["email"] == bob
    wiki.avow.advance(1)
    assert wiki.statuses(wiki.sign_in(browser, page, mia)) == ["Responder", "UnknownPrincipal"]
    wiki.avow.advance(1)
    page = wiki.sign_in(browser, wiki.ask(browser, id="_ask2", inside=meant), bob)
    assert wiki.told(page, "_ask2").values("email") == (bob,)


def test_attributes_and_groups_are_those_of_the_settings(wiki: Wiki) -> None:
    avow, email = wiki.avow, new_email()
    user = make_user(avow, email, given_name="Mia", family_name="Ex\u000bample")
    role = make_role(avow, "editor")
    grant(avow, user, role)
    groups = [
        SAMLIDPGroupsMappingInfo("groups", "", "roles", "Editors", [SAMLIDPRoleGroupMappingInfo(role, "")]),
        SAMLIDPGroupsMappingInfo("groups", "", "", "", [SAMLIDPRoleGroupMappingInfo("", "boss")]),
    ]
    changed(
        wiki,
        attribute_mapping=[
            SAMLIDPAttributeMappingInfo("urn:oid:2.5.4.42", "", "givenName"),
            SAMLIDPAttributeMappingInfo("sn", "basic", "familyName"),
            SAMLIDPAttributeMappingInfo("proven", "", "verifiedEmail"),
        ],
        groups_mapping=groups,
        subject_name_id_type="email",
        subject_name_id_format=EMAIL,
    )
    browser = Browser(avow)
    browser.sign_in(email)
    said = wiki.told(wiki.ask(browser))
    assert (said.name_id.value, said.name_id.format) == (email, EMAIL)
    assert {each.name: each.values for each in said.attributes} == {
        "urn:oid:2.5.4.42": ("Mia",),
        "sn": ("Example",),
        "proven": ("true",),
        "groups": ("Editors",),
    }


# --- Who may not -----------------------------------------------------------------------------------------------------


def test_whoever_may_not_use_the_application_is_refused_there(wiki: Wiki) -> None:
    avow, email = wiki.avow, new_email()
    apps = avow.client().mgmt.sso_application
    other = apps.create_oidc_application("Other", "")["id"]
    browser = Browser(avow)
    browser.sign_in(email)
    users = avow.client().mgmt.user
    users.set_sso_apps(email, [other])
    assert wiki.statuses(wiki.ask(browser)) == ["Responder", "RequestDenied"]
    assert browser.get(wiki.idp["idpInitiatedUrl"]).status == 400
    users.add_sso_apps(email, [wiki.id])
    wiki.told(wiki.ask(browser, id="_ask2"), "_ask2")


def test_disabled_people_and_applications_are_refused(wiki: Wiki) -> None:
    avow, email = wiki.avow, new_email()
    browser = Browser(avow)
    browser.sign_in(email)
    wiki.told(wiki.ask(browser))
    waiting = wiki.ask(browser, id="_ask2", ForceAuthn="true")
    avow.client().mgmt.user.deactivate(email)
    assert wiki.ask(browser, id="_ask3").url.startswith("/login/")
    avow.client().mgmt.user.activate(email)
    changed(wiki, enabled=False)
    for url in (wiki.url(wiki.asking("_ask4")), wiki.idp["idpInitiatedUrl"], wiki.idp["idpMetadataUrl"]):
        assert browser.get(url).status == 400
    assert wiki.post(browser, wiki.asking("_ask5")).status == 400
    assert wiki.sign_in(browser, waiting, email).status == 400


def test_address_that_the_application_has_no_more_gets_nothing(wiki: Wiki) -> None:
    changed(wiki, acs_allowed_callbacks=["https://wiki.example.com/old"])
    browser = Browser(wiki.avow)
    page = wiki.ask(browser, AssertionConsumerServiceURL="https://wiki.example.com/old")
    changed(wiki)
    page = wiki.sign_in(browser, page, new_email())
    assert (page.status, page.forms) == (400, [])


def test_application_of_another_project_or_kind_is_none(wiki: Wiki, avow: Avow) -> None:
    other = avow.server.project("Other")
    browser = Browser(avow)
    oidc = avow.client().mgmt.sso_application.create_oidc_application("Shop", "")["id"]
    for project, id in ((other.project_id, wiki.id), (avow.project_id, oidc), (avow.project_id, "~"), ("P1", wiki.id)):
        for rest in ("metadata", "start", f"sso?{wiki.asking().query()}", f"slo?{wiki.asking().query()}"):
            assert browser.get(f"/saml/{project}/{id}/{rest}").status == 404, (project, id, rest)


def test_refusals_are_shown_to_the_person_and_sent_nowhere(wiki: Wiki) -> None:
    browser = Browser(wiki.avow)
    browser.sign_in(new_email())
    evil = {"AssertionConsumerServiceURL": "https://evil.example.com/acs"}
    sso = wiki.idp["idpSsoUrl"]
    pages = [
        wiki.ask(browser, **evil),
        wiki.post(browser, wiki.asking(**evil)),
        browser.get(f"{sso}?{wiki.asking().query()}"),
        wiki.ask(browser, issuer="https://evil.example.com"),
        wiki.ask(browser, destination="https://elsewhere.example.com"),
        browser.get(sso),
        browser.get(f"{sso}?SAMLRequest=x"),
        browser.get(wiki.url(wiki.asking()).replace("&Signature=", "&Signature=AAAA")),
    ]
    assert [(each.status, len(each.forms)) for each in pages] == [(400, 0)] * len(pages)
    sql = "SELECT data AS id FROM audit_events WHERE project_id = :project_id AND action = 'saml.refused'"
    noted = [json.loads(each.id) for each in wiki.avow.run(partial(_ids, sql))]
    assert {each["application"] for each in noted} == {wiki.id}
    assert {each["reason"].partition(":")[0] for each in noted} == {
        *("acs", "signature-missing", "issuer", "destination", "structure", "not-base64", "signature-invalid")
    }
    wiki.told(wiki.ask(browser))  # the same browser, rightly asked


def test_documents_that_hurt_are_refused(wiki: Wiki) -> None:
    browser = Browser(wiki.avow)
    browser.sign_in(new_email())
    plain = wiki.asking().document
    entities = "".join(f'<!ENTITY e{at} "{f"&e{at - 1};" * 10}">' for at in range(1, 10))
    documents = {
        f"<!DOCTYPE x>{plain}": 400,
        f'<!DOCTYPE x [<!ENTITY e0 "x">{entities}]><x>&e9;</x>': 400,
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>': 400,
        "<a>" * 40 + "</a>" * 40: 413,
        f"<a>{'x' * 100_000}</a>": 413,
        f"<a>{' ' * 2_000_000}</a>": 413,
    }
    for document, status in documents.items():
        in_form = wiki.post(browser, Asking(document, "_ask1", SP_KEY), signs=False)
        in_address = browser.get(f"{wiki.idp['idpSsoUrl']}?SAMLRequest={quote(deflated(document), safe='')}")
        assert (in_form.status in {status, 400}, in_address.status) == (True, status)
    wiki.told(wiki.ask(browser))


def test_what_is_kept_of_requests_is_deleted(wiki: Wiki) -> None:
    browser = Browser(wiki.avow)
    wiki.ask(browser)
    browser.sign_in(new_email())
    wiki.told(wiki.ask(browser, id="_ask2"), "_ask2")

    def left() -> list[int]:
        tables = ("saml_requests", "saml_signins")
        sql = "SELECT id FROM {} WHERE project_id = :project_id"
        return [len(wiki.avow.run(partial(_ids, sql.format(each)))) for each in tables]

    assert left() == [1, 1]
    wiki.avow.advance(1801)
    wiki.avow.run(lambda tx: signins.forget(tx, 100))
    assert left() == [0, 1]
    wiki.avow.advance(400 * 86_400)
    assert wiki.avow.run(lambda tx: signins.forget(tx, 100)) == 1
    assert left() == [0, 0]


def _ids(sql: str, tx: Tx) -> list[IdRow]:
    return tx.all(sql, IdRow)
