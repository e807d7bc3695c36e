"""`avow key ...` and `avow signing-key ...`: what authorises management, and what signs tokens."""

from dataclasses import dataclass
from pathlib import Path

from avow.cli import named
from avow.cli.output import day, moment, say, table
from avow.cli.problems import CannotStart
from avow.cli.reach import reached_project
from avow.clock import system_clock
from avow.core.networks import networks
from avow.core.rights import EVERYTHING
from avow.server.keys import actions
from avow.server.managementkeys import actions as management
from avow.server.projects import actions as projects
from avow.server.sessions import actions as sessions
from avow.server.store import Tx

__all__ = ["Options", "create", "list_all", "list_signing", "retire", "revoke", "rotate"]

_DAY_SECONDS = 86400
_OIDC_ALGORITHM = "RS256"


@dataclass(frozen=True, slots=True)
class Options:
    """What a key shall be, as the options of `avow key create` say."""

    days: int = 0
    rights: tuple[str, ...] = ()
    tenant: str = ""
    permitted_ips: tuple[str, ...] = ()
    description: str = ""


def create(name: str, options: Options, *, project: str, data: Path | None, as_json: bool) -> None:
    """Make a management key and print it, this once."""
    expires_at = system_clock() + options.days * _DAY_SECONDS if options.days else None

    def unit(tx: Tx) -> tuple[str, str]:
        tenant_id = named.tenant_id(tx, options.tenant)
        networks(options.permitted_ips)
        return actions.create_management_key(
            tx,
            name,
            description=options.description,
            expires_at=expires_at,
            permitted_ips=options.permitted_ips,
            rights=management.check_rights(options.rights or EVERYTHING),
            tenant_id=tenant_id,
        )

    with reached_project(data, project) as found:
        key_id, cleartext = found.store.run(found.project_id, unit)
    say(
        f"{cleartext}\n\nKeep it now: it is stored nowhere and never shown again. To take it back: "
        f"avow key revoke {key_id}",
        {"id": key_id, "name": name, "management_key": cleartext, "expires_at": expires_at},
        as_json=as_json,
    )


def list_all(*, project: str, data: Path | None, as_json: bool) -> None:
    """Print the management keys, without their secrets."""
    with reached_project(data, project) as found:
        rows = found.store.look(found.project_id, actions.list_management_keys)
    table(
        [_facts(row) if as_json else _line(row) for row in rows],
        as_json=as_json,
        empty="There is no management key; make one with `avow key create NAME`.",
    )


def _facts(row: actions.ManagementKeyRow) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        "status": _status(row),
        "rights": row.rights.split(),
        "tenant": row.tenant_id or "",
        "permitted_ips": actions.permitted_ips_of(row),
        "created_at": row.created_at,
        "expires_at": row.expires_at,
    }


def _line(row: actions.ManagementKeyRow) -> dict[str, object]:
    """Return what fits into a line."""
    state = _status(row)
    return {
        "id": row.id,
        "name": row.name,
        "state": f"until {day(row.expires_at)}" if state == "active" and row.expires_at else state,
        "rights": row.rights,
        "tenant": row.tenant_id,
        "from": " ".join(actions.permitted_ips_of(row)),
    }


def _status(row: actions.ManagementKeyRow) -> str:
    return "inactive" if row.status == "active" and row.deactivated_at is not None else row.status


def revoke(key_id: str, *, project: str, data: Path | None, as_json: bool) -> None:
    """Take a management key back, at once."""
    with reached_project(data, project) as found:
        revoked = found.store.run(found.project_id, lambda tx: actions.revoke_management_key(tx, key_id))
    if not revoked:
        raise CannotStart(f"There is no live management key {key_id!r}; `avow key list` shows those there are.")
    say(f"The key {key_id} is revoked.", {"id": key_id, "revoked": True}, as_json=as_json)


def list_signing(*, project: str, data: Path | None, as_json: bool) -> None:
    """Print the signing keys of both sets, those that are gone included."""
    with reached_project(data, project) as found:
        rows = found.store.look(found.project_id, actions.list_signing_keys)
    table(
        [
            {
                "kid": row.id,
                "set": row.key_set,
                "algorithm": row.algorithm,
                "state": row.state,
                "created_at": row.created_at,
                "published_until": row.unpublish_at,
            }
            if as_json
            else {
                "kid": row.id,
                "set": row.key_set,
                "alg": row.algorithm,
                "state": row.state,
                "until": day(row.unpublish_at),
            }
            for row in rows
        ],
        as_json=as_json,
        empty="There is no signing key.",
    )


def rotate(key_set: str, *, project: str, data: Path | None, as_json: bool) -> None:
    """Let the next key sign; the key until now stays published as long as anything it signed lives."""

    def unit(tx: Tx) -> tuple[str, int]:
        settings = projects.settings(tx)
        is_session = key_set == actions.SESSION
        overlap = settings.refresh_lifetime_seconds if is_session else _DAY_SECONDS
        algorithm = settings.session_algorithm if is_session else _OIDC_ALGORITHM
        return actions.rotate(tx, key_set, algorithm=algorithm, overlap_seconds=overlap), tx.now + overlap

    with reached_project(data, project) as found:
        kid, until = found.store.run(found.project_id, unit)
    say(
        f"The key {kid} signs now. The one before it stays published until {moment(until)} UTC.",
        {"set": key_set, "active": kid, "published_until": until},
        as_json=as_json,
    )


def retire(kid: str, *, is_forced: bool, project: str, data: Path | None, as_json: bool) -> None:
    """Take a retired key out of the key set before its time, and end the sessions it signed for."""
    with reached_project(data, project) as found:
        if not is_forced:
            raise CannotStart(
                "A retired key leaves the key set by itself once nothing that it signed lives. To remove it now, which "
                "signs out everybody whose tokens it signed, add --force."
            )
        ended = found.store.run(found.project_id, lambda tx: sessions.remove_signing_key(tx, kid))
    say(
        f"The key {kid} is removed; {ended} session(s) ended.",
        {"kid": kid, "sessions_ended": ended},
        as_json=as_json,
    )
