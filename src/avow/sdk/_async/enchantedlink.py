"""Enchanted links, as the caller sees them."""

from collections.abc import Mapping

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.answers import JWTResponse, PendingLink
from avow.sdk.calls import enchantedlink
from avow.sdk.flow import Flows
from avow.sdk.options import DeliveryMethod, LoginOptions, SignUpOptions
from avow.wire.links import LinkUpdateEmail, LinkUpdatePhone

__all__ = ["AsyncEnchantedLink"]


class AsyncEnchantedLink:
    """Sign users up and in with one of three links, clicked anywhere; `client.enchantedlink`.

    Show the user `linkId`, the number of the right link, and ask `get_session(pendingRef)` every few seconds.
    """

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def sign_up(
        self,
        login_id: str,
        uri: str | None = None,
        user: Mapping[str, object] | None = None,
        signup_options: SignUpOptions | None = None,
    ) -> PendingLink:
        """Create a user and send three links by e-mail.

        Args:
            login_id: What the user will sign in with.
            uri: Page of yours that takes the token; without one that of the project.
            user: What is known about them; as in `otp.sign_up`.
            signup_options: Options of the session to come and of the message.

        Returns:
            `linkId` to show, `pendingRef` to ask with, and the masked address.

        Raises:
            UserExists: The login ID is taken.
            AuthException: Any other refusal.
            RateLimitException: Too many links were asked for.
        """
        call = enchantedlink.sign_up(DeliveryMethod.EMAIL, login_id, uri, user, signup_options)
        return await self._run(self._flows.deliver(call))

    async def sign_up_with_phone(
        self,
        phone: str,
        uri: str | None = None,
        user: Mapping[str, object] | None = None,
        signup_options: SignUpOptions | None = None,
    ) -> PendingLink:
        """Create a user and send three links by SMS; as `sign_up`.

        Args:
            phone: What the user will sign in with.
            uri: Page of yours that takes the token; without one that of the project.
            user: What is known about them; as in `otp.sign_up`.
            signup_options: Options of the session to come and of the message.

        Returns:
            `linkId` to show, `pendingRef` to ask with, and the masked number.
        """
        call = enchantedlink.sign_up(DeliveryMethod.SMS, phone, uri, user, signup_options)
        return await self._run(self._flows.deliver(call))

    async def sign_in(
        self,
        login_id: str,
        uri: str | None = None,
        login_options: LoginOptions | None = None,
        refresh_token: str | None = None,
    ) -> PendingLink:
        """Send three links to a user by e-mail.

        Args:
            login_id: What the user signs in with.
            uri: Page of yours that takes the token; without one that of the project.
            login_options: Options of the session to come and of the message.
            refresh_token: Refresh token of the live session, for step-up and MFA.

        Returns:
            `linkId` to show, `pendingRef` to ask with, and the masked address.

        Raises:
            UserNotFound: There is no such user (unless the project hides that).
            AuthException: Any other refusal.
            RateLimitException: Too many links were asked for.
        """
        call = enchantedlink.sign_in(DeliveryMethod.EMAIL, login_id, uri, login_options, refresh_token)
        return await self._run(self._flows.deliver(call))

    async def sign_in_with_phone(
        self,
        phone: str,
        uri: str | None = None,
        login_options: LoginOptions | None = None,
        refresh_token: str | None = None,
    ) -> PendingLink:
        """Send three links to a user by SMS; as `sign_in`.

        Args:
            phone: What the user signs in with.
            uri: Page of yours that takes the token; without one that of the project.
            login_options: Options of the session to come and of the message.
            refresh_token: Refresh token of the live session, for step-up and MFA.

        Returns:
            `linkId` to show, `pendingRef` to ask with, and the masked number.
        """
        call = enchantedlink.sign_in(DeliveryMethod.SMS, phone, uri, login_options, refresh_token)
        return await self._run(self._flows.deliver(call))

    async def sign_up_or_in(
        self, login_id: str, uri: str | None = None, signup_options: SignUpOptions | None = None
    ) -> PendingLink:
        """Send three links by e-mail to a user, who is created if there is none with this login ID.

        Args:
            login_id: What the user signs in with.
            uri: Page of yours that takes the token; without one that of the project.
            signup_options: Options of the session to come and of the message.

        Returns:
            `linkId` to show, `pendingRef` to ask with, and the masked address.

        Raises:
            AuthException: The call was refused.
            RateLimitException: Too many links were asked for.
        """
        call = enchantedlink.sign_up_or_in(DeliveryMethod.EMAIL, login_id, uri, signup_options)
        return await self._run(self._flows.deliver(call))

    async def sign_up_or_in_with_phone(
        self, phone: str, uri: str | None = None, signup_options: SignUpOptions | None = None
    ) -> PendingLink:
        """Send three links by SMS to a user, who is created if need be; as `sign_up_or_in`.

        Args:
            phone: What the user signs in with.
            uri: Page of yours that takes the token; without one that of the project.
            signup_options: Options of the session to come and of the message.

        Returns:
            `linkId` to show, `pendingRef` to ask with, and the masked number.
        """
        call = enchantedlink.sign_up_or_in(DeliveryMethod.SMS, phone, uri, signup_options)
        return await self._run(self._flows.deliver(call))

    async def get_session(self, pending_ref: str) -> JWTResponse:
        """Ask whether the right link was clicked; ask again every few seconds while it was not.

        Args:
            pending_ref: The `pendingRef` of the start.

        Returns:
            The session: verified tokens, the user, and whether they are new.

        Raises:
            LinkPending: Not yet (status 401).
            LinkExpired: It came too late.
            AuthException: Any other refusal.
        """
        return await self._run(self._flows.sign_in(enchantedlink.get_session(pending_ref)))

    async def verify(self, token: str) -> None:
        """Take back the token of the clicked link; the session goes to whoever asks `get_session`.

        Args:
            token: The `t` of the link.

        Raises:
            InvalidLink: The link was used, is none, or is one of the wrong two.
            LinkExpired: It came too late.
            AuthException: Any other refusal.
        """
        await self._run(self._flows.deliver(enchantedlink.verify(token)))

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
    ) -> PendingLink:
        """Send three links to a new e-mail address of the signed-in user.

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
            `linkId` to show, `pendingRef` to ask with, and the masked address.

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
        return await self._run(self._flows.deliver(enchantedlink.update_user_email(refresh_token, body)))

    async def update_user_phone(
        self,
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
    ) -> PendingLink:
        """Send three links by SMS to a new phone number of the signed-in user.

        Args:
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
            `linkId` to show, `pendingRef` to ask with, and the masked number.

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
        return await self._run(self._flows.deliver(enchantedlink.update_user_phone(refresh_token, body)))
