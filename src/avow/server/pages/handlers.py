"""Binds the addresses of the pages to the functions that answer them."""

from functools import partial

from avow.clock import Clock
from avow.core.vault import Vault
from avow.errors import AvowError
from avow.server.pages import endpoints, mailed_links, sign_in, signed_in, sso_setup
from avow.server.pages.endpoints import LinkQuery, PasswordForm
from avow.server.pages.errors import error_page
from avow.server.pages.frame import Frame
from avow.server.serving import Answer, Call, Slice, Steps, plain, steps
from avow.server.settings import Settings
from avow.server.visit import Visit
from avow.wire.endpoint import Nothing

__all__ = ["Pages"]


class Pages:
    """The pages of one server."""

    def __init__(self, settings: Settings, vault: Vault, clock: Clock, *, takes_phone: bool) -> None:
        """Keep what pages need; `takes_phone` says that somebody carries messages to phones."""
        self._frame = Frame(settings, vault, clock, takes_phone=takes_phone)

    @property
    def slice(self) -> Slice:
        """Return the handlers."""
        frame = self._frame
        return Slice(
            "pages",
            (
                plain(endpoints.HOME, partial(home, frame)),
                plain(endpoints.ASSET, partial(asset, frame)),
                steps(endpoints.LOGIN_ANY, partial(sign_in.ask_anywhere, frame)),
                plain(endpoints.LOGIN, partial(sign_in.ask, frame)),
                steps(endpoints.POST_LOGIN, partial(sign_in.begin, frame)),
                plain(endpoints.CODE, partial(sign_in.code, frame)),
                steps(endpoints.POST_CODE, partial(sign_in.verify, frame)),
                steps(endpoints.WAITING, partial(sign_in.waiting, frame)),
                steps(endpoints.POST_WAITING, partial(sign_in.proceed, frame)),
                steps(endpoints.POST_RESEND, partial(sign_in.resend, frame)),
                steps(endpoints.MAGIC_LINK, partial(mailed_links.look_at_magic, frame)),
                steps(endpoints.POST_MAGIC_LINK, partial(mailed_links.verify_magic, frame)),
                steps(endpoints.ENCHANTED_LINK, partial(mailed_links.look_at_enchanted, frame)),
                steps(endpoints.POST_ENCHANTED_LINK, partial(mailed_links.verify_enchanted, frame)),
                steps(endpoints.RESET_PASSWORD, partial(look_at_reset, frame)),
                steps(endpoints.POST_RESET_PASSWORD, partial(set_password, frame)),
                steps(endpoints.SIGNED_IN, partial(signed_in.show, frame)),
                steps(endpoints.POST_SIGNED_IN, partial(signed_in.act, frame)),
                steps(endpoints.SSO_SETUP, partial(sso_setup.show, frame)),
            ),
        )

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
