"""Access keys: made, changed, given a new secret, found, deleted, and exchanged for what their tokens say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from avow import shaping
from avow.core import ids
from avow.core.accesskeys import KeyClaims
from avow.core.claims import check_custom_claims
from avow.core.grants import Held, gathered
from avow.core.layouts import selection
from avow.core.networks import is_permitted, networks
from avow.errors import Forbidden, InvalidAccessKey, InvalidArgument, MissingAccessKey, NotFound, UserMissing
from avow.server.accesskeys import rows
from avow.server.accesskeys.rows import FactRow, IdRow, KeyRow, LiveRow, RoleRow
from avow.server.attributes import actions as attributes
from avow.server.serving import Call, Client, Project
from avow.server.store import MOST_IN_LIST, Search, Tx, in_list, json_object, json_text
from avow.server.users import actions as users
from avow.server.users.actions import Profile
from avow.wire.accesskeys import CreateAccessKey, ExchangeAccessKey, KeyLoginOptions, KeyTenant, UpdateAccessKey

__all__ = [
    "ACTIVE",
    "INACTIVE",
    "MISSING",
    "HeldKey",
    "Wanted",
    "create",
    "delete",
    "exchange",
    "get",
    "lock",
    "permitted_ips",
    "roles_of",
    "rotate",
    "search",
    "set_status",
    "update",
]

ACTIVE, INACTIVE = "active", "inactive"
_MAC = "access-key"
_TOKEN_ID = "J"
_ID_CHARACTERS = 27  # A and 26 more: see core.ids.directory_id
MISSING = "There is no such access key."


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key without its secret, and what it holds by itself."""

    row: KeyRow
    held: Held


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which keys a search is for; None, "" and empty attributes do not limit."""

    key_ids: Sequence[str] | None = None
    names: Sequence[str] | None = None
    tenant_ids: Sequence[str] | None = None
    user_id: str = ""
    created_by: str = ""
    custom_attributes: Mapping[str, object] = field(default_factory=dict)


def exchange(tx: Tx, call: Call[ExchangeAccessKey]) -> KeyClaims:
    """Return what the token of a key says; one statement, and one more when the key acts for a user.

    Raises:
        MissingAccessKey: None was sent.
        InvalidAccessKey: It is no key, was replaced, deactivated or deleted, has ended, may not be used from here, or
            its user may not sign in: always the same answer.
        InvalidArgument: The custom claims cannot be in a token.
        Forbidden: The key does not belong to the tenant asked for.
    """
    key, held, user = _live(tx, call.access_key.secret, call.client)
    options, layout = call.body.login_options or KeyLoginOptions(), call.project.key_layout
    if options.selected_tenant and options.selected_tenant not in held.tenants:
        raise Forbidden(error_message="The access key does not belong to this tenant.")
    selected, own = selection(layout, held.tenants, options.selected_tenant or ""), json_object(key.custom_claims)
    if layout.claims:  # what the key was given stands above what all of them have
        own = layout.filled(_subjects(call.project, held, user, selected)) | own
    return KeyClaims(
        project_id=tx.project_id,
        key_id=key.id,
        issued_at=tx.now,
        expires_at=_end_of_token(tx, call.project, key),
        held=held,
        selected_tenant=selected,
        claims=own,
        unsigned_claims=check_custom_claims(options.custom_claims or {}),
        token_id=ids.random_id(_TOKEN_ID) if layout.adds_id else "",
        layout=layout,
    )


def create(tx: Tx, wanted: CreateAccessKey, *, actor: str) -> tuple[str, str]:
    """Insert a key; return its id and its cleartext, which is shown once and stored nowhere.

    Raises:
        UserMissing: There is no such user.
        NotFound: There is no such tenant.
        InvalidArgument: There is no such role, or an address, a claim or an attribute is none that a key can have.
    """
    if wanted.user_id and tx.one(rows.FIND_USER, IdRow, user_id=wanted.user_id) is None:
        raise UserMissing
    networks(wanted.permitted_ips or ())
    values = attributes.accepted(tx, "accesskey", wanted.custom_attributes or {})
    key_id = ids.directory_id(ids.ACCESS_KEY, tx.now)
    cleartext = _cleartext(key_id)
    tx.run(
        rows.INSERT,
        id=key_id,
        name=wanted.name,
        description=wanted.description or "",
        secret_mac=_mac(tx, cleartext),
        user_id=wanted.user_id or None,
        created_by=actor,
        custom_claims=json_text(check_custom_claims(wanted.custom_claims or {})),
        custom_attributes=json_text(values),
        permitted_ips=json_text(wanted.permitted_ips or ()),
        expires_at=wanted.expire_time or None,
    )
    attributes.put(tx, "accesskey", key_id, values, is_new=True)
    tenants = () if wanted.user_id else wanted.key_tenants or ()
    if tenants:
        _join(tx, key_id, tenants)
    elif wanted.role_names and not wanted.user_id:
        _grant(tx, key_id, wanted.role_names)
    tenant_ids = list(dict.fromkeys(each.tenant_id for each in tenants))
    tx.audit(
        "access_key.created",
        actor=actor,
        user_id=wanted.user_id or "",
        tenant_id=tenant_ids[0] if len(tenant_ids) == 1 else "",
        data={"key": key_id, "tenants": tenant_ids},
    )
    return key_id, cleartext


def get(tx: Tx, key_id: str) -> HeldKey:
    """Return a key.

    Raises:
        NotFound: There is none.
    """
    found = search(tx, Wanted(key_ids=(key_id,)))
    if not found:
        raise _missing()
    return found[0]


def search(tx: Tx, wanted: Wanted, *, most: int | None = None) -> list[HeldKey]:
    """Return the keys that match everything, the oldest first, in two statements for each thousand.

    Raises:
        InvalidArgument: There are more than `most`.
    """
    statement = Search(rows.SEARCH)
    if wanted.key_ids is not None:
        statement.among("k.id", "key_ids", wanted.key_ids)
    if wanted.names is not None:
        statement.among("k.name", "names", wanted.names)
    if wanted.tenant_ids is not None:
        statement.within(rows.IN_TENANTS, {"tenant_ids": wanted.tenant_ids})
    if wanted.user_id:
        statement.where("k.user_id = :user_id", user_id=wanted.user_id)
    if wanted.created_by:
        who = wanted.created_by
        statement.among("k.created_by", "created_by", (who, f"user:{who}", f"key:{who}"))
    for name, value in wanted.custom_attributes.items():
        statement.within(rows.WITH_ATTRIBUTE, {"attribute_values": attributes.searchable(value)}, attribute=name)
    found = statement.order("k.created_at, k.id").listed(tx, KeyRow, most, "access keys")
    facts: dict[str, list[FactRow]] = {}
    for fact in _facts(tx, found):
        facts.setdefault(fact.key_id, []).append(fact)
    return [HeldKey(row, gathered(map(_told, facts.get(row.id, ())))) for row in found]


def lock(tx: Tx, key_id: str) -> HeldKey:
    """Return a key that nobody else changes until the unit ends. Raises as `get`."""
    if tx.one(rows.LOCK, IdRow, id=key_id) is None:
        raise _missing()
    return get(tx, key_id)


def permitted_ips(key: HeldKey) -> tuple[str, ...]:
    """Return the addresses and networks that a key may be used from; none for every one."""
    return _texts(key.row.permitted_ips)


def update(tx: Tx, wanted: UpdateAccessKey, *, actor: str) -> None:
    """Change what is named; what the key holds, and when it ends, stays.

    Raises:
        NotFound: There is no such key.
        InvalidArgument: An address, a claim or an attribute is none that a key can have.
    """
    networks(wanted.permitted_ips or ())
    given = wanted.custom_attributes
    values = None if given is None else attributes.accepted(tx, "accesskey", given)
    claims = None if wanted.custom_claims is None else check_custom_claims(wanted.custom_claims)
    changed = tx.one(
        rows.UPDATE,
        IdRow,
        id=wanted.id,
        name=wanted.name,
        description=wanted.description,
        custom_claims=None if claims is None else json_text(claims),
        custom_attributes=None if values is None else json_text(values),
        permitted_ips=None if wanted.permitted_ips is None else json_text(wanted.permitted_ips),
    )
    if changed is None:
        raise _missing()
    if values is not None:
        attributes.put(tx, "accesskey", wanted.id, values)
    tx.audit("access_key.changed", actor=actor, data={"key": wanted.id})


def rotate(tx: Tx, key_id: str, *, actor: str, tenant_id: str = "") -> str:
    """Give a key a new secret in the place of the one before, which ends with it; return the cleartext.

    Args:
        tx: Unit of the project.
        key_id: Which.
        actor: Who does it, for the audit.
        tenant_id: The tenant that they are confined to, for the audit, or "".

    Raises:
        NotFound: There is no such key.
    """
    cleartext = _cleartext(key_id)
    if tx.one(rows.ROTATE, IdRow, id=key_id, secret_mac=_mac(tx, cleartext)) is None:
        raise _missing()
    tx.audit("access_key.rotated", actor=actor, tenant_id=tenant_id, data={"key": key_id})
    return cleartext


def set_status(tx: Tx, key_ids: Sequence[str], status: str, *, actor: str, tenant_id: str = "") -> None:
    """Activate or deactivate keys, all or none; an inactive one is refused at once.

    Raises:
        NotFound: One of them does not exist.
    """
    clause, listed = in_list("key_ids", key_ids)
    changed = tx.all(rows.SET_STATUS.replace("(:key_ids)", clause), IdRow, status=status, **listed)
    _require_all(key_ids, changed)
    action = "access_key.activated" if status == ACTIVE else "access_key.deactivated"
    tx.audit(action, actor=actor, tenant_id=tenant_id, data={"keys": sorted(set(key_ids))})


def delete(tx: Tx, key_ids: Sequence[str], *, actor: str, tenant_id: str = "") -> None:
    """Delete keys for ever, all or none.

    Raises:
        NotFound: One of them does not exist.
    """
    clause, listed = in_list("key_ids", key_ids)
    _require_all(key_ids, tx.all(rows.DELETE.replace("(:key_ids)", clause), IdRow, **listed))
    # Afterwards: whoever was changing one of them has written by now, and nobody will again.
    attributes.clear(tx, "accesskey", key_ids)
    tx.audit("access_key.deleted", actor=actor, tenant_id=tenant_id, data={"keys": sorted(set(key_ids))})


# --- Exchange ------------------------------------------------------------------------------------------------------


def _live(tx: Tx, secret: str, client: Client) -> tuple[LiveRow, Held, Profile | None]:
    """Return the key with this cleartext, if it counts, what it holds, and the user whom it acts for.

    Constant time in the secret.
    """
    if not secret:
        raise MissingAccessKey
    found = tx.all(rows.LIVE, LiveRow, id=secret[:_ID_CHARACTERS])
    if not found or not tx.vault.is_mac(found[0].secret_mac, _MAC, tx.project_id, secret):
        raise InvalidAccessKey
    key = found[0]
    # From elsewhere the key is answered as one that does not exist: its thief shall not learn that it is one.
    if not is_permitted(client.address, networks(_texts(key.permitted_ips))):
        raise InvalidAccessKey(detail=f"{key.id} from {client.address}")
    if not key.user_id:
        return key, gathered(map(_told, found)), None
    profile = users.find(tx, key.user_id)
    if profile is None or profile.is_disabled:
        raise InvalidAccessKey(detail=f"{key.id} acts for a user who may not sign in")
    return key, Held(profile.roles, profile.permissions, profile.tenants), profile


def _subjects(project: Project, held: Held, user: Profile | None, selected: str) -> dict[str, object]:
    """Return what the places of a template name."""
    tenant = held.tenants.get(selected)
    return {
        "user": msgspec.to_builtins(user.shown()) if user else {},
        "tenant": {"id": selected, "name": tenant.name, "roles": tenant.roles} if tenant else {},
        "project": {"id": project.id, "name": project.name},
    }


def _end_of_token(tx: Tx, project: Project, key: LiveRow) -> int:
    end = tx.now + project.settings.session_lifetime_seconds
    return min(end, key.expires_at) if key.expires_at else end


# --- Secrets -------------------------------------------------------------------------------------------------------


def _cleartext(key_id: str) -> str:
    return key_id + ids.secret_text()


def _mac(tx: Tx, cleartext: str) -> bytes:
    return tx.vault.mac(_MAC, tx.project_id, cleartext)


# --- What a key holds ----------------------------------------------------------------------------------------------


def _facts(tx: Tx, found: Sequence[KeyRow]) -> list[FactRow]:
    facts: list[FactRow] = []
    for start in range(0, len(found), MOST_IN_LIST):
        clause, listed = in_list("key_ids", [row.id for row in found[start : start + MOST_IN_LIST]])
        facts += tx.all(rows.FACTS_OF.replace("(:key_ids)", clause), FactRow, **listed)
    return facts


def _told(row: FactRow | LiveRow) -> tuple[str, str, str, str]:
    return row.kind, row.first, row.second, row.third


def _grant(tx: Tx, key_id: str, names: Sequence[str]) -> None:
    role_ids = _role_ids(roles_of(tx, names, ()), names, "")
    clause, listed = in_list("role_ids", role_ids)
    tx.run(rows.GRANT.replace("(:role_ids)", clause), id=key_id, **listed)


def _join(tx: Tx, key_id: str, tenants: Sequence[KeyTenant]) -> None:
    """Make a new key belong to tenants, with roles there; statements grow with the sets of roles, not with tenants."""
    names: dict[str, list[str]] = {each.tenant_id: [] for each in tenants}
    for each in tenants:
        names[each.tenant_id] += each.role_names or ()
    clause, listed = in_list("tenant_ids", list(names))
    joined = tx.all(rows.JOIN.replace("(:tenant_ids)", clause), IdRow, id=key_id, **listed)
    if len(joined) < len(names):
        raise NotFound(error_message="There is no such tenant.")
    known = roles_of(tx, [name for each in names.values() for name in each], list(names))
    alike: dict[tuple[str, ...], list[str]] = {}
    for tenant_id, wanted in names.items():
        alike.setdefault(tuple(_role_ids(known, wanted, tenant_id)), []).append(tenant_id)
    for role_ids, tenant_ids in alike.items():
        if role_ids:
            _grant_in_tenants(tx, key_id, role_ids, tenant_ids)


def _grant_in_tenants(tx: Tx, key_id: str, role_ids: Sequence[str], tenant_ids: Sequence[str]) -> None:
    of_roles, listed = in_list("role_ids", role_ids)
    of_tenants, further = in_list("tenant_ids", tenant_ids)
    statement = rows.GRANT_IN_TENANTS.replace("(:role_ids)", of_roles).replace("(:tenant_ids)", of_tenants)
    tx.run(statement, id=key_id, **listed, **further)


def roles_of(tx: Tx, names: Iterable[str], tenant_ids: Sequence[str]) -> list[RoleRow]:
    """Return the roles of these names, in the project and in these tenants."""
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return []
    if len(wanted) > MOST_IN_LIST:
        raise InvalidArgument(error_message=f"A key has at most {MOST_IN_LIST} different roles.")
    of_names, listed = in_list("names", wanted)
    of_tenants, further = in_list("tenant_ids", tenant_ids)
    statement = rows.ROLES.replace("(:names)", of_names).replace("(:tenant_ids)", of_tenants)
    return tx.all(statement, RoleRow, **listed, **further)


def _role_ids(known: Sequence[RoleRow], names: Sequence[str], tenant_id: str) -> list[str]:
    """Return the ids of roles by name; in a tenant its own role comes before one of the project."""
    usable = sorted((row for row in known if row.tenant in ("", tenant_id)), key=lambda row: row.tenant)
    by_name = {row.name: row.id for row in usable}
    if missing := [name for name in names if name not in by_name]:
        raise InvalidArgument(error_message=f"There is no role named {missing[0]!r}.")
    return sorted({by_name[name] for name in names})


def _require_all(key_ids: Sequence[str], done: Sequence[IdRow]) -> None:
    if len(done) < len(set(key_ids)):
        raise _missing()


# --- Columns -------------------------------------------------------------------------------------------------------


def _missing() -> NotFound:
    return NotFound(error_message=MISSING)


def _texts(text: str) -> tuple[str, ...]:
    return () if text == "[]" else shaping.decode(text, tuple[str, ...])
