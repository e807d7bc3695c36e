"""What the token of an access key says."""

from avow.core.accesskeys import KeyClaims
from avow.core.claims import RESERVED
from avow.core.grants import Held
from avow.core.layouts import Layout
from avow.core.sessions import SessionClaims, TenantGrants

HELD = Held(("reader",), ("read",), {"T1": TenantGrants("One", ("buyer",), ("buy",))})


def said(**fields: object) -> dict[str, object]:
    wanted: dict[str, object] = {"project_id": "P1", "key_id": "A1", "issued_at": 100, "expires_at": 160, "held": HELD}
    return KeyClaims(**{**wanted, **fields}).session_token()  # type: ignore[arg-type]  # the fields of a test


def test_token_names_the_key_and_what_it_holds() -> None:
    assert said() == {
        "drn": "DS",
        "iss": "P1",
        "sub": "A1",
        "keyId": "A1",
        "iat": 100,
        "exp": 160,
        "roles": ("reader",),
        "permissions": ("read",),
        "tenants": {"T1": {"name": "One", "roles": ("buyer",), "permissions": ("buy",)}},
    }


def test_custom_claims_cannot_take_the_place_of_the_server_s() -> None:
    mine = {name: "mine" for name in said()}
    assert said(claims=mine) == said()
    assert said(claims={"plan": "pro"}, unsigned_claims={"run": 7}) == {**said(), "plan": "pro", "nsec": {"run": 7}}


def test_every_claim_of_the_token_is_reserved() -> None:
    full = said(selected_tenant="T1", unsigned_claims={"run": 7}, token_id="J1")
    assert set(full) <= RESERVED


def test_no_token_of_a_user_names_a_key() -> None:
    user = SessionClaims("P1", "U1", "S1", 1, 100, 100, 160, 200, claims={})
    assert "keyId" not in user.session_token()
    assert {"sid", "rexp"} & set(said()) == set()


def test_layout_of_the_project_says_where_rights_stand() -> None:
    alone = said(layout=Layout(scheme="tenantOnly"), selected_tenant="T1", token_id="J1")
    assert (alone["roles"], alone["permissions"], alone["dct"], alone["jti"]) == (("buyer",), ("buy",), "T1", "J1")
    assert "tenants" not in alone
    assert "permissions" not in said(layout=Layout(leaves_out_permissions=True))
