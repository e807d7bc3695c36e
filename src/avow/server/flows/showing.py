"""From an execution to the screen it is at: what the screen shows, as a typed value."""

from collections.abc import Collection, Mapping
from typing import Any, Final, get_args

from avow.core.flows.model import Flow
from avow.core.flows.model import Screen as Step
from avow.server.delivery.devices import known_device
from avow.server.flows.executions import Execution
from avow.server.flows.state import State
from avow.server.passwords import actions as passwords
from avow.server.screens import Said
from avow.server.screens import Screen as Shown
from avow.server.screens import values as screens
from avow.server.serving import Project
from avow.server.social import actions as social
from avow.server.store import Tx
from avow.server.users import actions as users

__all__ = ["SHOWN", "screen_of", "step_of"]

# Arguments that steps give their screens, and the words that each takes.
SHOWN: Final[Mapping[str, Mapping[str, Collection[str]]]] = {
    "email": {"purpose": get_args(screens.Purpose), "ways": get_args(screens.Way), "asks": ("name",)},
    "code": {"is": ("second", "update")},
    "password": {"is": ("second",)},
    "new-password": {"why": get_args(screens.Why)},
    "totp": {"is": ("second",)},
    "recovery": {"is": ("second",), "asks": ("login-id",)},
    "profile": {"fields": screens.Profile.fields},
}
_RESEND_SECONDS = 30
_WORDS = {"webauthn": "passkey", "pwd": "password"}  # of factors, as the screen that lists them has them


def step_of(flow: Flow, execution: Execution) -> Step | None:
    """Return the screen's step that an execution waits at; None when it is at none."""
    step = flow.steps.get(execution.step)
    return step if isinstance(step, Step) else None


def screen_of(tx: Tx, project: Project, flow: Flow, execution: Execution, *, is_component: bool) -> Shown:
    """Return the screen that an execution is at.

    Args:
        tx: A unit that reads.
        project: The project.
        flow: The flow.
        execution: The execution.
        is_component: Secrets are left out, and their places put in: the official component has them elsewhere.
    """
    step, state = step_of(flow, execution), execution.state
    if step is None:
        return screens.Done()
    saying: dict[str, Any] = {"error": state.error, "notice": state.notice}
    match step.screen:
        case "email":
            return _email(tx, project, step, state, saying)
        case "code" | "link-sent" | "enchanted":
            return _sent(tx, project, step, state, saying)
        case "password" | "new-password":
            return _password(tx, project, step, state, saying)
        case "totp-setup" | "recovery-codes":
            return _secrets(step, state, saying, is_component=is_component)
        case "factors" | "totp" | "recovery":
            return _factor(step, state, saying)
        case "tenant" | "profile" | "consent":
            return _person(tx, step, state, saying)
        case _:
            return _other(project, step, state, saying)


def _email(tx: Tx, project: Project, step: Step, state: State, saying: Mapping[str, Any]) -> Shown:
    ways: Any = tuple(step.shown.get("ways", "").split()) or tuple(each for each in step.on if each in _WAYS)
    if "sms" not in project.carriers and "@" not in state.login_id:
        state = State(locale=state.locale)
    providers: tuple[screens.Provider, ...] = ()
    if "social" in step.on:
        providers = tuple(
            screens.Provider(each.name, each.settings.display_name or each.name.title(), each.settings.kind)
            for each in social.every(tx)
            if each.settings.is_enabled
        )
    purpose: Any = step.shown.get("purpose", "sign-up-or-in")
    return screens.Email(
        purpose=purpose,
        login_id=state.login_id,
        takes_phone="sms" in project.carriers,
        ways=ways,
        providers=providers,
        has_autofill="passkey-autofill" in step.on,
        asks_name=step.shown.get("asks") == "name",
        has_recovery="recovery" in step.on,
        **saying,
    )


_WAYS = ("code", "link", "number", "password", "passkey", "sso")


def _sent(tx: Tx, project: Project, step: Step, state: State, saying: Mapping[str, Any]) -> Shown:
    sent, settings = state.sent, project.settings
    wait = max(0, sent.at + _RESEND_SECONDS - tx.now)
    others: Any = tuple(each for each in step.on if each in _WAYS)
    if step.screen == "code":
        return screens.Code(
            sent_to=sent.to,
            digits=settings.code_digits,
            minutes=max(1, settings.code_lifetime_seconds // 60),
            resend_seconds=wait,
            is_second="others" in step.on,
            others=others,
            **saying,
        )
    if step.screen == "enchanted":
        return screens.Enchanted(
            sent_to=sent.to, number=sent.link_id, resend_seconds=wait, is_ended=sent.is_ended, **saying
        )
    return screens.LinkSent(sent_to=sent.to, resend_seconds=wait, is_ended=sent.is_ended, others=others, **saying)


def _password(tx: Tx, project: Project, step: Step, state: State, saying: Mapping[str, Any]) -> Shown:
    if step.shown.get("is") == "second":
        has_others = "others" in step.on and _has_others(state)
        return screens.Password(login_id=_own_login_id(tx, state), is_second=True, has_others=has_others, **saying)
    if step.screen == "password":
        others: Any = tuple(each for each in step.on if each in _WAYS)
        may_join = "sign-up" in step.on and not project.settings.hides_existence
        takes_phone = "sms" in project.carriers
        return screens.Password(
            login_id=state.login_id, takes_phone=takes_phone, others=others, may_sign_up=may_join, **saying
        )
    rules = passwords.settings(tx)
    policy = screens.Policy(rules.min_length, rules.lowercase, rules.uppercase, rules.number, rules.non_alphanumeric)
    why: Any = step.shown.get("why", "sign-up")
    return screens.NewPassword(login_id=state.login_id, policy=policy, why=why, **saying)


def _own_login_id(tx: Tx, state: State) -> str:
    """Return of whom a password is asked as second factor."""
    profile = users.find(tx, state.who.user_id) if state.who else None
    return next(iter(profile.login_ids), "") if profile else ""


def _secrets(step: Step, state: State, saying: Mapping[str, Any], *, is_component: bool) -> Shown:
    if step.screen == "recovery-codes":
        places = tuple(f"{{{{recovery.c{number}}}}}" for number in range(len(state.codes)))
        return screens.RecoveryCodes(codes=places if is_component else state.codes, **saying)
    if is_component:
        return screens.TotpSetup(
            image="{{totp.image}}",
            key="{{totp.key}}",
            link="{{totp.provisionUrl}}",
            account=state.totp_account,
            is_required="later" not in step.on,
            **saying,
        )
    from avow.server.totp.pictures import qr_image  # few see it

    return screens.TotpSetup(
        image=qr_image(state.totp_url),
        key=state.totp_key,
        link=state.totp_url,
        account=state.totp_account,
        is_required="later" not in step.on,
        **saying,
    )


def _factor(step: Step, state: State, saying: Mapping[str, Any]) -> Shown:
    if step.screen == "factors":
        words = (_WORDS.get(each, each) for each in state.factors)
        named: Any = tuple(each for each in words if each in step.on)
        with_codes = (*named, "recovery") if "totp" in named and "recovery" in step.on else named
        return screens.Factors(factors=with_codes, **saying)
    asks = not (state.waiting or state.session or state.caller) and step.shown.get("is") != "second"
    if step.screen == "totp":
        return screens.Totp(has_others="others" in step.on and _has_others(state), asks_login_id=asks, **saying)
    return screens.Recovery(asks_login_id=asks, login_id=state.login_id, **saying)


def _has_others(state: State) -> bool:
    return len(state.factors) > 1 or "totp" in state.factors


def _person(tx: Tx, step: Step, state: State, saying: Mapping[str, Any]) -> Shown:
    if step.screen == "consent":
        return screens.Consent(**saying)
    if step.screen == "profile":
        names = ("name", "email", "phone", "givenName", "familyName")
        person = {name: state.person.get(name, "") for name in names}
        asked = tuple(step.shown.get("fields", "name email phone").split())
        return screens.Profile(person=person, asked=asked, **saying)
    who = None if state.waiting else state.who  # which tenants there are, nobody is told by one factor
    profile = users.find(tx, who.user_id) if who else None
    found = profile.tenants if profile else {}
    tenants = tuple(screens.TenantChoice(each, grants.name or each) for each, grants in found.items())
    return screens.Tenant(tenants=tenants, chosen=state.tenant, **saying)


def _other(project: Project, step: Step, state: State, saying: Mapping[str, Any]) -> Shown:
    match step.screen:
        case "confirm-link":
            device, place = state.asked_by
            return screens.ConfirmLink(device=" · ".join(filter(None, known_device(device))), place=place, **saying)
        case "reset":
            return screens.Reset(login_id=state.login_id, takes_phone="sms" in project.carriers, **saying)
        case "passkey":
            return screens.Passkey(creates=state.away.creates, options=state.away.options, **saying)
        case "passkey-offer":
            return screens.PasskeyOffer(**saying)
        case "sso":
            return screens.Sso(login_id=state.login_id, **saying)
        case "leaving":
            return screens.Leaving(url=state.away.url, label=state.away.label, **saying)
        case "done":
            return screens.Done(**saying)
        case _:
            return screens.Failed(reason=state.error or Said("wrong.expired"), may_restart="restart" in step.on)
