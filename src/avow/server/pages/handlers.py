"""Binds the addresses of the pages to the functions that answer them."""

from collections.abc import Callable
from functools import partial
from typing import Any

from avow.clock import Clock
from avow.core.vault import Vault
from avow.errors import AvowError
from avow.server.oidc.provider import Provider
from avow.server.pages import (
    account,
    authorize,
    device,
    endpoints,
    hosted,
    leave,
    numbers,
    returns,
    samldoor,
    sso_setup,
)
from avow.server.pages.endpoints import LinkQuery, PasswordForm
from avow.server.pages.errors import error_page
from avow.server.pages.frame import Frame
from avow.server.serving import Answer, Call, Handler, Slice, Steps, plain, steps
from avow.server.settings import Settings
from avow.server.visit import Visit
from avow.wire import oidc
from avow.wire.endpoint import Nothing

__all__ = ["Pages"]


class Pages:
    """The pages of one server.

    Attributes:
        provider: The OpenID provider; its front door is among the pages.
    """

    def __init__(self, settings: Settings, vault: Vault, clock: Clock, provider: Provider) -> None:
        """Keep what pages need."""
        self._frame = Frame(settings, vault, clock)
        self.provider = provider

    @property
    def slice(self) -> Slice:
        """Return the handlers."""
        frame = self._frame
        return Slice(
            "pages",
            (
                plain(endpoints.HOME, partial(home, frame)),
                plain(endpoints.ASSET, partial(asset, frame)),
                steps(endpoints.LOGIN_ANY, partial(hosted.ask_anywhere, frame)),
                steps(endpoints.LOGIN, partial(hosted.ask, frame)),
                steps(endpoints.POST_LOGIN, partial(hosted.begin, frame)),
                steps(endpoints.RETURN, partial(returns.look, frame)),
                steps(endpoints.POST_RETURN, partial(returns.verify, frame)),
                steps(endpoints.STEP, partial(hosted.look, frame)),
                steps(endpoints.POST_STEP, partial(hosted.go_on, frame)),
                steps(endpoints.MAGIC_LINK, partial(returns.look, frame)),
                steps(endpoints.ENCHANTED_LINK, partial(numbers.look, frame)),
                steps(endpoints.POST_ENCHANTED_LINK, partial(numbers.verify, frame)),
                steps(endpoints.RESET_PASSWORD, partial(look_at_reset, frame)),
                steps(endpoints.POST_RESET_PASSWORD, partial(set_password, frame)),
                steps(endpoints.ACCOUNT_ANY, partial(account.show_anywhere, frame)),
                steps(endpoints.ACCOUNT, partial(account.show, frame)),
                steps(endpoints.POST_ACCOUNT, partial(account.act, frame)),
                steps(endpoints.SSO_SETUP, partial(sso_setup.show, frame)),
                *self._front_door(),
                *samldoor.handlers(frame),
            ),
        )

    def _front_door(self) -> list[Handler]:
        """Return the handlers of authorization requests and log-out, of both prefixes."""
        frame, provider = self._frame, self.provider
        bound: tuple[tuple[oidc.Pair, Callable[[Call[Any]], Steps[Answer]]], ...] = (
            (oidc.AUTHORIZE, partial(authorize.ask, frame, provider)),
            (oidc.CONTINUE, partial(authorize.go_on, frame, provider)),
            (oidc.POST_CONTINUE, partial(authorize.consent, frame, provider)),
            (oidc.USER_CODE, partial(device.ask, frame, provider)),
            (oidc.POST_USER_CODE, partial(device.by_form, frame, provider)),
            (oidc.LOGOUT, partial(leave.ask, frame, provider)),
            (oidc.POST_LOGOUT, partial(leave.by_form, frame, provider)),
            (oidc.V2_LOGOUT, partial(leave.v2, frame, provider)),
        )
        posted = [plain(each, partial(authorize.ask_by_form, frame)) for each in oidc.POST_AUTHORIZE]
        return [*posted, *(steps(endpoint, function) for pair, function in bound for endpoint in pair)]

    def error(self, visit: Visit, error: AvowError) -> Answer:
        """Return the page for an error."""
        return error_page(self._frame, visit, error)


def home(frame: Frame, call: Call[Nothing]) -> Answer:
    """Say what this server is, and where to go."""
    return frame.page(call.client, "home", {"project": None})


def asset(frame: Frame, call: Call[Nothing]) -> Answer:
    """Answer the style sheet, the script or the icon."""
    return frame.asset(call.path["file"])


def look_at_reset(frame: Frame, call: Call[LinkQuery]) -> Steps[Answer]:
    """Show where a new password is typed."""
    from avow.server.pages import reset_password  # hashing takes long to import, and few processes see a reset

    return (yield from reset_password.look(frame, call))


def set_password(frame: Frame, call: Call[PasswordForm]) -> Steps[Answer]:
    """Set the new password."""
    from avow.server.pages import reset_password  # as above

    return (yield from reset_password.set_password(frame, call))
