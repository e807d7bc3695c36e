"""S-TYP-06, S-SES-04 and S-SES-09 for SSO, over SAML and over OpenID Connect: the session that a sign-in ends in."""

from typing import Any
from urllib.parse import quote

import pytest

from avow import AuthException, LoginOptions
from tests.bed.cases import Case
from tests.bed.openid import OpenIdPeer
from tests.bed.tenant_idp import PAGE, TenantIdp
from tests.bed.tenant_op import TenantOp
from tests.bed.visitor import Page, Visitor
from tests.factories import make_tenant
from tests.security.calls import assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Place, claims_of, person_of
from tests.security.token_type.test_token_type import RESERVED, _unbearable

JANE = "jane@example.com"
Peer = TenantIdp | TenantOp


def tenants_of(place: Place, peer: OpenIdPeer) -> dict[str, Peer]:
    """Return two tenants by the protocol of their identity providers."""
    saml = TenantIdp(place.avow, make_tenant(place.avow, tenant_id="T1"))
    saml.configure(domains=["saml.example"])
    op = TenantOp(place.avow, make_tenant(place.avow, tenant_id="T2"), peer)
    op.configure()
    return {"SAML": saml, "OpenID": op}


def come(tenant: Peer, visitor: Visitor | None = None, **wishes: Any) -> Page:
    """Go to the identity provider and back, to the application's page."""
    if isinstance(tenant, TenantOp):
        tenant.peer.person = {"sub": "jane", "email": JANE, "email_verified": True}
        visitor, at_provider = tenant.start(visitor, **wishes)
        return visitor.get(tenant.peer.authorize(at_provider))
    email = "alice@saml.example"
    return tenant.arrive(tenant.start(visitor, **wishes), name_id=email, attributes={"email": (email,)})


def sign_in(tenant: Peer, **wishes: Any) -> Any:
    return tenant.avow.client().sso.exchange_token(come(tenant, **wishes).code)


def test_s_typ_06_sso_start(case: Case, make_calling_place: MakePlace, peer: OpenIdPeer) -> None:
    place = make_calling_place()
    for protocol, tenant in tenants_of(place, peer).items():
        case.control(lambda tenant=tenant: bool(sign_in(tenant)["userId"]))  # type: ignore[misc]
        session = sign_in(tenant, login_options=LoginOptions(custom_claims={**RESERVED, "shoe_size": 44}))
        refreshed: Any = place.avow.client().refresh_session(session["refreshSessionToken"]["jwt"])
        for name, token in {"session": session["sessionToken"], "next": refreshed["sessionToken"]}.items():
            claims = claims_of(token["jwt"])
            with case.cell(f"{protocol}, {name} token"):
                assert (claims["sub"], claims["iss"]) == (session["userId"], place.avow.project_id)
                assert (claims["amr"], claims["drn"], claims["dct"]) == (["fed"], "DS", tenant.tenant)
                assert claims["tenants"].keys() == {tenant.tenant}
                assert not claims["tenants"][tenant.tenant].get("roles")
                assert claims["exp"] < RESERVED["exp"]
                assert claims["nsec"] == {"shoe_size": 44}
                assert not claims.get("roles")
                assert not {"tkn", "su", "dsub", "aud", "projectId", "userId", "email_verified"} & set(claims)
        for name, unbearable in _unbearable().items():
            for path in ("sso", "saml"):
                with case.cell(f"{protocol}, {path}/authorize, {name}"):
                    at = f"/v1/auth/{path}/authorize?tenant={tenant.tenant}&redirectURL={quote(PAGE, safe='')}"
                    assert_refused(place.api.post(at, body={"customClaims": unbearable}), 400)


def test_s_ses_04_disabled_user_of_sso(case: Case, make_calling_place: MakePlace, peer: OpenIdPeer) -> None:
    place = make_calling_place()
    client = place.avow.client()
    for protocol, tenant in tenants_of(place, peer).items():
        case.control(lambda tenant=tenant: bool(sign_in(tenant)["userId"]))  # type: ignore[misc]
        session = sign_in(tenant)
        refresh, login_id = session["refreshSessionToken"]["jwt"], session["user"]["email"]
        code = come(tenant).code
        client.mgmt.user.deactivate(login_id)
        before = place.rows("sessions")
        with case.cell(f"{protocol}: a new sign-in"):
            assert come(tenant).error == "E062110"
        with case.cell(f"{protocol}: a code on its way"), pytest.raises(AuthException) as refused:
            client.sso.exchange_token(code)
        assert refused.value.status_code in (401, 403)
        with case.cell(f"{protocol}: a step-up in the session"), pytest.raises(AuthException) as refused:
            tenant.start(login_options=LoginOptions(stepup=True), refresh_token=refresh)
        assert refused.value.status_code in (401, 403)
        with case.cell(f"{protocol}: nobody has a session more"):
            assert len(place.rows("sessions")) == len(before)
        client.mgmt.user.activate(login_id)
        with case.cell(f"{protocol}: enabled again, what was there stays refused"):
            assert_refused(place.api.refresh(refresh))
            assert_refused(place.api.post("/v1/auth/sso/exchange", body={"code": code}))
        with case.cell(f"{protocol}: enabled again, a new sign-in works"):
            assert sign_in(tenant)["userId"] == session["userId"]


def test_s_ses_09_sso_makes_a_new_session(case: Case, make_calling_place: MakePlace, peer: OpenIdPeer) -> None:
    place = make_calling_place(refresh_token_in="cookie")
    attacker = place.sign_in()
    planted = {
        "the attacker's own live session": {"DS": attacker.session_jwt, "DSR": attacker.refresh_jwt},
        "made-up values": {"DS": "S0000", "DSR": "S0000"},
    }
    for protocol, tenant in tenants_of(place, peer).items():
        case.control(lambda tenant=tenant: bool(come(tenant).code))  # type: ignore[misc]
        for what, jar in planted.items():
            with case.cell(f"{protocol}, {what}"):
                visitor = Visitor(place.avow.server.site)
                visitor.cookies |= jar
                code = come(tenant, visitor).code
                answer = place.api.post("/v1/auth/sso/exchange", body={"code": code}, cookies=jar)
                victim = person_of("", answer)
                assert answer.cookie("DSR") not in ("", *jar.values())
                assert victim.session_id != attacker.session_id
                assert victim.id != attacker.id
                copy = place.api.get("/v1/auth/me", cookies=jar)
                assert copy.status == 401 or copy.body["userId"] == attacker.id
