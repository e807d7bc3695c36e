"""The first halves of ceremonies: who is to create or show a passkey, and what their browser is asked. Units."""

from collections.abc import Sequence
from dataclasses import dataclass

from avow.core import addresses, ids
from avow.core.passkeys import options
from avow.core.passkeys.options import Described
from avow.core.passkeys.parties import Party
from avow.errors import (
    Forbidden,
    InvalidArgument,
    MethodNotEnabled,
    MissingArgument,
    NoPasskeys,
    UserDisabled,
    UserExists,
    UserNotFound,
)
from avow.server.passkey import ceremonies, rows
from avow.server.passkey.ceremonies import ADD, LIFETIME_SECONDS, SIGN_IN, SIGN_UP, Begun
from avow.server.passkey.rows import DescribedRow, WhoRow
from avow.server.proofs import newcomers
from avow.server.proofs.binding import NewPerson
from avow.server.proofs.options import Asked, asked
from avow.server.serving import Call, Project, SessionCaller
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.wire.login import LoginOptions
from avow.wire.webauthn import (
    AddPasskey,
    PasskeyTransaction,
    RelyingParty,
    SignInByPasskey,
    SignUpByPasskey,
    SignUpOrInByPasskey,
    UserEntity,
)

__all__ = ["start_adding", "start_sign_in", "start_sign_up", "start_sign_up_or_in"]

_NOBODY = ""  # the id of no user
_DISABLED = "disabled"
_OF_SESSION = "of a session"  # that it lives is asked with the login options
_MOST_PASSKEYS = 50

_Start = SignUpByPasskey | SignInByPasskey | SignUpOrInByPasskey | AddPasskey

_TWO_WAYS = "While the project hides who exists, begin with a sign-up or with a sign-in."


@dataclass(frozen=True, slots=True)
class _Named:
    """What a device shows beside a passkey."""

    login_id: str
    name: str


def start_sign_up(tx: Tx, call: Call[SignUpByPasskey]) -> PasskeyTransaction:
    """Ask for the first passkey of somebody who will exist once it is there.

    Raises:
        UserExists: The login ID is taken (unless the project hides existence: then nothing comes of it).
        InvalidArgument: The origin is none of the project's, or the login ID or an address is malformed.
        MissingArgument: There is no user.
    """
    user = call.body.user
    if user is None:
        raise MissingArgument(error_message="The user with their login ID is missing.")
    party = ceremonies.party_of(call.project, call.body.origin)
    identity = addresses.login_id(user.login_id)
    person = newcomers.described(identity, user)
    is_taken = users.find_owner(tx, identity.canonical) is not None
    if is_taken and not call.project.settings.hides_existence:
        raise UserExists
    return _to_create_first(tx, call, party, person, is_decoy=is_taken)


def start_sign_in(tx: Tx, call: Call[SignInByPasskey]) -> PasskeyTransaction:
    """Ask for a passkey: one of the user's, or without a login ID whichever the device offers.

    Raises:
        UserNotFound: Nobody has the login ID (unless the project hides existence).
        UserDisabled: The user may not sign in (likewise).
        NoPasskeys: The user has none for this domain (likewise).
        InvalidCaller: Step-up or MFA is asked for without a live session of this very user.
        InvalidArgument: The origin is none of the project's, or the login ID or a claim is malformed.
    """
    party, body = ceremonies.party_of(call.project, call.body.origin), call.body
    if not body.login_id:
        return _of_anybody(tx, call, party)
    canonical = addresses.login_id(body.login_id).canonical
    who = tx.one(rows.WHO, WhoRow, login_id=canonical)
    try:
        return _of_user(tx, call, party, who, body.login_options)
    except (UserNotFound, UserDisabled, NoPasskeys):
        if not call.project.settings.hides_existence:
            raise
    return _of_nobody(tx, call, party, canonical, has_looked=who is not None and who.status != _DISABLED)


def start_sign_up_or_in(tx: Tx, call: Call[SignUpOrInByPasskey]) -> PasskeyTransaction:
    """Ask for a passkey of the user, or for the first one of somebody who will exist once it is there.

    Raises:
        MethodNotEnabled: The project hides existence, which this answer would tell.
        UserDisabled, NoPasskeys, InvalidArgument: As `start_sign_in`.
    """
    if call.project.settings.hides_existence:
        raise MethodNotEnabled(error_message=_TWO_WAYS)
    party = ceremonies.party_of(call.project, call.body.origin)
    identity = addresses.login_id(call.body.login_id)
    who = tx.one(rows.WHO, WhoRow, login_id=identity.canonical)
    if who is not None:
        return _of_user(tx, call, party, who, None)
    return _to_create_first(tx, call, party, newcomers.described(identity, None))


def start_adding(tx: Tx, call: Call[AddPasskey]) -> PasskeyTransaction:
    """Ask the user of the session for another passkey.

    Raises:
        Forbidden: The login ID is not one of theirs, or somebody acts in their name.
        SecondFactorNeeded, FreshProofNeeded: As `sessions.require_fresh`.
        InvalidArgument: The origin is none of the project's, or they have very many passkeys.
    """
    party = ceremonies.party_of(call.project, call.body.origin)
    session, profile = sessions.require_fresh(tx, call, enrols=True)
    identity = addresses.login_id(call.body.login_id)
    if users.find_owner(tx, identity.canonical) != profile.id:
        raise Forbidden(error_message="The login ID is not one of the session's user.")
    held = _of_party(tx, profile.id, party)
    if len(held) >= _MOST_PASSKEYS:
        raise InvalidArgument(error_message=f"You have {len(held)} passkeys; remove one that you do not use.")
    wishes = Asked(amr=tuple(session.amr.split()), is_mfa=bool(call.body.mfa), session_id=call.session.session_id)
    begun = _begun(call, party, user_id=profile.id, wishes=wishes, device=call.client.device)
    transaction_id = ceremonies.begin(tx, ADD, begun)
    return _to_create(call.project, transaction_id, begun, _Named(identity.typed, profile.row.name), held)


def _to_create_first(
    tx: Tx, call: Call[_Start], party: Party, person: NewPerson, *, is_decoy: bool = False
) -> PasskeyTransaction:
    """Ask for the passkey of a sign-up. It holds the id of the user to be, so that it is chosen now."""
    person = newcomers.upgrading(tx, call, person)
    user_id = person.anonymous_id or ids.directory_id(ids.USER, tx.now)
    begun = _begun(call, party, user_id=user_id, person=person, is_decoy=is_decoy)
    transaction_id = ceremonies.begin(tx, SIGN_UP, begun)
    return _to_create(call.project, transaction_id, begun, _Named(person.typed, person.name))


def _of_anybody(tx: Tx, call: Call[SignInByPasskey], party: Party) -> PasskeyTransaction:
    """Ask for whichever passkey the device offers; for step-up and MFA, for one of the session's user."""
    wanted = call.body.login_options
    if wanted is not None and (wanted.stepup or wanted.mfa) and isinstance(call.caller, SessionCaller):
        return _of_user(tx, call, party, WhoRow(call.caller.user_id, _OF_SESSION), wanted)
    begun = _begun(call, party, wishes=asked(tx, call, _NOBODY, wanted))
    return _to_show(tx, begun, ())


def _of_user(
    tx: Tx, call: Call[_Start], party: Party, who: WhoRow | None, wanted: LoginOptions | None
) -> PasskeyTransaction:
    if who is None:
        raise UserNotFound
    if who.status == _DISABLED:
        raise UserDisabled
    held = _of_party(tx, who.id, party)
    if not held:
        raise NoPasskeys
    if call.project.settings.hides_existence:  # browsers do not always say how a passkey is reached, and a fake never
        held = [Described(each.id) for each in held]
    return _to_show(tx, _begun(call, party, user_id=who.id, wishes=asked(tx, call, who.id, wanted)), held)


def _of_nobody(
    tx: Tx, call: Call[SignInByPasskey], party: Party, canonical: str, *, has_looked: bool
) -> PasskeyTransaction:
    """Ask for a passkey that nobody has, the same each time: in the place of a user who cannot show one, or of nobody.

    What it costs is what a user costs; their passkeys have been looked for, or are now.
    """
    if not has_looked:
        _of_party(tx, _NOBODY, party)
    wishes = asked(tx, call, _NOBODY, call.body.login_options)
    digest = tx.vault.mac("fake passkey", tx.project_id, party.id, canonical)
    return _to_show(tx, _begun(call, party, wishes=wishes, is_decoy=True), [options.fake(digest)])


def _begun(
    call: Call[_Start],
    party: Party,
    *,
    user_id: str = "",
    person: NewPerson | None = None,
    wishes: Asked | None = None,
    device: str = "",
    is_decoy: bool = False,
) -> Begun:
    return Begun(
        party_id=party.id,
        origin=call.body.origin,
        verification=call.project.settings.passkey_user_verification,
        user_id=user_id,
        person=person,
        wishes=wishes or Asked(),
        device=device,
        is_decoy=is_decoy,
    )


def _of_party(tx: Tx, user_id: str, party: Party) -> list[Described]:
    found = tx.all(rows.OF_USER, DescribedRow, user_id=user_id, rp_id=party.id)
    return [Described(row.id, tuple(row.transports.split())) for row in found]


def _to_create(
    project: Project, transaction_id: str, begun: Begun, named: _Named, held: Sequence[Described] = ()
) -> PasskeyTransaction:
    asked_for = options.to_create(
        transaction_id,
        RelyingParty(id=begun.party_id, name=project.name),
        UserEntity(id=begun.user_id, name=named.login_id, display_name=named.name or named.login_id),
        excluded=held,
        verification=begun.verification,
        timeout_seconds=LIFETIME_SECONDS,
    )
    return PasskeyTransaction(transaction_id=transaction_id, options=asked_for, create=True)


def _to_show(tx: Tx, begun: Begun, allowed: Sequence[Described]) -> PasskeyTransaction:
    transaction_id = ceremonies.begin(tx, SIGN_IN, begun)
    asked_for = options.to_show(
        transaction_id,
        begun.party_id,
        allowed=allowed,
        verification=begun.verification,
        timeout_seconds=LIFETIME_SECONDS,
    )
    return PasskeyTransaction(transaction_id=transaction_id, options=asked_for, create=False)
