"""S-AUZ-07, S-AUZ-08 and S-SES-11: which access keys count, and what whoever holds one may ask for."""

from collections.abc import Callable

from avow.server.users import actions as users
from avow.wire.accesskeys import KeyTenant
from tests.bed.cases import Case
from tests.factories import make_access_key, make_role, make_tenant, make_user
from tests.security.calls import Answer, assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Place, claims_of

EXCHANGE = "/v1/auth/accesskey/exchange"
KEYS = "/v1/mgmt/accesskey"
WATCHED = ("access_keys", "sessions", "users")


def exchange(place: Place, secret: str, **options: object) -> Answer:
    return place.api.post(EXCHANGE, secret, {"loginOptions": options})


def stored(place: Place) -> list[list[tuple[object, ...]]]:
    """Return what an exchange must not change."""
    return [place.rows(table) for table in WATCHED]


def test_s_auz_07_life_cycle_of_access_keys(case: Case, make_place: MakePlace) -> None:
    place, other = make_place(), make_place()
    _, live = make_access_key(place.avow)
    user = make_user(place.avow)
    case.control(lambda: exchange(place, live).status == 200)
    unknown = exchange(place, f"A{'0' * 69}")
    assert_refused(unknown, 401, code="E062803")
    attacks: dict[str, Callable[[], str]] = {
        "deactivated": lambda: _changed(place, "deactivate"),
        "deactivated, in a batch": lambda: _changed(place, "deactivate/batch"),
        "deleted": lambda: _changed(place, "delete"),
        "deleted, in a batch": lambda: _changed(place, "delete/batch"),
        "rotated out": lambda: _changed(place, "rotate"),
        "ended": lambda: _ended(place),
        "from an address outside its list": lambda: make_access_key(place.avow, permitted_ips=("192.0.2.0/24",))[1],
        "of another project": lambda: make_access_key(other.avow)[1],
        "the id without the secret": lambda: live[:27],
        "a prefix of the key": lambda: live[:-1],
        "the key and more": lambda: f"{live}0",
        "the id of one and the secret of another": lambda: make_access_key(place.avow)[0] + live[27:],
        "a management key": lambda: place.avow.management_key,
        "of a disabled user": lambda: _of_disabled(place, user),
    }
    for name, make in attacks.items():
        with case.cell(name):
            secret = make()
            before = stored(place)
            answer = exchange(place, secret)
            assert_refused(answer, 401, code="E062803")
            assert answer.content == unknown.content
            assert stored(place) == before
    with case.cell("the key of this project with the id of another"):
        assert_refused(other.api.post(EXCHANGE, live, {}), 401, code="E062803")
    with case.cell("no key at all"):
        assert_refused(place.api.post(EXCHANGE, "", {}), 401, code="E062802")
    with case.cell("an access key where a management key belongs"):
        assert_refused(place.api.get("/v1/mgmt/user?userId=U1", live), 401)
        assert_refused(place.api.post(f"{KEYS}/search", live), 401)


def _changed(place: Place, call: str) -> str:
    """Make a key that works, change it by management, and return its cleartext of before."""
    id, secret = make_access_key(place.avow)
    assert exchange(place, secret).status == 200
    body = {"ids": [id]} if call.endswith("batch") else {"id": id}
    assert place.api.post(f"{KEYS}/{call}", place.avow.management_key, body).status == 200
    return secret


def _ended(place: Place) -> str:
    secret = make_access_key(place.avow, expire_time=place.avow.server.clock() + 60)[1]
    assert exchange(place, secret).status == 200
    place.advance(61)
    return secret


def _of_disabled(place: Place, user: str) -> str:
    secret = make_access_key(place.avow, user_id=user)[1]
    assert exchange(place, secret).status == 200
    place.avow.run(lambda tx: users.set_status(tx, user, "disabled"))
    return secret


def test_s_auz_08_login_options_of_access_keys(case: Case, place: Place) -> None:
    mine, other = make_tenant(place.avow, "Mine"), make_tenant(place.avow, "Other")
    for name in ("clerk", "admin"):
        make_role(place.avow, name, [f"{name}s"])
    tenants = (KeyTenant(tenant_id=mine, role_names=("clerk",)),)
    id, secret = make_access_key(place.avow, key_tenants=tenants)
    case.control(lambda: claims_of(exchange(place, secret).body["sessionJwt"])["sub"] == id)
    genuine = claims_of(exchange(place, secret).body["sessionJwt"])
    wishes: dict[str, object] = {
        "sub": "Uadmin",
        "dsub": "Uadmin",
        "userId": "Uadmin",
        "keyId": "Aother",
        "iss": "Pother",
        "aud": "Cother",
        "roles": ["admin"],
        "permissions": ["admins"],
        "tenants": {other: {"roles": ["admin"]}},
        "dct": other,
        "exp": 4_102_444_800,
        "rexp": "2100-01-01T00:00:00Z",
        "iat": 0,
        "nbf": 0,
        "drn": "DSR",
        "sid": "Sother",
        "gen": 1,
        "su": True,
        "amr": ["mfa"],
        "act": {"sub": "Uadmin"},
        "nsec": {"roles": ["admin"]},
    }
    for name, value in wishes.items():
        with case.cell(f"custom claim {name}"):
            said = claims_of(exchange(place, secret, customClaims={name: value}).body["sessionJwt"])
            assert {each: said[each] for each in said if each not in ("iat", "exp")} == {
                each: genuine[each] for each in genuine if each not in ("iat", "exp")
            }
            assert said["exp"] - said["iat"] == genuine["exp"] - genuine["iat"]
    with case.cell("all of them beside a harmless one"):
        said = claims_of(exchange(place, secret, customClaims={**wishes, "run": 7}).body["sessionJwt"])
        assert said["nsec"] == {"run": 7}
        assert (said["sub"], said["roles"], said["tenants"]) == (id, [], genuine["tenants"])
    with case.cell("wishes beside the login options are not heard"):
        body = {"roleNames": ["admin"], "customClaims": {"roles": ["admin"]}, "userId": "U1", "expireTime": 0}
        said = claims_of(place.api.post(EXCHANGE, secret, body).body["sessionJwt"])
        assert said.keys() == genuine.keys()
        assert said["tenants"] == genuine["tenants"]
    before = stored(place)
    for name, tenant in {"a tenant of others": other, "a tenant that does not exist": "T" + "0" * 26}.items():
        with case.cell(f"selected: {name}"):
            answer = exchange(place, secret, selectedTenant=tenant)
            assert_refused(answer, 401, 403)
            assert b"Other" not in answer.content
            assert stored(place) == before


def test_s_ses_11_tenant_of_an_access_key(case: Case, place: Place) -> None:
    mine, foreign = make_tenant(place.avow, "Mine"), make_tenant(place.avow, "Foreign")
    _, secret = make_access_key(place.avow, key_tenants=(KeyTenant(tenant_id=mine),))

    def selected() -> object:
        return claims_of(exchange(place, secret, selectedTenant=mine).body["sessionJwt"])["dct"] == mine

    case.control(selected)
    attempts: dict[str, tuple[object, tuple[int, ...]]] = {
        "a tenant of others": (foreign, (401, 403)),
        "a tenant that does not exist": ("T" + "0" * 26, (401, 403)),
        "an SQL text": (f"{foreign}' OR '1'='1", (401, 403)),
        "the tenant in another case": (mine.swapcase(), (401, 403)),
        "the tenant with a space": (mine + " ", (401, 403)),
        "a list": ([mine, foreign], (400, 401, 403)),
        "an object": ({"id": foreign}, (400, 401, 403)),
    }
    for name, (tenant, statuses) in attempts.items():
        with case.cell(f"access key, {name}"):
            answer = exchange(place, secret, selectedTenant=tenant)
            assert_refused(answer, *statuses)
            assert b"Foreign" not in answer.content
    with case.cell("access key, empty"):
        assert "dct" not in claims_of(exchange(place, secret, selectedTenant="").body["sessionJwt"])
    with case.cell("access key, its token selects no tenant"):
        token = exchange(place, secret).body["sessionJwt"]
        assert_refused(place.api.post("/v1/auth/tenant/select", token, {"tenant": mine}))
