"""Passkeys, seeds, recovery codes, trusted devices and provider tokens of users, listed and removed."""

from collections.abc import Sequence

from avow.core import addresses
from avow.errors import NotFound, UserMissing
from avow.server.accounts import actions as accounts
from avow.server.accounts.credentials import rows
from avow.server.accounts.credentials.rows import DeviceRow, IdRow, NamedRow, PasskeyRow
from avow.server.challenges import actions as challenges
from avow.server.federation import tokens
from avow.server.store import Tx, in_list
from avow.server.users import actions as users
from avow.wire.credentials import ProviderToken

__all__ = [
    "devices",
    "passkeys",
    "provider_token",
    "remove_devices",
    "remove_passkey",
    "remove_passkeys",
    "remove_recovery_codes",
    "remove_totp_seed",
]


def passkeys(tx: Tx, login_id: str) -> list[PasskeyRow]:
    """Return the passkeys of a user, the oldest first.

    Raises:
        UserMissing: There is no such user.
    """
    return tx.all(rows.PASSKEYS, PasskeyRow, user_id=_owner(tx, login_id))


def remove_passkey(tx: Tx, login_id: str, credential_id: str, *, actor: str) -> None:
    """Remove one passkey.

    Raises:
        UserMissing: There is no such user.
        NotFound: They have no such passkey.
    """
    user_id = accounts.lock(tx, login_id).id
    if tx.one(rows.REMOVE_PASSKEY, IdRow, user_id=user_id, id=credential_id) is None:
        raise NotFound(error_message="The user has no such passkey.")
    tx.audit("passkey.removed", actor=actor, user_id=user_id, data={"count": 1})


def remove_passkeys(tx: Tx, login_id: str, *, actor: str) -> None:
    """Remove every passkey of a user, if there is any. Raises UserMissing as the others."""
    _removed(tx, rows.REMOVE_PASSKEYS, login_id, "passkey.removed", actor)


def remove_totp_seed(tx: Tx, login_id: str, *, actor: str) -> None:
    """Remove the seed of a user's authenticator app, if there is one, and one that waits for its first code.

    Recovery codes stay: whoever lost the app may have nothing else.
    """
    challenges.drop(tx, purpose="totp", subject=accounts.lock(tx, login_id).id)
    _removed(tx, rows.REMOVE_TOTP_SEED, login_id, "totp.removed", actor)


def remove_recovery_codes(tx: Tx, login_id: str, *, actor: str) -> None:
    """Remove a user's recovery codes, if there are any."""
    _removed(tx, rows.REMOVE_RECOVERY_CODES, login_id, "recovery_codes.removed", actor)


def devices(tx: Tx, identifiers: Sequence[str]) -> list[DeviceRow]:
    """Return the devices of these users that are trusted now, the one used last first.

    Raises:
        UserMissing: One of the users does not exist.
    """
    if not identifiers:
        return []
    clause, listed = in_list("user_ids", _resolved(tx, identifiers))
    return tx.all(rows.DEVICES.replace("(:user_ids)", clause), DeviceRow, **listed)


def remove_devices(tx: Tx, identifier: str, device_ids: Sequence[str], *, actor: str) -> None:
    """Trust devices of a user no more, all or none.

    Raises:
        UserMissing: There is no such user.
        NotFound: One of the devices is not theirs.
    """
    (user_id,) = _resolved(tx, [identifier])
    wanted = set(device_ids)
    clause, listed = in_list("device_ids", sorted(wanted))
    statement = rows.REMOVE_DEVICES.replace("(:device_ids)", clause)
    if len(tx.all(statement, IdRow, user_id=user_id, **listed)) < len(wanted):
        raise NotFound(error_message="The user has no such device.")
    tx.audit("trusted_device.removed", actor=actor, user_id=user_id, data={"count": len(wanted)})


def provider_token(tx: Tx, login_id: str, provider: str, *, with_refresh_token: bool, actor: str) -> ProviderToken:
    """Return the token that a provider gave for a user, and note who was handed it.

    Raises:
        UserMissing: There is no such user.
        NotFound: They have no token of this provider.
    """
    user_id = _owner(tx, login_id)
    found = tokens.kept(tx, user_id, provider)
    if found is None:
        raise NotFound(error_message="The user has no token of this provider.")
    tx.audit("provider_token.read", actor=actor, user_id=user_id, data={"refresh_token": with_refresh_token})
    return ProviderToken(
        provider=provider,
        provider_user_id=found.provider_user_id,
        access_token=found.secrets.access_token,
        expiration=found.expires_at or 0,
        scopes=found.scopes,
        refresh_token=found.secrets.refresh_token if with_refresh_token else "",
    )


def _owner(tx: Tx, login_id: str) -> str:
    owner = users.find_owner(tx, addresses.login_id(login_id).canonical)
    if owner is None:
        raise UserMissing
    return owner


def _removed(tx: Tx, statement: str, login_id: str, action: str, actor: str) -> None:
    user_id = accounts.lock(tx, login_id).id
    tx.audit(action, actor=actor, user_id=user_id, data={"count": tx.run(statement, user_id=user_id)})


def _resolved(tx: Tx, identifiers: Sequence[str]) -> list[str]:
    """Return the ids of users who are named by id or login ID.

    An id comes first, for a login ID can be chosen to look like one.

    Raises:
        UserMissing: One of them does not exist.
    """
    canonical = {each: addresses.login_id(each).canonical for each in identifiers}
    by_login_id, login_ids = in_list("login_ids", list(canonical.values()))
    by_id, user_ids = in_list("user_ids", list(canonical))
    statement = rows.NAMED.replace("(:login_ids)", by_login_id).replace("(:user_ids)", by_id)
    found = {row.named: row.user_id for row in tx.all(statement, NamedRow, **login_ids, **user_ids)}
    named = [found.get(each) or found.get(login_id) for each, login_id in canonical.items()]
    if None in named:
        raise UserMissing
    return list(dict.fromkeys(filter(None, named)))
