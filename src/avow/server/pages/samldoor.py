"""Binds the addresses of the SAML identity provider; what answers them is imported when somebody comes.

Its XML libraries take long to load, and many a server never needs them.
"""

from functools import partial

from avow.server.pages.frame import Frame
from avow.server.serving import Answer, Call, Handler, Steps, steps
from avow.wire import samlidp as wire
from avow.wire.endpoint import Nothing
from avow.wire.samlidp import ContinueQuery, SamlForm, SamlQuery

__all__ = ["handlers"]


def handlers(frame: Frame) -> list[Handler]:
    """Return the handlers."""
    return [
        steps(wire.METADATA, partial(metadata, frame)),
        steps(wire.SSO, partial(ask, frame)),
        steps(wire.POST_SSO, partial(ask_by_form, frame)),
        steps(wire.CONTINUE, partial(go_on, frame)),
        steps(wire.START, partial(start, frame)),
        steps(wire.SLO, partial(log_out, frame)),
        steps(wire.POST_SLO, partial(log_out_by_form, frame)),
    ]


def metadata(frame: Frame, call: Call[Nothing]) -> Steps[Answer]:
    """Return our metadata for the service provider of an application."""
    from avow.server.pages import saml

    return (yield from saml.metadata(frame, call))


def ask(frame: Frame, call: Call[SamlQuery]) -> Steps[Answer]:
    """Take a request of a service provider that came by an address."""
    from avow.server.pages import saml

    return (yield from saml.ask(frame, call))


def ask_by_form(frame: Frame, call: Call[SamlForm]) -> Steps[Answer]:
    """Take a request of a service provider that came by a form."""
    from avow.server.pages import saml

    return (yield from saml.ask_by_form(frame, call))


def go_on(frame: Frame, call: Call[ContinueQuery]) -> Steps[Answer]:
    """Go on with a request of this browser, after its person has signed in."""
    from avow.server.pages import saml

    return (yield from saml.go_on(frame, call))


def start(frame: Frame, call: Call[Nothing]) -> Steps[Answer]:
    """Begin a sign-in that the application did not ask for."""
    from avow.server.pages import saml

    return (yield from saml.start(frame, call))


def log_out(frame: Frame, call: Call[SamlQuery]) -> Steps[Answer]:
    """Take a log-out that came by an address."""
    from avow.server.pages import saml

    return (yield from saml.log_out(frame, call))


def log_out_by_form(frame: Frame, call: Call[SamlForm]) -> Steps[Answer]:
    """Take a log-out that came by a form."""
    from avow.server.pages import saml

    return (yield from saml.log_out_by_form(frame, call))
