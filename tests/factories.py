"""People, roles and tenants for tests, made straight in the database; every value has a working default.

Addresses are never given out twice: an outbox shared by many tests then has no letter of another test.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from avow.core import addresses, recoverycodes, totp
from avow.server.accesskeys import actions as access_keys
from avow.server.federation.rows import sealed_row
from avow.server.federation.tokens import ProviderSecrets
from avow.server.permissions import actions as rights
from avow.server.projects import actions as projects
from avow.server.roles import actions as roles
from avow.server.roles.actions import RoleChange
from avow.server.store import Tx
from avow.server.tenants import actions as tenants
from avow.server.users import actions as users
from avow.server.users.actions import NewUser
from avow.testing.server import Avow
from avow.wire.accesskeys import CreateAccessKey

_numbers = itertools.count(1000)
_phone_numbers = itertools.count(1000)


def new_email(name: str = "mia") -> str:
    """Return an e-mail address that no test has had."""
    return f"{name}-{next(_numbers)}@example.com"


def new_phone() -> str:
    """Return a phone number that no test has had, E.164."""
    number = next(_phone_numbers)
    return f"+1{202 + number // 10_000}555{number % 10_000:04d}"


def change_settings(avow: Avow, changes: Mapping[str, object]) -> None:
    """Change settings of a project; its servers follow when their clock has moved by a second."""
    avow.run(lambda tx: projects.change_settings(tx, changes, actor="test"))


def make_user(
    avow: Avow,
    login_id: str | None = None,
    *,
    email: str = "",
    phone: str = "",
    is_verified: bool = True,
    further_login_ids: Sequence[str] = (),
    **columns: Any,
) -> str:
    """Insert a user; return the user id.

    Args:
        avow: The project.
        login_id: What they sign in with; a new e-mail address when absent.
        email: Their address; the login ID when it is one.
        phone: Their number; the login ID when it is one.
        is_verified: Both addresses have been proven.
        further_login_ids: What they can sign in with besides.
        columns: Further fields of `NewUser`.
    """
    identity = login_id or email or phone or new_email()
    user = NewUser(
        login_id=addresses.login_id(identity),
        email=email or (identity if "@" in identity else ""),
        phone=phone or (identity if identity.startswith("+") else ""),
        further_login_ids=tuple(addresses.login_id(each) for each in further_login_ids),
        **{"is_email_verified": is_verified, "is_phone_verified": is_verified, **columns},
    )
    return avow.run(lambda tx: users.create(tx, user))


def make_access_key(avow: Avow, **fields: Any) -> tuple[str, str]:
    """Insert an access key, with fields of `CreateAccessKey`; return its id and its cleartext."""
    wanted = CreateAccessKey(**{"name": "machine", **fields})
    return avow.run(lambda tx: access_keys.create(tx, wanted, actor="test"))


def make_role(avow: Avow, name: str, permissions: Sequence[str] = ()) -> str:
    """Insert a role of the project, or take one that is there from the start; give it permissions; return its id."""

    def unit(tx: Tx) -> str:
        rights.ensure(tx, permissions, actor="test")
        found = roles.find(tx, name)
        if found is None:
            return roles.create(tx, name, permissions=permissions)
        roles.update(tx, found, RoleChange(name, permissions=tuple(permissions)), actor="test")
        return found.id

    return avow.run(unit)


def make_tenant(avow: Avow, name: str = "Acme", *, tenant_id: str = "") -> str:
    """Insert a tenant; return its id."""
    return avow.run(lambda tx: tenants.create(tx, name, tenant_id=tenant_id))


def join_tenant(avow: Avow, user_id: str, tenant_id: str, role_ids: Sequence[str] = ()) -> None:
    """Make a user a member of a tenant, with roles there."""

    def unit(tx: Tx) -> None:
        tenants.add_member(tx, user_id, tenant_id)
        for role_id in role_ids:
            roles.grant(tx, user_id, role_id, tenant_id=tenant_id)

    avow.run(unit)


def grant(avow: Avow, user_id: str, role_id: str) -> None:
    """Give a user a role of the project."""
    avow.run(lambda tx: roles.grant(tx, user_id, role_id))


def make_member(
    avow: Avow,
    user_id: str,
    *,
    roles_of_project: Mapping[str, Sequence[str]] | None = None,
    tenant_id: str = "my-tenant-ID",
    roles_in_tenant: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Give a user roles (name and permissions) in the project and in one tenant, all of which are made here."""
    for name, permissions in (roles_of_project or {}).items():
        grant(avow, user_id, make_role(avow, name, permissions))
    if roles_in_tenant is not None:
        make_tenant(avow, "My tenant", tenant_id=tenant_id)
        made = [make_role(avow, name, permissions) for name, permissions in roles_in_tenant.items()]
        join_tenant(avow, user_id, tenant_id, made)


# --- What users sign in with, as the methods will leave it ---------------------------------------------------------


def make_passkey(
    avow: Avow, user_id: str, passkey_id: str, name: str = "Laptop", *, rp_id: str = "app.example.com"
) -> None:
    """Insert a passkey of a user, for the pages of a domain."""
    statement = """
        INSERT INTO passkeys
            (project_id, id, user_id, rp_id, kind, display_name, public_key, sign_count, created_at)
        VALUES (:project_id, :id, :user_id, :rp_id, 'platform', :name, :key, 0, :now)
    """
    avow.run(lambda tx: tx.run(statement, id=passkey_id, user_id=user_id, rp_id=rp_id, name=name, key=b"COSE"))


def make_totp_seed(avow: Avow, user_id: str, *, is_own: bool = True) -> bytes:
    """Insert the seed of a user's authenticator app, or one that management gave them; return it."""
    statement = """
        INSERT INTO totp_seeds (project_id, user_id, sealed_seed, created_at, is_own)
        VALUES (:project_id, :user_id, :sealed, :now, :is_own)
    """
    seed = totp.new_seed()

    def unit(tx: Tx) -> None:
        sealed = tx.vault.seal(seed, row=totp.sealed_row(tx.project_id, user_id))
        tx.run(statement, user_id=user_id, sealed=sealed, is_own=int(is_own))

    avow.run(unit)
    return seed


def make_recovery_codes(avow: Avow, user_id: str, count: int = 3) -> list[str]:
    """Insert recovery codes of a user; return them as they were shown."""
    statement = """
        INSERT INTO recovery_codes (project_id, user_id, id, mac, created_at)
        VALUES (:project_id, :user_id, :id, :mac, :now)
    """
    codes = list(recoverycodes.new_codes()[:count])

    def unit(tx: Tx) -> None:
        for number, code in enumerate(codes):
            mac = tx.vault.mac("recovery-code", tx.project_id, user_id, recoverycodes.bare(code))
            tx.run(statement, user_id=user_id, id=str(number), mac=mac)

    avow.run(unit)
    return codes


def make_trusted_device(avow: Avow, user_id: str, device_id: str, *, lifetime_seconds: int = 3600) -> None:
    """Insert a trusted device of a user."""
    statement = """
        INSERT INTO trusted_devices
            (project_id, id, user_id, mac, name, device_type, last_location, created_at, last_used_at, expires_at)
        VALUES (:project_id, :id, :user_id, :mac, 'Mia at home', 'desktop', 'Vienna', :now, :now, :ends_at)
    """

    def unit(tx: Tx) -> None:
        mac = tx.vault.mac("device", device_id)
        tx.run(statement, id=device_id, user_id=user_id, mac=mac, ends_at=tx.now + lifetime_seconds)

    avow.run(unit)


def make_provider_token(avow: Avow, user_id: str, provider: str = "google") -> None:
    """Connect a user to a provider, with the token that it gave: `access-secret` and `refresh-secret`, sealed."""
    statement = """
        INSERT INTO provider_tokens
            (project_id, user_id, provider, provider_user_id, sealed, scopes, expires_at, updated_at)
        VALUES (:project_id, :user_id, :provider, 'G-1', :sealed, 'openid email', :ends_at, :now)
    """
    identity = """
        INSERT INTO identities
            (project_id, way, protocol, issuer, subject, user_id, tenant_id, created_at, last_used_at)
        VALUES (:project_id, :way, 'oauth', 'https://idp.test', :user_id, :user_id, NULL, :now, :now)
    """
    plain = msgspec.json.encode(ProviderSecrets(access_token="access-secret", refresh_token="refresh-secret"))

    def unit(tx: Tx) -> None:
        sealed = tx.vault.seal(plain, row=sealed_row(tx.project_id, user_id, provider))
        tx.run(statement, user_id=user_id, provider=provider, sealed=sealed, ends_at=tx.now + 3600)
        tx.run(identity, user_id=user_id, way=f"oauth:{provider}")

    avow.run(unit)


def make_group(
    avow: Avow,
    tenant_id: str,
    group_id: str,
    members: Sequence[str] = (),
    *,
    display: str = "",
    source: str = "scim",
    sso_id: str = "",
) -> None:
    """Insert a group of a tenant and who is in it, as an identity provider would name them."""
    group = """
        INSERT INTO groups (project_id, tenant_id, id, display, source, sso_id, created_at)
        VALUES (:project_id, :tenant_id, :id, :display, :source, :sso_id, :now)
    """
    member = """
        INSERT INTO group_members (project_id, tenant_id, group_id, user_id)
        VALUES (:project_id, :tenant_id, :id, :user_id)
    """

    def unit(tx: Tx) -> None:
        tx.run(group, tenant_id=tenant_id, id=group_id, display=display or group_id, source=source, sso_id=sso_id)
        for user_id in members:
            tx.run(member, tenant_id=tenant_id, id=group_id, user_id=user_id)

    avow.run(unit)
