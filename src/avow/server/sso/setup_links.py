"""Links for whoever is to set a tenant's SSO up: one lives at a time for each configuration, only its MAC is stored."""

from dataclasses import dataclass
from typing import Final

import msgspec

from avow import shaping
from avow.core import links
from avow.server.challenges import actions as challenges
from avow.server.serving import Project
from avow.server.sso import actions, rows
from avow.server.sso.actions import Connection
from avow.server.sso.rows import IdRow
from avow.server.store import Tx, in_list
from avow.server.tenants import actions as tenants
from avow.wire.sso import GenerateLink

__all__ = ["Setup", "generate", "look", "revoke"]

_PURPOSE: Final = "sso-setup"
_DAY_SECONDS: Final = 86400


class _Binding(msgspec.Struct, frozen=True, kw_only=True):
    """What a link is for; a tenant that takes the id of a deleted one is another tenant."""

    tenant_id: str
    tenant_made_at: int
    connection: str
    email: str = ""
    actor_id: str = ""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a live link sets up."""

    tenant_name: str
    connection: Connection


def generate(tx: Tx, project: Project, wanted: GenerateLink, *, actor: str) -> str:
    """Store a link in the place of an earlier one for the same configuration; return where it leads.

    Raises:
        NotFound: There is no such tenant or configuration.
    """
    connection = actions.connection_id(wanted.sso_id)
    tenant = tenants.get(tx, wanted.tenant_id)
    found = actions.load(tx, wanted.tenant_id, connection)
    token = links.new_link_token()
    binding = _Binding(
        tenant_id=wanted.tenant_id,
        tenant_made_at=tenant.created_at,
        connection=connection,
        email=wanted.email or "",
        actor_id=wanted.actor_id or "",
    )
    challenges.put(
        tx,
        purpose=_PURPOSE,
        subject=_subject(wanted.tenant_id, connection),
        secret=token.secret,
        binding=msgspec.json.encode(binding).decode(),
        attempts=1,
        lifetime_seconds=wanted.expire_time or _DAY_SECONDS,
        challenge_id=token.challenge_id,
    )
    tx.audit("sso.link_made", actor=actor, tenant_id=wanted.tenant_id, data={"sso": found.sso_id})
    return links.with_token(f"{project.public_url.rstrip('/')}/sso-setup/{project.id}", token.text)


def revoke(tx: Tx, tenant_id: str, sso_id: str | None, *, actor: str) -> None:
    """Make the link of a configuration void; without an id, every link of the tenant.

    Raises:
        NotFound: There is no such tenant or configuration.
    """
    tenants.get(tx, tenant_id)
    named = actions.connection_id(sso_id)
    found = [actions.load(tx, tenant_id, named)] if sso_id else actions.load_all(tx, tenant_id)
    clause, listed = in_list("subjects", [_subject(tenant_id, each.id) for each in found])
    gone = tx.all(rows.REVOKE_LINKS.replace("(:subjects)", clause), IdRow, purpose=_PURPOSE, **listed)
    tx.audit("sso.link_revoked", actor=actor, tenant_id=tenant_id, data={"links": len(gone)})


def look(tx: Tx, token: str) -> Setup | None:
    """Return what a live link sets up, consuming nothing; None when it is not live, or what it was for is gone."""
    parsed = links.parse(token)
    if parsed is None:
        return None
    taken = challenges.look(tx, purpose=_PURPOSE, challenge_id=parsed[0], secret=parsed[1])
    if taken is None:
        return None
    binding = shaping.decode(taken.binding, _Binding)
    found = tenants.search(tx, tenants.Wanted(tenant_ids=(binding.tenant_id,)))
    held = {each.id: each for each in actions.load_all(tx, binding.tenant_id)}
    if not found or found[0].created_at != binding.tenant_made_at or binding.connection not in held:
        return None
    return Setup(found[0].name, held[binding.connection])


def _subject(tenant_id: str, connection: str) -> str:
    """Return whose a link is; an id of a configuration has no colon, so no two share a name."""
    return f"sso:{connection}:{tenant_id}"
