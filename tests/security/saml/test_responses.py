"""S-SAM-01 to 14 over HTTP: forged answers of an identity provider sign nobody in, whichever way they are forged."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from avow import AuthException, LoginOptions
from avow.server.app import build
from avow.server.federation import assertions
from avow.testing.server import Avow
from tests.bed.cases import Case
from tests.bed.tenant_idp import PAGE, Journey, TenantIdp
from tests.bed.visitor import Page, Visitor
from tests.factories import make_tenant
from tests.saml.corpus import ALICE, Forgery, forgeries
from tests.saml.maker import Confirmation
from tests.saml.pieces import Cast
from tests.security.calls import carries_token
from tests.security.conftest import MakePlace
from tests.security.place import Place
from tests.security.presenting import Canary

ARRIVED = "/v1/auth/saml/arrived/"
SECONDS = 1.0


@pytest.fixture
def place(make_each_place: MakePlace) -> Place:
    return make_each_place(approved_redirects=["https://app.example.com"])


@pytest.fixture
def idp(place: Place) -> TenantIdp:
    """Give tenant T1 with an identity provider whose key the test holds."""
    made = TenantIdp(place.avow, make_tenant(place.avow, tenant_id="T1"))
    made.configure()
    return made


@pytest.fixture
def other(place: Place) -> TenantIdp:
    """Give tenant T2, whose identity provider is the attacker's."""
    made = TenantIdp(
        place.avow, make_tenant(place.avow, tenant_id="T2"), entity_id="https://two.example/metadata", name="two"
    )
    made.configure(domains=["two.example"])
    return made


@pytest.fixture
def tell(idp: TenantIdp, other: TenantIdp, canary: Canary) -> Callable[[Case], None]:
    """Give a function that tries every forgery of a case against one sign-in on its way."""

    def act(case: Case) -> None:
        case.control(lambda: signs_in(idp))
        plain, recent = idp.start(), recent_start(idp)
        certificate = idp.avow.client().mgmt.sso.load_settings("T1")["saml"]["spCertificate"]
        cast, calls = Cast(idp.idp, other.idp, certificate), len(canary.calls)
        for journey, is_recent in ((plain, False), (recent, True)):
            for forgery in forgeries(cast, journey.told, canary=canary.url):
                is_tried = forgery.case_id == case.id and bool(forgery.max_age_seconds) == is_recent
                if is_tried and not forgery.needs_multi_factor and forgery.demand.value == "assertion":
                    with case.cell(forgery.title):
                        assert_signs_nobody_in(idp, journey, forgery)
        with case.cell("nobody was created"):
            found = idp.avow.client().mgmt.user.search_all()["users"]
            assert {each["email"] for each in found} <= {ALICE}
        with case.cell("nothing was called"):
            assert len(canary.calls) == calls

    return act


def signs_in(idp: TenantIdp) -> bool:
    session: Any = idp.sign_in()
    return bool(session["user"]["email"] == ALICE)


def recent_start(idp: TenantIdp) -> Journey:
    refresh = idp.sign_in()["refreshSessionToken"]["jwt"]
    return idp.start(login_options=LoginOptions(stepup=True), refresh_token=refresh)


def refused_so_far(avow: Avow) -> int:
    return len(avow.client().mgmt.audit.search(actions=["federation.refused"])["audits"])


def assert_signs_nobody_in(idp: TenantIdp, journey: Journey, forgery: Forgery) -> None:
    before, begun = refused_so_far(idp.avow), time.process_time()
    page = idp.post(journey, forgery.posted)
    taken = time.process_time() - begun
    if forgery.full_text and page.status == 303 and ARRIVED in page.location:
        return  # held: whether the whole text is anybody, the domains of the tenant decide
    assert_refused(page)
    assert taken < SECONDS, f"{taken:.2f} s"
    if page.status != 413 or before < refused_so_far(idp.avow):
        assert refused_so_far(idp.avow) == before + 1


def assert_refused(page: Page) -> None:
    """Assert that a browser got no code: a refusal, or the application's page with the code of an error."""
    if page.status == 303:
        assert page.location.startswith(f"{PAGE}?err=E"), page.location
    else:
        assert page.status in (400, 401, 403, 413), (page.status, page.content[:300])
    assert not carries_token(page.content)
    assert not [each for each in page.set_cookies if each.startswith(("DS", "__Host-avow-refresh"))]


def test_s_sam_01_signature_wrapping(case: Case, tell: Callable[[Case], None]) -> None:
    tell(case)


def test_s_sam_02_unsigned_and_partly_signed(case: Case, tell: Callable[[Case], None]) -> None:
    tell(case)


def test_s_sam_03_foreign_keys(case: Case, tell: Callable[[Case], None]) -> None:
    tell(case)


def test_s_sam_04_broken_texts(case: Case, tell: Callable[[Case], None], idp: TenantIdp) -> None:
    tell(case)
    for inside in ("<!-- -->", "<![CDATA[]]>", "<?x?>"):
        with case.cell(f"an address of the domain with {inside} before the rest"):
            journey = idp.start()
            text = f"{ALICE}{inside}.evil.example"
            page = idp.arrive(journey, name_id=text, attributes={"email": (text,)})
            assert_refused(page)


def test_s_sam_05_doctypes_and_entities(case: Case, tell: Callable[[Case], None]) -> None:
    tell(case)


def test_s_sam_06_meant_for_somebody_else(case: Case, tell: Callable[[Case], None]) -> None:
    tell(case)


def test_s_sam_07_untimely(case: Case, tell: Callable[[Case], None], idp: TenantIdp) -> None:
    tell(case)
    with case.cell("posted ten minutes after it was made"):
        journey = idp.start()
        response = idp.response(journey.told)
        idp.avow.advance(601)
        assert_refused(idp.post(journey, response))


def test_s_sam_08_replay(case: Case, idp: TenantIdp, place: Place) -> None:
    case.control(lambda: signs_in(idp))
    journey = idp.start()
    response = idp.response(journey.told)
    held = idp.post(journey, response)
    with case.cell("twice while the browser is on its way"):
        assert_refused(idp.post(journey, response))
    assert journey.visitor.get(held.location).code
    with case.cell("after the sign-in"):
        assert_refused(idp.post(journey, response))
    with case.cell("the address of ours twice"):
        assert_refused(journey.visitor.get(held.location))
    server = place.avow.server
    second = build(server.site.settings, clock=server.clock, durable=False)
    try:
        with case.cell("to another server, and after a restart"):
            browser = Visitor(second)
            browser.cookies = dict(journey.visitor.cookies)
            fields = {"SAMLResponse": response, "RelayState": journey.relay_state}
            assert_refused(browser.post_from_elsewhere(journey.told.acs_url, fields))
    finally:
        second.close()
    idp.configure(allow_idp_initiated=True)
    told = idp.unsolicited()
    unasked = idp.response(told)
    browser = Visitor(server.site)
    assert browser.post_from_elsewhere(told.acs_url, {"SAMLResponse": unasked}).code
    with case.cell("one that nobody asked for, twice"):
        assert_refused(browser.post_from_elsewhere(told.acs_url, {"SAMLResponse": unasked}))
    with case.cell("when it is forgotten, it is too old"):
        idp.avow.advance(3600)
        assert idp.avow.run(lambda tx: assertions.forget(tx, 100)) >= 2
        assert_refused(browser.post_from_elsewhere(told.acs_url, {"SAMLResponse": unasked}))


def test_s_sam_09_unasked_and_answers_of_other_requests(
    case: Case, tell: Callable[[Case], None], idp: TenantIdp
) -> None:
    tell(case)
    with case.cell("the request of another browser"):
        mine, theirs = idp.start(), idp.start()
        held = idp.post(mine, idp.response(mine.told))
        assert_refused(theirs.visitor.get(held.location))
        assert_refused(Visitor(idp.avow.server.site).get(held.location))
    with case.cell("the request of another browser under one's own RelayState"):
        mine, theirs = idp.start(), idp.start()
        assert_refused(idp.post(theirs, idp.response(mine.told)))
    with case.cell("a used one"):
        journey = idp.start()
        assert idp.arrive(journey).code
        assert_refused(idp.post(journey, idp.response(journey.told)))
    with case.cell("none while sign-ins from there are off"):
        told = idp.unsolicited()
        browser = Visitor(idp.avow.server.site)
        assert_refused(browser.post_from_elsewhere(told.acs_url, {"SAMLResponse": idp.response(told)}))
    idp.configure(allow_idp_initiated=True)
    with case.cell("an unknown one while sign-ins from there are on"):
        journey = idp.start()
        unknown = Confirmation(recipient=journey.told.acs_url, answers="_unknown")
        for state in ("", journey.relay_state, "https://app.example.com/"):
            assert_refused(idp.post(journey, idp.response(journey.told, confirmations=(unknown,)), state))
    with case.cell("none in the response, one in the confirmation, while sign-ins from there are on"):
        told = idp.unsolicited()
        named = Confirmation(recipient=told.acs_url, answers=idp.start().told.request_id)
        browser = Visitor(idp.avow.server.site)
        fields = {"SAMLResponse": idp.response(told, confirmations=(named,))}
        assert_refused(browser.post_from_elsewhere(told.acs_url, fields))
    with case.cell("none for a sign-in that was begun here, while sign-ins from there are on"):
        journey = idp.start()
        assert_refused(idp.post(journey, idp.response(idp.unsolicited())))


def test_s_sam_10_other_tenants(
    case: Case, tell: Callable[[Case], None], idp: TenantIdp, other: TenantIdp, place: Place
) -> None:
    tell(case)
    case.control(lambda: bool(other.sign_in(email="bob@two.example")["tenants"]["T2"] is not None))
    with case.cell("T2's response for T2, at T1's ACS"):
        ours, theirs = idp.start(), other.start()
        assert_refused(idp.post(ours, other.response(theirs.told)))
    with case.cell("T2's response for T1, at T1's ACS"):
        ours = idp.start()
        assert_refused(idp.post(ours, other.response(ours.told)))
    with case.cell("T1's issuer, T2's key"):
        ours = idp.start()
        liar = TenantIdp(place.avow, "T1", entity_id=idp.idp.entity_id, name="liar")
        assert_refused(idp.post(ours, liar.response(ours.told)))
    with case.cell("T2's response at its own ACS, with the RelayState of T1"):
        ours, theirs = idp.start(), other.start()
        response = other.response(theirs.told, name_id=ALICE)
        assert_refused(other.post(theirs, response, ours.relay_state))
    with case.cell("T2 vouches for somebody of T1"):
        assert_refused(other.arrive(other.start(), name_id=ALICE, attributes={"email": (ALICE,)}))
    with case.cell("T2 takes T1's name for itself"):
        twin = TenantIdp(place.avow, "T2", entity_id=idp.idp.entity_id, name="two")
        twin.configure(domains=["two.example"])
        assert_refused(twin.arrive(twin.start(), name_id=ALICE, attributes={}))
        page = twin.arrive(twin.start(), name_id="bob@two.example", attributes={})
        bob: Any = place.avow.client().sso.exchange_token(page.code)
        assert bob["tenants"].keys() == {"T2"}
        other.configure(domains=["two.example"])
    with case.cell("another tenant in the address where the browser goes on"):
        ours = idp.start()
        held = idp.post(ours, idp.response(ours.told)).location
        assert_refused(ours.visitor.get(held.replace("/arrived/T1/", "/arrived/T2/")))
    with case.cell("another tenant in the address of the ACS"):
        ours = idp.start()
        at = ours.told.acs_url.replace("tenantId=T1", "tenantId=T2")
        fields = {"SAMLResponse": idp.response(ours.told), "RelayState": ours.relay_state}
        assert_refused(ours.visitor.post_from_elsewhere(at, fields))
    with case.cell("the domain of the other tenant is not to be had"):
        client = place.avow.client()
        with pytest.raises(AuthException):
            client.mgmt.tenant.update_settings("T2", [], domains=["example.com"])


def test_s_sam_11_status_and_structure(case: Case, tell: Callable[[Case], None], idp: TenantIdp) -> None:
    tell(case)
    for name, fields in {
        "no response": {"RelayState": "x"},
        "an empty response": {"SAMLResponse": "", "RelayState": "x"},
        "a request": {"SAMLRequest": "PHg+", "SAMLResponse": ""},
        "an artifact": {"SAMLart": "AAQAAA=="},
    }.items():
        with case.cell(name):
            journey = idp.start()
            assert_refused(journey.visitor.post_from_elsewhere(journey.told.acs_url, fields))


def test_s_sam_12_algorithms_and_transforms(case: Case, tell: Callable[[Case], None]) -> None:
    tell(case)


def test_s_sam_13_size_and_compression(case: Case, idp: TenantIdp, other: TenantIdp) -> None:
    case.control(lambda: signs_in(idp))
    journey = idp.start()
    for forgery in forgeries(Cast(idp.idp, other.idp), journey.told):
        if forgery.case_id != case.id:
            continue
        with case.cell(forgery.title):
            begun = time.process_time()
            fields = {"SAMLResponse": forgery.posted, "RelayState": journey.relay_state}
            page = journey.visitor.post_from_elsewhere(journey.told.acs_url, fields, accept="application/json")
            assert time.process_time() - begun < SECONDS
            assert page.status in (400, 413), (page.status, page.content[:200])
            assert page.content.startswith(b'{"errorCode":"E'), page.content[:200]
    with case.cell("the redirect binding, which nobody offers"):
        query = urlencode({"SAMLResponse": "eJw=" * 100, "RelayState": journey.relay_state})
        page = journey.visitor.get(f"{journey.told.acs_url}&{query}", accept="application/json")
        assert page.status in (404, 405)
    for name, at, status in (
        ("an address that is too long", f"&x={'y' * 9000}", 413),
        ("a tenant that is too long", f"&tenantId={'T' * 600}", 400),
    ):
        with case.cell(name):
            page = journey.visitor.post_from_elsewhere(
                journey.told.acs_url + at, {"SAMLResponse": "x"}, accept="application/json"
            )
            assert page.status == status


EVIL = (
    "https://evil.example",
    "//evil.example",
    "javascript:alert(1)",
    "https://app.example.com.evil.example/",
    "https://app.example.com@evil.example/",
    "https://app.example.com\\@evil.example/",
    "https://app.example.com/../../evil",
    "https://app.example.com/%0d%0aLocation:%20https://evil.example",
    "https:evil.example",
    "data:text/html,x",
    "/\\evil.example",
    "x" * 100_000,
    "\u2028",
)


def test_s_sam_14_relay_state(case: Case, idp: TenantIdp) -> None:
    idp.configure(allow_idp_initiated=True)
    browser = Visitor(idp.avow.server.site)

    def unasked(relay_state: str) -> Page:
        told = idp.unsolicited()
        return browser.post_from_elsewhere(
            told.acs_url, {"SAMLResponse": idp.response(told), "RelayState": relay_state}
        )

    case.control(lambda: unasked("https://app.example.com/x").location.startswith("https://app.example.com/x?code="))
    for text in EVIL:
        with case.cell(f"of a sign-in that nobody asked for, {text[:60]!r}"):
            assert unasked(text).location.startswith(f"{PAGE}?code=")
        with case.cell(f"in the place of our own, {text[:60]!r}"):
            journey = idp.start()
            assert_refused(idp.post(journey, idp.response(journey.told), text))
    with case.cell("1 MB"):
        page = unasked("x" * 1_000_000)
        assert page.status == 413
    with case.cell("without a list, the page of the configuration alone"):
        open_project = idp.avow.server.project()
        free = TenantIdp(open_project, make_tenant(open_project, tenant_id="T1"))
        free.configure(allow_idp_initiated=True)
        told = free.unsolicited()
        fields = {"SAMLResponse": free.response(told), "RelayState": "https://evil.example/"}
        page = Visitor(open_project.server.site).post_from_elsewhere(told.acs_url, fields)
        assert page.location.startswith(f"{PAGE}?code=")
