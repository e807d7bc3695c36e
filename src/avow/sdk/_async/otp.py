"""One-time codes, as the caller sees them."""

from collections.abc import Mapping

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.answers import JWTResponse
from avow.sdk.calls import otp
from avow.sdk.flow import Audience, Flows
from avow.sdk.options import DeliveryMethod, LoginOptions, SignUpOptions
from avow.wire.login import UpdateEmail, UpdatePhone

__all__ = ["AsyncOTP"]


class AsyncOTP:
    """Sign users up and in with a code that is sent to them; `client.otp`."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def sign_up(
        self,
        method: DeliveryMethod,
        login_id: str,
        user: Mapping[str, object] | None = None,
        signup_options: SignUpOptions | None = None,
    ) -> str:
        """Create a user and send the first code.

        Args:
            method: How the code travels.
            login_id: What the user will sign in with.
            user: What is known about them: `name`, `givenName`, `middleName`, `familyName`, `email`, `phone`. An
                address that is missing for the method is taken from `login_id`.
            signup_options: Options of the session to come and of the message.

        Returns:
            The address that the code went to, most letters hidden.

        Raises:
            UserExists: The login ID is taken.
            AuthException: Any other refusal.
            RateLimitException: Too many codes were asked for.
        """
        return await self._run(self._flows.deliver(otp.sign_up(method, login_id, user, signup_options)))

    async def sign_in(
        self,
        method: DeliveryMethod,
        login_id: str,
        login_options: LoginOptions | None = None,
        refresh_token: str | None = None,
    ) -> str:
        """Send a code to a user.

        Args:
            method: How the code travels.
            login_id: What the user signs in with.
            login_options: Options of the session to come and of the message.
            refresh_token: Refresh token of the live session, for step-up and MFA.

        Returns:
            The address that the code went to, most letters hidden.

        Raises:
            UserNotFound: There is no such user (unless the project hides that).
            AuthException: Any other refusal.
            RateLimitException: Too many codes were asked for.
        """
        return await self._run(self._flows.deliver(otp.sign_in(method, login_id, login_options, refresh_token)))

    async def sign_up_or_in(
        self, method: DeliveryMethod, login_id: str, signup_options: SignUpOptions | None = None
    ) -> str:
        """Send a code to a user, who is created if there is none with this login ID.

        Args:
            method: How the code travels.
            login_id: What the user signs in with.
            signup_options: Options of the session to come and of the message.

        Returns:
            The address that the code went to, most letters hidden.

        Raises:
            AuthException: The call was refused.
            RateLimitException: Too many codes were asked for.
        """
        return await self._run(self._flows.deliver(otp.sign_up_or_in(method, login_id, signup_options)))

    async def verify_code(
        self, method: DeliveryMethod, login_id: str, code: str, audience: Audience = None
    ) -> JWTResponse:
        """Take back the code that the user typed, and open a session.

        Args:
            method: How the code travelled.
            login_id: What the user signs in with.
            code: The digits, as text.
            audience: The tokens must name one of these.

        Returns:
            The session: verified tokens, the user, and whether they are new.

        Raises:
            InvalidCode: The code is wrong.
            TooManyAttempts: There were too many wrong ones; ask for a new code.
            CodeExpired: It came too late.
            AuthException: Any other refusal.
            RateLimitException: Too many tries.
        """
        return await self._run(self._flows.sign_in(otp.verify_code(method, login_id, code), audience))

    async def update_user_email(
        self,
        login_id: str,
        email: str,
        refresh_token: str,
        add_to_login_ids: bool = False,
        on_merge_use_existing: bool = False,
        template_options: Mapping[str, str] | None = None,
        template_id: str | None = None,
        provider_id: str | None = None,
        mfa: bool = False,
    ) -> str:
        """Send a code to a new e-mail address of the signed-in user; `verify_code` makes it theirs.

        Args:
            login_id: A login ID of the user.
            email: The new address.
            refresh_token: Refresh token of the user's session.
            add_to_login_ids: Let the user sign in with it, too.
            on_merge_use_existing: When it is another user's login ID, keep that user on merging.
            template_options: Values for the message template.
            template_id: Message template instead of the default.
            provider_id: Delivery provider instead of the default.
            mfa: Count the proof as a factor of the session.

        Returns:
            The address that the code went to, most letters hidden.

        Raises:
            AuthException: The call was refused.
            RateLimitException: Too many codes were asked for.
        """
        body = UpdateEmail(
            login_id=login_id,
            email=email,
            add_to_login_ids=add_to_login_ids,
            on_merge_use_existing=on_merge_use_existing,
            template_options=None if template_options is None else dict(template_options),
            template_id=template_id,
            provider_id=provider_id,
            mfa=mfa,
        )
        return await self._run(self._flows.deliver(otp.update_user_email(refresh_token, body)))

    async def update_user_phone(
        self,
        method: DeliveryMethod,
        login_id: str,
        phone: str,
        refresh_token: str,
        add_to_login_ids: bool = False,
        on_merge_use_existing: bool = False,
        template_options: Mapping[str, str] | None = None,
        template_id: str | None = None,
        provider_id: str | None = None,
        mfa: bool = False,
    ) -> str:
        """Send a code to a new phone number of the signed-in user; `verify_code` makes it theirs.

        Args:
            method: How the code travels: SMS, VOICE or WHATSAPP.
            login_id: A login ID of the user.
            phone: The new number.
            refresh_token: Refresh token of the user's session.
            add_to_login_ids: Let the user sign in with it, too.
            on_merge_use_existing: When it is another user's login ID, keep that user on merging.
            template_options: Values for the message template.
            template_id: Message template instead of the default.
            provider_id: Delivery provider instead of the default.
            mfa: Count the proof as a factor of the session.

        Returns:
            The number that the code went to, most digits hidden.

        Raises:
            AuthException: The call was refused.
            RateLimitException: Too many codes were asked for.
        """
        body = UpdatePhone(
            login_id=login_id,
            phone=phone,
            add_to_login_ids=add_to_login_ids,
            on_merge_use_existing=on_merge_use_existing,
            template_options=None if template_options is None else dict(template_options),
            template_id=template_id,
            provider_id=provider_id,
            mfa=mfa,
        )
        return await self._run(self._flows.deliver(otp.update_user_phone(method, refresh_token, body)))
