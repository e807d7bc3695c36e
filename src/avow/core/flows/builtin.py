"""The flows that every project has, made of its settings: which methods are on offer, and in which order."""

from collections.abc import Mapping, Sequence
from typing import Final

from avow.core.flows.model import Act, Case, Choice, Done, Flow, Screen, Step

__all__ = ["BUILT_IN", "VERSION", "built_in"]

VERSION: Final = 1

# Way on the first screen: the sign-in method it needs, and the step it leads to.
_WAYS: Final[Mapping[str, tuple[str, str]]] = {
    "code": ("otp", "send-code"),
    "link": ("magiclink", "send-link"),
    "number": ("enchantedlink", "send-number"),
    "password": ("password", "ask-password"),
    "passkey": ("webauthn", "ask-passkey"),
    "sso": ("sso", "start-sso"),
}
_SOCIAL: Final = "oauth"

# What each flow that begins with "who are you" offers, in the order that counts where the project has none of its own.
_OFFERS: Final[Mapping[str, tuple[str, ...]]] = {
    "sign-up-or-in": ("code", "link", "number", "password", "passkey", "sso", "social"),
    "sign-up": ("code", "link", "number", "password", "passkey", "social"),
    "sign-in": ("code", "link", "number", "password", "passkey", "sso", "social", "recovery"),
    "otp": ("code",),
    "magic-link": ("link",),
    "passkey": ("passkey", "code"),
    "password": ("password",),
    "social": ("social",),
    "sso": ("sso",),
    "mfa": ("password", "code", "link", "passkey", "sso", "social"),
}
_NAMES: Final[Mapping[str, str]] = {
    "sign-up-or-in": "Sign up or in",
    "sign-up": "Sign up",
    "sign-in": "Sign in",
    "otp": "One-time code",
    "magic-link": "Magic link",
    "passkey": "Passkey",
    "password": "Password",
    "social": "Social sign-in",
    "sso": "Single sign-on",
    "mfa": "Two factors",
    "step-up": "Step up",
    "update-user": "Update a profile",
    "add-passkey": "Add a passkey",
    "add-app": "Add an authenticator app",
    "change-password": "Change a password",
    "recovery": "Recovery code",
}

BUILT_IN: Final = _NAMES


def built_in(flow_id: str, methods: Sequence[str]) -> Flow | None:
    """Return one of the flows that every project has, or None.

    Args:
        flow_id: One of `BUILT_IN`, which has their names for people.
        methods: The sign-in methods that are on, in the order of the project.
    """
    if flow_id in _OFFERS:
        steps, start = _entry(flow_id, methods), "first"
    elif flow_id in _NAMES:
        steps, start = _OTHERS[flow_id](methods), "begin"
    else:
        return None
    returns = "confirm-link" if "confirm-link" in steps else ""
    return Flow(id=flow_id, name=_NAMES[flow_id], version=VERSION, start=start, steps=steps, returns=returns)


def _entry(flow_id: str, methods: Sequence[str]) -> dict[str, Step]:
    """Return the steps of a flow that begins with "who are you"."""
    does = flow_id if flow_id in ("sign-up", "sign-in") else "sign-in" if flow_id == "mfa" else "sign-up-or-in"
    ways = _ordered([way for way in _OFFERS[flow_id] if _is_on(way, methods)], methods)
    on = {way: _WAYS[way][1] for way in ways if way in _WAYS}
    if "social" in ways:
        on["social"] = "start-social"
    if "recovery" in ways:
        on["recovery"] = "recovery"
    if "passkey" in ways and does != "sign-up":
        on["passkey-autofill"] = "show-passkey"
    purpose = "mfa" if flow_id == "mfa" else does
    shown = {"purpose": purpose, "ways": " ".join(way for way in ways if way in _WAYS)}
    steps: dict[str, Step] = {"first": Screen(screen="email", shown=shown, on=on)}
    fallback: dict[str, str] = {way: on[way] for way in ("code", "link") if way in on}
    if "code" in ways:
        steps |= _code(does, {name: step for name, step in fallback.items() if name != "code"})
    if "link" in ways:
        steps |= _link(does, {name: step for name, step in fallback.items() if name != "link"})
    if "number" in ways:
        steps |= _number(does)
    if "password" in ways:
        steps |= _password(does, fallback)
    if "passkey" in ways:
        steps |= _passkey(does)
    if "sso" in ways:
        steps |= _away("sso", "sso")
    if "social" in ways:
        steps |= _away("social", does)
    if "recovery" in ways:
        steps |= _recovery("first")
    if "link" in ways or "password" in ways:
        steps |= _links("first", resets="password" in ways)
    return steps | _second(methods, back="first", takes_links="confirm-link" in steps) | _after(flow_id, methods)


def _is_on(way: str, methods: Sequence[str]) -> bool:
    method = {"social": _SOCIAL, "recovery": "recoverycodes"}.get(way) or _WAYS[way][0]
    return method in methods


def _ordered(ways: Sequence[str], methods: Sequence[str]) -> list[str]:
    """Return ways in the order of the project's methods."""
    method = {**{way: name for way, (name, _) in _WAYS.items()}, "social": _SOCIAL, "recovery": "recoverycodes"}
    return sorted(ways, key=lambda way: list(methods).index(method[way]))


# Sign-in method as second factor: the word on the screen that lists them, and the step it leads to.
_SECOND: Final[Mapping[str, tuple[str, str]]] = {
    "totp": ("totp", "second-totp"),
    "webauthn": ("passkey", "ask-second-passkey"),
    "recoverycodes": ("recovery", "second-recovery"),
    "password": ("password", "second-password"),
}
# Those that come by message, in the order of preference: the act that sends, and the step that waits for it.
_BY_MESSAGE: Final[Mapping[str, tuple[str, str]]] = {
    "otp": ("send-code", "second-code"),
    "magiclink": ("send-link", "second-link"),
    "enchantedlink": ("send-number", "second-number"),
}
_PROVEN: Final = {"done": "after", "second-factor": "factor"}


def _code(does: str, others: Mapping[str, str]) -> dict[str, Step]:
    return {
        "send-code": Act(do="send-code", given={"does": does}, on={"sent": "code"}),
        "code": Screen(screen="code", on={"verify": "verify-code", "resend": "resend-code", "back": "first", **others}),
        "resend-code": Act(do="send-code", given={"does": does, "again": "yes"}, on={"sent": "code"}),
        "verify-code": Act(do="verify-code", on=_PROVEN),
    }


def _link(does: str, others: Mapping[str, str]) -> dict[str, Step]:
    return {
        "send-link": Act(do="send-link", given={"does": does}, on={"sent": "link-sent"}),
        "link-sent": Screen(
            screen="link-sent",
            on={"submit": "verify-link", "polling": "poll-link", "resend": "resend-link", "back": "first", **others},
        ),
        "resend-link": Act(do="send-link", given={"does": does, "again": "yes"}, on={"sent": "link-sent"}),
        "poll-link": Act(do="poll-link"),
    }


def _links(back: str, *, resets: bool = False) -> dict[str, Step]:
    """Return what takes a mailed link back, of a sign-in or, where a password can be chosen, of a reset."""
    return {
        "verify-link": Act(do="verify-link", given={"resets": "yes"} if resets else {}, on=_PROVEN),
        "confirm-link": Screen(screen="confirm-link", on={"confirm": "verify-link", "back": back}),
    }


def _number(does: str) -> dict[str, Step]:
    return {
        "send-number": Act(do="send-number", given={"does": does}, on={"sent": "enchanted"}),
        "enchanted": Screen(
            screen="enchanted", on={"polling": "poll-number", "resend": "resend-number", "back": "first"}
        ),
        "resend-number": Act(do="send-number", given={"does": does, "again": "yes"}, on={"sent": "enchanted"}),
        "poll-number": Act(do="poll-number", on=_PROVEN),
    }


def _password(does: str, others: Mapping[str, str]) -> dict[str, Step]:
    """Return sign-in and sign-up by password, and what follows when it was forgotten or has expired."""
    sends: dict[str, Step] = {
        "reset": Screen(screen="reset", on={"send": "send-reset", "back": "first"}),
        "send-reset": Act(do="send-reset", on={"sent": "reset-sent"}),
        "reset-sent": Screen(
            screen="link-sent",
            on={"submit": "verify-link", "polling": "poll-link", "resend": "send-reset", "back": "first"},
        ),
        "poll-link": Act(do="poll-link"),
        "new-password": Screen(screen="new-password", shown={"why": "reset"}, on={"save": "change-password"}),
        "change-password": Act(do="change-password", on={"done": "after"}),
        "expired": Screen(
            screen="new-password", shown={"why": "expired"}, on={"save": "replace-password", "back": "first"}
        ),
        "replace-password": Act(do="replace-password", on=_PROVEN),
    }
    joins: dict[str, Step] = {
        "choose-password": Screen(
            screen="new-password", shown={"why": "sign-up"}, on={"save": "sign-up-password", "back": "first"}
        ),
        "sign-up-password": Act(do="sign-up-password", on=_PROVEN),
    }
    if does == "sign-up":
        return {
            "ask-password": Act(do="name", given={"does": does}, on={"named": "choose-password"}),
            **joins,
            **{name: sends[name] for name in ("new-password", "change-password")},
        }
    may_join = {"sign-up": "choose-password"} if does == "sign-up-or-in" else {}
    return {
        "ask-password": Act(do="name", given={"does": does}, on={"named": "password"}),
        "password": Screen(
            screen="password",
            on={"sign-in": "check-password", "forgot": "reset", "back": "first", **may_join, **others},
        ),
        "check-password": Act(do="check-password", on={**_PROVEN, "expired": "expired"}),
        **sends,
        **(joins if may_join else {}),
    }


def _passkey(does: str) -> dict[str, Step]:
    begins = {"does": "sign-up" if does == "sign-up" else "sign-in"}
    finish = "make-passkey" if does == "sign-up" else "show-passkey"
    return {
        "ask-passkey": Act(do="ask-passkey", given=begins, on={"asked": "passkey"}),
        "passkey": Screen(screen="passkey", on={"submit": finish, "again": "ask-passkey", "back": "first"}),
        finish: Act(do=finish, given=begins, on={**_PROVEN, "cancelled": "first"}),
    }


def _away(kind: str, does: str) -> dict[str, Step]:
    """Return the way to somebody else who says who a person is, and back."""
    on = {"away": f"leaving-{kind}"} | ({"ask": "ask-sso"} if kind == "sso" else {})
    steps: dict[str, Step] = {
        f"start-{kind}": Act(do=f"start-{kind}", given={"does": does}, on=on),
        f"leaving-{kind}": Screen(screen="leaving", on={"submit": f"finish-{kind}", "back": "first"}),
        f"finish-{kind}": Act(do=f"finish-{kind}", on={**_PROVEN, "refused": "first"}),
    }
    if kind == "sso":
        steps["ask-sso"] = Screen(screen="sso", on={"sso": "start-sso", "back": "first"})
    return steps


def _recovery(back: str) -> dict[str, Step]:
    return {
        "recovery": Screen(
            screen="recovery", shown={"asks": "login-id"}, on={"verify": "verify-recovery", "back": back}
        ),
        "verify-recovery": Act(do="verify-recovery", on=_PROVEN),
    }


def _second(methods: Sequence[str], *, back: str, takes_links: bool = False) -> dict[str, Step]:
    """Return the second factor: which, and its proof; or its enrolment, where somebody has nothing to show."""
    chosen = {word: step for method, (word, step) in _SECOND.items() if method in methods}
    ending = {"back": back} if back else {}
    ways_out = {"others": "factors", **ending}
    message = _second_messages(methods, ways_out)
    chosen |= {by: f"send-second-{by}" for by in ("email", "sms") if f"send-second-{by}" in message}
    return {
        "factor": Choice(
            cases=(
                Case(when="several-factors", to="factors"),
                Case(when="factor-totp", to="second-totp"),
                Case(when="factor-webauthn", to="ask-second-passkey"),
                *([Case(when="factor-pwd", to="second-password")] if "password" in chosen else []),
                *(Case(when=f"factor-{by}", to=chosen[by]) for by in ("email", "sms") if by in chosen),
            ),
            otherwise="begin-totp" if "totp" in methods or "webauthn" not in methods else "begin-passkey",
        ),
        "factors": Screen(screen="factors", on={**chosen, **ending}),
        **_second_codes(ways_out),
        **(_second_password(ways_out) if "password" in chosen else {}),
        **message,
        **(_links(back or "factors") if "second-link" in message and not takes_links else {}),
        "ask-second-passkey": Act(do="ask-passkey", given={"adds": "yes"}, on={"asked": "second-passkey"}),
        "second-passkey": Screen(
            screen="passkey", on={"submit": "show-second-passkey", "again": "ask-second-passkey", "back": "factors"}
        ),
        "show-second-passkey": Act(do="show-passkey", given={"adds": "yes"}, on={**_PROVEN, "cancelled": "factors"}),
        **_enrolment(),
    }


def _second_codes(ways_out: Mapping[str, str]) -> dict[str, Step]:
    """Return the second factors that are typed: of an app, and from a list."""
    second, adds = {"is": "second"}, {"adds": "yes"}
    return {
        "second-totp": Screen(screen="totp", shown=second, on={"verify": "verify-second-totp", **ways_out}),
        "verify-second-totp": Act(do="verify-totp", given=adds, on=_PROVEN),
        "second-recovery": Screen(screen="recovery", on={"verify": "verify-second-recovery", **ways_out}),
        "verify-second-recovery": Act(do="verify-recovery", given=adds, on=_PROVEN),
    }


def _second_password(ways_out: Mapping[str, str]) -> dict[str, Step]:
    on = {"sign-in": "check-second-password", **ways_out}
    return {
        "second-password": Screen(screen="password", shown={"is": "second"}, on=on),
        "check-second-password": Act(do="check-password", given={"adds": "yes"}, on=_PROVEN),
    }


def _second_messages(methods: Sequence[str], ways_out: Mapping[str, str]) -> dict[str, Step]:
    """Return the second factors that come by message: a code, or where the project sends none, a link."""
    method = next((each for each in _BY_MESSAGE if each in methods), "")
    if not method:
        return {}
    (send, screen), adds = _BY_MESSAGE[method], {"adds": "yes"}
    steps: dict[str, Step] = {
        f"send-second-{by}": Act(do=send, given={**adds, "by": by}, on={"sent": screen})
        for by in (("email",) if method == "enchantedlink" else ("email", "sms"))
    }
    steps["resend-second"] = Act(do=send, given={**adds, "again": "yes"}, on={"sent": screen})
    back = ways_out.get("back", "factors")
    if method == "otp":
        on = {"verify": "verify-second-code", "resend": "resend-second", **ways_out}
        steps |= {
            screen: Screen(screen="code", shown={"is": "second"}, on=on),
            "verify-second-code": Act(do="verify-code", given=adds, on=_PROVEN),
        }
    if method == "magiclink":
        on = {"submit": "verify-link", "polling": "poll-link", "resend": "resend-second", "back": back}
        steps |= {screen: Screen(screen="link-sent", on=on), "poll-link": Act(do="poll-link")}
    if method == "enchantedlink":
        on = {"polling": "poll-second-number", "resend": "resend-second", "back": back}
        steps |= {
            screen: Screen(screen="enchanted", on=on),
            "poll-second-number": Act(do="poll-number", given=adds, on=_PROVEN),
        }
    return steps


def _enrolment() -> dict[str, Step]:
    """Return what sets a second factor up for whoever has none and needs one."""
    return {
        "begin-totp": Act(do="begin-totp", on={"begun": "totp-setup"}),
        "totp-setup": Screen(screen="totp-setup", on={"verify": "confirm-totp"}),
        "confirm-totp": Act(do="verify-totp", given={"adds": "yes"}, on={**_PROVEN, "done": "make-codes"}),
        "make-codes": Act(do="make-codes", on={"made": "recovery-codes", "none": "after"}),
        "recovery-codes": Screen(screen="recovery-codes", on={"go": "forget-codes"}),
        "forget-codes": Act(do="forget-codes", on={"done": "after"}),
        "begin-passkey": Act(do="ask-passkey", given={"does": "add"}, on={"asked": "new-passkey"}),
        "new-passkey": Screen(screen="passkey", on={"submit": "take-passkey", "again": "begin-passkey"}),
        "take-passkey": Act(do="add-passkey", on={**_PROVEN}),
    }


def _after(flow_id: str, methods: Sequence[str]) -> dict[str, Step]:
    """Return what follows a proof."""
    cases = [Case(when="must-choose-password", to="new-password")] if "password" in methods else []
    if flow_id == "mfa":
        cases.append(Case(when="!two-factors", to="ask-second"))
    steps: dict[str, Step] = {"done": Done()}
    if "webauthn" in methods and flow_id in ("sign-up-or-in", "sign-up", "sign-in", "otp", "magic-link", "passkey"):
        cases.append(Case(when="offers-passkey", to="passkey-offer"))
        steps |= _adding()
    if flow_id == "mfa":
        steps["ask-second"] = Act(do="ask-second", on={"asked": "factor"})
    cases = [case for case in cases if case.to != "new-password" or flow_id in _WITH_PASSWORD]
    return {"after": Choice(cases=tuple(cases), otherwise="done"), **steps}


_WITH_PASSWORD: Final = frozenset(name for name, ways in _OFFERS.items() if "password" in ways)


def _adding() -> dict[str, Step]:
    """Return the creation of a passkey in the session that was just opened."""
    return {
        "passkey-offer": Screen(screen="passkey-offer", on={"create": "begin-adding", "later": "decline-passkey"}),
        "decline-passkey": Act(do="decline-passkey", on={"done": "done"}),
        "begin-adding": Act(do="ask-passkey", given={"does": "add"}, on={"asked": "adding"}),
        "adding": Screen(screen="passkey", on={"submit": "add-passkey", "again": "begin-adding", "back": "done"}),
        "add-passkey": Act(do="add-passkey", on={"done": "done", "cancelled": "passkey-offer"}),
    }


def _step_up(methods: Sequence[str]) -> dict[str, Step]:
    return {
        "begin": Act(do="ask-second", given={"is": "step-up"}, on={"asked": "factor"}),
        **_second(methods, back=""),
        "after": Choice(otherwise="done"),
        "done": Done(),
    }


def _update(methods: Sequence[str]) -> dict[str, Step]:
    return {
        "begin": Act(do="read-profile", on={"read": "profile"}),
        "profile": Screen(screen="profile", on={"save": "save-profile", "later": "done"}),
        "save-profile": Act(do="save-profile", on={"saved": "done", "proves": "prove-address"}),
        "prove-address": Screen(
            screen="code",
            shown={"is": "update"},
            on={"verify": "verify-address", "resend": "resend-address", "back": "profile"},
        ),
        "resend-address": Act(do="prove-address", given={"again": "yes"}, on={"sent": "prove-address"}),
        "verify-address": Act(do="verify-code", on={"done": "next-address"}),
        "next-address": Act(do="prove-address", on={"sent": "prove-address", "none": "done"}),
        "done": Done(),
    }


def _add_passkey(methods: Sequence[str]) -> dict[str, Step]:
    steps = _adding()
    return {"begin": Act(do="require-session", on={"done": "passkey-offer"}), **steps, "done": Done()}


def _add_app(methods: Sequence[str]) -> dict[str, Step]:
    return {
        "begin": Act(do="require-session", on={"done": "begin-totp"}),
        "begin-totp": Act(do="begin-totp", on={"begun": "totp-setup"}),
        "totp-setup": Screen(screen="totp-setup", on={"verify": "confirm-totp", "later": "done"}),
        "confirm-totp": Act(do="verify-totp", given={"adds": "yes"}, on={"done": "make-codes"}),
        "make-codes": Act(do="make-codes", on={"made": "recovery-codes", "none": "done"}),
        "recovery-codes": Screen(screen="recovery-codes", on={"go": "forget-codes"}),
        "forget-codes": Act(do="forget-codes", on={"done": "done"}),
        "done": Done(),
    }


def _change_password(methods: Sequence[str]) -> dict[str, Step]:
    return {
        "begin": Act(do="require-session", on={"done": "new-password"}),
        "new-password": Screen(
            screen="new-password", shown={"why": "change"}, on={"save": "change-password", "back": "done"}
        ),
        "change-password": Act(do="change-password", on={"done": "done"}),
        "done": Done(),
    }


def _recover(methods: Sequence[str]) -> dict[str, Step]:
    steps = _recovery("begin")
    return {
        "begin": Choice(otherwise="recovery"),
        **steps,
        **_second(methods, back="recovery"),
        "after": Choice(otherwise="done"),
        "done": Done(),
    }


_OTHERS: Final = {
    "step-up": _step_up,
    "update-user": _update,
    "add-passkey": _add_passkey,
    "add-app": _add_app,
    "change-password": _change_password,
    "recovery": _recover,
}
