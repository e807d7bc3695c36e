"""The routes of authenticator apps."""

from avow.core import totp as rules
from avow.errors import InvalidCode
from avow.server.proofs.recipients import require_method
from avow.server.serving import Call, Issued, Refusal, Slice, Steps, aside, steps, write, writes
from avow.server.store import Tx
from avow.server.totp import actions
from avow.server.totp.actions import Begun
from avow.server.totp.pictures import qr_image
from avow.wire import totp as wire
from avow.wire.endpoint import Nothing
from avow.wire.totp import TotpCode, TotpEnrolment, TotpSignUp, TotpUpdate

__all__ = ["SLICE"]


def sign_up(call: Call[TotpSignUp]) -> Steps[TotpEnrolment]:
    """Make a seed for a new user's authenticator app; the user exists once `verify` gets its first code, in an hour.

    The answer has the seed three ways, and is the only one that has it. Another sign-up under the same login ID takes
    its place.
    """
    require_method(call, "totp")
    return (yield from _shown((yield from write(actions.begin_sign_up, call))))


def update(call: Call[TotpUpdate]) -> Steps[TotpEnrolment]:
    """Make a seed for the session's user, who adds an authenticator app or replaces the one they have.

    It counts once `verify` gets its first code, within an hour and while the session lives; the app before goes on
    until then. The sign-in has to be a recent one (E061402), and the one who has an app or a passkey has to have shown
    it there (E061401), or a recovery code.
    """
    require_method(call, "totp")
    return (yield from _shown((yield from write(actions.begin_update, call))))


def verify(tx: Tx, call: Call[TotpCode]) -> Issued | Refusal:
    """Exchange a code of the app for a session.

    Codes of the present 30 seconds count, and of those before and after them; each once, and none that is older than
    one that worked. After `guesses_per_hour` wrong ones in an hour, or twice as many in a day, every code is refused
    with 429 for the rest of it. A code that worked before is refused, and not counted.
    """
    require_method(call, "totp")
    code = rules.bare(call.body.code)
    return actions.verify(tx, call, code) if code else Refusal(InvalidCode())


def remove(tx: Tx, call: Call[Nothing]) -> Nothing:
    """Remove the authenticator app of the session's user. It needs a recent sign-in in which the app was shown."""
    actions.remove(tx, call)
    return Nothing()


def _shown(begun: Begun) -> Steps[TotpEnrolment]:
    """Return a seed as it is shown; the picture is drawn after the commit."""
    url = rules.provisioning_url(begun.issuer, begun.account, begun.seed)
    image = yield from aside(qr_image, url)
    return TotpEnrolment(provisioning_url=url, image=image, key=rules.key_text(begun.seed))


SLICE = Slice(
    "totp",
    (
        steps(wire.SIGN_UP, sign_up),
        writes(wire.VERIFY, verify),
        steps(wire.UPDATE, update),
        writes(wire.REMOVE, remove),
    ),
)
