"""Authenticator apps and recovery codes: as second factor, and where nothing else is left."""

from dataclasses import replace

from msgspec.structs import replace as changed

from avow.core import recoverycodes as recovery_rules
from avow.core import totp as rules
from avow.errors import InvalidCode
from avow.server.flows.acts.turn import Outcome, Turn, own_login_id, proven
from avow.server.proofs.recipients import require_method
from avow.server.recoverycodes import actions as recoverycodes
from avow.server.screens.values import Said
from avow.server.serving import Refusal
from avow.server.store import Tx
from avow.server.totp import actions as totp
from avow.wire.recoverycodes import RecoveryCode
from avow.wire.totp import TotpCode, TotpUpdate

__all__ = ["begin_totp", "forget_codes", "make_codes", "verify_recovery", "verify_totp"]

_WRONG_TOTP = Said("wrong.totp")
_WRONG_RECOVERY = Said("wrong.recovery-code")


def begin_totp(tx: Tx, turn: Turn) -> Outcome:
    """Make a seed for the app of the user of the session."""
    require_method(turn.call, "totp")
    body = TotpUpdate(login_id=own_login_id(tx, turn))
    begun = totp.begin_update(tx, turn.asking(body, as_self=True))
    url = rules.provisioning_url(begun.issuer, begun.account, begun.seed)
    return turn.come("begun", totp_url=url, totp_key=rules.key_text(begun.seed), totp_account=begun.account)


def verify_totp(tx: Tx, turn: Turn) -> Outcome:
    """Take a code of an app, the first one of a new seed too."""
    require_method(turn.call, "totp")
    typed = turn.text("code", 64)
    code = rules.bare(typed)
    if not code:
        return turn.refuse(_WRONG_TOTP)
    login_id = own_login_id(tx, turn) if turn.adds else turn.naming().login_id
    body = TotpCode(login_id=login_id, code=typed, login_options=turn.options)
    outcome = proven(tx, turn, "totp", totp.verify(tx, turn.asking(body), code), _WRONG_TOTP)
    if outcome.name == "refused":
        return outcome
    return replace(outcome, state=changed(outcome.state, totp_url="", totp_key=""))


def make_codes(tx: Tx, turn: Turn) -> Outcome:
    """Make recovery codes for the user of the session; "none" where the project has none."""
    if "recoverycodes" not in turn.call.project.settings.sign_in_methods:
        return turn.come("none")
    return turn.come("made", codes=recoverycodes.generate(tx, turn.asking(turn.call.body, as_self=True)))


def forget_codes(tx: Tx, turn: Turn) -> Outcome:
    """Forget the codes that were shown."""
    return turn.come("done", codes=())


def verify_recovery(tx: Tx, turn: Turn) -> Outcome:
    """Take a recovery code."""
    require_method(turn.call, "recoverycodes")
    typed = turn.text("code", 64)
    code = recovery_rules.bare(typed)
    if not code:
        return turn.refuse(_WRONG_RECOVERY)
    state = turn.state if turn.adds else turn.naming()
    login_id = own_login_id(tx, turn) if turn.adds else state.login_id
    body = RecoveryCode(login_id=login_id, code=typed, login_options=turn.options)
    result = recoverycodes.verify(tx, turn.asking(body), code)
    is_wrong = isinstance(result, Refusal) and isinstance(result.error, InvalidCode)
    outcome = proven(tx, turn, "recoverycodes", result, _WRONG_RECOVERY if is_wrong else None)
    return replace(outcome, state=changed(outcome.state, login_id=state.login_id))
