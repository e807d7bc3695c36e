"""Users to be: what a sign-up says about the person, and their creation once the proof is there."""

from avow.core import addresses
from avow.core.addresses import LoginId
from avow.errors import InvalidArgument
from avow.server.proofs.binding import NewPerson
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.server.users.actions import NewUser
from avow.wire.users import SignUpUser

__all__ = ["create", "described"]


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
    return users.create(
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
