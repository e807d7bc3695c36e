"""What acts have in common: the turn they are a part of, the outcome they come to, and how they call the methods.

An act is a unit `act(tx, turn) -> Outcome`, run in the transaction that takes the step; or, where something slow or a
transaction of its own comes before that, a generator `act(turn) -> Steps[Unit | None]` that ends in such a unit (None:
nothing has happened, as when a link was not opened yet). What a unit raises wrote nothing, and is told on the screen.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec.structs import replace as changed

from avow.core import addresses, mfatokens
from avow.errors import InvalidArgument, PasswordExpired, SecondFactorNeeded, SessionEnded
from avow.server.flows.says import UNREADABLE, UNREADABLE_EMAIL, said_of
from avow.server.flows.state import Away, Kept, State, Who
from avow.server.screens.values import Said
from avow.server.serving import Anyone, Call, Issued, Project, Refusal, Steps
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.server.users.actions import Profile
from avow.wire.login import LoginOptions

__all__ = ["Act", "Outcome", "PreparedAct", "Turn", "Unit", "own_login_id", "own_profile", "proven", "shown_here"]

_RETURN = "descope-login-flow"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act came to.

    Attributes:
        name: Where the flow goes on by; `refused` mostly leaves it at its screen.
        state: What the execution knows from now on.
        error: What is told about it.
        issued: The session that it opened.
    """

    name: str
    state: State
    error: Said | None = None
    issued: Issued | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Turn:
    """One step of somebody on their way.

    Attributes:
        call: The request.
        execution_id: As the wire has it.
        seq: Of the step.
        state: What is known.
        inputs: Values of the screen; secrets may be among them.
        given: Arguments of the act.
        argument: What the interaction was about (`google` of `social.google`).
    """

    call: Call[Any]
    execution_id: str
    seq: int
    state: State
    inputs: Mapping[str, object] = field(repr=False, default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    argument: str = ""

    @property
    def adds(self) -> bool:
        """Tell whether the proof is added to a session."""
        return self.given.get("adds") == "yes"

    @property
    def options(self) -> LoginOptions:
        """Return the login options of a start or proof."""
        if not self.adds:
            return LoginOptions(locale=self.state.locale[:256] or None)
        is_step_up = self.state.adds == "stepup"
        return LoginOptions(mfa=not is_step_up, stepup=is_step_up, locale=self.state.locale[:256] or None)

    def text(self, name: str, most: int = 1024) -> str:
        """Return a value of the screen as text, "" when it is none or too long."""
        value = self.inputs.get(name)
        return value if isinstance(value, str) and len(value) <= most else ""

    def asking(self, body: object, *, method: str = "", hides: bool = False, as_self: bool = False) -> Call[Any]:
        """Return the call by which a method is asked.

        Args:
            body: In the method's shape.
            method: Delivery method, where its path has one.
            hides: It must not tell who exists, whatever the project says: a page is open to everybody.
            as_self: By the session that the flow is in.
        """
        who = self.state.who
        if as_self and who is None:
            raise SessionEnded
        project = self.call.project
        if hides:
            project = replace(project, settings=changed(project.settings, hides_existence=True))
        caller = who.caller if who is not None and (as_self or self.adds) else Anyone()
        path = {**self.call.path, "method": method} if method else self.call.path
        return replace(self.call, project=project, caller=caller, body=body, path=path)

    def naming(self, *, takes_any: bool = False) -> State:
        """Return the state with the login ID that was typed, or the one that is known when the field was not shown.

        Args:
            takes_any: A password is asked next: any login ID will do, for nothing is sent to it.

        Raises:
            InvalidArgument: There is none, or it is neither an e-mail address nor (where they are taken) a number.
        """
        typed = self.text("email", 320).strip()
        if not typed:
            if self.state.login_id:
                return self.state
            raise InvalidArgument(detail=UNREADABLE if "sms" in self.call.project.carriers else UNREADABLE_EMAIL)
        state = changed(self.state, name=self.text("name", 256) or self.state.name)
        takes_phone = "sms" in self.call.project.carriers
        try:
            if takes_any and "@" not in typed and not (takes_phone and typed.startswith("+")):
                return changed(state, login_id=addresses.login_id(typed).typed, by="email")
            if not takes_phone or not addresses.is_phone(typed):
                return changed(state, login_id=addresses.email(typed).address, by="email")
            # Read by some country's rules, a number without country code could be a stranger's.
            if not typed.startswith("+"):
                raise InvalidArgument(detail="there is no country code")
            return changed(state, login_id=addresses.phone(typed).e164, by="sms")
        except InvalidArgument as wrong:
            raise InvalidArgument(detail=UNREADABLE if takes_phone else UNREADABLE_EMAIL) from wrong

    @property
    def is_popup(self) -> bool:
        """Tell whether the way to a provider is opened in a window of its own."""
        return self.given.get("popup") == "yes"

    def return_url(self) -> str:
        """Return the page that links and providers lead back to, with the way to this step of the execution.

        A popup hands what it was given to the page that opened it, and closes.

        Raises:
            InvalidArgument: The page is none of the project's approved ones.
        """
        if not self.state.page:
            raise InvalidArgument(error_message="This page is not among the project's approved redirects.")
        execution = self.execution_id.replace("|", "%7C").replace("#", "%23")
        rest, hash_sign, fragment = self.state.page.partition("#")
        joint = "&" if "?" in rest else "?"
        popup = "&redirect_mode=popup" if self.is_popup else ""
        return f"{rest}{joint}{_RETURN}={execution}_{self.seq}{popup}{hash_sign}{fragment}"

    def come(self, outcome: str, **changes: object) -> Outcome:
        """Return an outcome with changes of the state."""
        return Outcome(outcome, changed(self.state, **changes) if changes else self.state)

    def refuse(self, error: Said, **changes: object) -> Outcome:
        """Return that nothing came of it, and why."""
        return Outcome("refused", changed(self.state, **changes) if changes else self.state, error)


Unit = Callable[[Tx], Outcome]
Act = Callable[[Tx, Turn], Outcome]
PreparedAct = Callable[[Turn], Steps[Unit | None]]


def proven(tx: Tx, turn: Turn, way: str, result: Issued | Refusal, error: Said | None = None) -> Outcome:
    """Return what a proof came to: a session, the wait for a second factor, or a refusal.

    Args:
        tx: The unit of the proof.
        turn: The turn.
        way: The sign-in method, as projects name it.
        result: As the method answered.
        error: What is told of a refusal; otherwise what its error says.
    """
    state = turn.state
    is_first = not (turn.adds or state.waiting or state.to_prove)
    by = {"way": way, "provider": state.away.provider} if is_first else {}
    if isinstance(result, Issued):
        claims, device = result.claims, result.trusted_device
        kept = Kept(
            amr=tuple(claims.amr),
            is_multi_factor=result.is_multi_factor,
            first_seen=result.first_seen or state.kept.first_seen,
            device_token=device.text if device else state.kept.device_token,
            device_seconds=device.seconds if device else state.kept.device_seconds,
            idp_response=result.idp_response or state.kept.idp_response,
            tenant_sso_id=result.tenant_sso_id or state.kept.tenant_sso_id,
        )
        session = Who(user_id=claims.user_id, session_id=claims.session_id, generation=claims.generation)
        _end_earlier(tx, state, session)
        done = turn.come("done", session=session, waiting=None, factors=(), kept=kept, away=Away(), token="", **by)
        return replace(done, issued=result)
    if isinstance(result.error, SecondFactorNeeded):
        held = mfatokens.read(tx.vault, tx.project_id, result.error.mfa_token)
        if held is not None:
            waiting = Who(user_id=held.user_id, session_id=held.session_id)
            factors = shown_here(turn.call.project, result.error.factors)
            return turn.come("second-factor", waiting=waiting, adds="mfa", factors=factors, away=Away(), token="", **by)
    if isinstance(result.error, PasswordExpired) and not turn.adds:
        return turn.come("expired")
    return turn.refuse(error or said_of(result.error))


def _end_earlier(tx: Tx, state: State, session: Who) -> None:
    """End the session that a proof before this one has opened in the same flow: nobody was given its tokens."""
    earlier = state.session
    if earlier is not None and earlier.session_id != session.session_id:
        sessions.end(tx, earlier.user_id, earlier.session_id, why="signed in again")


def shown_here(project: Project, factors: Iterable[str]) -> tuple[str, ...]:
    """Return those of some factors that a flow can ask for: their method is on, and messages can be sent."""
    on = frozenset(project.settings.sign_in_methods)
    can = {"totp": "totp" in on, "webauthn": "webauthn" in on, "pwd": "password" in on}
    can["email"] = not on.isdisjoint({"otp", "magiclink", "enchantedlink"})
    can["sms"] = "sms" in project.carriers and not on.isdisjoint({"otp", "magiclink"})
    return tuple(each for each in factors if can.get(each))


def own_profile(tx: Tx, turn: Turn) -> Profile:
    """Return the user of the session that the flow is in.

    Raises:
        SessionEnded: There is none.
    """
    who = turn.state.who
    profile = users.find(tx, who.user_id) if who else None
    if profile is None:
        raise SessionEnded
    return profile


def own_login_id(tx: Tx, turn: Turn) -> str:
    """Return a login ID of the user of the session that the flow is in.

    Raises:
        SessionEnded: There is no session, or no such user.
    """
    profile = own_profile(tx, turn)
    if not profile.login_ids:
        raise SessionEnded
    return profile.login_ids[0]
