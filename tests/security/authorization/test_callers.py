"""S-AUZ-01, 02, 03, 04 and 11: who may call management, on every route there is."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from avow.core.tokens import sign
from avow.server.accounts import actions as accounts
from avow.server.flows import actions as flows
from avow.server.keys import actions as keys
from avow.server.lists import actions as lists
from avow.server.lists.actions import Wanted
from avow.server.permissions import actions as permissions
from avow.server.roles import actions as roles
from avow.server.templates import actions as templates
from avow.server.tenants import actions as tenants
from avow.wire.accesskeys import KeyTenant
from avow.wire.accounts import Association, NewAccount
from avow.wire.jwttemplates import GivenTemplate
from tests.bed.cases import Case
from tests.factories import make_access_key, make_group, make_user, new_email
from tests.security.authorization import apps
from tests.security.authorization.routes import Route, routes
from tests.security.calls import Answer, Api, InProcess, Wish, assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Place, claims_of

KEYS = "/v1/mgmt/managementkey"
SETTINGS = "/v1/mgmt/avow/project/settings"
# What a management call may change; more tables join as management grows.
WATCHED = (
    "management_keys",
    "project_settings",
    "users",
    "login_ids",
    "user_roles",
    "memberships",
    "membership_roles",
    "tenants",
    "tenant_domains",
    "sso_connections",
    "groups",
    "group_members",
    "tenant_default_roles",
    "roles",
    "permissions",
    "role_permissions",
    "jwt_templates",
    "attribute_definitions",
    "attribute_values",
    "passwords",
    "password_history",
    "password_policies",
    "totp_seeds",
    "access_keys",
    "lists",
    "flows",
    "themes",
    "sessions",
)


def stored(place: Place) -> list[list[tuple[object, ...]]]:
    """Return what an attack must not change."""
    return [sorted(place.rows(table, "project_id"), key=repr) for table in WATCHED]


def key_of(place: Place, *rights: str, **options: Any) -> str:
    """Return the secret of a new key with these rights alone."""
    return place.avow.run(lambda tx: keys.create_management_key(tx, "limited", rights=rights, **options))[1]


def works(place: Place, key: str = "") -> bool:
    """Tell whether a management key works."""
    return place.api.get(SETTINGS, key or place.avow.management_key).status == 200


def test_s_auz_01_every_management_route_needs_a_management_key(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place()
    person, key = place.sign_in(), place.avow.management_key
    case.control(lambda: works(place))
    of_key = {**claims_of(person.session_jwt), "sub": f"A{person.id[1:]}", "amr": []}
    tokens = {
        "with the project id only": "",
        "with a user's refresh token": person.refresh_jwt,
        "with a user's session token": person.session_jwt,
        "with the session token of an access key": sign(place.signing_key(), of_key),
        "with the key in lower case": key.lower(),
        "with the key without its last character": key[:-1],
    }
    before = stored(place)
    for route in routes():
        with case.cell(f"{route.name} without Authorization"):
            assert_refused(place.api.carrier.send(Wish(route.verb, route.path, {}, b"{}")), 401, 403)
        for name, token in tokens.items():
            with case.cell(f"{route.name} {name}"):
                assert_refused(route.send(place.api, token), 401, 403)
        with case.cell(f"{route.name} with a refresh token for a tenant"):
            path = f"{route.path}?tenant=T1"
            assert_refused(place.api.carrier.send(place.api.wish(route.verb, path, person.refresh_jwt)), 401, 403)
    with case.cell("nothing stored has changed"):
        assert stored(place) == before


def test_each_route_asks_for_the_right_of_its_area(make_local_place: MakePlace) -> None:
    place = make_local_place()
    nothing = key_of(place)
    elsewhere = key_of(place, "no_area:write")
    reader = key_of(place, "*:read")
    wrong: list[str] = []
    for route in routes():
        open_to_all = not route.area
        for key, may in ((nothing, open_to_all), (elsewhere, open_to_all), (reader, route.only_reads)):
            if (route.send(place.api, key).status == 403) == may:
                wrong.append(route.name)
    assert wrong == []


# --- Isolation of projects ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object of a project: how one is made and how it is read, changed and deleted by id.

    Attributes:
        name: How cells name it.
        make: Makes one in a place and returns its id.
        calls: Name of the verb, HTTP method, path (`{id}` is the object) and body (`{id}` too).
    """

    name: str
    make: Callable[[Place], str]
    calls: tuple[tuple[str, str, str, object], ...]


def _made_key(place: Place) -> str:
    return key_of(place, "*")[:27]


def _made_tenant(place: Place) -> str:
    return place.avow.run(lambda tx: tenants.create(tx, "Acme"))


def _made_sso(place: Place) -> str:
    """Make a tenant that signs in at an OpenID provider and has a group; return the tenant's id."""
    tenant_id = _made_tenant(place)
    key, settings = place.avow.management_key, {"name": "idp", "clientId": "us", "clientSecret": "a secret of ours"}
    made = place.api.post("/v1/mgmt/sso/oidc", key, {"tenantId": tenant_id, "settings": settings})
    assert made.status == 200
    make_group(place.avow, tenant_id, "staff")
    return tenant_id


def _made_role(place: Place) -> str:
    return place.avow.run(lambda tx: roles.create(tx, "editor"))


def _made_permission(place: Place) -> str:
    return place.avow.run(lambda tx: permissions.create(tx, "edit", actor="test"))


def _named_user(place: Place) -> str:
    make_user(place.avow, login_id := new_email())
    return login_id


_ACCESS_KEY = "/v1/mgmt/accesskey"


def _made_flow(place: Place) -> str:
    place.avow.run(lambda tx: flows.put(tx, flows.checked("checkout", {}, []), actor="test"))
    return "checkout"


def _made_theme(place: Place) -> str:
    place.avow.run(lambda tx: flows.put_theme(tx, flows.checked_theme({"id": "light"}), actor="test"))
    return "light"


def _noted_user(place: Place) -> str:
    """Make a user of whom the audit tells, and return the user's id."""
    user_id = make_user(place.avow)
    place.avow.run(lambda tx: tx.audit("test.noted", user_id=user_id))
    return user_id


def _made_list(place: Place) -> str:
    return place.avow.run(lambda tx: lists.create(tx, Wanted("blocked", "ips", data=["10.0.0.1"]), actor="test"))


_USER, _TENANT, _ROLE, _PERMISSION = (f"/v1/mgmt/{each}" for each in ("user", "tenant", "role", "permission"))
_TEMPLATE = "/v1/mgmt/jwt/templates"
_LIST = "/v1/mgmt/list"
_SSO = "/v1/mgmt/sso"
_SAML = {"idpUrl": "https://evil.example/", "entityId": "evil", "idpCert": "evil"}
# A new kind of object joins by one row.
KINDS = (
    Kind(
        "flow",
        _made_flow,
        (
            ("read", "POST", "/v1/mgmt/flow/export", {"flowId": "{id}"}),
            ("list", "POST", "/v1/mgmt/flow/list", {}),
            ("delete", "POST", "/v1/mgmt/flow/delete", {"ids": ["{id}"]}),
        ),
    ),
    Kind("audit", _noted_user, (("read", "POST", "/v1/mgmt/audit/search", {"userIds": ["{id}"]}),)),
    Kind(
        "list",
        _made_list,
        (
            ("read", "GET", f"{_LIST}?id={{id}}", None),
            ("list", "GET", f"{_LIST}/all", None),
            ("check", "POST", f"{_LIST}/ip/check", {"id": "{id}", "ip": "10.0.0.1"}),
            ("update", "POST", f"{_LIST}/update", {"id": "{id}", "name": "x", "type": "texts"}),
            ("add", "POST", f"{_LIST}/ip/add", {"id": "{id}", "ips": ["10.0.0.2"]}),
            ("clear", "POST", f"{_LIST}/clear", {"id": "{id}"}),
            ("delete", "POST", f"{_LIST}/delete", {"id": "{id}"}),
        ),
    ),
    *(Kind(*each) for each in apps.KINDS),
    Kind("theme", _made_theme, (("read", "POST", "/v1/mgmt/theme/export", {}),)),
    Kind(
        "management key",
        _made_key,
        (
            ("read", "GET", f"{KEYS}?id={{id}}", None),
            (
                "update",
                "PATCH",
                KEYS,
                {"id": "{id}", "name": "n", "description": "", "permittedIps": [], "status": "inactive"},
            ),
            ("delete", "POST", f"{KEYS}/delete", {"ids": ["{id}"]}),
        ),
    ),
    Kind(
        "user",
        lambda place: make_user(place.avow),
        (
            ("read", "GET", f"{_USER}?userId={{id}}", None),
            ("read several", "POST", "/v1/mgmt/users/load", {"userIds": ["{id}"], "includeInvalidUsers": True}),
            ("search", "POST", "/v2/mgmt/user/search", {"userIds": ["{id}"]}),
            ("history", "POST", f"{_USER}/history", ["{id}"]),
            ("update", "POST", f"{_USER}/logout", {"userId": "{id}"}),
            ("delete", "POST", f"{_USER}/delete", {"userId": "{id}"}),
            ("delete several", "POST", f"{_USER}/delete/batch", {"userIds": ["{id}"]}),
        ),
    ),
    Kind(
        "user by login ID",
        _named_user,
        (
            ("read", "GET", f"{_USER}?loginId={{id}}", None),
            ("update", "POST", f"{_USER}/update", {"loginId": "{id}", "displayName": "x"}),
            ("patch", "PATCH", f"{_USER}/patch", {"loginId": "{id}", "displayName": "x"}),
            ("disable", "POST", f"{_USER}/update/status", {"loginId": "{id}", "status": "disabled"}),
            ("give a role", "POST", f"{_USER}/update/role/set", {"loginId": "{id}", "roleNames": ["editor"]}),
            ("sign in", "POST", "/v1/mgmt/auth/signin", {"loginId": "{id}"}),
            ("impersonate", "POST", "/v1/mgmt/impersonate", {"loginId": "{id}", "impersonatorId": "{id}"}),
            ("delete", "POST", f"{_USER}/delete", {"loginId": "{id}"}),
        ),
    ),
    Kind(
        "tenant",
        _made_tenant,
        (
            ("read", "GET", f"{_TENANT}?id={{id}}", None),
            ("read settings", "GET", f"{_TENANT}/settings?id={{id}}", None),
            ("search", "POST", f"{_TENANT}/search", {"tenantIds": ["{id}"]}),
            ("update", "POST", f"{_TENANT}/update", {"id": "{id}", "name": "x"}),
            ("patch", "PATCH", f"{_TENANT}/patch", {"id": "{id}", "name": "x"}),
            ("update settings", "POST", f"{_TENANT}/settings", {"tenantId": "{id}", "domains": ["x.example.com"]}),
            ("update default roles", "POST", f"{_TENANT}/updateDefaultRoles", {"id": "{id}", "defaultRoles": []}),
            ("delete", "POST", f"{_TENANT}/delete", {"id": "{id}", "cascade": True}),
        ),
    ),
    Kind(
        "SSO settings",
        _made_sso,
        (
            ("read", "GET", "/v2/mgmt/sso/settings?tenantId={id}", None),
            ("read all", "GET", "/v2/mgmt/sso/settings/all?tenantId={id}", None),
            ("read in the older form", "GET", f"{_SSO}/settings?tenantId={{id}}", None),
            ("read what is trusted", "GET", f"{_SSO}/xaa/settings?tenantId={{id}}", None),
            ("read groups", "POST", "/v1/mgmt/group/all", {"tenantId": "{id}"}),
            ("update", "POST", f"{_SSO}/saml", {"tenantId": "{id}", "settings": _SAML}),
            ("update in the older form", "POST", f"{_SSO}/mapping", {"tenantId": "{id}"}),
            ("update what is trusted", "POST", f"{_SSO}/xaa/settings", {"tenantId": "{id}", "enabled": True}),
            ("turn off", "POST", f"{_SSO}/settings/authtype", {"tenantId": "{id}", "authType": "none"}),
            ("add", "POST", f"{_SSO}/settings/new", {"tenantId": "{id}", "displayName": "x"}),
            ("recalculate", "POST", f"{_SSO}/recalculate-mappings", {"tenantId": "{id}"}),
            ("make a link", "POST", "/v2/mgmt/tenant/adminlinks/sso/generate", {"tenantId": "{id}"}),
            ("revoke a link", "POST", f"{_TENANT}/adminlinks/sso/revoke", {"tenantId": "{id}"}),
            ("delete", "DELETE", f"{_SSO}/settings?tenantId={{id}}", None),
        ),
    ),
    Kind(
        "role",
        _made_role,
        (
            ("read", "POST", f"{_ROLE}/search", {"roleIds": ["{id}"]}),
            ("update", "POST", f"{_ROLE}/update", {"id": "{id}", "newName": "x"}),
            ("update several", "POST", f"{_ROLE}/update/batch", {"roles": [{"id": "{id}", "newName": "x"}]}),
            ("delete", "POST", f"{_ROLE}/delete", {"id": "{id}"}),
            ("delete several", "POST", f"{_ROLE}/delete/batch", {"roleIds": ["{id}"]}),
        ),
    ),
    Kind(
        "access key",
        lambda place: make_access_key(place.avow)[0],
        (
            ("read", "GET", f"{_ACCESS_KEY}?id={{id}}", None),
            ("update", "POST", f"{_ACCESS_KEY}/update", {"id": "{id}", "name": "x"}),
            ("rotate", "POST", f"{_ACCESS_KEY}/rotate", {"id": "{id}"}),
            ("activate", "POST", f"{_ACCESS_KEY}/activate", {"id": "{id}"}),
            ("deactivate", "POST", f"{_ACCESS_KEY}/deactivate", {"id": "{id}"}),
            ("deactivate several", "POST", f"{_ACCESS_KEY}/deactivate/batch", {"ids": ["{id}"]}),
            ("delete", "POST", f"{_ACCESS_KEY}/delete", {"id": "{id}"}),
            ("delete several", "POST", f"{_ACCESS_KEY}/delete/batch", {"ids": ["{id}"]}),
        ),
    ),
    Kind(
        "JWT template",
        lambda place: place.avow.run(lambda tx: templates.create(tx, GivenTemplate(name="mine"), actor="test")).id,
        (
            ("read", "POST", f"{_TEMPLATE}/load", {"id": "{id}"}),
            ("read all", "POST", f"{_TEMPLATE}/list", None),
            ("look through", "POST", f"{_TEMPLATE}/validate", {"id": "{id}"}),
            ("update", "POST", f"{_TEMPLATE}/update", {"template": {"id": "{id}", "name": "x"}}),
            ("delete", "POST", f"{_TEMPLATE}/delete", {"id": "{id}"}),
        ),
    ),
    Kind(
        "permission",
        _made_permission,
        (
            ("read", "GET", f"{_PERMISSION}/all", None),
            ("update", "POST", f"{_PERMISSION}/update", {"id": "{id}", "newName": "x"}),
            (
                "update several",
                "POST",
                f"{_PERMISSION}/update/batch",
                {"permissions": [{"id": "{id}", "newName": "x"}]},
            ),
            ("delete", "POST", f"{_PERMISSION}/delete", {"id": "{id}"}),
            ("delete several", "POST", f"{_PERMISSION}/delete/batch", {"ids": ["{id}"]}),
        ),
    ),
)
# What says that nothing was found or done, where that is no error.
NOTHING: tuple[object, ...] = (
    {"audits": [], "total": 0},
    {"flows": [], "total": 0},
    {"id": "", "cssTemplate": {}},
    {"total": 0},
    *({name: [], "total": 0} for name in ("users", "consents")),
    *({name: []} for name in ("lists", "tenants", "roles", "templates", "permissions")),
    [],
    {},
)
NEVER = "K000000000000000000000000000"[:27]


def test_s_auz_02_project_isolation(case: Case, make_each_place: MakePlace) -> None:
    one, two = make_each_place(), make_each_place()
    case.control(lambda: works(one))
    case.control(lambda: works(two))
    for kind in KINDS:
        id = kind.make(one)
        before = stored(one)
        for verb, method, path, body in kind.calls:
            with case.cell(f"{kind.name}, {verb}, by the other project"):
                foreign = _send(two.api, method, path, body, id, two.avow.management_key)
                unknown = _send(two.api, method, path, body, NEVER, two.avow.management_key)
                assert (foreign.status, foreign.content) == (unknown.status, unknown.content)
                of_all = (kind.name, verb) == ("flow", "list")  # every project has some
                assert foreign.status in (403, 404) or foreign.body in NOTHING or of_all
                assert id.encode() not in foreign.content or not of_all
            with case.cell(f"{kind.name}, {verb}, with the other project's key"):
                assert_refused(_send(one.api, method, path, body, id, two.avow.management_key), 401, 403, 404)
        with case.cell(f"{kind.name}, nothing stored has changed"):
            assert stored(one) == before
    with case.cell("settings, with the other project's key"):
        assert_refused(one.api.post(SETTINGS, two.avow.management_key, {"settings": {"codeDigits": 8}}))


def _send(api: Api, verb: str, path: str, body: object, id: str, key: str) -> Answer:
    named = json.loads(json.dumps(body).replace("{id}", id))
    return api.carrier.send(api.wish(verb, path.replace("{id}", id), key, named))


def test_s_auz_03_key_of_a_tenant(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place()
    tenant, foreign = _made_tenant(place), _made_tenant(place)
    for name, each in (("mine", tenant), ("theirs", foreign)):
        _make_member(place, name, each)
    key, other = key_of(place, "*", tenant_id=tenant), place.avow.management_key[:27]
    access_keys = [
        make_access_key(place.avow, key_tenants=(KeyTenant(tenant_id=each),))[0] for each in (tenant, foreign)
    ]
    case.control(lambda: place.api.get("/v1/mgmt/license", key).status == 200)
    case.control(lambda: works(place))
    before = stored(place)
    for route in routes():
        if route.area and not route.for_tenant_admins:
            with case.cell(f"{route.name} is closed"):
                assert_refused(route.send(place.api, key), 403)
    _try_other_tenant(case, place, key, tenant, foreign)
    with case.cell("access keys of another tenant"):
        _try_access_keys(place, key, foreign, *access_keys)
    with case.cell("management keys of the project"):
        assert_refused(place.api.get(f"{KEYS}?id={other}", key), 403)
        assert_refused(place.api.post(f"{KEYS}/delete", key, {"ids": [other]}), 403)
    with case.cell("nothing stored has changed"):
        assert stored(place) == before


def _make_member(place: Place, name: str, tenant_id: str) -> None:
    """Make a role of a tenant, and a user who is a member, both of this name."""
    user = NewAccount(login_id=name, user_tenants=(Association(tenant_id=tenant_id),))
    place.avow.run(lambda tx: roles.create(tx, name, tenant_id=tenant_id))
    place.avow.run(lambda tx: accounts.create(tx, user, is_test=False, actor="test"))


def _try_other_tenant(case: Case, place: Place, key: str, own: str, other: str) -> None:
    """Reach, with the key of one tenant, for what belongs to another: "mine" is a role and a user of its own."""
    user_id = place.api.get(f"{_USER}?loginId=theirs", place.avow.management_key).body["user"]["userId"]
    for name, calls in _reaching(own, other, user_id).items():
        with case.cell(name):
            for path, body in calls:
                answer = place.api.post(path, key, body)
                assert answer.status in (403, 404) or answer.body in NOTHING, (path, answer.content)
                unknown = json.dumps(body).replace(other, NEVER).replace(user_id, NEVER).replace("theirs", "nobody's")
                assert answer.content == place.api.post(path, key, json.loads(unknown)).content, path
    with case.cell("search without a tenant"):
        for found in (place.api.post(f"{_ROLE}/search", key), place.api.get(f"{_ROLE}/all", key)):
            assert {role["tenantId"] for role in found.body["roles"]} <= {own, ""}
            assert "mine" in {role["name"] for role in found.body["roles"]}
    with case.cell("search in another tenant"):
        assert place.api.post(f"{_ROLE}/search", key, {"tenantIds": [other]}).body == {"roles": []}


def _try_access_keys(place: Place, key: str, other: str, mine: str, theirs: str) -> None:
    """Reach for an access key of another tenant, alone and beside one of the own tenant."""
    for path, body in (
        ("search", {"tenantIds": [other]}),
        ("create", {"name": "x", "keyTenants": [{"tenantId": other}]}),
        ("rotate", {"id": theirs}),
        ("activate/batch", {"ids": [mine, theirs]}),
        ("deactivate/batch", {"ids": [theirs]}),
        ("deactivate/batch", {"ids": [mine, theirs]}),
        ("delete/batch", {"ids": [theirs]}),
        ("delete/batch", {"ids": [mine, theirs]}),
    ):
        answer = place.api.post(f"{_ACCESS_KEY}/{path}", key, body)
        assert answer.status in (403, 404) or answer.body == {"keys": []}, (path, answer.content)
        unknown = json.loads(json.dumps(body).replace(other, NEVER).replace(theirs, NEVER))
        assert answer.content == place.api.post(f"{_ACCESS_KEY}/{path}", key, unknown).content, path
    found = place.api.post(f"{_ACCESS_KEY}/search", key).body["keys"]
    assert [each["id"] for each in found] == [mine]


def _reaching(own: str, other: str, user_id: str) -> dict[str, tuple[tuple[str, object], ...]]:
    """Return calls that a key of the one tenant may not make, by the name of their cell."""
    stranger = {"loginId": "x", "userTenants": [{"tenantId": other}]}
    batch = [{"name": "mine", "tenantId": own}, {"name": "theirs", "tenantId": other}]
    theirs = {"name": "theirs", "tenantId": other}
    return {
        "users of another tenant": (
            ("/v2/mgmt/user/search", {"tenantIds": [other]}),
            ("/v2/mgmt/user/search", {"loginIds": ["theirs"]}),
            (f"{_USER}/update", {"loginId": "theirs", "displayName": "x"}),
            (f"{_USER}/update/status", {"loginId": "theirs", "status": "disabled"}),
            (f"{_USER}/password/set/temporary", {"loginId": "theirs", "password": "correct horse battery"}),
            (f"{_USER}/password/set/active", {"loginId": "theirs", "password": "correct horse battery"}),
            (f"{_USER}/password/expire", {"loginId": "theirs"}),
            (f"{_USER}/delete", {"loginId": "theirs"}),
            (f"{_USER}/delete/batch", {"userIds": [user_id]}),
        ),
        "SSO settings of another tenant": (
            (f"{_SSO}/saml", {"tenantId": other, "settings": _SAML}),
            (f"{_SSO}/redirect", {"tenantId": other, "samlRedirectUrl": "https://evil.example/"}),
            (f"{_SSO}/settings/new", {"tenantId": other, "displayName": "x"}),
            (f"{_SSO}/recalculate-mappings", {"tenantId": other}),
            ("/v2/mgmt/tenant/adminlinks/sso/generate", {"tenantId": other}),
            ("/v1/mgmt/group/all", {"tenantId": other}),
        ),
        "roles of another tenant": (
            (f"{_ROLE}/update", {**theirs, "newName": "x"}),
            (f"{_ROLE}/delete", theirs),
            (f"{_ROLE}/delete/batch", {"roles": [theirs]}),
            (f"{_ROLE}/delete/batch", {"roleNames": ["theirs"], "tenantId": other}),
            (f"{_ROLE}/create", {"name": "x", "tenantId": other}),
        ),
        "create a user in another tenant": ((f"{_USER}/create", stranger),),
        "add a user of the tenant to another one": (
            (f"{_USER}/update/tenant/add", {"loginId": "mine", "tenantId": other}),
        ),
        "batch with one item of each tenant": (
            (f"{_ROLE}/delete/batch", {"roles": batch}),
            (f"{_ROLE}/create/batch", {"roles": [{**each, "name": "x"} for each in batch]}),
        ),
    }


# --- Promotion ---------------------------------------------------------------------------------------------------


def test_s_auz_04_no_self_promotion(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place()
    delegate = key_of(place, "user:write", "management_key:read")
    maker = key_of(place, "user:write", "management_key:write", permitted_ips=["127.0.0.0/8"])
    case.control(lambda: works(place))
    case.control(lambda: place.api.get(f"{KEYS}/search", delegate).status == 200)
    project_roles = [{"projectIds": [place.avow.project_id], "roles": ["full access"]}]
    stronger = {"name": "x", "reBac": {"projectRoles": project_roles}}
    change = {"name": "x", "description": "", "permittedIps": [], "status": "active"}
    first = place.avow.management_key[:27]
    attacks: dict[str, Wish] = {}
    for name, key in (("users", delegate), ("users and keys", maker)):
        wish = partial(place.api.wish, token=key)
        attacks |= {
            f"a key for {name} makes a stronger key": wish("PUT", KEYS, body=stronger),
            f"a key for {name} edits itself": wish("PATCH", KEYS, body={**change, "id": key[:27]}),
            f"a key for {name} edits a stronger key": wish("PATCH", KEYS, body={**change, "id": first}),
            f"a key for {name} deletes a stronger key": wish("POST", f"{KEYS}/delete", body={"ids": [first]}),
            f"a key for {name} changes the settings": wish("POST", SETTINGS, body={"settings": {"codeDigits": 8}}),
        }
        for route in routes():
            if route.area in {"role", "permission", "jwt", "project", "access_key"} and not route.only_reads:
                attacks[f"a key for {name}: {route.name}"] = wish(route.verb, route.path)
    before = stored(place)
    for name, attack in attacks.items():
        with case.cell(name):
            assert_refused(place.api.carrier.send(attack), 403)
    with case.cell("nothing stored has changed"):
        assert stored(place) == before


# --- Paths and methods -------------------------------------------------------------------------------------------

_TRICKS: tuple[Callable[[str], str], ...] = (
    lambda path: f"{path}/",
    lambda path: f"{path};x=1",
    lambda path: path.upper(),
    lambda path: path.replace("/v1/", "//v1//", 1),
    lambda path: path.replace("/mgmt/", "/mgmt/../auth/../mgmt/", 1),
    lambda path: path.replace("/mgmt/", "/auth/%2e%2e/mgmt/", 1),
    lambda path: f"http://localhost{path}",
    lambda path: f"{path}%00",
    lambda path: f"{path}/..;/x",
)
_HEADERS = (
    {"x-original-url": "/healthz"},
    {"x-forwarded-uri": "/healthz"},
    {"x-forwarded-prefix": "/v1/auth"},
    {"x-rewrite-url": "/healthz"},
    {"x-http-method-override": "OPTIONS"},
    {"x-method-override": "GET"},
)


def test_s_auz_11_methods_and_paths(case: Case, make_local_place: MakePlace) -> None:
    place = make_local_place()
    assert isinstance(place.api.carrier, InProcess)
    case.control(lambda: works(place))
    limited = key_of(place, "user:read")
    before = stored(place)
    protected = [route for route in routes() if route.area not in ("", "user")]
    for route in protected:
        with case.cell(f"{route.name}, other paths"):
            for trick in _TRICKS:
                _same_or_absent(place, Route(route.id, route.verb, trick(route.path), "", False), limited, {})
        with case.cell(f"{route.name}, headers that name another path or method"):
            for headers in _HEADERS:
                _same_or_absent(place, route, limited, headers)
        with case.cell(f"{route.name}, other methods"):
            for verb in ("HEAD", "TRACE", "CONNECT", "PROPFIND", "get"):
                other = place.api.carrier.send(place.api.wish(verb, route.path, limited))
                assert other.status in (403, 404, 405), (verb, other.status)
                assert verb != "TRACE" or other.status == 405
    with case.cell("OPTIONS lets no page call"):
        for route in protected:
            headers = {"origin": "https://app.example.com", "access-control-request-method": route.verb}
            told = place.api.carrier.send(Wish("OPTIONS", route.path, headers))
            assert "access-control-allow-origin" not in told.headers
    with case.cell("nothing stored has changed"):
        assert stored(place) == before


def _same_or_absent(place: Place, route: Route, key: str, headers: dict[str, str]) -> None:
    for token in (key, ""):
        answer = place.api.carrier.send(place.api.wish(route.verb, route.path, token, headers=headers))
        assert_refused(answer, *((401, 403, 404, 405) if token else (401, 404, 405)))
