"""What a project's directory is to hold after each change: a model in plain Python, with the refusals.

Written from what the API says of itself, not from its code. A method changes the model, or raises `Refused` with the
status of the answer and changes nothing.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

__all__ = ["Directory", "Key", "Refused", "Role", "Session", "User"]

Claims = dict[str, object]


class Refused(Exception):
    """The change is refused with this HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(eq=False, slots=True)
class Role:
    """A role, of the project (tenant "") or of one tenant; it stays the same role under another name."""

    name: str
    tenant: str
    permissions: set[str]
    is_default: bool = False


@dataclass(eq=False, slots=True)
class Tenant:
    """A tenant: its name and what its new members hold, besides its own default roles."""

    name: str
    defaults: set[Role] = field(default_factory=set)


@dataclass(eq=False, slots=True)
class Holder:
    """Whoever holds roles, in the project and in tenants."""

    roles: set[Role] = field(default_factory=set)
    tenants: dict[str, set[Role]] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class User(Holder):
    """A user."""

    login_id: str = ""
    name: str = ""
    is_enabled: bool = True


@dataclass(eq=False, slots=True)
class Key(Holder):
    """An access key; one that acts for a user holds what the user does."""

    name: str = ""
    user: User | None = None
    is_active: bool = True


@dataclass(eq=False, slots=True)
class Session:
    """A session of a user, live or ended."""

    user: User
    is_live: bool = True


@dataclass(slots=True)
class Directory:
    """All of one project."""

    permissions: set[str] = field(default_factory=set)
    roles: list[Role] = field(default_factory=list)
    tenants: dict[str, Tenant] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)

    # --- Permissions and roles -----------------------------------------------------------------------------------

    def create_permission(self, name: str) -> None:
        _require(name not in self.permissions, 400)
        self.permissions.add(name)

    def rename_permission(self, name: str, new_name: str) -> None:
        _require(name in self.permissions, 404)
        _require(new_name == name or new_name not in self.permissions, 400)
        for known in (self.permissions, *(role.permissions for role in self.roles)):
            if name in known:
                known.remove(name)
                known.add(new_name)

    def delete_permission(self, name: str) -> None:
        _require(name in self.permissions, 404)
        for known in (self.permissions, *(role.permissions for role in self.roles)):
            known.discard(name)

    def create_role(self, name: str, tenant: str, permissions: Collection[str], *, is_default: bool) -> None:
        _require(not tenant or tenant in self.tenants, 404)
        _require(self._role(name, tenant) is None and self.permissions.issuperset(permissions), 400)
        self.roles.append(Role(name, tenant, set(permissions), is_default))

    def update_role(self, name: str, tenant: str, new_name: str, permissions: Collection[str]) -> None:
        role = self._role(name, tenant)
        _require(role is not None, 404)
        assert role is not None
        _require(self._role(new_name, tenant) in (None, role) and self.permissions.issuperset(permissions), 400)
        role.name, role.permissions = new_name, set(permissions)

    def delete_role(self, name: str, tenant: str) -> None:
        role = self._role(name, tenant)
        _require(role is not None, 404)
        self._drop_roles([role] if role else [])

    # --- Tenants -------------------------------------------------------------------------------------------------

    def create_tenant(self, tenant: str, name: str) -> None:
        _require(tenant not in self.tenants, 400)
        self.tenants[tenant] = Tenant(name)

    def rename_tenant(self, tenant: str, name: str) -> None:
        _require(tenant in self.tenants, 404)
        self.tenants[tenant].name = name

    def set_defaults(self, tenant: str, names: Collection[str]) -> None:
        _require(tenant in self.tenants, 404)
        self.tenants[tenant].defaults = self._named(names, tenant)

    def delete_tenant(self, tenant: str, *, cascade: bool) -> None:
        _require(tenant in self.tenants, 404)
        if cascade:
            for user in [each for each in self.users.values() if set(each.tenants) == {tenant}]:
                self.delete_user(user.login_id)
            self.keys = [key for key in self.keys if set(key.tenants) != {tenant}]
        for holder in self._holders():
            holder.tenants.pop(tenant, None)
        self._drop_roles([role for role in self.roles if role.tenant == tenant])
        del self.tenants[tenant]

    # --- Users ---------------------------------------------------------------------------------------------------

    def create_user(self, login_id: str, names: Collection[str], tenants: dict[str, list[str]]) -> None:
        _require(login_id not in self.users, 400)
        roles = self._named(names, "")
        _require(self.tenants.keys() >= tenants.keys(), 404)
        user = User(login_id=login_id, roles=roles | self._defaults(""))
        for tenant, held in tenants.items():
            user.tenants[tenant] = self._defaults(tenant) | self._named(held, tenant)
        self.users[login_id] = user

    def rename_user(self, login_id: str, name: str) -> None:
        self._user(login_id).name = name

    def set_status(self, login_id: str, *, is_enabled: bool) -> None:
        user = self._user(login_id)
        user.is_enabled = is_enabled
        if not is_enabled:
            self._end_sessions(user)

    def delete_user(self, login_id: str) -> None:
        user = self._user(login_id)
        self._end_sessions(user)
        self.keys = [key for key in self.keys if key.user is not user]
        del self.users[login_id]

    def join(self, login_id: str, tenant: str) -> None:
        user = self._user(login_id)
        _require(tenant in self.tenants, 404)
        if tenant not in user.tenants:
            user.tenants[tenant] = self._defaults(tenant)

    def leave(self, login_id: str, tenant: str) -> None:
        user = self._user(login_id)
        _require(tenant in user.tenants, 404)
        del user.tenants[tenant]

    def give(self, how: str, login_id: str, tenant: str, names: Collection[str]) -> None:
        user = self._user(login_id)
        if how == "remove":
            named = self._named(names, tenant)
            _require(not tenant or tenant in user.tenants, 404)
        else:
            _require(not tenant or tenant in user.tenants, 404)
            named = self._named(names, tenant)
        held = user.tenants[tenant] if tenant else user.roles
        if how == "set":
            held.clear()
        if how == "remove":
            held -= named
        else:
            held |= named

    # --- Sessions ------------------------------------------------------------------------------------------------

    def sign_in(self, login_id: str) -> Session:
        user = self._user(login_id)
        _require(user.is_enabled, 403)
        self.sessions.append(Session(user))
        return self.sessions[-1]

    def log_out(self, session: Session) -> None:
        _require(session.is_live, 401)
        session.is_live = False

    def log_out_everywhere(self, session: Session) -> None:
        _require(session.is_live, 401)
        self._end_sessions(session.user)

    def log_out_user(self, login_id: str) -> None:
        self._end_sessions(self._user(login_id))

    # --- Access keys ---------------------------------------------------------------------------------------------

    def create_key(self, name: str, login_id: str, names: Collection[str], tenants: dict[str, list[str]]) -> Key:
        if login_id:
            key = Key(name=name, user=self._user(login_id))
        elif tenants:
            _require(self.tenants.keys() >= tenants.keys(), 404)
            held = {tenant: self._named(roles, tenant) for tenant, roles in tenants.items()}
            key = Key(name=name, tenants=held)
        else:
            key = Key(name=name, roles=self._named(names, ""))
        self.keys.append(key)
        return key

    def set_key_status(self, key: Key, *, is_active: bool) -> None:
        _require(key in self.keys, 404)
        key.is_active = is_active

    def rotate_key(self, key: Key) -> None:
        _require(key in self.keys, 404)

    def delete_key(self, key: Key) -> None:
        _require(key in self.keys, 404)
        self.keys.remove(key)

    def may_exchange(self, key: Key) -> bool:
        """Tell whether a key is worth a token."""
        return key in self.keys and key.is_active and (key.user is None or key.user.is_enabled)

    # --- What is said of it --------------------------------------------------------------------------------------

    def claims(self, holder: Holder) -> Claims:
        """Return what a token says of what somebody holds."""
        if isinstance(holder, Key) and holder.user:
            holder = holder.user
        tenants = {
            tenant: {"name": self.tenants[tenant].name, **_rights(held)} for tenant, held in holder.tenants.items()
        }
        return {**_rights(holder.roles), "tenants": tenants}

    def _user(self, login_id: str) -> User:
        _require(login_id in self.users, 404)
        return self.users[login_id]

    def _role(self, name: str, tenant: str) -> Role | None:
        return next((role for role in self.roles if (role.name, role.tenant) == (name, tenant)), None)

    def _named(self, names: Collection[str], tenant: str) -> set[Role]:
        """Return roles by name; in a tenant its own role comes before one of the project."""
        found = [(self._role(name, tenant) if tenant else None) or self._role(name, "") for name in names]
        _require(None not in found, 400)
        return {role for role in found if role}

    def _defaults(self, tenant: str) -> set[Role]:
        own = {role for role in self.roles if role.is_default and role.tenant == tenant}
        return own | (self.tenants[tenant].defaults if tenant else set())

    def _holders(self) -> Iterable[Holder]:
        return (*self.users.values(), *self.keys)

    def _drop_roles(self, gone: Collection[Role]) -> None:
        for holder in self._holders():
            for held in (holder.roles, *holder.tenants.values()):
                held.difference_update(gone)
        for tenant in self.tenants.values():
            tenant.defaults.difference_update(gone)
        self.roles = [role for role in self.roles if role not in gone]

    def _end_sessions(self, user: User) -> None:
        for session in self.sessions:
            if session.user is user:
                session.is_live = False


def _rights(roles: Collection[Role]) -> dict[str, list[str]]:
    return {
        "roles": sorted({role.name for role in roles}),
        "permissions": sorted({name for role in roles for name in role.permissions}),
    }


def _require(is_met: bool, status: int) -> None:
    if not is_met:
        raise Refused(status)
