"""Passwords and TOTP seeds that new users come with.

`prepared` judges and hashes, which takes long, outside the units; `insert` writes in the unit that creates the user.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from avow.core.passwords import hashed, imported
from avow.core.passwords.policy import require_good
from avow.core.totp import sealed_row, seed_bytes
from avow.errors import AuthException, InvalidArgument
from avow.server.accounts import rows
from avow.server.passwords import actions as passwords
from avow.server.passwords.blocklist import common
from avow.server.serving import Steps, aside, read
from avow.server.store import Tx
from avow.wire.accounts import BatchAccount
from avow.wire.passwords import PasswordSettings
from avow.wire.secret import SECRET

__all__ = ["MOST_CLEAR", "HashedAccount", "insert", "prepared"]

# A hash takes some 30 ms, and a request has 4.5 s.
MOST_CLEAR: Final = 50
_AT_ONCE: Final = 5


class HashedAccount(BatchAccount, frozen=True, kw_only=True):
    """A user of a batch whose password is hashed.

    Attributes:
        encoded: As it is stored; None for no password.
    """

    encoded: Annotated[str, Meta(extra=SECRET)] | None = None


def prepared(
    wanted: Sequence[BatchAccount],
) -> Steps[tuple[list[HashedAccount], list[tuple[BatchAccount, AuthException]]]]:
    """Judge and hash the passwords of new users.

    Returns:
        The users to be created, and those whose password or seed cannot be used, with the reason.

    Raises:
        InvalidArgument: More than fifty passwords are in clear.
    """
    clear = [each for each in wanted if each.password]
    if len(clear) > MOST_CLEAR:
        raise InvalidArgument(error_message=f"At most {MOST_CLEAR} users of a batch come with a password in clear.")
    tenants = {each.tenant_id for account in clear for each in account.user_tenants or ()}
    known = (yield from read(passwords.settings_of, sorted(tenants))) if clear else {}
    refused = [(each, refusal) for each in wanted if (refusal := _refusal(each, known)) is not None]
    judged = [each for each in wanted if all(each is not other for other, _ in refused)]
    made: list[HashedAccount] = []
    # A few at a time, so that the sign-ins of others get their turn.
    for start in range(0, len(judged), _AT_ONCE):
        some = judged[start : start + _AT_ONCE]
        in_clear = any(each.password for each in some)
        made += (yield from aside(_encoded, some)) if in_clear else _encoded(some)
    return made, refused


def insert(tx: Tx, user_id: str, *, encoded: str | None, seed: str | None = None) -> None:
    """Give a user who is being created a password and a TOTP seed.

    Args:
        tx: The unit that creates them.
        user_id: Whose.
        encoded: As `core.passwords` stores it, or None.
        seed: In base 32, or None.

    Raises:
        InvalidArgument: The seed is not one.
    """
    if encoded:
        passwords.insert(tx, user_id, encoded)
    if seed:
        sealed = tx.vault.seal(seed_bytes(seed), row=sealed_row(tx.project_id, user_id))
        tx.run(rows.INSERT_SEED, user_id=user_id, sealed_seed=sealed)


def _refusal(wanted: BatchAccount, known: Mapping[str, PasswordSettings]) -> AuthException | None:
    """Return why the password or the seed of a user cannot be used, or None."""
    try:
        if wanted.password and wanted.hashed_password is not None:
            raise InvalidArgument(error_message="A password is either in clear or hashed.")
        if wanted.password:
            settings = passwords.applying(known, [each.tenant_id for each in wanted.user_tenants or ()])
            require_good(wanted.password, settings, _names(wanted), common())
        if wanted.hashed_password is not None:
            imported(wanted.hashed_password)
        if wanted.seed:
            seed_bytes(wanted.seed)
    except AuthException as refusal:
        return refusal
    return None


def _encoded(some: Iterable[BatchAccount]) -> list[HashedAccount]:
    return [HashedAccount(**msgspec.structs.asdict(each), encoded=_stored(each)) for each in some]


def _stored(wanted: BatchAccount) -> str | None:
    if wanted.password:
        return hashed(wanted.password)
    return None if wanted.hashed_password is None else imported(wanted.hashed_password)


def _names(wanted: BatchAccount) -> tuple[str, ...]:
    named = (wanted.email, wanted.phone, wanted.display_name, wanted.given_name, wanted.family_name)
    return (wanted.login_id, *(wanted.additional_login_ids or ()), *(each for each in named if each))
