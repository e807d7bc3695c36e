"""Social providers of a project, as the caller sees them."""

from collections.abc import Iterable, Mapping

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import provider as calls
from avow.sdk.calls.mgmt.provider import ProviderAnswer, Providers
from avow.sdk.flow import Flows

__all__ = ["AsyncProvider"]


class AsyncProvider:
    """Set up by which social providers people sign in; `client.mgmt.provider`. Avow's own."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def save(
        self,
        name: str,
        client_id: str,
        client_secret: str | None = None,
        *,
        kind: str | None = None,
        display_name: str | None = None,
        is_enabled: bool = True,
        issuer: str | None = None,
        discovery_url: str | None = None,
        authorization_url: str | None = None,
        token_url: str | None = None,
        user_url: str | None = None,
        emails_url: str | None = None,
        keys_url: str | None = None,
        hosts: Iterable[str] | None = None,
        scopes: Iterable[str] | None = None,
        client_auth: str | None = None,
        key_id: str | None = None,
        team_id: str | None = None,
        uses_pkce: bool | None = None,
        parameters: Mapping[str, str] | None = None,
        claims: Mapping[str, str] | None = None,
        trusted_domains: Iterable[str] | None = None,
        are_tokens_kept: bool = True,
        may_create: bool = True,
        may_connect: bool = True,
    ) -> ProviderAnswer:
        """Set a provider up, or replace how it is set up: what is not given is as its kind has it, or nothing.

        Args:
            name: What `oauth.start` calls it: lower case, digits, hyphens.
            client_id: Yours, at the provider.
            client_secret: The secret, or a private key in PEM (Apple, `private_key_jwt`); None leaves the one that is
                kept, unless where it goes to is changed.
            kind: `google`, `github`, `microsoft`, `apple`, `facebook`, `gitlab`, `linkedin`, `discord`, `slack`,
                `bitbucket`, `x`, `twitch`, `oidc` or `oauth2`; None: the name where it is one of these, else `oidc`.
            display_name: For people.
            is_enabled: Whether people may sign in by it.
            issuer: Issuer URL of OpenID; of OAuth a URL that names the provider.
            discovery_url: Where it describes itself, when that does not follow from the issuer.
            authorization_url: Where browsers go.
            token_url: Where codes are exchanged.
            user_url: What tells who somebody is.
            emails_url: What lists their addresses.
            keys_url: The keys of ID tokens.
            hosts: Hosts besides the issuer's that the provider may name as its own.
            scopes: Asked for when a start names none.
            client_auth: How the server proves who it is: `basic`, `post`, `private_key_jwt`, `apple`, `none`.
            key_id: Name of the private key at the provider.
            team_id: Apple's name of the developer.
            uses_pkce: Send a code challenge.
            parameters: Further ones of every request to the provider.
            claims: Where facts are among the provider's claims, by what they are here (`{"subject": "id"}`).
            trusted_domains: Mail domains of which the provider's word counts although it says nothing of
                verification.
            are_tokens_kept: Keep the provider's tokens, sealed, for `user.get_provider_token`.
            may_create: Whether users come into being by it.
            may_connect: Whether a verified address leads to the user who has it.

        Returns:
            `{"provider": {...}}` without the secret; register its `redirectUri` at the provider.

        Raises:
            InvalidArgument: Something is missing or cannot be used.
            AuthException: Any other refusal.
        """
        values = {
            "kind": kind,
            "clientId": client_id,
            "clientSecret": client_secret,
            "displayName": display_name,
            "isEnabled": is_enabled,
            "issuer": issuer,
            "discoveryUrl": discovery_url,
            "authorizationUrl": authorization_url,
            "tokenUrl": token_url,
            "userUrl": user_url,
            "emailsUrl": emails_url,
            "keysUrl": keys_url,
            "hosts": None if hosts is None else list(hosts),
            "scopes": None if scopes is None else list(scopes),
            "clientAuth": client_auth,
            "keyId": key_id,
            "teamId": team_id,
            "usesPkce": uses_pkce,
            "parameters": None if parameters is None else dict(parameters),
            "claims": None if claims is None else dict(claims),
            "trustedDomains": None if trusted_domains is None else list(trusted_domains),
            "areTokensKept": are_tokens_kept,
            "mayCreate": may_create,
            "mayConnect": may_connect,
        }
        return await self._run(self._flows.deliver(calls.save(name, values)))

    async def load(self, name: str) -> ProviderAnswer:
        """Return a provider, as `save` does.

        Raises:
            NotFound: There is none of this name.
        """
        return await self._run(self._flows.deliver(calls.load(name)))

    async def load_all(self) -> Providers:
        """Return every provider, `{"providers": [...]}`, by name."""
        return await self._run(self._flows.deliver(calls.load_all()))

    async def delete(self, name: str) -> None:
        """Delete a provider with its secret and the tokens that it gave; sign-ins on their way come to nothing.

        Raises:
            NotFound: There is none of this name.
        """
        await self._run(self._flows.deliver(calls.delete(name)))
