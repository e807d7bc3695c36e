"""S-RAC-01 and 04 for SSO: one response, one code and one new person, however many come at once."""

import zlib
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from lxml import etree

from tests.bed.cases import Case
from tests.bed.tenant_idp import PAGE, TenantIdp
from tests.factories import make_tenant, new_email
from tests.saml.maker import Told
from tests.security.calls import Answer, Wish, assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Place

pytestmark = pytest.mark.timeout(900)

RACERS = 50
Rounds = Callable[[int, int], int]


@dataclass(frozen=True, slots=True)
class Standing:
    """A browser at the identity provider.

    Attributes:
        told: What the request told.
        relay_state: Comes back with the answer.
        cookie: Of the browser.
    """

    told: Told
    relay_state: str
    cookie: str


@pytest.fixture
def tenant(make_place: MakePlace) -> tuple[Place, TenantIdp]:
    place = make_place(approved_redirects=["https://app.example.com"])
    idp = TenantIdp(place.avow, make_tenant(place.avow, tenant_id="T1"))
    idp.configure()
    return place, idp


def begin(place: Place) -> Standing:
    """Begin a sign-in at one of the processes, and go as far as the identity provider."""
    started = place.api.post(f"/v1/auth/sso/authorize?tenant=T1&redirectURL={quote(PAGE)}", body={})
    assert started.status == 200, started.content
    sent = place.api.carrier.send(Wish("GET", path_of(started.body["url"])))
    assert sent.status == 303, sent.content
    query = {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()}
    request: Any = etree.fromstring(zlib.decompress(b64decode(query["SAMLRequest"]), -15))
    told = Told(
        acs_url=request.get("AssertionConsumerServiceURL"),
        sp_entity_id=request.findtext("{*}Issuer"),
        request_id=request.get("ID"),
        now=place.avow.server.clock(),
    )
    return Standing(told, query["RelayState"], sent.set_cookies[0].partition(";")[0])


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def posting(standing: Standing, response: str) -> Wish:
    """Return the post of a response to the ACS."""
    body = urlencode({"SAMLResponse": response, "RelayState": standing.relay_state}).encode()
    return Wish("POST", path_of(standing.told.acs_url), {"content-type": "application/x-www-form-urlencoded"}, body)


def arriving(standing: Standing, held: Answer) -> Wish:
    return Wish("GET", path_of(held.headers["location"]), {"cookie": standing.cookie})


def is_held(answer: Answer) -> bool:
    return answer.status == 303 and "/v1/auth/saml/arrived/" in answer.headers["location"]


def code_of(answer: Answer) -> str:
    if answer.status != 303:
        return ""
    return parse_qs(urlsplit(answer.headers["location"]).query).get("code", [""])[0]


def said(idp: TenantIdp, standing: Standing, email: str) -> str:
    return idp.response(standing.told, name_id=email, attributes={"email": (email,)})


def sign_in(place: Place, idp: TenantIdp, email: str) -> str:
    standing = begin(place)
    held = place.api.carrier.send(posting(standing, said(idp, standing, email)))
    assert is_held(held), (held.status, held.content, held.headers)
    return code_of(place.api.carrier.send(arriving(standing, held)))


def test_s_rac_01_saml_responses(case: Case, tenant: tuple[Place, TenantIdp], rounds: Rounds) -> None:
    place, idp = tenant
    case.control(lambda: bool(sign_in(place, idp, new_email())))
    with case.cell("SAML response"):
        for _ in range(rounds(5, 100)):
            standing = begin(place)
            answers = place.http.send_at_once([posting(standing, said(idp, standing, new_email()))] * RACERS)
            held = [each for each in answers if is_held(each)]
            assert len(held) == 1
            assert not [each for each in answers if each.status >= 500]
            arrived = place.http.send_at_once([arriving(standing, held[0])] * RACERS)
            codes = [code for code in map(code_of, arrived) if code]
            assert len(codes) == 1
            assert {each.status for each in arrived} == {303, 401}
            exchanges = [place.api.wish("POST", "/v1/auth/sso/exchange", body={"code": codes[0]})] * RACERS
            sessions = place.http.send_at_once(exchanges)
            assert sum(each.status == 200 for each in sessions) == 1
            for each in sessions:
                if each.status != 200:
                    assert_refused(each)


def test_s_rac_04_people_who_come_through_sso(case: Case, tenant: tuple[Place, TenantIdp], rounds: Rounds) -> None:
    place, idp = tenant
    case.control(lambda: bool(sign_in(place, idp, new_email())))
    with case.cell("SSO just-in-time users"):
        for _ in range(rounds(3, 20)):
            email = new_email()
            standings = [begin(place) for _ in range(rounds(8, 20))]
            posts = [posting(each, said(idp, each, email)) for each in standings]
            held = place.http.send_at_once(posts)
            wishes = [arriving(standing, answer) for standing, answer in zip(standings, held, strict=True)]
            answers = place.http.send_at_once(wishes)
            assert not [each for each in answers if each.status >= 500]
            codes = [code for code in map(code_of, answers) if code]
            assert codes
            users = set()
            for code in codes:
                exchanged = place.api.post("/v1/auth/sso/exchange", body={"code": code})
                assert exchanged.status == 200, exchanged.content
                users.add(exchanged.body["user"]["userId"])
            assert len(users) == 1
            assert len([row for row in place.rows("login_ids", "login_id") if email in row]) == 1
