"""What is secret in social sign-in and SSO, and sign-ins by them, rightly and wrongly."""

import time
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from tests.bed.openid import Asked, OpenIdPeer, Said, Seen, jws, openid_peer
from tests.bed.tenant_idp import PAGE, TenantIdp
from tests.bed.tenant_op import TenantOp
from tests.bed.visitor import Page
from tests.factories import make_tenant
from tests.security.calls import Answer
from tests.security.place import Place, person_of
from tests.security.visiting import DistantVisitor

if TYPE_CHECKING:
    from tests.security.secrets.test_silence import Everything

_AT = f"redirectURL={quote(PAGE, safe='')}"


def elsewhere(place: Place, known: "Everything", key: str) -> None:
    """Have people come by a social provider, and by tenants' OpenID and SAML providers."""
    with openid_peer(lambda: int(time.time())) as peer:
        peer.client = ("avow", known.keep("client secret of a provider", "marked-provider-secret-4711"))
        peer.make_id_token = lambda claims: known.keep("ID token of a provider", jws(claims, peer.key))
        given = {"name": "acme", "clientId": "avow", "clientSecret": peer.client[1], "issuer": peer.url}
        assert place.api.post("/v1/mgmt/avow/provider/save", key, given).status == 200
        _by_openid(place, known, peer, "oauth", f"provider=acme&{_AT}")
        tenant = TenantOp(place.avow, make_tenant(place.avow), peer)
        tenant.configure(domains=["openid.example"])
        _by_openid(place, known, peer, "sso", f"tenant={tenant.tenant}&{_AT}")
        for token in peer.tokens:
            known.keep("access token of a provider", token)
        for seen in peer.calls("/token"):
            known.keep("code verifier", seen.form["code_verifier"])
    _by_saml(place, known)


def _by_openid(place: Place, known: "Everything", peer: OpenIdPeer, method: str, query: str) -> None:
    """Sign somebody in; then come back with each part of the answer wrong, and with a provider that says no."""
    domain = "openid.example"
    peer.person = {"sub": f"jane-{method}", "email": f"jane-{method}@{domain}", "email_verified": True}
    visitor = DistantVisitor(place)
    at_provider = visitor.get(_started(place, known, method, query)).location
    back = peer.authorize(at_provider)
    _kept_parts(known, method, at_provider, back)
    known.keep(f"{method}, mark of the browser", visitor.cookies["avow-elsewhere"])
    _exchanged(place, known, method, visitor.get(back))
    _refused(known, visitor.get(back))
    at_provider = visitor.get(_started(place, known, method, query)).location
    _refused(known, visitor.get(peer.authorize(at_provider, code=known.keep(f"{method}, wrong code", "wrong-" * 9))))
    peer.answers["/token"] = _no_grant
    at_provider = visitor.get(_started(place, known, method, query)).location
    back = peer.authorize(at_provider)
    _kept_parts(known, f"{method} that fails", at_provider, back)
    _refused(known, visitor.get(back))
    del peer.answers["/token"]


def _by_saml(place: Place, known: "Everything") -> None:
    """Sign somebody in; then show the response again, one that another browser brought, and one nobody asked for."""
    idp = TenantIdp(place.avow, make_tenant(place.avow))
    idp.configure(domains=["saml.example"])
    for way in ("saml", "saml in another browser"):
        visitor = DistantVisitor(place)
        journey = idp.follow(_started(place, known, "saml", f"tenant={idp.tenant}&{_AT}"), visitor)
        known.keep(f"{way}, RelayState", journey.relay_state)
        said = {"name_id": "mia@saml.example", "attributes": {"email": ("mia@saml.example",)}}
        response = known.keep(f"{way}, response", idp.response(journey.told, **said))
        known.keep(f"{way}, a part of the response", response[400:500])
        held = idp.post(journey, response)
        known.keep(f"{way}, token of the held response", held.parameter("t"))
        if way == "saml":
            _exchanged(place, known, "saml", visitor.get(held.location))
            _refused(known, idp.post(journey, response))
        else:
            _refused(known, DistantVisitor(place).get(held.location))
    unasked = known.keep("response that nobody asked for", idp.response(idp.unsolicited(), **said))
    _refused(known, idp.post(journey, unasked, known.keep("made-up RelayState", "stray-relay-state-4711")))


def _started(place: Place, known: "Everything", method: str, query: str) -> str:
    """Begin a sign-in; return the address for the browser."""
    answer = place.api.post(f"/v1/auth/{method}/authorize?{query}", body={})
    assert answer.status == 200, answer.content
    url = str(answer.body["url"])
    known.keep(f"{method}, token of a start", url.rpartition("t=")[2])
    return url


def _kept_parts(known: "Everything", method: str, at_provider: str, back: str) -> None:
    """Note what the browser carries to the provider and back."""
    asked = Asked.of(at_provider)
    for name in ("state", "nonce"):
        known.keep(f"{method}, {name}", asked[name])
    known.keep(f"{method}, code of the provider", urlsplit(back).query.partition("code=")[2].partition("&")[0])


def _exchanged(place: Place, known: "Everything", method: str, page: Page) -> None:
    """Exchange the code that the application's page was given, and try it again."""
    code = known.keep(f"{method}, exchange code", page.code)
    known.keep(f"{method}, exchange code, secret part", code[-26:])
    answers = [place.api.post(f"/v1/auth/{method}/exchange", body={"code": code}) for _ in range(2)]
    known.keep_session(f"a sign-in by {method}", person_of("", answers[0]))
    assert answers[1].status == 401
    known.refusals.append(answers[1])


def _refused(known: "Everything", page: Page) -> None:
    """Note a page that says no, and where it sends the browser."""
    assert page.status in (303, 400, 401), (page.status, page.content)
    assert page.status != 303 or page.error
    known.refusals.append(
        Answer(page.status, page.headers, page.set_cookies, page.content + str(page.headers).encode())
    )


def _no_grant(_: Seen) -> Said:
    return Said({"error": "invalid_grant"}, 400)
