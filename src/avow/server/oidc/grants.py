"""Grants: begun with a code, spent once, continued by refresh tokens, revoked. Nothing of a token is stored.

A grant is one row. Its code is kept as MAC; a refresh token is made of the grant's id and generation, so that it can be
made again when its answer was lost.
"""

import hmac
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from avow import shaping
from avow.core import ids
from avow.core.oidc import pkce
from avow.core.sessions import SessionState, Verdict, judge
from avow.core.tokens.encoding import from_base64url, to_base64url
from avow.core.vault import Vault
from avow.errors import OAuthRefused
from avow.server.applications import consents
from avow.server.oidc import rows
from avow.server.oidc.rows import GrantRow, IdRow, StateRow
from avow.server.serving import Client, Project, Refusal
from avow.server.sessions import actions as sessions
from avow.server.store import Tx, in_list, json_text

__all__ = [
    "CODE_SECONDS",
    "SESSION_KEPT_SECONDS",
    "Details",
    "NewGrant",
    "Redemption",
    "begin",
    "carry",
    "details_of",
    "find_begun",
    "find_live",
    "find_standing",
    "forget",
    "goes_on_in",
    "proceed",
    "read_refresh_token",
    "refresh_token",
    "revoke",
    "spend",
    "withdraw",
    "withdraw_all",
]

CODE_SECONDS = 60
SESSION_KEPT_SECONDS = 30 * 86_400  # the row of a session stays for so long after its end
_PREFIX = "G"
_ID_CHARACTERS = 27
_CODE = "oidc-code"
_REFRESH = "oidc-refresh"
_KEPT_SECONDS = 86_400
_WITHDRAWN = "consent withdrawn"


class Details(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a grant says besides its columns.

    Attributes:
        nonce: Of the request, for the ID token.
        id_token, userinfo: Claims that were asked for by name.
        amr: What the session had shown.
        acr: The class of it, or "".
    """

    nonce: str = ""
    id_token: tuple[str, ...] = ()
    userinfo: tuple[str, ...] = ()
    amr: tuple[str, ...] = ()
    acr: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrant:
    """What a grant is to be."""

    application_id: str
    user_id: str
    session_id: str
    issuer: str
    scopes: Sequence[str]
    audience: Sequence[str]
    redirect_uri: str
    expires_at: int
    auth_time: int
    tenant_id: str = ""
    challenge: str = ""
    dpop_jkt: str = ""
    is_offline: bool = False
    rotates: bool = True
    is_heard: bool = False
    details: Details = field(default_factory=Details)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """A code as a client brings it.

    Attributes:
        application_id: Who brings it, and has shown who they are.
        code: The code.
        redirect_uri: As named in the request, or "".
        verifier: Of PKCE, or "".
        dpop_jkt: The key that the tokens are to be bound to, or "".
    """

    application_id: str
    code: str = field(repr=False)
    redirect_uri: str = ""
    verifier: str = field(default="", repr=False)
    dpop_jkt: str = ""


def begin(tx: Tx, new: NewGrant, client: Client | None = None) -> str:
    """Insert a grant and return its code, which is stored nowhere and counts for a minute.

    A session of which the application wants to hear is marked: see `logouts`.
    """
    grant_id = ids.random_id(_PREFIX)
    code = grant_id + ids.secret_text()
    tx.run(
        rows.BEGIN,
        id=grant_id,
        application_id=new.application_id,
        user_id=new.user_id,
        session_id=new.session_id,
        tenant_id=new.tenant_id,
        issuer=new.issuer,
        scopes=" ".join(new.scopes),
        audience=json_text(list(new.audience)),
        details=msgspec.json.encode(new.details).decode(),
        auth_time=new.auth_time,
        dpop_jkt=new.dpop_jkt,
        code_mac=tx.vault.mac(_CODE, tx.project_id, code),
        redirect_uri=new.redirect_uri,
        challenge=new.challenge,
        code_expires_at=tx.now + CODE_SECONDS,
        is_offline=int(new.is_offline),
        rotates=int(new.rotates),
        expires_at=new.expires_at,
    )
    tx.audit(
        "grant.begun",
        actor=f"user:{new.user_id}",
        user_id=new.user_id,
        tenant_id=new.tenant_id,
        address=client.address if client else "",
        device=client.device if client else "",
        data={"grant": grant_id, "application": new.application_id, "session": new.session_id},
    )
    if new.is_heard:
        sessions.hear(tx, new.session_id)
    return code


def spend(tx: Tx, given: Redemption, client: Client | None = None) -> GrantRow | Refusal:
    """Spend a code; it counts once, and brought again it takes back all that came of it.

    Of a code with a challenge only whoever has the verifier takes anything back: codes get into logs.

    Returns:
        The grant, or a Refusal: `invalid_grant`, whatever was wrong.

    Spec: RFC 6749 section 4.1.2; RFC 7636 section 4.6; RFC 9700 sections 2.1.1 and 4.5.
    """
    if given.verifier and not pkce.is_verifier(given.verifier):
        return _refused("a verifier of another form")
    mac = tx.vault.mac(_CODE, tx.project_id, given.code)
    challenge = pkce.challenge_of(given.verifier) if given.verifier else ""
    found = tx.one(
        rows.SPEND,
        GrantRow,
        id=given.code[:_ID_CHARACTERS],
        application_id=given.application_id,
        code_mac=mac,
        redirect_uri=given.redirect_uri,
        challenge=challenge,
        dpop_jkt=given.dpop_jkt,
        binds=int(bool(given.dpop_jkt)),
    )
    if found is not None:
        return found
    state = tx.one(rows.STATE, StateRow, id=given.code[:_ID_CHARACTERS])
    if state is None or not hmac.compare_digest(state.code_mac, mac):
        return _refused("no such code")
    if state.code_used_at is None or state.application_id != given.application_id:
        return _refused("a code that does not fit, or is over")
    if state.challenge and not hmac.compare_digest(state.challenge, challenge):
        return _refused("a code that was used, without its verifier")
    _revoke(tx, state.id, "code reused", state.user_id, client)
    return _refused("a code that was used")


def proceed(
    tx: Tx,
    project: Project,
    application_id: str,
    token: tuple[str, int],
    *,
    dpop_jkt: str = "",
    client: Client | None = None,
) -> GrantRow | Refusal:
    """Continue a grant by a refresh token of it; one that nobody honest holds ends the family.

    Args:
        tx: The unit.
        project: Whose grace counts.
        application_id: Who brings it, and has shown who they are.
        token: Grant and generation, as `read_refresh_token` returns them.
        dpop_jkt: The key of the proof that came with it, or ""; a grant without a key is bound to it from now on.
        client: Where it comes from, for the audit.

    Spec: RFC 9700 section 4.14.2, with a grace for lost answers and second tabs as in sessions.
    """
    grant_id, presented = token
    grace, idle = project.settings.rotation_grace_seconds, project.settings.idle_lifetime_seconds
    found = tx.one(
        rows.CONTINUE,
        GrantRow,
        id=grant_id,
        application_id=application_id,
        presented=presented,
        grace=grace,
        idle=idle,
        dpop_jkt=dpop_jkt,
    )
    if found is not None:
        return found
    state = tx.one(rows.STATE, StateRow, id=grant_id)
    if state is None or state.application_id != application_id or not state.is_session_live:
        return _refused("another client's refresh token, or one of a session that is over")
    if _judged(project, state, state.revoked_at, presented, tx.now) is Verdict.REUSED:
        _revoke(tx, grant_id, "reuse", state.user_id, client)
    return _refused("a refresh token that counts no more")


def find_begun(tx: Tx, grant_id: str) -> GrantRow | None:
    """Return a grant whose code was spent and that has not ended, or None; its user may have left the tenant of it."""
    return tx.one(rows.BEGUN, GrantRow, id=grant_id)


def find_live(tx: Tx, grant_id: str) -> GrantRow | None:
    """Return a grant whose tokens count, or None."""
    return tx.one(rows.LIVE, GrantRow, id=grant_id)


def find_standing(tx: Tx, project: Project, grant_id: str, generation: int | None) -> GrantRow | None:
    """Return the grant of a token that counts, or None; of a refresh token's `generation`, None for other tokens."""
    row = find_live(tx, grant_id)
    if row is None or generation is None:
        return row
    is_good = row.is_offline and _judged(project, row, None, generation, tx.now) in {Verdict.ROTATES, Verdict.REPEATS}
    return row if is_good else None


def revoke(tx: Tx, grant_id: str, *, why: str, user_id: str = "", client: Client | None = None) -> bool:
    """End a grant at once, with every token that the server looks at; False when it was over."""
    return _revoke(tx, grant_id, why, user_id, client)


def withdraw(tx: Tx, application_id: str, user_id: str, *, actor: str) -> bool:
    """Take back what a user has allowed an application, and end what came of it; False when there was nothing."""
    was_there = consents.withdraw(tx, application_id, user_id, actor=actor)
    # Devices first: of one that asks in this moment the grant is seen afterwards.
    tx.all(rows.DENY, IdRow, application_id=application_id, user_id=user_id)
    ended = tx.all(rows.REVOKE_OF, IdRow, application_id=application_id, user_id=user_id, why=_WITHDRAWN)
    if ended and not was_there:
        data = {"application": application_id, "grants": len(ended), "why": _WITHDRAWN}
        tx.audit("grant.revoked", actor=actor, user_id=user_id, data=data)
    return was_there or bool(ended)


def withdraw_all(tx: Tx, application_id: str, most: int, *, actor: str) -> bool:
    """Take back what all have allowed an application that is another one by now, and end what came of it.

    Returns:
        False when that was not all of it: at most so many consents and so many grants end in one unit.
    """
    # In the order of `withdraw`, and for the same reason.
    forgotten = consents.forget(tx, application_id, most)
    tx.run(rows.DENY_ALL, application_id=application_id)
    found = tx.all(rows.UNREVOKED, IdRow, application_id=application_id, most=most)
    if found:
        clause, listed = in_list("ids", [row.id for row in found])
        tx.run(rows.REVOKE_ALL.replace("(:ids)", clause), why=_WITHDRAWN, **listed)
    if forgotten or found:
        data = {"application": application_id, "consents": forgotten, "grants": len(found)}
        tx.audit("application.withdrawn", actor=actor, data=data)
    return max(forgotten, len(found)) < most


def carry(tx: Tx, user_id: str, before: str, session_id: str) -> None:
    """End a session in whose place the same user now has another one; what was granted in it goes on in that one.

    So whoever is asked to sign in again stays signed in elsewhere, and a log-out of the new session ends all of it.
    The session is ended first: a session that somebody else has ended carries nothing over.
    """
    if sessions.end(tx, user_id, before, why="replaced") and tx.all(
        rows.CARRY, IdRow, before=before, session_id=session_id, user_id=user_id
    ):
        sessions.hear(tx, session_id, like=before)


def goes_on_in(tx: Tx, sid: str, session_id: str) -> bool:
    """Tell whether what tokens call a session is part of another one by now."""
    return tx.one(rows.IS_OF_SESSION, IdRow, sid=sid, session_id=session_id) is not None


def forget(tx: Tx, most: int) -> int:
    """Delete grants whose time ended a day ago, or whose code did unused, at most so many; return how many."""
    return tx.run(rows.FORGET_GRANTS, before=tx.now - _KEPT_SECONDS, most=most)


def details_of(row: GrantRow) -> Details:
    """Return what a grant says besides its columns."""
    return shaping.decode(row.details, Details)


# --- Refresh tokens ------------------------------------------------------------------------------------------------


def refresh_token(vault: Vault, project_id: str, row: GrantRow) -> str:
    """Return the refresh token of a grant's generation: always the same for the same one."""
    mac = vault.mac(_REFRESH, project_id, row.id, str(row.generation))
    return f"{row.id}.{row.generation}.{to_base64url(mac)}"


def read_refresh_token(vault: Vault, project_id: str, text: str) -> tuple[str, int] | None:
    """Return grant and generation of a refresh token that we made, or None."""
    parts = text.split(".")
    if len(parts) != 3 or len(parts[0]) != _ID_CHARACTERS or not parts[1].isascii() or not parts[1].isdigit():
        return None
    if len(parts[1]) > 9:
        return None
    try:
        mac = from_base64url(parts[2].encode())
    except (ValueError, NotBase64):
        return None
    if not vault.is_mac(mac, _REFRESH, project_id, parts[0], parts[1]):
        return None
    return parts[0], int(parts[1])


# --- Parts ---------------------------------------------------------------------------------------------------------


def _judged(project: Project, row: GrantRow | StateRow, revoked_at: int | None, presented: int, now: int) -> Verdict:
    """Decide what a refresh token is worth that names this generation."""
    state = SessionState(row.generation, row.rotates, row.rotated_at, row.expires_at, row.rotated_at, revoked_at)
    grace, idle = project.settings.rotation_grace_seconds, project.settings.idle_lifetime_seconds
    return judge(state, presented, now, grace_seconds=grace, idle_seconds=idle)


def _revoke(tx: Tx, grant_id: str, why: str, user_id: str, client: Client | None) -> bool:
    ended = tx.one(rows.REVOKE, IdRow, id=grant_id, why=why) is not None
    if ended:
        outcome = "refused" if why in {"reuse", "code reused"} else "done"
        tx.audit(
            "grant.revoked",
            outcome=outcome,
            user_id=user_id,
            address=client.address if client else "",
            device=client.device if client else "",
            data={"grant": grant_id, "why": why},
        )
    return ended


def _refused(detail: str) -> Refusal:
    text = "The code or refresh token is not valid, was used, or is another client's."
    return Refusal(OAuthRefused(error="invalid_grant", error_message=text, detail=detail))
