"""A user of an import, judged by themselves: login IDs, addresses and password hash as the database keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from avow.core import addresses, passwords
from avow.core.addresses import LoginId
from avow.core.passwords.schemes import UnusableHash, read
from avow.errors import InvalidArgument
from avow.wire.hashes import Argon2Hash, BcryptHash, DjangoHash, HashedPassword, PhpassHash
from avow.wire.imports import ImportedUser

__all__ = ["STORED", "Found", "Person", "person"]

# What names a hash in Avow's own form, in front of it.
STORED: Final = "avow$"


@dataclass(frozen=True, slots=True)
class Found:
    """What an entry of a file says of a user.

    Attributes:
        user: In our own words.
        spare_login_ids: What they sign in with besides, as far as nobody else does.
        has_texts: The attributes are texts of a table, whose types the project's definitions know.
        is_lenient: Attributes that the project does not define are left out.
    """

    user: ImportedUser
    spare_login_ids: tuple[str, ...] = ()
    has_texts: bool = False
    is_lenient: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A user ready to be written, as far as they alone can tell.

    Attributes:
        login_ids: What they sign in with; the first is the one they are called by.
        spare_login_ids: More of it, as far as nobody else has it.
        tenants: Tenants, with the names of the roles there.
        encoded_password: As `core.passwords` stores it, or None.
        created_at: When they were created elsewhere, or None.
        said: What the file says, of which an update takes what is named.
    """

    login_ids: tuple[LoginId, ...]
    spare_login_ids: tuple[LoginId, ...]
    email: str
    email_folded: str
    is_email_verified: bool
    phone: str
    is_phone_verified: bool
    status: str
    role_names: tuple[str, ...]
    tenants: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, object]
    encoded_password: str | None = field(repr=False)
    created_at: int | None
    said: ImportedUser = field(repr=False)
    has_texts: bool = False
    is_lenient: bool = False

    @property
    def called(self) -> str:
        """Return the login ID that they are called by."""
        return self.login_ids[0].typed


def person(found: Found) -> Person:
    """Judge a user of an import by themselves.

    Nobody vouches for an address that the file does not call verified: its owner proves it by signing in.

    Raises:
        InvalidArgument: Something of it cannot be used; the message says what.
    """
    user = found.user
    if user.password:
        raise InvalidArgument(error_message="A password in clear text is not imported; give its hash.")
    if user.status == "expired":
        raise InvalidArgument(error_message="A user cannot be made expired; disable them.")
    login_ids = _login_ids(user)
    email, folded = _email(user, login_ids[0])
    phone = _phone(user, login_ids[0])
    return Person(
        login_ids=login_ids,
        spare_login_ids=_spare(found.spare_login_ids, login_ids),
        email=email,
        email_folded=folded,
        is_email_verified=bool(email and user.verified_email),
        phone=phone,
        is_phone_verified=bool(phone and user.verified_phone),
        status=user.status or "enabled",
        role_names=tuple(dict.fromkeys(user.role_names or ())),
        tenants=_tenants(user),
        attributes={name: value for name, value in (user.custom_attributes or {}).items() if value is not None},
        encoded_password=_encoded(user),
        created_at=user.created_time,
        said=user,
        has_texts=found.has_texts,
        is_lenient=found.is_lenient,
    )


def _login_ids(user: ImportedUser) -> tuple[LoginId, ...]:
    given = [*([user.login_id] if user.login_id else ()), *(user.login_ids or ()), *(user.additional_login_ids or ())]
    if not given:
        raise InvalidArgument(error_message="There is no login ID.")
    found: dict[str, LoginId] = {}
    for each in map(addresses.login_id, given):
        found.setdefault(each.canonical, each)
    return tuple(found.values())


def _spare(texts: tuple[str, ...], held: tuple[LoginId, ...]) -> tuple[LoginId, ...]:
    if not texts:
        return ()
    known = {each.canonical for each in held}
    found = {each.canonical: each for each in map(addresses.login_id, texts)}
    return tuple(each for each in found.values() if each.canonical not in known)


def _email(user: ImportedUser, main: LoginId) -> tuple[str, str]:
    """Return the address and its folded form."""
    text = user.email or (main.typed if "@" in main.typed and addresses.is_email(main.typed) else "")
    if not text:
        return "", ""
    found = addresses.email(text)
    return found.address, found.folded


def _phone(user: ImportedUser, main: LoginId) -> str:
    if user.phone:
        return addresses.phone(user.phone).e164
    if main.typed.startswith("+") and addresses.is_phone(main.typed):
        return addresses.phone(main.typed).e164
    return ""


def _tenants(user: ImportedUser) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for each in user.user_tenants or ():
        found[each.tenant_id] = (*found.get(each.tenant_id, ()), *(each.role_names or ()))
    return found


def _encoded(user: ImportedUser) -> str | None:
    if user.hashed_password is not None and user.password_hash:
        raise InvalidArgument(error_message="There are two password hashes.")
    if user.password_hash:
        if user.password_hash.startswith(STORED):
            return _stored(user.password_hash.removeprefix(STORED))
        return passwords.imported(_form_of(user.password_hash))
    return passwords.imported(user.hashed_password) if user.hashed_password is not None else None


def _stored(text: str) -> str:
    try:
        return str(read(text))
    except UnusableHash as error:
        raise InvalidArgument(error_message=f"The hashed password cannot be used: {error}.") from error


def _form_of(text: str) -> HashedPassword:
    """Return a hash that names its own form: of bcrypt, Argon2, phpass or Django."""
    if text.startswith("$2"):
        return HashedPassword(bcrypt=BcryptHash(hash=text))
    if text.startswith("$argon2"):
        return HashedPassword(argon2=Argon2Hash(hash=text))
    if text.startswith(("$P$", "$H$", "$S$")):
        return HashedPassword(phpass=PhpassHash(hash=text))
    return HashedPassword(django=DjangoHash(hash=text))
