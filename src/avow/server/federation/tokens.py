"""Tokens that a provider gave for its own API: kept sealed, one per user and provider."""

from dataclasses import dataclass, field

import msgspec

from avow import shaping
from avow.core.federation.answers import Tokens
from avow.server.federation import rows
from avow.server.federation.rows import TokenRow
from avow.server.store import Tx
from avow.wire.secret import Secret, described, shown

__all__ = ["KeptTokens", "ProviderSecrets", "forget_of", "keep", "kept"]


class ProviderSecrets(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed of a provider's token."""

    access_token: Secret
    refresh_token: Secret = ""

    __repr__ = described
    __rich_repr__ = shown


@dataclass(frozen=True, slots=True)
class KeptTokens:
    """A provider's token and what it is good for.

    Attributes:
        provider_user_id: The user at the provider.
        secrets: The tokens.
        scopes: What they allow.
        expires_at: When the access token ends, or None when the provider did not say.
    """

    provider_user_id: str
    secrets: ProviderSecrets = field(repr=False)
    scopes: tuple[str, ...] = ()
    expires_at: int | None = None


def keep(tx: Tx, user_id: str, provider: str, subject: str, tokens: Tokens, asked: tuple[str, ...]) -> None:
    """Seal the tokens of a sign-in in the place of earlier ones; a refresh token that was not given again stays.

    Args:
        tx: The unit.
        user_id: Whose.
        provider: Of which provider.
        subject: The user there.
        tokens: What it gave.
        asked: Scopes that were asked for; they count where the provider does not say what it granted.
    """
    before = None if tokens.refresh_token else kept(tx, user_id, provider)
    is_same = before is not None and before.provider_user_id == subject
    refresh_token = tokens.refresh_token or (before.secrets.refresh_token if before and is_same else "")
    secrets = ProviderSecrets(access_token=tokens.access_token, refresh_token=refresh_token)
    row = rows.sealed_row(tx.project_id, user_id, provider)
    tx.run(
        rows.KEEP_TOKENS,
        user_id=user_id,
        provider=provider,
        provider_user_id=subject,
        sealed=tx.vault.seal(msgspec.json.encode(secrets), row=row),
        scopes=" ".join(asked if tokens.scopes is None else tokens.scopes),
        expires_at=None if tokens.lifetime_seconds is None else tx.now + tokens.lifetime_seconds,
    )


def kept(tx: Tx, user_id: str, provider: str) -> KeptTokens | None:
    """Return the tokens of a user's last sign-in with a provider, or None."""
    found = tx.one(rows.TOKENS, TokenRow, user_id=user_id, provider=provider)
    if found is None:
        return None
    opened = tx.vault.open(found.sealed, row=rows.sealed_row(tx.project_id, user_id, provider))
    secrets = shaping.decode(opened, ProviderSecrets)
    return KeptTokens(found.provider_user_id, secrets, tuple(found.scopes.split()), found.expires_at)


def forget_of(tx: Tx, provider: str) -> int:
    """Delete the tokens that a provider gave for anybody; return how many."""
    return tx.run(rows.FORGET_TOKENS_OF, provider=provider)
