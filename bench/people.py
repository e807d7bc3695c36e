"""A project of any size, filled by a few statements for thousands of users each, the same ones on both databases.

Whatever one request concerns is as large in a small project as in a large one: a tenant has twenty members and ten
domains, a rare role ten holders, a widely engaged user fifty tenants. Only the number of users grows, and of what
belongs to them.
"""

import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg

from avow.clock import system_clock
from avow.core.vault import Vault
from avow.server.accesskeys import actions as access_keys
from avow.server.attributes import actions as attributes
from avow.server.keys import actions as keys
from avow.server.keys.directory import load as load_project
from avow.server.projects import actions as projects
from avow.server.roles import actions as roles
from avow.server.serving import Project
from avow.server.settings import Settings
from avow.server.store import Store, Tx, create, open_store
from avow.server.store.opening import sqlite_path
from avow.server.store.postgres import translate
from avow.wire.accesskeys import CreateAccessKey, KeyTenant
from avow.wire.attributes import AttributeDefinition
from bench.served import SECRET_KEY

__all__ = [
    "LEAST",
    "MEMBERS",
    "RARE",
    "TENANTS_OF_SOME",
    "WIDE",
    "World",
    "email",
    "filled",
    "look_over",
    "session_id",
    "tenant_id",
    "user_id",
]

MEMBERS = 20
RARE = 10
WIDE = 100
LEAST = 1_000
TENANTS_OF_SOME = 50

_STEP = 20_000
_SPREAD = 7919  # prime, so that neighbours by id are none by address or name

_EACH = "WITH RECURSIVE n (i) AS (SELECT CAST(:first AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
_USER = "'Uscale00000000' || (1000000000000 + i)"
_TENANT = f"'T' || (i / {MEMBERS})"
_SHUFFLED = f"(1000000000 + i * {_SPREAD} % 1000000007)"

_FILL = (
    f"""
    INSERT INTO users
        (project_id, id, status, name, given_name, middle_name, family_name, name_folded,
         email, email_folded, is_email_verified, phone, is_phone_verified, picture, is_test,
         credential_version, created_at, updated_at, custom_attributes)
    {_EACH}
    SELECT :project_id, {_USER}, 'enabled', 'Jane Doe ' || {_SHUFFLED}, '', '', '', 'jane doe ' || {_SHUFFLED},
           'Jane' || {_SHUFFLED} || '@example.com', 'jane' || {_SHUFFLED} || '@example.com', 1,
           '+1202' || {_SHUFFLED}, 1, '', CASE WHEN i < {RARE} THEN 1 ELSE 0 END,
           1, :now - :count + i, :now - :count + i, '{{"level":' || i || '}}'
    FROM n
    """,
    f"""
    INSERT INTO login_ids (project_id, login_id, typed, user_id, created_at)
    {_EACH}
    SELECT :project_id, 'jane' || {_SHUFFLED} || '@example.com', 'jane' || {_SHUFFLED} || '@example.com', {_USER}, :now
    FROM n
    """,
    f"""
    INSERT INTO tenants (project_id, id, name, created_at)
    {_EACH}
    SELECT :project_id, {_TENANT}, 'Tenant ' || (i / {MEMBERS}), :now FROM n WHERE i % {MEMBERS} = 0
    """,
    f"""
    INSERT INTO tenant_domains (project_id, kind, domain, tenant_id, position)
    {_EACH}
    SELECT :project_id, 'provisioning',
           't' || (i / {MEMBERS}) || CASE i % {MEMBERS} WHEN 0 THEN '' ELSE '-' || i % {MEMBERS} END || '.example.com',
           {_TENANT}, i % {MEMBERS}
    FROM n WHERE i % {MEMBERS} < 10
    """,
    f"""
    INSERT INTO memberships (project_id, user_id, tenant_id, created_at)
    {_EACH} SELECT :project_id, {_USER}, {_TENANT}, :now FROM n
    """,
    f"""
    INSERT INTO user_roles (project_id, user_id, role_id)
    {_EACH} SELECT :project_id, {_USER}, CASE WHEN i < {RARE} THEN :rare ELSE :usual END FROM n
    """,
    f"""
    INSERT INTO membership_roles (project_id, user_id, tenant_id, role_id)
    {_EACH} SELECT :project_id, {_USER}, {_TENANT}, CASE WHEN i % 4 = 0 THEN :rare ELSE :usual END FROM n
    """,
    f"""
    INSERT INTO attribute_values (project_id, kind, owner_id, name, value)
    {_EACH} SELECT :project_id, 'user', {_USER}, 'level', '' || i FROM n
    """,
    f"""
    INSERT INTO sessions
        (project_id, id, user_id, generation, rotates, rotated_at, created_at, expires_at, last_used_at,
         amr, claims, unsigned_claims, address, device)
    {_EACH}
    SELECT :project_id, 'Sscale00000000' || {_SHUFFLED}, {_USER}, 1, 0, :now, :now, :now + 1000000, :now,
           'email', '{{}}', '{{}}', '203.0.113.9', 'Mozilla/5.0'
    FROM n
    """,
    f"""
    INSERT INTO audit_events
        (project_id, id, occurred_at, action, outcome, actor, user_id, tenant_id, address, device, data)
    {_EACH}
    SELECT :project_id, 'Vscale00000000' || {_SHUFFLED}, :now - :count + i, 'session.opened', 'done',
           'user:' || {_USER}, {_USER}, {_TENANT}, '203.0.113.9', 'Mozilla/5.0', '{{}}'
    FROM n
    """,
    f"""
    INSERT INTO access_keys
        (project_id, id, name, description, secret_mac, status, created_by, custom_claims, custom_attributes,
         permitted_ips, created_at)
    {_EACH}
    SELECT :project_id, 'Ascale00000000' || {_SHUFFLED}, 'Key ' || i, '', :mac, 'active', 'command', '{{}}', '{{}}',
           '[]', :now
    FROM n WHERE i % 10 = 0
    """,
    f"""
    INSERT INTO access_key_tenants (project_id, key_id, tenant_id)
    {_EACH} SELECT :project_id, 'Ascale00000000' || {_SHUFFLED}, {_TENANT} FROM n WHERE i % 10 = 0
    """,
)

_WIDE_TENANTS = f"""
    INSERT INTO tenants (project_id, id, name, created_at)
    {_EACH} SELECT :project_id, 'wide-' || i, 'Wide ' || i, :now FROM n
"""
_WIDE_MEMBERS = """
    INSERT INTO memberships (project_id, user_id, tenant_id, created_at)
    SELECT u.project_id, u.id, t.id, :now FROM users u JOIN tenants t ON t.project_id = u.project_id
    WHERE u.project_id = :project_id AND t.id LIKE 'wide-%' AND u.id <= :most
"""
_WIDE_ROLES = """
    INSERT INTO membership_roles (project_id, user_id, tenant_id, role_id)
    SELECT m.project_id, m.user_id, m.tenant_id, r.id FROM memberships m JOIN roles r ON r.project_id = m.project_id
    WHERE m.project_id = :project_id AND m.tenant_id LIKE 'wide-%' AND r.name IN ('Rare', 'Usual')
"""


@dataclass(frozen=True, slots=True)
class World:
    """A filled project in a database of its own.

    Attributes:
        count: How many users it has.
        store: The open store, one connection to read and one to write.
        project_id: The project.
        project: As calls see it.
        key: Cleartext of an access key with fifty tenants.
    """

    count: int
    store: Store
    project_id: str
    project: Project
    key: str

    def chosen(self, number: int) -> int:
        """Return which user the call of this number concerns: all over the project, not the one before."""
        return WIDE + number * 104_729 % (self.count - WIDE)


def user_id(number: int) -> str:
    """Return the id of a user."""
    return f"Uscale00000000{1_000_000_000_000 + number}"


def email(number: int) -> str:
    """Return the address of a user, who signs in with it."""
    return f"jane{_shuffled(number)}@example.com"


def session_id(number: int) -> str:
    """Return the id of a user's session."""
    return f"Sscale00000000{_shuffled(number)}"


def tenant_id(number: int) -> str:
    """Return the tenant of a user."""
    return f"T{number // MEMBERS}"


@contextmanager
def filled(url: str, count: int) -> Generator[World]:
    """Make the tables in an empty database, fill it, and say how long that took."""
    began = time.perf_counter()
    settings = Settings(database_url=url, secret_key=SECRET_KEY)
    create(url)
    store = open_store(url, vault=Vault.from_text(SECRET_KEY), clock=system_clock, pool_size=1)
    try:
        project_id = projects.new_id(system_clock())
        store.run(project_id, _found)
        rare, usual = store.run(project_id, _roles)
        _fill(url, {"project_id": project_id, "count": count, "rare": rare, "usual": usual})
        key = store.run(project_id, _widen)
        if url.startswith("postgres"):
            look_over(url)
        project = store.look(project_id, lambda tx: load_project(tx, settings))
        assert project is not None
        print(f"  {count:>9,} users, filled in {time.perf_counter() - began:.0f} s", flush=True)
        yield World(count, store, project_id, project, key)
    finally:
        store.close()


def _shuffled(number: int) -> int:
    return 1_000_000_000 + number * _SPREAD % 1_000_000_007


def _found(tx: Tx) -> None:
    projects.create(tx, "Scale")
    keys.create_set(tx, keys.SESSION, "ES256")
    attributes.define(tx, "user", [AttributeDefinition(name="level", type="number")], actor="bench")


def _roles(tx: Tx) -> tuple[str, str]:
    rare, usual = (roles.create(tx, name, actor="bench") for name in ("Rare", "Usual"))
    return rare, usual


def _fill(url: str, every: dict[str, object]) -> None:
    """Insert everybody, a commit for some thousands; references hold by themselves and are not checked one by one."""
    count, now = int(str(every["count"])), system_clock()
    with _bulk(url) as (execute, commit):
        for first in range(0, count, _STEP):
            last = min(first + _STEP, count) - 1
            given = {**every, "first": first, "last": last, "now": now, "mac": b"m" * 32}
            for statement in _FILL:
                execute(statement, {name: value for name, value in given.items() if f":{name}" in statement})
            commit()


@contextmanager
def _bulk(url: str) -> Generator[tuple[Callable[[str, dict[str, object]], object], Callable[[], object]]]:
    if url.startswith("postgres"):
        with psycopg.connect(url) as connection:
            connection.execute("SET session_replication_role = replica")
            yield lambda sql, params: connection.execute(translate(sql), params), connection.commit
        return
    with closing(sqlite3.connect(sqlite_path(url))) as file:
        for setting in ("foreign_keys = OFF", "synchronous = OFF", "cache_size = -400000"):
            file.execute(f"PRAGMA {setting}")
        yield file.execute, file.commit


def _widen(tx: Tx) -> str:
    """Give the first users their fifty tenants, and make an access key that has them too; return its cleartext."""
    tx.run(_WIDE_TENANTS, first=0, last=TENANTS_OF_SOME - 1)
    tx.run(_WIDE_MEMBERS, most=user_id(WIDE - 1))
    tx.run(_WIDE_ROLES)
    wide = tuple(KeyTenant(tenant_id=f"wide-{i}", role_names=("Usual",)) for i in range(TENANTS_OF_SOME))
    return access_keys.create(tx, CreateAccessKey(name="Bench", key_tenants=wide), actor="bench")[1]


def look_over(url: str) -> None:
    """Have PostgreSQL do now what it does by itself once many rows have come."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
