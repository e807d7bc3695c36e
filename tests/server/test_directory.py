"""Whatever management does to users, tenants, roles, permissions, access keys and sessions: what is read is what was
written, and tokens say it. Two projects are changed side by side under the same names, and neither touches the other.

Hypothesis chooses the steps; `directory` says what each of them leads to.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from avow.testing.server import Avow
from tests.security.place import NO_LIMITS, claims_of
from tests.server.api import Api, Reply
from tests.server.directory import Directory, Key, Refused, Role, Session

T = TypeVar("T")
STEPS, RUNS = 40, (20, 200)
MOST_TOKENS = 3  # that are tried in each project after each step; all of them are at the end

worlds = st.sampled_from((0, 1))
permissions = st.sampled_from(("read", "write", "erase"))
roles = st.sampled_from(("reader", "writer", "admin"))
tenants = st.sampled_from(("acme", "bolt"))
places = st.sampled_from(("", "", "acme", "bolt"))
logins = st.sampled_from(("ann@example.com", "bob@example.com", "cat"))
names = st.sampled_from(("Ann", "Bob"))
numbers = st.integers(0, 20)
some_permissions = st.lists(permissions, max_size=2, unique=True)
some_roles = st.lists(roles, max_size=2, unique=True)
memberships = st.dictionaries(tenants, some_roles, max_size=2)

_ROLE, _TENANT, _USER, _KEY = (f"/v1/mgmt/{each}" for each in ("role", "tenant", "user", "accesskey"))
_PERMISSION = "/v1/mgmt/permission"
_GIVING = {"add": "/v2/mgmt/user/update/role/add", **{how: f"{_USER}/update/role/{how}" for how in ("set", "remove")}}


@dataclass(slots=True)
class World:
    """A project on the server, and what it is to hold.

    Attributes:
        api: Its routes.
        key: A management key of it.
        model: What it is to hold.
        refresh_tokens: Of every session that was ever opened.
        secrets: Id and secret of every access key that was ever made.
        replaced: Secrets that ended.
    """

    api: Api
    key: str
    model: Directory = field(default_factory=Directory)
    refresh_tokens: dict[Session, str] = field(default_factory=dict)
    secrets: dict[Key, tuple[str, str]] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)

    def post(self, path: str, **body: object) -> Reply:
        """Make a management call."""
        return self.api.post(path, body, token=self.key)

    def get(self, path: str) -> Reply:
        """Make a management call that only reads."""
        return self.api.get(path, token=self.key)


def _founded(avow: Avow) -> World:
    """Return a new project; what it begins with is in the model."""
    world = World(Api(avow), avow.management_key)
    for role in world.get(f"{_ROLE}/all")["roles"]:
        world.model.roles.append(Role(role["name"], "", set(role["permissionNames"]), role["default"]))
    world.model.permissions |= {each["name"] for each in world.get(f"{_PERMISSION}/all")["permissions"]}
    return world


def _agree(reply: Reply, change: Callable[[], T]) -> T | None:
    """Change the model too; the server has said the same of it. Return what the model made, or None if refused."""
    status, made = 200, None
    try:
        made = change()
    except Refused as refused:
        status = refused.status
    assert reply.status == status, reply.body
    return made


class Twins(RuleBasedStateMachine):
    """Two projects under the same names."""

    def __init__(self, make_project: Callable[..., Avow]) -> None:
        super().__init__()
        self.worlds = [_founded(make_project(**NO_LIMITS)) for _ in range(2)]
        self.steps = 0

    @initialize()
    def furnish(self) -> None:
        for which in (0, 1):
            self.fill(which)

    @rule(which=worlds)
    def fill(self, which: int) -> None:
        """Make what is not there, so that the steps to come have something to work on."""
        for permission in ("read", "write"):
            self.create_permission(which, permission)
        for tenant in ("acme", "bolt"):
            self.create_tenant(which, tenant, tenant)
        self.create_role(which, "reader", "", ["read"], False)
        self.create_role(which, "writer", "", ["read", "write"], True)
        self.create_role(which, "admin", "acme", ["write"], True)
        self.create_user(which, "ann@example.com", ["reader"], {"acme": ["reader"], "bolt": []})
        self.create_user(which, "bob@example.com", [], {"bolt": ["writer"]})
        self.create_key(which, "Ann", "ann@example.com", [], {})
        self.create_key(which, "Bob", "", [], {"acme": ["admin"]})
        self.sign_in(which, "ann@example.com")

    # --- Permissions and roles -----------------------------------------------------------------------------------

    @rule(which=worlds, name=permissions)
    def create_permission(self, which: int, name: str) -> None:
        world = self.worlds[which]
        _agree(world.post(f"{_PERMISSION}/create", name=name), lambda: world.model.create_permission(name))

    @rule(which=worlds, name=permissions, new_name=permissions)
    def rename_permission(self, which: int, name: str, new_name: str) -> None:
        world = self.worlds[which]
        reply = world.post(f"{_PERMISSION}/update", name=name, newName=new_name)
        _agree(reply, lambda: world.model.rename_permission(name, new_name))

    @rule(which=worlds, name=permissions)
    def delete_permission(self, which: int, name: str) -> None:
        world = self.worlds[which]
        _agree(world.post(f"{_PERMISSION}/delete", name=name), lambda: world.model.delete_permission(name))

    @rule(which=worlds, name=roles, tenant=places, made_of=some_permissions, is_default=st.booleans())
    def create_role(self, which: int, name: str, tenant: str, made_of: list[str], is_default: bool) -> None:
        world = self.worlds[which]
        reply = world.post(
            f"{_ROLE}/create", name=name, tenantId=tenant, permissionNames=made_of, default=is_default, description=""
        )
        _agree(reply, lambda: world.model.create_role(name, tenant, made_of, is_default=is_default))

    @rule(which=worlds, name=roles, tenant=places, new_name=roles, made_of=some_permissions)
    def update_role(self, which: int, name: str, tenant: str, new_name: str, made_of: list[str]) -> None:
        world = self.worlds[which]
        reply = world.post(
            f"{_ROLE}/update", name=name, tenantId=tenant, newName=new_name, permissionNames=made_of, description=""
        )
        _agree(reply, lambda: world.model.update_role(name, tenant, new_name, made_of))

    @rule(which=worlds, name=roles, tenant=places)
    def delete_role(self, which: int, name: str, tenant: str) -> None:
        world = self.worlds[which]
        _agree(world.post(f"{_ROLE}/delete", name=name, tenantId=tenant), lambda: world.model.delete_role(name, tenant))

    # --- Tenants -------------------------------------------------------------------------------------------------

    @rule(which=worlds, tenant=tenants, name=names)
    def create_tenant(self, which: int, tenant: str, name: str) -> None:
        world = self.worlds[which]
        _agree(world.post(f"{_TENANT}/create", id=tenant, name=name), lambda: world.model.create_tenant(tenant, name))

    @rule(which=worlds, tenant=tenants, name=names)
    def rename_tenant(self, which: int, tenant: str, name: str) -> None:
        world = self.worlds[which]
        _agree(world.post(f"{_TENANT}/update", id=tenant, name=name), lambda: world.model.rename_tenant(tenant, name))

    @rule(which=worlds, tenant=tenants, held=some_roles)
    def set_defaults(self, which: int, tenant: str, held: list[str]) -> None:
        world = self.worlds[which]
        reply = world.post(f"{_TENANT}/updateDefaultRoles", id=tenant, defaultRoles=held)
        _agree(reply, lambda: world.model.set_defaults(tenant, held))

    @rule(which=worlds, tenant=tenants, cascade=st.booleans())
    def delete_tenant(self, which: int, tenant: str, cascade: bool) -> None:
        world = self.worlds[which]
        reply = world.post(f"{_TENANT}/delete", id=tenant, cascade=cascade)
        _agree(reply, lambda: world.model.delete_tenant(tenant, cascade=cascade))

    # --- Users ---------------------------------------------------------------------------------------------------

    @rule(which=worlds, login_id=logins, held=some_roles, joined=memberships)
    def create_user(self, which: int, login_id: str, held: list[str], joined: dict[str, list[str]]) -> None:
        world = self.worlds[which]
        reply = world.post(
            f"{_USER}/create", loginId=login_id, roleNames=held, userTenants=_associations(joined), status="enabled"
        )
        _agree(reply, lambda: world.model.create_user(login_id, held, joined))

    @rule(which=worlds, login_id=logins, name=names)
    def rename_user(self, which: int, login_id: str, name: str) -> None:
        world = self.worlds[which]
        reply = world.post(f"{_USER}/update/name", loginId=login_id, displayName=name)
        _agree(reply, lambda: world.model.rename_user(login_id, name))

    @rule(which=worlds, login_id=logins, is_enabled=st.booleans())
    def set_status(self, which: int, login_id: str, is_enabled: bool) -> None:
        world = self.worlds[which]
        reply = world.post(f"{_USER}/update/status", loginId=login_id, status="enabled" if is_enabled else "disabled")
        _agree(reply, lambda: world.model.set_status(login_id, is_enabled=is_enabled))

    @rule(which=worlds, login_id=logins)
    def delete_user(self, which: int, login_id: str) -> None:
        world = self.worlds[which]
        _agree(world.post(f"{_USER}/delete", loginId=login_id), lambda: world.model.delete_user(login_id))

    @rule(which=worlds, login_id=logins, tenant=tenants)
    def join(self, which: int, login_id: str, tenant: str) -> None:
        world = self.worlds[which]
        reply = world.post(f"{_USER}/update/tenant/add", loginId=login_id, tenantId=tenant)
        _agree(reply, lambda: world.model.join(login_id, tenant))

    @rule(which=worlds, login_id=logins, tenant=tenants)
    def leave(self, which: int, login_id: str, tenant: str) -> None:
        world = self.worlds[which]
        reply = world.post(f"{_USER}/update/tenant/remove", loginId=login_id, tenantId=tenant)
        _agree(reply, lambda: world.model.leave(login_id, tenant))

    @rule(which=worlds, how=st.sampled_from(sorted(_GIVING)), login_id=logins, tenant=places, held=some_roles)
    def give(self, which: int, how: str, login_id: str, tenant: str, held: list[str]) -> None:
        world = self.worlds[which]
        reply = world.post(_GIVING[how], loginId=login_id, tenantId=tenant or None, roleNames=held)
        _agree(reply, lambda: world.model.give(how, login_id, tenant, held))

    # --- Sessions ------------------------------------------------------------------------------------------------

    @rule(which=worlds, login_id=logins)
    def sign_in(self, which: int, login_id: str) -> None:
        world = self.worlds[which]
        reply = world.post("/v1/mgmt/auth/signin", loginId=login_id)
        session = _agree(reply, lambda: world.model.sign_in(login_id))
        if session is not None:
            world.refresh_tokens[session] = reply["refreshJwt"]
            _check_token(world, reply["sessionJwt"], world.model.claims(session.user))

    @rule(which=worlds, number=numbers, everywhere=st.booleans())
    def log_out(self, which: int, number: int, everywhere: bool) -> None:
        world = self.worlds[which]
        if not world.refresh_tokens:
            return
        session, token = _chosen(world.refresh_tokens.items(), number)
        reply = world.api.post(f"/v1/auth/logout{'all' if everywhere else ''}", token=token)
        change = world.model.log_out_everywhere if everywhere else world.model.log_out
        _agree(reply, lambda: change(session))

    @rule(which=worlds, login_id=logins)
    def log_out_user(self, which: int, login_id: str) -> None:
        world = self.worlds[which]
        _agree(world.post(f"{_USER}/logout", loginId=login_id), lambda: world.model.log_out_user(login_id))

    # --- Access keys ---------------------------------------------------------------------------------------------

    @rule(which=worlds, name=names, login_id=st.one_of(st.just(""), logins), held=some_roles, joined=memberships)
    def create_key(self, which: int, name: str, login_id: str, held: list[str], joined: dict[str, list[str]]) -> None:
        world = self.worlds[which]
        user_id = _user_id(world, login_id) if login_id else ""
        reply = world.post(
            f"{_KEY}/create", name=name, userId=user_id, roleNames=held, keyTenants=_associations(joined)
        )
        key = _agree(reply, lambda: world.model.create_key(name, login_id, held, joined))
        if key is not None:
            world.secrets[key] = (reply["key"]["id"], reply["cleartext"])

    @rule(which=worlds, number=numbers, is_active=st.booleans())
    def set_key_status(self, which: int, number: int, is_active: bool) -> None:
        world = self.worlds[which]
        if not world.secrets:
            return
        key, (key_id, _) = _chosen(world.secrets.items(), number)
        reply = world.post(f"{_KEY}/{'activate' if is_active else 'deactivate'}", id=key_id)
        _agree(reply, lambda: world.model.set_key_status(key, is_active=is_active))

    @rule(which=worlds, number=numbers)
    def rotate_key(self, which: int, number: int) -> None:
        world = self.worlds[which]
        if not world.secrets:
            return
        key, (key_id, secret) = _chosen(world.secrets.items(), number)
        reply = world.post(f"{_KEY}/rotate", id=key_id)
        _agree(reply, lambda: world.model.rotate_key(key))
        if reply.status == 200:
            world.replaced.append(secret)
            world.secrets[key] = (key_id, reply["cleartext"])

    @rule(which=worlds, number=numbers)
    def delete_key(self, which: int, number: int) -> None:
        world = self.worlds[which]
        if not world.secrets:
            return
        key, (key_id, _) = _chosen(world.secrets.items(), number)
        _agree(world.post(f"{_KEY}/delete", id=key_id), lambda: world.model.delete_key(key))

    # --- What holds after each step --------------------------------------------------------------------------------

    @invariant()
    def what_is_read_is_what_was_written(self) -> None:
        for world in self.worlds:
            _check_rights(world)
            _check_tenants(world)
            _check_users(world)
            _check_keys(world)

    @invariant()
    def tokens_say_what_their_holders_have(self) -> None:
        self.steps += 1
        for world, other in zip(self.worlds, reversed(self.worlds), strict=True):
            _check_sessions(world, _some(world.refresh_tokens.items(), self.steps))
            _check_exchanges(world, _some(world.secrets.items(), self.steps))
            _check_strangers(world, other, self.steps)

    def teardown(self) -> None:
        for world in self.worlds:
            _check_sessions(world, world.refresh_tokens.items())
            _check_exchanges(world, world.secrets.items())
            for secret in world.replaced:
                assert _exchanged(world, secret).status == 401


# --- Checks --------------------------------------------------------------------------------------------------------


def _check_rights(world: World) -> None:
    shown = [each["name"] for each in world.get(f"{_PERMISSION}/all")["permissions"]]
    assert shown == sorted(world.model.permissions)
    read = {
        (role["name"], role["tenantId"]): (role["permissionNames"], role["default"])
        for role in world.get(f"{_ROLE}/all")["roles"]
    }
    written = {(role.name, role.tenant): (sorted(role.permissions), role.is_default) for role in world.model.roles}
    assert read == written


def _check_tenants(world: World) -> None:
    read = {each["id"]: (each["name"], sorted(each["defaultRoles"])) for each in world.get(f"{_TENANT}/all")["tenants"]}
    written = {
        tenant: (held.name, sorted(role.name for role in held.defaults)) for tenant, held in world.model.tenants.items()
    }
    assert read == written


def _check_users(world: World) -> None:
    found = world.post("/v2/mgmt/user/search", limit=100)
    read = {user["loginIds"][0]: (user["name"], user["status"], _held(user)) for user in found["users"]}
    written = {
        login_id: (user.name, "enabled" if user.is_enabled else "disabled", world.model.claims(user))
        for login_id, user in world.model.users.items()
    }
    assert read == written
    assert found["total"] == len(written)


def _check_keys(world: World) -> None:
    read = {
        key["id"]: (key["name"], key["status"], key["roleNames"], _roles_in_tenants(key["keyTenants"]))
        for key in world.post(f"{_KEY}/search")["keys"]
    }
    written = {}
    for key in world.model.keys:
        own = world.model.claims(Key(roles=key.roles, tenants=key.tenants))
        in_tenants = {tenant: held["roles"] for tenant, held in _mapping(own["tenants"]).items()}
        status = "active" if key.is_active else "inactive"
        written[world.secrets[key][0]] = (key.name, status, own["roles"], in_tenants)
    assert read == written


def _check_sessions(world: World, sessions: Iterable[tuple[Session, str]]) -> None:
    for session, token in sessions:
        reply = world.api.refresh(token)
        if session.is_live:
            _check_token(world, reply["sessionJwt"], world.model.claims(session.user))
        else:
            assert reply.status == 401


def _check_exchanges(world: World, secrets: Iterable[tuple[Key, tuple[str, str]]]) -> None:
    for key, (_, secret) in secrets:
        reply = _exchanged(world, secret)
        if world.model.may_exchange(key):
            _check_token(world, reply["sessionJwt"], world.model.claims(key))
        else:
            assert reply.status == 401


def _check_strangers(world: World, other: World, number: int) -> None:
    """Show the tokens and keys of one project at the other."""
    if world.refresh_tokens:
        _, token = _chosen(world.refresh_tokens.items(), number)
        assert other.api.refresh(token).status == 401
    if world.secrets:
        _, (_, secret) = _chosen(world.secrets.items(), number)
        assert _exchanged(other, secret).status == 401


def _check_token(world: World, token: str, expected: dict[str, object]) -> None:
    claims = claims_of(token)
    assert {name: claims[name] for name in ("roles", "permissions", "tenants")} == expected
    assert claims["iss"] == world.api.avow.project_id


# --- Parts ---------------------------------------------------------------------------------------------------------


def _associations(tenants: dict[str, list[str]]) -> list[dict[str, object]]:
    return [{"tenantId": tenant, "roleNames": held} for tenant, held in tenants.items()]


def _held(user: dict[str, Any]) -> dict[str, object]:
    """Return what an answer says that a user holds, as tokens say it."""
    tenants = {
        each["tenantId"]: {
            "name": each["tenantName"],
            "roles": sorted(each["roleNames"]),
            "permissions": sorted(each["permissions"]),
        }
        for each in user["userTenants"]
    }
    return {"roles": sorted(user["roleNames"]), "permissions": sorted(user["permissions"]), "tenants": tenants}


def _roles_in_tenants(key_tenants: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {each["tenantId"]: each["roleNames"] for each in key_tenants}


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value)


def _user_id(world: World, login_id: str) -> str:
    reply = world.api.get(_USER, {"loginId": login_id}, token=world.key)
    return str(reply["user"]["userId"]) if reply.status == 200 else "U000000000000000000000000000"


def _exchanged(world: World, secret: str) -> Reply:
    return world.api.post("/v1/auth/accesskey/exchange", token=secret)


def _chosen(known: Iterable[T], number: int) -> T:
    found = list(known)
    return found[number % len(found)]


def _some(known: Iterable[T], number: int) -> list[T]:
    """Return a few, others at each step."""
    found = list(known)
    return [_chosen(found, number * MOST_TOKENS + each) for each in range(min(MOST_TOKENS, len(found)))]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_directory_is_what_was_done_to_it(make_project: Callable[..., Avow], rounds: Callable[[int, int], int]) -> None:
    class OnThisServer(Twins):
        """The projects of one run."""

        def __init__(self) -> None:
            super().__init__(make_project)

    is_full = rounds(0, 1) == 1
    chosen = settings(
        max_examples=rounds(*RUNS),
        stateful_step_count=STEPS,
        derandomize=not is_full,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much),
        print_blob=is_full,
    )
    run_state_machine_as_test(OnThisServer, settings=chosen)
