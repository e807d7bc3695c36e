"""Magic links, as the caller sees them."""

from collections.abc import Mapping

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.answers import JWTResponse
from avow.sdk.calls import magiclink
from avow.sdk.flow import Audience, Flows
from avow.sdk.options import DeliveryMethod, LoginOptions, SignUpOptions
from avow.wire.links import LinkUpdateEmail, LinkUpdatePhone

__all__ = ["AsyncMagicLink"]


class AsyncMagicLink:
    """Sign users up and in with a link that is sent to them; `client.magiclink`.

    The link leads to `uri` with the token as `t` in its query. Verify it when the person confirms (on POST), not when
    the page is fetched: mail scanners fetch links, too.
    """

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def sign_up(
        self,
        method: DeliveryMethod,
        login_id: str,
        uri: str | None = None,
        user: Mapping[str, object] | None = None,
        signup_options: SignUpOptions | None = None,
    ) -> str:
        """Create a user and send the first link.

        Args:
            method: How the link travels.
            login_id: What the user will sign in with.
            uri: Page of yours that takes the token; without one that of the project.
            user: What is known about them; as in `otp.sign_up`.
            signup_options: Options of the session to come and of the message.

        Returns:
            The address that the link went to, most letters hidden.

        Raises:
            UserExists: The login ID is taken.
            AuthException: Any other refusal.
            RateLimitException: Too many links were asked for.
        """
        return await self._run(self._flows.deliver(magiclink.sign_up(method, login_id, uri, user, signup_options)))

    async def sign_in(
        self,
        method: DeliveryMethod,
        login_id: str,
        uri: str | None = None,
        login_options: LoginOptions | None = None,
        refresh_token: str | None = None,
    ) -> str:
        """Send a link to a user.

        Args:
            method: How the link travels.
            login_id: What the user signs in with.
            uri: Page of yours that takes the token; without one that of the project.
            login_options: Options of the session to come and of the message.
            refresh_token: Refresh token of the live session, for step-up and MFA.

        Returns:
            The address that the link went to, most letters hidden.

        Raises:
            UserNotFound: There is no such user (unless the project hides that).
            AuthException: Any other refusal.
            RateLimitException: Too many links were asked for.
        """
        call = magiclink.sign_in(method, login_id, uri, login_options, refresh_token)
        return await self._run(self._flows.deliver(call))

    async def sign_up_or_in(
        self,
        method: DeliveryMethod,
        login_id: str,
        uri: str | None = None,
        signup_options: SignUpOptions | None = None,
    ) -> str:
        """Send a link to a user, who is created if there is none with this login ID.

        Args:
            method: How the link travels.
            login_id: What the user signs in with.
            uri: Page of yours that takes the token; without one that of the project.
            signup_options: Options of the session to come and of the message.

        Returns:
            The address that the link went to, most letters hidden.

        Raises:
            AuthException: The call was refused.
            RateLimitException: Too many links were asked for.
        """
        return await self._run(self._flows.deliver(magiclink.sign_up_or_in(method, login_id, uri, signup_options)))

    async def verify(self, token: str, audience: Audience = None) -> JWTResponse:
        """Take back the token of a clicked link, and open a session.

        Args:
            token: The `t` of the link.
            audience: The tokens of the session must name one of these.

        Returns:
            The session: verified tokens, the user, and whether they are new.

        Raises:
            InvalidLink: The link was used, or is none.
            LinkExpired: It came too late.
            AuthException: Any other refusal.
        """
        return await self._run(self._flows.sign_in(magiclink.verify(token), audience))

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
        *,
        uri: str | None = None,
    ) -> str:
        """Send a link to a new e-mail address of the signed-in user; `verify` makes it theirs.

        Args:
            login_id: A login ID of the user.
            email: The new address.
            refresh_token: Refresh token of the user's session.
            add_to_login_ids: Let the user sign in with it, too.
            on_merge_use_existing: When it is another user's login ID, keep that user on merging.
            template_options: Values for the message template.
            template_id: Message template instead of the default.
            provider_id: Delivery provider instead of the default.
            uri: Page of yours that takes the token; without one that of the project.

        Returns:
            The address that the link went to, most letters hidden.

        Raises:
            AuthException: The call was refused.
            RateLimitException: Too many links were asked for.
        """
        body = LinkUpdateEmail(
            login_id=login_id,
            email=email,
            uri=uri,
            add_to_login_ids=add_to_login_ids,
            on_merge_use_existing=on_merge_use_existing,
            template_options=None if template_options is None else dict(template_options),
            template_id=template_id,
            provider_id=provider_id,
        )
        return await self._run(self._flows.deliver(magiclink.update_user_email(refresh_token, body)))

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
        *,
        uri: str | None = None,
    ) -> str:
        """Send a link to a new phone number of the signed-in user; `verify` makes it theirs.

        Args:
            method: How the link travels: SMS, VOICE or WHATSAPP.
            login_id: A login ID of the user.
            phone: The new number.
            refresh_token: Refresh token of the user's session.
            add_to_login_ids: Let the user sign in with it, too.
            on_merge_use_existing: When it is another user's login ID, keep that user on merging.
            template_options: Values for the message template.
            template_id: Message template instead of the default.
            provider_id: Delivery provider instead of the default.
            uri: Page of yours that takes the token; without one that of the project.

        Returns:
            The number that the link went to, most digits hidden.

        Raises:
            AuthException: The call was refused.
            RateLimitException: Too many links were asked for.
        """
        body = LinkUpdatePhone(
            login_id=login_id,
            phone=phone,
            uri=uri,
            add_to_login_ids=add_to_login_ids,
            on_merge_use_existing=on_merge_use_existing,
            template_options=None if template_options is None else dict(template_options),
            template_id=template_id,
            provider_id=provider_id,
        )
        return await self._run(self._flows.deliver(magiclink.update_user_phone(method, refresh_token, body)))
