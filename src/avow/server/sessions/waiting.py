"""Second factors: which sign-ins wait for one, what they bring to the session it opens, and when a proof is fresh."""

from dataclasses import replace

import msgspec

from avow import shaping
from avow.core import factors, ids, mfatokens
from avow.core.claims import check_custom_claims
from avow.core.factors import Needs, Rules, TenantRules
from avow.core.mfatokens import Waiting
from avow.errors import FreshProofNeeded, SecondFactorNeeded, SsoOnly
from avow.server.serving import Call, ChosenPassword, Client, Project, Refusal
from avow.server.sessions import devices, rows
from avow.server.sessions.opening import Opening
from avow.server.sessions.rows import JoinedRow, LiveRow
from avow.server.store import Tx
from avow.server.tenants import actions as tenants
from avow.server.users.actions import Profile

__all__ = ["begin", "needs", "refused", "require_demands", "require_fresh_proof", "rules_of", "strong_at", "taken_over"]

_LIFETIME_SECONDS = 600
_UNAUTHORIZED = 401
_BY_MESSAGE = frozenset({"otp", "magiclink", "enchantedlink"})


class _Brought(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a sign-in that waits brings to its session; the fields are those of `Opening`."""

    claims: dict[str, object] = {}
    unsigned_claims: dict[str, object] = {}
    tenant_id: str | None = None
    first_seen: bool = False
    revokes_others: bool = False
    is_step_up: bool = False
    lifetime_seconds: int | None = None
    ends_at: int | None = None
    password: ChosenPassword | None = None


def rules_of(project: Project, profile: Profile) -> Rules:
    """Return what project and tenants ask of a user, the strictest of each."""
    settings = project.settings
    own = Rules(settings.mfa, settings.trusted_device_days, settings.fresh_proof_seconds)
    return factors.combined(own, profile.rules.values())


def needs(project: Project, profile: Profile, opening: Opening) -> Needs | None:
    """Return which second factor a sign-in needs, or None; what management opens, it vouches for."""
    if opening.actor:
        return None
    policy = rules_of(project, profile).mfa
    can_show = _can_show(project, profile)
    return factors.judge(policy, opening.amr, can_show, is_multi_factor=opening.is_multi_factor)


def require_demands(tx: Tx, call: Call[object], session: LiveRow, profile: Profile, tenant_id: str) -> None:
    """Refuse to let a session act in a tenant before it has what the tenant asks of its members.

    Ask it in every unit that lets somebody act in a tenant in which their session does not act already.

    Args:
        tx: The unit.
        call: Its client shows whether the device is a trusted one.
        session: Which is live.
        profile: Its user.
        tenant_id: Of which the user is a member.

    Raises:
        SsoOnly: The tenant wants its members to sign in through its SSO.
        SecondFactorNeeded: It asks for a second factor, which it did not of this user when the session began.
    """
    if _is_past_sso(tx, session, profile, tenant_id):
        raise SsoOnly
    missing = _missing_for(tx, call, session, profile, tenant_id)
    if missing is not None:
        raise SecondFactorNeeded(factors=missing.factors)


def begin(tx: Tx, project: Project, client: Client, profile: Profile, opening: Opening, missing: Needs) -> Refusal:
    """Let a sign-in wait for its second factor, at most ten minutes; the refusal carries the token that it goes on by.

    Nothing that the sign-in asked for happens before: an attacker with one factor ends no session of the user.
    """
    session_id = ids.random_id(ids.SESSION)
    brought = _Brought(
        claims=check_custom_claims(opening.claims),
        unsigned_claims=dict(opening.unsigned_claims),
        tenant_id=opening.tenant_id,
        first_seen=opening.first_seen,
        revokes_others=opening.revokes_others,
        is_step_up=opening.is_step_up,
        lifetime_seconds=opening.lifetime_seconds,
        ends_at=opening.ends_at,
        password=_kept(opening.password, profile),
    )
    tx.run(
        rows.INSERT_WAITING,
        id=session_id,
        user_id=profile.id,
        expires_at=opening.expires_at(tx.now, _LIFETIME_SECONDS),
        amr=" ".join(opening.amr),
        brought=msgspec.json.encode(brought).decode(),
        address=client.address,
        device=client.device,
        strong_at=strong_at(tx, opening),
    )
    tx.audit(
        "session.waits",
        actor=f"user:{profile.id}",
        user_id=profile.id,
        address=client.address,
        device=client.device,
        method=opening.via,
        data={"session": session_id, "amr": list(opening.amr), "factors": list(missing.factors)},
    )
    token = mfatokens.make(tx.vault, project.id, Waiting(profile.id, session_id))
    return Refusal(SecondFactorNeeded(factors=missing.factors, mfa_token=token))


def strong_at(tx: Tx, opening: Opening) -> int:
    """Return when an app or a passkey was last shown of what a session is opened by; 0 for never."""
    shown = opening.amr if opening.proof is None else opening.proof
    return tx.now if factors.is_strong(shown) else opening.strong_at


def taken_over(project: Project, opening: Opening, row: JoinedRow) -> Opening:
    """Return what a proof opens together with what the session has that it adds to.

    Of any session that is when a strong factor was shown, and its end if it was opened for a shorter time than others;
    of one that waited for the proof, all that it had brought.
    """
    opening = replace(opening, strong_at=row.strong_at)
    if not row.awaits_factor:
        is_shortened = row.expires_at < row.created_at + project.settings.refresh_lifetime_seconds
        return replace(opening, ends_at=row.expires_at) if is_shortened else opening
    brought = shaping.decode(row.claims, _Brought)
    return replace(
        opening,
        claims={**brought.claims, **opening.claims},
        unsigned_claims={**brought.unsigned_claims, **opening.unsigned_claims},
        tenant_id=opening.tenant_id or brought.tenant_id,
        first_seen=opening.first_seen or brought.first_seen,
        revokes_others=opening.revokes_others or brought.revokes_others,
        is_step_up=opening.is_step_up or brought.is_step_up,
        lifetime_seconds=min(filter(None, (opening.lifetime_seconds, brought.lifetime_seconds)), default=None),
        ends_at=brought.ends_at,
        password=opening.password or brought.password,
    )


def refused(project: Project, profile: Profile | None, amr: str) -> SecondFactorNeeded:
    """Return the error of a call by a sign-in that waits; it names what would be enough, as things are now.

    Spec: RFC 9470 section 3 (401: more has to be proven before this call).
    """
    if profile is None:
        return SecondFactorNeeded(_UNAUTHORIZED)
    policy = factors.strictest((factors.REQUIRED, rules_of(project, profile).mfa))
    missing = factors.judge(policy, amr.split(), _can_show(project, profile))
    return SecondFactorNeeded(_UNAUTHORIZED, factors=missing.factors if missing else ())


def require_fresh_proof(tx: Tx, project: Project, session: LiveRow, profile: Profile, *, enrols: bool) -> None:
    """Refuse a change of how somebody signs in without a proof that is fresh and strong enough.

    Raises:
        SecondFactorNeeded: The session waits for one, or the user has one that was not shown in it, or was longer ago
            than project and tenants allow: a proof by anything else does not make it fresh.
        FreshProofNeeded: They proved who they are longer ago than that.
    """
    if session.awaits_factor:
        refusal = refused(project, profile, session.amr)
        if not enrols or refusal.factors:  # who has nothing to show but to enrol may do that
            raise refusal
    own = profile.factors(project.passkey_party)
    missing = factors.needs_enrolled(session.amr.split(), own)
    if missing is not None:
        raise SecondFactorNeeded(factors=missing.factors)
    ended_at = tx.now - rules_of(project, profile).fresh_proof_seconds
    if session.created_at <= ended_at:
        raise FreshProofNeeded
    enrolled = factors.needs_enrolled((), own)
    if enrolled is not None and session.strong_at <= ended_at:
        raise SecondFactorNeeded(factors=enrolled.factors)


def _is_past_sso(tx: Tx, session: LiveRow, profile: Profile, tenant_id: str) -> bool:
    """Tell whether a tenant wants SSO, and a session is by another way that no management vouched for."""
    amr = session.amr.split()
    if session.impersonator or not amr or not {"fed", "embedded"}.isdisjoint(amr):
        return False
    return tenant_id in tenants.demanding_sso(tx, profile.id, profile.login_ids)


def _missing_for(tx: Tx, call: Call[object], session: LiveRow, profile: Profile, tenant_id: str) -> Needs | None:
    """Return which second factor a session needs before it acts in a tenant, or None.

    Every tenant of its user was asked when the session was opened. So only one that the user has joined since, or that
    has changed what it asks, is asked now; a trusted device is enough as it is at a sign-in.
    """
    project, asks = call.project, profile.rules.get(tenant_id, TenantRules())
    policy = factors.strictest((project.settings.mfa, *((asks.mfa,) if asks.mfa else ())))
    missing = factors.judge(policy, session.amr.split(), _can_show(project, profile))
    if missing is None or session.impersonator:
        return None
    if max(asks.mfa_since, tenants.joined_at(tx, profile.id, tenant_id)) <= session.created_at:
        return None
    days = rules_of(project, profile).trusted_device_days
    return None if days and devices.recognise(tx, call.client, profile.id, days) else missing


def _kept(chosen: ChosenPassword | None, profile: Profile) -> ChosenPassword | None:
    """Return a password that was chosen as it waits: it is void when another one is set meanwhile."""
    if chosen is None or chosen.credential_version is not None:
        return chosen
    return msgspec.structs.replace(chosen, credential_version=profile.row.credential_version)


def _can_show(project: Project, profile: Profile) -> frozenset[str]:
    """Return what a user could show in this project: no code or link comes where all such methods are off."""
    found = profile.factors(project.passkey_party)
    return found - {"email", "sms"} if _BY_MESSAGE.isdisjoint(project.settings.sign_in_methods) else found
