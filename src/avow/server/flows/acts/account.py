"""What somebody who is signed in does in a flow: their profile, a further factor, and nothing at all."""

from msgspec.structs import replace as changed

from avow.core import addresses, factors
from avow.errors import InvalidArgument, SessionEnded
from avow.server.flows.acts.codes import masked
from avow.server.flows.acts.turn import Outcome, Turn, own_login_id, own_profile, shown_here
from avow.server.flows.says import said_of
from avow.server.flows.state import Sent, State
from avow.server.otp import actions as otp
from avow.server.proofs import recipients
from avow.server.proofs.recipients import require_method
from avow.server.screens.values import Said
from avow.server.serving import Project, Refusal
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.server.users.actions import Profile
from avow.wire.login import UpdateEmail, UpdatePhone

__all__ = [
    "ask_second",
    "choose_tenant",
    "has_two_factors",
    "prove_address",
    "read_profile",
    "require_session",
    "save_profile",
]

_NAMES = {"name": "name", "givenName": "given_name", "familyName": "family_name"}


def require_session(tx: Tx, turn: Turn) -> Outcome:
    """Go on only for whoever is signed in.

    Raises:
        SessionEnded: Nobody is.
    """
    _live(tx, turn)
    return turn.come("done", login_id=own_login_id(tx, turn))


def ask_second(tx: Tx, turn: Turn) -> Outcome:
    """Find out what may be shown beside what was: of a step-up, anything that the user has.

    Raises:
        SessionEnded: Nobody is signed in.
    """
    profile = _live(tx, turn)
    is_step_up = turn.given.get("is") == "step-up"
    if is_step_up:
        could = shown_here(turn.call.project, sorted(profile.factors(turn.call.project.passkey_party)))
    else:
        missing = _missing(turn.call.project, profile, turn.state)
        could = shown_here(turn.call.project, missing.factors if missing else ())
    enrolled = [each for each in could if each in factors.ENROLLED]
    return turn.come(
        "asked",
        adds="stepup" if is_step_up else "mfa",
        factors=tuple(enrolled or could),
        login_id=own_login_id(tx, turn),
    )


def has_two_factors(tx: Tx, project: Project, state: State) -> bool:
    """Tell whether what was shown is two factors, one of them an enrolled one where the user has such."""
    profile = users.find(tx, state.who.user_id) if state.who else None
    return profile is not None and _missing(project, profile, state) is None


def read_profile(tx: Tx, turn: Turn) -> Outcome:
    """Read what the profile says.

    Raises:
        SessionEnded: Nobody is signed in.
    """
    row = _live(tx, turn).row
    person = {
        "name": row.name,
        "givenName": row.given_name,
        "familyName": row.family_name,
        "email": row.email,
        "phone": row.phone,
    }
    return turn.come("read", person=person, login_id=own_login_id(tx, turn))


def save_profile(tx: Tx, turn: Turn) -> Outcome:
    """Save names at once, and send a code to each address that is another one: it counts once the code is back."""
    profile = _live(tx, turn)
    held = users.hold(tx, profile.id)
    if held is None:
        raise SessionEnded
    said = {own: turn.text(name, 256).strip() for name, own in _NAMES.items()}
    users.describe(tx, held, said, {}, actor=f"user:{profile.id}")
    to_prove = _other_addresses(turn, held)
    state = changed(turn.state, to_prove=to_prove, person={**turn.state.person, **_typed(turn)})
    return _sent(tx, turn, state, "proves") if to_prove else Outcome("saved", state)


def prove_address(tx: Tx, turn: Turn) -> Outcome:
    """Send a code to the address that is to be proven: the same one again, or the next."""
    if turn.given.get("again") == "yes":
        return _sent(tx, turn, turn.state, "sent", is_again=True)
    left = turn.state.to_prove[1:]
    state = changed(turn.state, to_prove=left)
    return _sent(tx, turn, state, "sent") if left else Outcome("none", state)


def choose_tenant(tx: Tx, turn: Turn) -> Outcome:
    """Let the session act in the tenant that was chosen.

    Raises:
        Forbidden: The user is not a member.
    """
    chosen = turn.text("tenant", 512) or turn.state.tenant
    result = sessions.select_tenant(tx, turn.asking(turn.call.body, as_self=True), chosen)
    if isinstance(result, Refusal):
        return turn.refuse(said_of(result.error))
    generation, session = result.claims.generation, turn.state.session
    if session is None:  # the caller's own, which does not end with a flow that nobody finishes
        own = turn.state.caller
        return turn.come("done", tenant=chosen, caller=changed(own, generation=generation) if own else None)
    return turn.come("done", tenant=chosen, session=changed(session, generation=generation))


def _sent(tx: Tx, turn: Turn, state: State, outcome: str, *, is_again: bool = False) -> Outcome:
    require_method(turn.call, "otp")
    kind, address = state.to_prove[0]
    login_id = own_login_id(tx, turn)
    if kind == "email":
        by_email = UpdateEmail(login_id=login_id, email=address)
        recipient = recipients.for_email_update(tx, turn.asking(by_email, as_self=True))
    else:
        by_phone = UpdatePhone(login_id=login_id, phone=address)
        recipient = recipients.for_phone_update(tx, turn.asking(by_phone, method="sms", as_self=True))
    to = masked(otp.send(tx, turn.call.project, recipient))
    sent = Sent(by="email" if kind == "email" else "sms", to=to, at=tx.now, is_again=is_again)
    notice = Said("notice.sent-again") if is_again else None
    return Outcome(outcome, changed(state, sent=sent, login_id=login_id, notice=notice))


def _typed(turn: Turn) -> dict[str, str]:
    """Return what was typed into the profile, which is shown again to whoever comes back from a code."""
    names = (*_NAMES, "email", "phone")
    return {name: turn.text(name, 320).strip() for name in names if name in turn.inputs}


def _other_addresses(turn: Turn, profile: Profile) -> tuple[tuple[str, str], ...]:
    """Return the addresses that were typed and are others than the user's.

    Raises:
        InvalidArgument: One is malformed.
    """
    found: list[tuple[str, str]] = []
    if typed := turn.text("email", 320).strip():
        email = addresses.email(typed)
        if not profile.has_address(email.folded, by_email=True):
            found.append(("email", email.address))
    if typed := turn.text("phone", 64).strip():
        if "sms" not in turn.call.project.carriers:
            raise InvalidArgument(error_message="This server is not set up to send by sms.")
        number = addresses.phone(typed).e164
        if not profile.has_address(number, by_email=False):
            found.append(("phone", number))
    return tuple(found)


def _missing(project: Project, profile: Profile, state: State) -> factors.Needs | None:
    can_show = frozenset(shown_here(project, profile.factors(project.passkey_party)))
    kept = state.kept
    return factors.judge(factors.REQUIRED, kept.amr, can_show, is_multi_factor=kept.is_multi_factor)


def _live(tx: Tx, turn: Turn) -> Profile:
    """Return the user of the session that the flow is in, which lives.

    Raises:
        SessionEnded: There is none.
    """
    who = turn.state.who
    if who is None:
        raise SessionEnded
    sessions.require_oneself(sessions.live(tx, turn.call.project, who.caller))
    return own_profile(tx, turn)
