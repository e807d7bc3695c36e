"""S-LNK-10 and 11: the links that management makes, embedded ones and invitations."""

from collections.abc import Callable
from typing import Any

from tests.bed.cases import Case
from tests.factories import make_role, make_tenant, make_user, new_email
from tests.security.calls import Answer, assert_refused
from tests.security.counting import STARTED, stand_still, state
from tests.security.place import Place, claims_of, token_of

USER = "/v1/mgmt/user"


def _manage(place: Place, path: str, **body: Any) -> Answer:
    answer = place.api.post(f"{USER}/{path}", place.avow.management_key, body)
    assert answer.status == 200, answer.content
    return answer


def _embedded(place: Place, login_id: str, **body: Any) -> str:
    return str(_manage(place, "signin/embeddedlink", loginId=login_id, **body).body["token"])


def _verify(place: Place, token: str, refresh_jwt: str = "") -> Answer:
    return place.api.post("/v1/auth/magiclink/verify", refresh_jwt, {"token": token})


def test_s_lnk_10_embedded_link(case: Case, each_place: Place) -> None:
    place, login_id = each_place, new_email()
    stand_still(place)
    make_user(place.avow, login_id)
    case.control(lambda: _verify(place, _embedded(place, login_id)).status == 200)
    with case.cell("used twice"):
        token = _embedded(place, login_id)
        assert _verify(place, token).status == 200
        before = state(place, STARTED)
        for _ in range(4):
            assert_refused(_verify(place, token), code="E063010")
        assert state(place, STARTED) == before
    with case.cell("after its end"):
        token, kept = _embedded(place, login_id, timeout=60), new_email()
        make_user(place.avow, kept)
        in_time = _embedded(place, kept, timeout=60)
        place.advance(59)
        assert _verify(place, in_time).status == 200
        before = state(place, STARTED)
        place.advance(2)
        assert_refused(_verify(place, token), code="E062504")
        assert state(place, STARTED) == before
    with case.cell("of a disabled user"):
        for is_disabled_first in (True, False):
            disabled = new_email()
            make_user(place.avow, disabled)
            token = "" if is_disabled_first else _embedded(place, disabled)
            _manage(place, "update/status", loginId=disabled, status="disabled")
            token = token or _embedded(place, disabled)
            before = state(place)
            assert_refused(_verify(place, token))
            assert state(place) == before
            _manage(place, "update/status", loginId=disabled, status="enabled")
            assert _verify(place, _embedded(place, disabled)).status == 200


def test_s_lnk_11_invitation_is_bound_to_its_invitee(case: Case, each_place: Place) -> None:
    place = each_place
    make_tenant(place.avow, tenant_id="T1")
    make_role(place.avow, "admin")

    def invited() -> tuple[str, str]:
        bob = new_email("bob")
        tenants = [{"tenantId": "T1", "roleNames": ["admin"]}]
        _manage(place, "create", loginId=bob, userTenants=tenants, invite=True)
        return bob, token_of(place.avow.link(bob))

    def accepted(token: str) -> bool:
        answer = _verify(place, token)
        return answer.status == 200 and claims_of(answer.body["sessionJwt"])["tenants"]["T1"]["roles"] == ["admin"]

    case.control(lambda: accepted(invited()[1]))
    carol = place.sign_in()
    with case.cell("accepted by somebody else"):
        _, token = invited()
        before = state(place, STARTED)
        assert_refused(_verify(place, token, carol.refresh_jwt), code="E063010")
        assert state(place, STARTED) == before
        assert accepted(token)
    with case.cell("accepted twice"):
        _, token = invited()
        assert accepted(token)
        before = state(place, STARTED)
        assert_refused(_verify(place, token), code="E063010")
        assert state(place, STARTED) == before
    with case.cell("tenant edited in the token"):
        _, token = invited()
        before = state(place)
        other = f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}"
        for edited in (f"{token}T2", f"T2{token[2:]}", f"{token}&tenant=T2", other):
            assert_refused(_verify(place, edited))
        named = {"token": token, "tenantId": "T2", "userTenants": [{"tenantId": "T2"}]}
        assert state(place) == before
        answer = place.api.post("/v1/auth/magiclink/verify", body=named)
        assert set(claims_of(answer.body["sessionJwt"])["tenants"]) == {"T1"}
    revocations: dict[str, Callable[[str], object]] = {
        "deleted": lambda bob: _manage(place, "delete", loginId=bob),
        "disabled": lambda bob: _manage(place, "update/status", loginId=bob, status="disabled"),
        "another login ID": lambda bob: _manage(place, "update/loginid", loginId=bob, newLoginId=new_email()),
    }
    with case.cell("accepted after revocation"):
        for revoke in revocations.values():
            bob, token = invited()
            revoke(bob)
            before = state(place)
            assert_refused(_verify(place, token), 401, 403)
            assert state(place) == before
    with case.cell("carol is in no tenant"):
        answer = place.api.get("/v1/auth/me", carol.refresh_jwt)
        assert answer.body["userTenants"] == []
