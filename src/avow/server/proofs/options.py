"""Login options: what a caller asked of the session to come, read the same way by every sign-in method."""

import msgspec

from avow.core.claims import check_custom_claims
from avow.core.factors import needs_enrolled, shows_two
from avow.errors import InvalidCaller, SecondFactorNeeded
from avow.server.serving import Call, Project, Refusal, SessionCaller
from avow.server.sessions import actions as sessions
from avow.server.sessions.actions import Opening
from avow.server.store import Tx
from avow.server.users.actions import Profile
from avow.wire.login import LoginOptions

__all__ = ["Asked", "asked", "falls_short", "goes_on", "methods"]

_DEFAULTS = LoginOptions()


class Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the caller asked for, checked; plain data that a challenge's binding can keep between two requests.

    Attributes:
        amr: Methods of the live session that the proof adds to (MFA, step-up); empty without one.
        is_step_up: A stronger proof within the live session.
        is_mfa: A further factor of the live session.
        session_id: The live session that the proof adds to, or "".
        unsigned_claims: Custom claims for the tokens, not trusted.
        revokes_others: End the user's other sessions.
    """

    amr: tuple[str, ...] = ()
    is_step_up: bool = False
    is_mfa: bool = False
    session_id: str = ""
    unsigned_claims: dict[str, object] = {}
    revokes_others: bool = False

    def opening(self, *proof: str, via: str, first_seen: bool = False, is_multi_factor: bool = False) -> Opening:
        """Return what a proof brings to its session.

        Args:
            proof: Methods of the proof, as `amr` names them: pwd, totp, webauthn, oauth, fed, email, sms, recovery.
            via: The method of sign-in, for the audit.
            first_seen: The user was created by this sign-in.
            is_multi_factor: The proof was two factors in itself.
        """
        return Opening(
            amr=methods(self.amr, *proof, is_mfa=self.is_mfa, is_multi_factor=is_multi_factor),
            first_seen=first_seen,
            unsigned_claims=self.unsigned_claims,
            revokes_others=self.revokes_others,
            is_step_up=self.is_step_up,
            via=via,
            adds_to=self.session_id,
            is_multi_factor=is_multi_factor,
            proof=proof,
        )


def asked(tx: Tx, call: Call[object], user_id: str, options: LoginOptions | None) -> Asked:
    """Read the login options of a call about a user who is about to be, or has just been, proven.

    Call it in the unit that opens the session; a method whose proof takes two requests keeps the result in its
    challenge and asks `goes_on` when the proof comes back.

    Args:
        tx: Any unit; nothing is written.
        call: Whose caller shows the refresh token, where the options need one.
        user_id: Whom the session is to be of; "" for nobody, which refuses step-up and MFA.
        options: As they were sent.

    Raises:
        InvalidArgument: The custom claims are not ones that a token takes.
        InvalidCaller: Step-up or MFA is asked for without a live session of this very user.
        SessionEnded: That session has ended.
        Forbidden: Somebody else acts in the user's name there.
    """
    options = options or _DEFAULTS
    claims = check_custom_claims(options.custom_claims or {})
    is_added = bool(options.stepup or options.mfa)
    return Asked(
        amr=_amr_of_live_session(tx, call, user_id) if is_added else (),
        is_step_up=bool(options.stepup),
        is_mfa=bool(options.mfa),
        session_id=call.session.session_id if is_added else "",
        unsigned_claims=claims,
        revokes_others=bool(options.revoke_other_sessions),
    )


def goes_on(tx: Tx, project: Project, user_id: str, session_id: str) -> bool:
    """Tell whether the session that a proof adds to still lives; True without one.

    What was begun in a session ends with it: a thief's step-up or second factor above all.
    """
    return not session_id or sessions.is_live(tx, project, user_id, session_id)


def falls_short(project: Project, amr: tuple[str, ...], profile: Profile) -> Refusal | None:
    """Return why a change of how somebody signs in that was begun earlier counts no more, or None.

    Between its two requests its user may have got an app or a passkey that the session did not show: whoever had one
    factor then does not bring in one of their own beside it.

    Args:
        project: Whose.
        amr: Of the session that it was begun in.
        profile: The user, held.
    """
    missing = needs_enrolled(amr, profile.factors(project.passkey_party))
    return Refusal(SecondFactorNeeded(factors=missing.factors)) if missing else None


def methods(before: tuple[str, ...], *proof: str, is_mfa: bool, is_multi_factor: bool = False) -> tuple[str, ...]:
    """Return the `amr` of a session: what was proven before, what has been now, and `mfa`.

    That is said where it was asked for and two factors were shown, never of one that was shown twice: more than one
    method means MFA to applications.

    Spec: contract "tokens" section 5; RFC 8176 section 2 (mfa).
    """
    shown = tuple(dict.fromkeys((*before, *proof)))
    is_said = is_mfa and "mfa" not in shown and shows_two(shown, is_multi_factor=is_multi_factor)
    return (*shown, "mfa") if is_said else shown


def _amr_of_live_session(tx: Tx, call: Call[object], user_id: str) -> tuple[str, ...]:
    if not isinstance(call.caller, SessionCaller) or call.caller.user_id != user_id:
        raise InvalidCaller(error_message="Step-up and MFA need the refresh token of the user's live session.")
    session = sessions.live(tx, call.project, call.caller, may_wait=True)
    sessions.require_oneself(session)
    return tuple(session.amr.split())
