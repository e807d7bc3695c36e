"""Users to be: what a sign-up says about the person, and their creation once the proof is there."""

import msgspec

from avow.core import addresses
from avow.core.addresses import LoginId
from avow.errors import InvalidArgument, SecondFactorNeeded, SessionEnded, UserExists
from avow.server.challenges import actions as challenges
from avow.server.proofs.binding import NewPerson
from avow.server.serving import Call, SessionCaller
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.server.users.actions import NewUser
from avow.wire.users import SignUpUser

__all__ = ["anonymous_of", "create", "described", "insert", "upgrading"]


# What could be planted with an anonymous user for whoever signs up as them.
_PLANTED = (
    users.drop_passkeys,
    users.drop_password,
    users.drop_seed,
    users.drop_recovery_codes,
    users.drop_identities,
)


def described(identity: LoginId, known: SignUpUser | None, *, email: str = "", phone: str = "") -> NewPerson:
    """Return the person that a sign-up describes; nobody exists yet.

    A login ID that is itself an address or number is the person's address or number: an account that answers to
    somebody's address while its codes go elsewhere would shut out its owner.

    Args:
        identity: What they will sign in with.
        known: What the sign-up says about them.
        email: The address that gets the secret, where one does; otherwise the one among what is known.
        phone: The number that gets the secret, likewise.

    Raises:
        InvalidArgument: An address or number is malformed, or another one is named beside the login ID.
    """
    email = email or _email_or_nothing(known.email if known else None)
    phone = phone or _phone_or_nothing(known.phone if known else None)
    if addresses.is_email(identity.typed):
        email = _same(email, addresses.email(identity.typed).address)
    elif addresses.is_phone(identity.typed):
        phone = _same(phone, addresses.phone(identity.typed).e164)
    return NewPerson(
        login_id=identity.canonical,
        typed=identity.typed,
        name=(known and known.name) or "",
        given_name=(known and known.given_name) or "",
        middle_name=(known and known.middle_name) or "",
        family_name=(known and known.family_name) or "",
        email=email,
        phone=phone,
    )


def upgrading(tx: Tx, call: Call[object], person: NewPerson) -> NewPerson:
    """Return the person of a sign-up, who keeps the id of the anonymous user whose session asks for it."""
    anonymous_id = anonymous_of(tx, call)
    return msgspec.structs.replace(person, anonymous_id=anonymous_id) if anonymous_id else person


def anonymous_of(tx: Tx, call: Call[object]) -> str:
    """Return the id of the anonymous user whose live session a sign-up shows, or "".

    The session of anybody else, or one that has ended, says nothing: a sign-up makes somebody new then.
    """
    caller = call.caller
    if not isinstance(caller, SessionCaller) or not users.is_anonymous(tx, caller.user_id):
        return ""
    try:
        sessions.live(tx, call.project, caller)
    except (SessionEnded, SecondFactorNeeded):
        return ""
    return caller.user_id


def insert(tx: Tx, user: NewUser, *, anonymous_id: str = "", user_id: str = "") -> str:
    """Create a user, or make an anonymous one this user; return the user id.

    An anonymous user has proven nothing, and whoever holds a token of theirs may have planted it: their sessions and
    challenges end, so that the one which the sign-up opens is the only one, and so does all that they could sign in
    with.

    Args:
        tx: The unit that consumed the proof.
        user: Who.
        anonymous_id: As `anonymous_of` returned it when the sign-up began; somebody new is made if it is used already.
        user_id: An id chosen when the sign-up began, when something names it already.

    Raises:
        UserExists: Somebody took the login ID meanwhile, or the anonymous user of `user_id`; nothing is written.
    """
    if anonymous_id and user_id in ("", anonymous_id):
        if users.upgrade(tx, anonymous_id, user):
            sessions.end_all(tx, anonymous_id, why="anonymous user signed up")
            challenges.drop_all(tx, anonymous_id)
            for drop in _PLANTED:
                drop(tx, anonymous_id, user.login_id.canonical)
            return anonymous_id
        if user_id:
            raise UserExists
    return users.create(tx, user, user_id=user_id)


def create(
    tx: Tx, person: NewPerson, *, proves_email: bool = False, proves_phone: bool = False, user_id: str = ""
) -> str:
    """Create a user whose proof is there; return the user id.

    Args:
        tx: The unit that consumed the proof.
        person: Who.
        proves_email: The proof went to the address.
        proves_phone: It went to the number.
        user_id: An id chosen when the sign-up began, when something names it already.

    Raises:
        UserExists: Somebody took the login ID meanwhile; nothing is written.
    """
    return insert(
        tx,
        NewUser(
            login_id=person.identity,
            name=person.name,
            given_name=person.given_name,
            middle_name=person.middle_name,
            family_name=person.family_name,
            email=person.email,
            phone=person.phone,
            is_email_verified=proves_email or person.is_email_verified,
            is_email_vouched=person.is_email_verified,
            is_phone_verified=proves_phone or person.is_phone_verified,
            is_phone_vouched=person.is_phone_verified,
        ),
        anonymous_id=person.anonymous_id,
        user_id=user_id,
    )


def _same(named: str, login_id: str) -> str:
    """Return the address named, which has to be the login ID; the login ID when none is named.

    Raises:
        InvalidArgument: It is another one.
    """
    if named and addresses.login_id(named).canonical != addresses.login_id(login_id).canonical:
        raise InvalidArgument(
            error_message="A login ID that is an e-mail address or phone number has to be the user's own."
        )
    return named or login_id


def _email_or_nothing(text: str | None) -> str:
    return addresses.email(text).address if text else ""


def _phone_or_nothing(text: str | None) -> str:
    return addresses.phone(text).e164 if text else ""
