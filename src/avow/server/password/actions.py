"""The units of sign-in by password; hashing lies between them, and what a unit before it read is asked again.

A try is counted as wrong, and that is committed, before the password is looked at: of many at once no more are looked
at than the settings allow. The right one takes it back.
"""

from dataclasses import dataclass, field
from dataclasses import replace as with_fields

from avow.core import addresses
from avow.core.passwords.lockout import series_of
from avow.errors import InvalidCaller, MethodNotEnabled, PasswordExpired, UserExists
from avow.server.passwords import actions as passwords
from avow.server.passwords import guesses
from avow.server.passwords.actions import Standard
from avow.server.proofs import newcomers, opening
from avow.server.proofs.actions import admitted
from avow.server.proofs.binding import NewPerson
from avow.server.proofs.options import Asked, asked
from avow.server.serving import Call, ChosenPassword, Client, Issued, Project, Refusal, SessionCaller
from avow.server.sessions import actions as sessions
from avow.server.sessions import devices
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.server.users.actions import Profile
from avow.wire.login import LoginOptions
from avow.wire.password import PasswordSignIn, PasswordSignUp, ReplacePassword, UpdatePassword
from avow.wire.passwords import PasswordSettings

__all__ = [
    "Attempt",
    "accept",
    "begin",
    "choose",
    "create",
    "forget",
    "newcomer",
    "open_session",
    "own_standard",
    "refuse",
    "replace",
    "require_enabled",
    "update",
]

_VIA = "password"
_AMR = "pwd"
_NOBODY = ""  # the id of no user


@dataclass(frozen=True, slots=True)
class Attempt:
    """A password that is about to be looked at, counted as a wrong one already.

    Attributes:
        user_id: Whose it would be, or "".
        encoded: What it is compared with, or None: of nobody, or while a lock that is not told of keeps it.
        credential_version: Of the user then.
        wishes: The caller's login options.
        bucket: Where it was counted.
        failures: How many wrong ones in a row it makes.
        locks: It is the last of a series.
        counts_quietly: It was counted for the lock of a tenant too.
        counts_client: A wrong one counts for the address that it came from too.
    """

    user_id: str
    encoded: str | None = field(repr=False)
    credential_version: int
    wishes: Asked
    bucket: str
    failures: int
    locks: bool
    counts_quietly: bool
    counts_client: bool


def begin(tx: Tx, call: Call[PasswordSignIn] | Call[ReplacePassword], options: LoginOptions | None) -> Attempt:
    """Count a try, and return what the password is compared with: of nobody likewise, by the same statements.

    Raises:
        RateLimitException: The account or the client had too many wrong ones.
        InvalidCaller: Step-up or MFA is asked for without a live session of this very user.
    """
    identity = addresses.login_id(call.body.login_id)
    tried = passwords.tried(tx, identity.canonical)
    user_id = tried.user_id
    of_project, of_user = (series_of(each) for each in passwords.settings_both(tx, user_id))
    wishes = asked(tx, call, user_id, options)
    device = _known_device(tx, call, user_id)
    bucket = guesses.bucket_of(user_id, device) if user_id else guesses.bucket_of_nobody(identity)
    counts_client = not (device or call.client.speaks_for_many)
    if counts_client:
        guesses.check_client(tx, call.project, call.client)
    # Whoever shows that they have been here may see the lock of their tenant; others would learn who is a member.
    series = min(of_project, of_user) if device else of_project
    failures = guesses.spend(tx, bucket, series)
    counts_quietly = of_user < series and guesses.spend_quietly(tx, bucket, of_user)
    is_open = of_user >= series or counts_quietly
    return Attempt(
        user_id=user_id,
        encoded=tried.encoded if is_open else None,
        credential_version=tried.credential_version,
        wishes=wishes,
        bucket=bucket,
        failures=failures,
        locks=failures % series == 0,
        counts_quietly=counts_quietly,
        counts_client=counts_client,
    )


def refuse(tx: Tx, call: Call[object], attempt: Attempt) -> None:
    """Note that the password was wrong; the try stays counted."""
    if attempt.counts_client:
        guesses.count_client(tx, call.client)
    tx.audit(
        "password.locked" if attempt.locks else "password.refused",
        outcome="refused",
        user_id=attempt.user_id,
        address=call.client.address,
        device=call.client.device,
        method=_VIA,
        data={"failures": attempt.failures},
    )


def forget(tx: Tx, attempt: Attempt) -> None:
    """Take a try back that nobody came to look at."""
    guesses.give_back(tx, attempt.bucket)
    if attempt.counts_quietly:
        guesses.give_back(tx, guesses.quiet(attempt.bucket))


def open_session(tx: Tx, call: Call[PasswordSignIn], attempt: Attempt, renewed: str | None) -> Issued | Refusal | None:
    """Sign in the user whose password was the right one; None when their credentials have changed meanwhile.

    Args:
        tx: The unit.
        call: Of the sign-in.
        attempt: As it was begun.
        renewed: The same password in the form of today, when it was in another one.
    """
    held = _accepted(tx, attempt)
    if held is None:
        return None
    if renewed is not None and attempt.encoded is not None:
        passwords.renew(tx, attempt.user_id, attempt.encoded, renewed)
    profile, settings = held, passwords.settings_of_user(tx, held.id)
    if not settings.enabled:
        return Refusal(MethodNotEnabled())
    present = passwords.held(tx, held.id)
    if present is None or passwords.is_ended(present, settings, tx.now):
        return Refusal(PasswordExpired())
    return _signed_in(tx, call.project, call.client, profile, attempt.wishes)


def accept(tx: Tx, call: Call[ReplacePassword], attempt: Attempt) -> Standard | None:
    """Take the try back and return what the new password is judged by; None as `open_session`."""
    held = _accepted(tx, attempt)
    return passwords.standard_of(tx, held, call.project.name, must_differ=True) if held is not None else None


def replace(
    tx: Tx, call: Call[ReplacePassword], attempt: Attempt, standard: Standard, encoded: str
) -> Issued | Refusal | None:
    """Replace the password of a user who knew the one before, end what it let in, and sign them in.

    Nothing is replaced before the second factor when the sign-in waits for one: whoever knows only the password shuts
    nobody out.
    """
    if not passwords.claim(tx, standard.user_id, standard.credential_version):
        return None
    held = users.hold(tx, standard.user_id)
    if held is None:
        return None
    if not standard.settings.enabled:
        return Refusal(MethodNotEnabled())
    is_own = standard.present is not None and bool(standard.present.is_own)
    chosen = ChosenPassword(encoded=encoded, remembers=standard.remembered, is_own=is_own)
    return _signed_in(tx, call.project, call.client, held, attempt.wishes, chosen)


def newcomer(tx: Tx, call: Call[PasswordSignUp]) -> tuple[NewPerson, PasswordSettings]:
    """Return whom a sign-up describes, and what their password has to be.

    Raises:
        UserExists: The login ID is taken.
        InvalidArgument: An address is malformed, or another one than the login ID.
        MethodNotEnabled: The project has no passwords, or hides who has an account, which a sign-up would tell.
    """
    if call.project.settings.hides_existence:
        raise MethodNotEnabled(
            error_message="This project hides who has an account: sign up by a code or link, then set a password."
        )
    settings = require_enabled(tx)
    identity = addresses.login_id(call.body.login_id)
    person = newcomers.upgrading(tx, call, newcomers.described(identity, call.body.user))
    if users.find_owner(tx, identity.canonical) is not None:
        raise UserExists
    return person, settings


def create(tx: Tx, call: Call[PasswordSignUp], person: NewPerson, encoded: str) -> Issued | Refusal:
    """Create a user with a password and sign them in; their address is proven by nothing yet.

    Raises:
        UserExists: Somebody took the login ID meanwhile.
    """
    wishes = asked(tx, call, _NOBODY, call.body.login_options)
    user_id = newcomers.create(tx, person)
    passwords.insert(tx, user_id, encoded, is_own=True)
    wanted = wishes.opening(_AMR, via=_VIA, first_seen=True)
    return opening.open_session(tx, call.project, call.client, user_id, wanted)


def own_standard(tx: Tx, call: Call[UpdatePassword]) -> Standard:
    """Return what a new password of the session's user is judged by.

    Raises:
        InvalidCaller: The login ID is not one of theirs.
        SessionEnded, Forbidden, SecondFactorNeeded, FreshProofNeeded: As `sessions.require_fresh`.
    """
    profile = _own_profile(tx, call)
    present = passwords.held(tx, profile.id)
    must_differ = present is not None and present.state != "active"
    return passwords.standard_of(tx, profile, call.project.name, must_differ=must_differ)


def update(tx: Tx, call: Call[UpdatePassword], standard: Standard, encoded: str) -> bool:
    """Give the session's user another password; False when what it was judged by has changed.

    Raises:
        As `own_standard`.
    """
    if not passwords.claim(tx, standard.user_id, standard.credential_version):
        return False
    profile = _own_profile(tx, call)
    choose(tx, call.project, call.client, profile, standard, encoded, kept=call.session.session_id, is_own=True)
    return True


def choose(
    tx: Tx,
    project: Project,
    client: Client,
    profile: Profile,
    standard: Standard,
    encoded: str,
    *,
    kept: str,
    is_own: bool,
) -> None:
    """Write a password that its user chose in a session, with all that follows (`proofs.opening.write_password`)."""
    chosen = ChosenPassword(encoded=encoded, remembers=standard.remembered, is_own=is_own)
    opening.write_password(tx, project, client, profile, chosen, kept=kept)


def require_enabled(tx: Tx) -> PasswordSettings:
    """Return the project's settings of passwords.

    Raises:
        MethodNotEnabled: They are switched off.
    """
    settings = passwords.settings(tx)
    if not settings.enabled:
        raise MethodNotEnabled
    return settings


def _known_device(tx: Tx, call: Call[object], user_id: str) -> str:
    """Return where a user was signed in before, as the caller shows: by the token of a device or of a session.

    The session may be over. Nobody else has such a token: whoever locks the account has not.
    """
    device = devices.known(tx, call.client, user_id)
    if device is not None:
        return device.id
    if not isinstance(call.caller, SessionCaller) or call.caller.user_id != user_id:
        return ""
    return guesses.WAITING if sessions.has_waited(tx, user_id, call.caller.session_id) else guesses.SESSIONS


def _accepted(tx: Tx, attempt: Attempt) -> Profile | None:
    """Take back what was counted of the right password and return its user, held; None when they have changed."""
    held = users.hold(tx, attempt.user_id)
    if held is None or held.row.credential_version != attempt.credential_version:
        return None
    guesses.clear(tx, attempt.bucket)
    return held


def _signed_in(
    tx: Tx, project: Project, client: Client, held: Profile, wishes: Asked, chosen: ChosenPassword | None = None
) -> Issued | Refusal:
    profile = held if held.is_disabled else admitted(tx, held)
    wanted = with_fields(wishes.opening(_AMR, via=_VIA, first_seen=held.is_invited), password=chosen)
    return opening.open_session(tx, project, client, held.id, wanted, profile)


def _own_profile(tx: Tx, call: Call[UpdatePassword]) -> Profile:
    _, profile = sessions.require_fresh(tx, call)
    if users.find_owner(tx, addresses.login_id(call.body.login_id).canonical) != profile.id:
        raise InvalidCaller(error_message="The refresh token is not of the user with this login ID.")
    return profile
