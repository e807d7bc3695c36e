"""Tokens, as a back end makes and changes them."""

from collections.abc import Mapping
from typing import Any

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.answers import AnonymousResponse, JWTResponse, anonymous_session
from avow.sdk.calls.mgmt import jwt as calls
from avow.sdk.flow import Flows
from avow.sdk.options import MgmtLoginOptions, MgmtSignUpOptions, MgmtUserRequest

__all__ = ["AsyncJWT"]


class AsyncJWT:
    """Add claims to tokens, sign people in whom you vouch for, let one act in another's name; `client.mgmt.jwt`.

    Custom claims that are given here stand at the top level of session tokens; reserved names are passed over, and
    more than 8 kB of them are refused. Every call raises `AuthException` when it is refused: a token that does not
    hold (401), somebody who may not (403), a user that does not exist (404).
    """

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def update_jwt(self, jwt: str, custom_claims: Mapping[str, Any], refresh_duration: int = 0) -> str:
        """Add custom claims to a session; return its token, made anew with the user's roles and permissions of now.

        The claims are in the session's later tokens too.

        Args:
            jwt: A session or refresh token of a live session.
            custom_claims: Claims to add; None as a value takes one away.
            refresh_duration: Seconds that the new token lives, if less than it would otherwise.

        Returns:
            A token of the same kind.
        """
        return await self._run(self._flows.deliver(calls.update_jwt(jwt, custom_claims, refresh_duration)))

    async def impersonate(
        self,
        impersonator_id: str,
        login_id: str,
        validate_consent: bool,
        custom_claims: Mapping[str, Any] | None = None,
        tenant_id: str | None = None,
        refresh_duration: int | None = None,
        stepup: bool | None = None,
    ) -> str:
        """Let a user act in the name of another.

        The session lives an hour at most, and its tokens name who acts: `act.sub`.

        Args:
            impersonator_id: Login ID or user id of who acts; they have the permission `Impersonate`, in the project or
                in every tenant of the other user.
            login_id: Login ID or user id of the other user.
            validate_consent: Only if the other user has agreed, by `client.allow_impersonation`.
            custom_claims: Claims for the tokens.
            tenant_id: A tenant of the other user to act in.
            refresh_duration: Seconds that the session lives.
            stepup: As if the other user had just proven themselves anew.

        Returns:
            A refresh token of the other user, for `refresh_session`.
        """
        asked = calls.impersonate(
            impersonator_id, login_id, validate_consent, custom_claims, tenant_id, refresh_duration, stepup
        )
        return await self._run(self._flows.deliver(asked))

    async def impersonate_stepup(
        self,
        impersonator_id: str,
        login_id: str,
        validate_consent: bool,
        custom_claims: Mapping[str, Any] | None = None,
        tenant_id: str | None = None,
        refresh_duration: int | None = None,
    ) -> str:
        """Let a user act in the name of another, as if that one had just proven themselves anew; see `impersonate`."""
        asked = calls.impersonate_stepup(
            impersonator_id, login_id, validate_consent, custom_claims, tenant_id, refresh_duration
        )
        return await self._run(self._flows.deliver(asked))

    async def stop_impersonation(
        self,
        jwt: str,
        custom_claims: Mapping[str, Any] | None = None,
        tenant_id: str | None = None,
        refresh_duration: int | None = None,
    ) -> str:
        """End a session in somebody else's name.

        Args:
            jwt: A session or refresh token of it.
            custom_claims: Claims for the tokens of who acted.
            tenant_id: One of their tenants to act in.
            refresh_duration: Seconds that their new session lives.

        Returns:
            A refresh token of who acted.
        """
        stopped = calls.stop_impersonation(jwt, custom_claims, tenant_id, refresh_duration)
        return await self._run(self._flows.deliver(stopped))

    async def sign_in(self, login_id: str, login_options: MgmtLoginOptions | None = None) -> JWTResponse:
        """Open a session for a user whom you vouch for; `amr` is empty, since no method of ours was used.

        Args:
            login_id: What they sign in with.
            login_options: With `stepup` or `mfa`, `jwt` is a token of their live session.
        """
        return await self._run(self._flows.sign_in(calls.sign_in(login_id, login_options)))

    async def sign_up(
        self,
        login_id: str,
        user: MgmtUserRequest | None = None,
        signup_options: MgmtSignUpOptions | None = None,
    ) -> JWTResponse:
        """Create a user whom you vouch for, and open their first session.

        Args:
            login_id: What they will sign in with; one that is an address or a number is theirs.
            user: What is known of them; addresses count as verified only if it says so.
            signup_options: See there.
        """
        return await self._run(self._flows.sign_in(calls.sign_up(login_id, user, signup_options, or_in=False)))

    async def sign_up_or_in(
        self,
        login_id: str,
        user: MgmtUserRequest | None = None,
        signup_options: MgmtSignUpOptions | None = None,
    ) -> JWTResponse:
        """Open a session for a user whom you vouch for, created if need be; see `sign_up`.

        Who is there already stays as they are.
        """
        return await self._run(self._flows.sign_in(calls.sign_up(login_id, user, signup_options, or_in=True)))

    async def anonymous(
        self,
        custom_claims: Mapping[str, Any] | None = None,
        tenant_id: str | None = None,
        refresh_duration: int | None = None,
    ) -> AnonymousResponse:
        """Open a session for somebody nobody knows: a user without login IDs, whom no search finds.

        Args:
            custom_claims: Claims for the tokens.
            tenant_id: A tenant to act in, without any role.
            refresh_duration: Seconds that the session lives.
        """
        opened = await self._run(self._flows.sign_in(calls.anonymous(custom_claims, tenant_id, refresh_duration)))
        return anonymous_session(opened)
