"""Passkeys, as the caller sees them."""

from collections.abc import Mapping

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.answers import JWTResponse, Passkeys, PasskeyTransaction
from avow.sdk.calls import webauthn
from avow.sdk.flow import Audience, Flows
from avow.sdk.options import LoginOptions

__all__ = ["AsyncWebAuthn"]


class AsyncWebAuthn:
    """Sign users up and in with passkeys; `client.webauthn`.

    A start is answered with `options`, JSON in a string, for the browser: `JSON.parse(options).publicKey` is what
    `PublicKeyCredential.parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON` take. The browser's credential,
    `JSON.stringify(credential.toJSON())`, goes into the finish with the `transactionId`, within five minutes.
    """

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def sign_up_start(
        self, login_id: str, origin: str, user: Mapping[str, object] | None = None
    ) -> PasskeyTransaction:
        """Begin the sign-up of a new user; `sign_up_finish` creates them with their first passkey.

        Args:
            login_id: What the user will sign in with, and what their device shows beside the passkey.
            origin: Origin of the page that creates it, one of the project's `passkey_origins`.
            user: What is known about them; as in `otp.sign_up`. No address is proven by it.

        Returns:
            `transactionId`, and `options` for `navigator.credentials.create`.

        Raises:
            UserExists: The login ID is taken (unless the project hides that).
            InvalidArgument: Passkeys are not used on pages of this origin.
            AuthException: Any other refusal.
            RateLimitException: Too many requests.
        """
        return await self._run(self._flows.deliver(webauthn.sign_up_start(login_id, origin, user)))

    async def sign_up_finish(
        self, transaction_id: str, response: str | Mapping[str, object], audience: Audience = None
    ) -> JWTResponse:
        """Take the first passkey of a new user, and open their first session.

        Args:
            transaction_id: From the start.
            response: What the browser created: JSON, or the object it stands for.
            audience: The tokens must name one of these.

        Returns:
            The session: verified tokens, and the user.

        Raises:
            InvalidPasskey: The answer does not hold, was given before, or came too late; begin anew.
            UserExists: Somebody took the login ID meanwhile.
            AuthException: Any other refusal.
            RateLimitException: Too many tries.
        """
        return await self._run(self._flows.sign_in(webauthn.sign_up_finish(transaction_id, response), audience))

    async def sign_in_start(
        self,
        login_id: str,
        origin: str,
        login_options: LoginOptions | None = None,
        refresh_token: str | None = None,
    ) -> PasskeyTransaction:
        """Begin a sign-in.

        Args:
            login_id: What the user signs in with; "" for whichever passkey the device offers (autofill:
                `mediation: "conditional"`).
            origin: Origin of the page that asks, one of the project's `passkey_origins`.
            login_options: Options of the session to come.
            refresh_token: Refresh token of the live session, for step-up and MFA.

        Returns:
            `transactionId`, and `options` for `navigator.credentials.get`.

        Raises:
            UserNotFound: There is no such user (unless the project hides that).
            NoPasskeys: The user has no passkey (unless the project hides that).
            InvalidArgument: Passkeys are not used on pages of this origin.
            AuthException: Any other refusal.
            RateLimitException: Too many requests.
        """
        call = webauthn.sign_in_start(login_id, origin, login_options, refresh_token)
        return await self._run(self._flows.deliver(call))

    async def sign_in_finish(
        self, transaction_id: str, response: str | Mapping[str, object], audience: Audience = None
    ) -> JWTResponse:
        """Take the passkey that is shown, and open a session.

        Args:
            transaction_id: From the start.
            response: What the browser shows: JSON, or the object it stands for.
            audience: The tokens must name one of these.

        Returns:
            The session: verified tokens, and the user.

        Raises:
            InvalidPasskey: The answer does not hold, was given before, or came too late; begin anew.
            AuthException: Any other refusal.
            RateLimitException: Too many tries.
        """
        return await self._run(self._flows.sign_in(webauthn.sign_in_finish(transaction_id, response), audience))

    async def sign_up_or_in_start(self, login_id: str, origin: str) -> PasskeyTransaction:
        """Begin the sign-in of a user, or the sign-up where there is none with this login ID.

        Args:
            login_id: What the user signs in with.
            origin: Origin of the page that asks, one of the project's `passkey_origins`.

        Returns:
            `transactionId`, `options`, and `create`: with it finish by `sign_up_finish`, otherwise by `sign_in_finish`.

        Raises:
            NoPasskeys: The user has no passkey.
            MethodNotEnabled: The project hides who exists, which this answer would tell.
            AuthException: Any other refusal.
            RateLimitException: Too many requests.
        """
        return await self._run(self._flows.deliver(webauthn.sign_up_or_in_start(login_id, origin)))

    async def update_start(
        self, login_id: str, refresh_token: str, origin: str, mfa: bool = False
    ) -> PasskeyTransaction:
        """Begin to add a passkey to the signed-in user, who has to have signed in a short while ago.

        Args:
            login_id: A login ID of the user.
            refresh_token: Refresh token of their session.
            origin: Origin of the page that creates it, one of the project's `passkey_origins`.
            mfa: Count it as a factor of the session: `update_finish` then returns a new one.

        Returns:
            `transactionId`, and `options` for `navigator.credentials.create`.

        Raises:
            FreshProofNeeded: They signed in longer ago than the project allows.
            AuthException: Any other refusal.
            RateLimitException: Too many requests.
        """
        call = webauthn.update_start(login_id, refresh_token, origin, mfa)
        return await self._run(self._flows.deliver(call))

    async def update_finish(
        self,
        transaction_id: str,
        response: str | Mapping[str, object],
        audience: Audience = None,
        *,
        refresh_token: str | None = None,
    ) -> JWTResponse | None:
        """Take the new passkey of a user, who is told of it by e-mail.

        Args:
            transaction_id: From the start.
            response: What the browser created: JSON, or the object it stands for.
            audience: The tokens must name one of these.
            refresh_token: Refresh token of the session that began it; any other session is refused.

        Returns:
            A new session when the start asked for `mfa`, otherwise None.

        Raises:
            InvalidPasskey: The answer does not hold, was given before, came too late, or from somebody else.
            AuthException: Any other refusal.
            RateLimitException: Too many tries.
        """
        call = webauthn.update_finish(transaction_id, response, refresh_token)
        return await self._run(self._flows.sign_in_perhaps(call, audience))

    async def passkeys(self, refresh_token: str) -> Passkeys:
        """Return the passkeys of the signed-in user, the oldest first.

        Args:
            refresh_token: Refresh token of their session.

        Raises:
            AuthException: The call was refused.
        """
        return await self._run(self._flows.deliver(webauthn.passkeys(refresh_token)))

    async def rename(self, refresh_token: str, credential_id: str, display_name: str) -> None:
        """Give one of the user's passkeys another name.

        Args:
            refresh_token: Refresh token of their session.
            credential_id: `id` of the passkey.
            display_name: At most 64 characters.

        Raises:
            NotFound: They have no such passkey.
            AuthException: Any other refusal.
        """
        await self._run(self._flows.deliver(webauthn.rename(refresh_token, credential_id, display_name)))

    async def remove(self, refresh_token: str, credential_id: str) -> None:
        """Remove one of the passkeys of the signed-in user, who is told of it by e-mail.

        Args:
            refresh_token: Refresh token of their session, in which they signed in a short while ago.
            credential_id: `id` of the passkey.

        Raises:
            NotFound: They have no such passkey.
            FreshProofNeeded: They signed in longer ago than the project allows.
            AuthException: Any other refusal.
        """
        await self._run(self._flows.deliver(webauthn.remove(refresh_token, credential_id)))
