"""The acts of flows by name, and what each may come to."""

from collections.abc import Mapping
from typing import Final

from avow.server.flows.acts import account, apps, codes, elsewhere, links, passkeys, passwords
from avow.server.flows.acts.turn import Act, PreparedAct

__all__ = ["ACTS", "OUTCOMES", "PREPARED"]

_PROOF: Final = ("done", "second-factor", "refused")
_SENT: Final = ("sent", "refused")

# Each with its outcomes; what is not led anywhere leaves the flow at its screen.
_ACTS: Final[Mapping[str, tuple[Act, tuple[str, ...]]]] = {
    "send-code": (codes.send, _SENT),
    "verify-code": (codes.verify, _PROOF),
    "send-link": (links.send, _SENT),
    "verify-link": (links.verify, _PROOF),
    "send-number": (links.send_number, _SENT),
    "name": (passwords.name, ("named", "refused")),
    "send-reset": (passwords.send_reset, _SENT),
    "ask-passkey": (passkeys.ask, ("asked", "refused")),
    "decline-passkey": (passkeys.decline, ("done",)),
    "begin-totp": (apps.begin_totp, ("begun", "refused")),
    "verify-totp": (apps.verify_totp, _PROOF),
    "verify-recovery": (apps.verify_recovery, _PROOF),
    "start-social": (elsewhere.start_social, ("away", "refused")),
    "finish-social": (elsewhere.finish_social, _PROOF),
    "start-sso": (elsewhere.start_sso, ("away", "ask", "refused")),
    "finish-sso": (elsewhere.finish_sso, _PROOF),
    "make-codes": (apps.make_codes, ("made", "none", "refused")),
    "forget-codes": (apps.forget_codes, ("done",)),
    "choose-tenant": (account.choose_tenant, ("done", "refused")),
    "require-session": (account.require_session, ("done", "refused")),
    "ask-second": (account.ask_second, ("asked", "refused")),
    "read-profile": (account.read_profile, ("read", "refused")),
    "save-profile": (account.save_profile, ("saved", "proves", "refused")),
    "prove-address": (account.prove_address, ("sent", "none", "refused")),
}

# With work before their unit: a flow comes to them by what somebody does on a screen, and in no other way.
_PREPARED: Final[Mapping[str, tuple[PreparedAct, tuple[str, ...]]]] = {
    "poll-link": (links.poll, ("refused",)),
    "poll-number": (links.poll_number, _PROOF),
    "check-password": (passwords.sign_in, (*_PROOF, "expired")),
    "sign-up-password": (passwords.sign_up, _PROOF),
    "change-password": (passwords.change, ("done", "refused")),
    "replace-password": (passwords.replace, _PROOF),
    "show-passkey": (passkeys.show, (*_PROOF, "cancelled")),
    "make-passkey": (passkeys.make, (*_PROOF, "cancelled")),
    "add-passkey": (passkeys.add, (*_PROOF, "cancelled")),
}

ACTS: Final[Mapping[str, Act]] = {name: act for name, (act, _) in _ACTS.items()}
PREPARED: Final[Mapping[str, PreparedAct]] = {name: act for name, (act, _) in _PREPARED.items()}
OUTCOMES: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: outcomes for name, (_, outcomes) in _ACTS.items()},
    **{name: outcomes for name, (_, outcomes) in _PREPARED.items()},
}
