"""Every field of every request of the API, with a body that is right but for it, as an attacker walks through them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from avow.server.accounts import actions as accounts
from avow.server.attributes import actions as attributes
from avow.server.pages import endpoints as pages
from avow.server.permissions import actions as permissions
from avow.server.roles import actions as roles
from avow.server.store import Tx
from avow.server.tenants import actions as tenants
from avow.testing.server import Avow
from avow.wire.accounts import NewAccount
from avow.wire.attributes import AttributeDefinition
from avow.wire.endpoint import Caller, Endpoint
from avow.wire.table import ENDPOINTS
from tests.factories import make_access_key, new_email
from tests.security.calls import Answer, Wish
from tests.security.place import Person, Place

Path = tuple[str, ...]
PAGES = tuple(each for each in vars(pages).values() if isinstance(each, Endpoint))
# What ends the session that the walk goes on with, or the project.
_ENDS = {"logout", "logout_all", "sessions.end", "mgmt.project.delete"}
_CREATE_USERS = {"mgmt.user.create", "mgmt.user.create_test_user", "mgmt.user.invite_batch"}
_UNNAME_USERS = {"mgmt.user.delete", "mgmt.user.update_login_id"}
# Fields of SSO settings that hold a URL.
_ADDRESSES = (
    "idpUrl", "idpURL", "idpMetadataUrl", "idpMetadataURL", "spACSUrl", "redirectURL", "samlRedirectUrl",
    "oauthRedirectUrl", "authUrl", "tokenUrl", "userDataUrl", "JWKsUrl", "issuer", "jwksUri", "userInfoUri",
)  # fmt: skip
FIRST = "[0]"  # in a path: the first element of a list
KEY = "a"  # the one key of a free object
TEXT = "text"
TENANT = "T1"
WALKED = "walked"  # login ID of the user whom management changes


@dataclass(frozen=True, slots=True)
class Target:
    """One address of the API, and who calls it."""

    endpoint: Endpoint[Any, Any]
    path: str
    method: str

    @property
    def name(self) -> str:
        """Return how cells name it."""
        return f"{self.endpoint.verb} {self.path}"

    def fields(self) -> list[Path]:
        """Return the path to each field of its request, those within others included."""
        return list(_fields(inspect.type_info(self.endpoint.request)))

    def body(self) -> Any:
        """Return a body that has the right shape."""
        changes_user = self.endpoint.area == "user" and self.endpoint.id not in _CREATE_USERS | _UNNAME_USERS
        body: Any = _typical(inspect.type_info(self.endpoint.request), WALKED if changes_user else new_email())
        return {**body, "userId": None} if self.endpoint.id == "mgmt.access_key.create" else body

    def users_of(self, answer: Answer) -> int:
        """Return how many users this answer says were created; -1 when it says that one was deleted."""
        if self.endpoint.id == "mgmt.user.delete":
            return -(answer.status == 200)
        if answer.status == 200 and b'"firstSeen"' in answer.content:  # a session, perhaps of somebody new
            return int(answer.body["firstSeen"])
        if self.endpoint.id not in _CREATE_USERS or answer.status != 200:
            return 0
        return len(answer.body.get("createdUsers", ["one"]))

    def takes(self, body: object) -> bool:
        """Tell whether the contract takes a body of this shape."""
        try:
            msgspec.convert(body, self.endpoint.request)
        except (msgspec.ValidationError, RecursionError, UnicodeEncodeError):
            return False
        return True

    def send(self, place: Place, person: Person, body: object) -> Answer:
        """Send a body, or of a GET a query."""
        return self.send_raw(place, person, json.dumps(body).encode())

    def send_raw(self, place: Place, person: Person, content: bytes, kind: str = "application/json") -> Answer:
        """Send the bytes of a body as whoever may."""
        token = {Caller.SESSION: person.refresh_jwt, Caller.MANAGEMENT: place.avow.management_key}
        if self.endpoint.caller is Caller.ACCESS_KEY:
            token[Caller.ACCESS_KEY] = _access_key(place.avow)
        wish = place.api.wish(self.endpoint.verb, self.path, token.get(self.endpoint.caller, ""), {})
        return place.api.carrier.send(Wish(wish.verb, wish.path, {**wish.headers, "content-type": kind}, content))


@cache
def _access_key(avow: Avow) -> str:
    return make_access_key(avow)[1]


def targets(most_methods: int) -> list[Target]:
    """Return every call with a body that does not end the caller's own session, with so many delivery methods each."""
    return [
        Target(endpoint, path, method)
        for endpoint in ENDPOINTS
        if endpoint.verb in ("POST", "PUT", "PATCH") and endpoint.id not in _ENDS
        for path, method in endpoint.concrete_paths()[:most_methods]
    ]


def with_value(body: Any, path: Path, value: object) -> Any:
    """Return the body with another value of one field; the path leads through objects and first elements of lists."""
    if not path:
        return value
    name, *rest = path
    if name == FIRST:
        return [with_value(next(iter(body or ()), {}), tuple(rest), value)]
    return {**body, name: with_value(body.get(name) or {}, tuple(rest), value)}


def furnish(place: Place) -> str:
    """Make the tenant, role, permission, attribute and user that bodies of the right shape name; return the user."""

    def unit(tx: Tx) -> str:
        permissions.create(tx, TEXT, actor="test")
        roles.create(tx, TEXT, permissions=[TEXT], actor="test")
        tenants.create(tx, "Acme", tenant_id=TENANT, actor="test")
        attributes.define(tx, "user", [AttributeDefinition(name=KEY, type="string")], actor="test")
        return accounts.create(tx, NewAccount(login_id=WALKED), is_test=False, actor="test")

    return place.avow.run(unit)


def _fields(info: inspect.Type) -> Iterator[Path]:
    for name, kind in _members(info):
        if name not in (FIRST, KEY):
            yield (name,)
        for inner in _fields(kind):
            yield (name, *inner)


def _members(info: inspect.Type) -> list[tuple[str, inspect.Type]]:
    match info:
        case inspect.StructType(fields=fields):
            return [(each.encode_name, each.type) for each in fields]
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return [(FIRST, item)]
        case inspect.DictType(value_type=item):
            return [(KEY, item)]
        case inspect.UnionType(types=types):
            return [member for each in types for member in _members(each)]
        case inspect.Metadata(type=inner):
            return _members(inner)
        case _:
            return []


def _sample(name: str, kind: inspect.Type, login_id: str) -> object:
    """Return a value that the contract takes, and that the server does something with."""
    known = {
        "loginId": login_id, "email": login_id if "@" in login_id else new_email(), "phone": "+12025550123",
        "voice": "+12025550123", "whatsapp": "+12025550123", "code": "123456", "URI": "https://app.example.com/",
        "token": "t" * 53, "redirectUrl": "https://app.example.com/",
        "pendingRef": "t" * 53, "sessionId": "S" + "0" * 26,
        "tenant": TENANT, "ids": ["T1"], "locale": "de", "templateOptions": {"a": "b"}, "customClaims": {"a": "b"},
        "settings": {"codeDigits": 7}, "tenantId": TENANT, "additionalLoginIds": [new_email()],
        "picture": "https://app.example.com/", "inviteUrl": "https://app.example.com/", "field": "name",
        "type": "string", "recoveryEmail": new_email(), "recoveryPhone": "+12025550123", "parent": TENANT,
        "attributeKey": KEY, "phones": ["+12025550123"],
        # What a batch of users, a key of one project, and what nothing takes yet.
        "password": None, "hashedPassword": None, "seed": None, "ssoAppIDs": [], "ssoAppIds": [], "familyIds": [],
        "familyAssociations": [], "lockReasons": [], "tempLockReasons": [], "dependent": None,
        **dict.fromkeys(_ADDRESSES, "https://app.example.com/"), "grantType": "", "issuers": {}, "roleName": TEXT,
        "ssoId": "default_ssoid", "signAlgorithm": "ES256",
        "companyRoles": [], "tagRoles": [], "permittedIps": ["127.0.0.0/8"], "selectedTenant": "",
    }  # fmt: skip
    is_of_sso = name == "settings" and KEY not in dict(_members(kind))
    return known[name] if name in known and not is_of_sso else _typical(kind, login_id)


def _typical(kind: inspect.Type, login_id: str) -> object:
    match kind:
        case inspect.UnionType(types=types):
            return _typical(next(each for each in types if not isinstance(each, inspect.NoneType)), login_id)
        case inspect.Metadata(type=inner):
            return _typical(inner, login_id)
        case inspect.StructType() | inspect.DictType():
            return {name: _sample(name, inner, login_id) for name, inner in _members(kind)}
        case inspect.ListType() | inspect.VarTupleType():
            return [_sample(name, inner, login_id) for name, inner in _members(kind)]
        case inspect.LiteralType(values=values):
            return values[0]
        case inspect.BoolType():
            return False
        case inspect.IntType() | inspect.FloatType():
            return 1
        case inspect.StrType(pattern=str()):
            return "active"  # the one pattern of the contract is that of a key's status
        case _:
            return TEXT
