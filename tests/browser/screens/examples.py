"""Every screen of flows as people meet it, and as hostile as values can be."""

from dataclasses import fields, replace
from typing import Any

from avow.server.screens import Said, Screen
from avow.server.screens import values as screens

__all__ = ["EXAMPLES", "HOSTILE", "hostile"]

_PROVIDERS = (
    screens.Provider("google", "Google", "google"),
    screens.Provider("github", "GitHub", "github"),
    screens.Provider("apple", "Apple", "apple"),
)
_KINDS = ("microsoft", "facebook", "linkedin", "gitlab", "slack", "twitch", "discord", "bitbucket", "x", "custom")
_CODES = tuple(f"k7mq-{number}4xr-tw9d" for number in range(10))


def _qr() -> str:
    from avow.server.totp.pictures import qr_image

    return qr_image("otpauth://totp/Acme:mia%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Acme")


EXAMPLES: dict[str, Screen] = {
    "email": screens.Email(ways=("code", "passkey"), providers=_PROVIDERS, has_autofill=True),
    "email-phone": screens.Email(
        ways=("code", "link", "number", "password", "passkey", "sso"), takes_phone=True, has_recovery=True
    ),
    "email-sign-up": screens.Email(purpose="sign-up", ways=("link",), asks_name=True),
    "email-error": screens.Email(login_id="mia@example", error=Said("wrong.email")),
    "social": screens.Email(ways=(), providers=tuple(screens.Provider(each, each.title(), each) for each in _KINDS)),
    "code": screens.Code(sent_to="m***@example.com", others=("link",)),
    "code-error": screens.Code(
        sent_to="m***@example.com", resend_seconds=30, error=Said("wrong.code", {"count": 3}), is_second=True
    ),
    "code-long": screens.Code(sent_to="+49 *** *** 4567", digits=10, notice=Said("notice.sent-again")),
    "link-sent": screens.LinkSent(sent_to="m***@example.com", others=("code",), resend_seconds=25),
    "link-ended": screens.LinkSent(sent_to="m***@example.com", is_ended=True, error=Said("wrong.link-ended")),
    "enchanted": screens.Enchanted(sent_to="m***@example.com", number="42"),
    "confirm-link": screens.ConfirmLink(device="Firefox · Windows", place="192.0.2.1"),
    "password": screens.Password(login_id="mia@example.com", others=("code",), may_sign_up=True),
    "password-error": screens.Password(login_id="mia@example.com", error=Said("wrong.password")),
    "password-second": screens.Password(login_id="mia@example.com", is_second=True, has_others=True),
    "new-password": screens.NewPassword(
        login_id="mia@example.com", policy=screens.Policy(10, number=True, uppercase=True)
    ),
    "new-password-expired": screens.NewPassword(login_id="mia@example.com", why="expired"),
    "reset": screens.Reset(),
    "passkey": screens.Passkey(options="{}"),
    "passkey-offer": screens.PasskeyOffer(),
    "totp-setup": screens.TotpSetup(
        image=_qr(), key="JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP", link="otpauth://totp/x", is_required=False
    ),
    "totp": screens.Totp(has_others=True),
    "factors": screens.Factors(factors=("totp", "passkey", "email", "sms", "recovery")),
    "recovery": screens.Recovery(asks_login_id=True),
    "recovery-codes": screens.RecoveryCodes(codes=_CODES),
    "sso": screens.Sso(),
    "leaving": screens.Leaving(url="https://id.example.com/", label="Example"),
    "tenant": screens.Tenant(
        tenants=(screens.TenantChoice("T1", "Acme"), screens.TenantChoice("T2", "Globex")), chosen="T2"
    ),
    "consent": screens.Consent(client="Shop", scopes=("See your name", "See your e-mail address")),
    "profile": screens.Profile(person={"name": "Mia Example", "email": "mia@example.com", "phone": ""}),
    "error": screens.Failed(reason=Said("wrong.expired")),
    "done": screens.Done(),
}
HOSTILE = """javascript:alert(1)//"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}"""


_NAMES = frozenset({"purpose", "why", "ways", "others", "factors", "asked"})  # of our own, never somebody's text


def hostile(screen: Screen) -> Screen:
    """Return a screen in which every text is an attack."""
    attacked = {each.name: _attack(getattr(screen, each.name)) for each in fields(screen) if each.name not in _NAMES}
    return replace(screen, **attacked)


def _attack(value: Any) -> Any:
    match value:
        case str():
            return HOSTILE
        case tuple():
            return tuple(_attack(each) for each in value)
        case screens.Provider():
            return screens.Provider(HOSTILE, HOSTILE, HOSTILE)
        case screens.TenantChoice():
            return screens.TenantChoice(HOSTILE, HOSTILE)
        case Said():
            return Said("wrong.other", {"why": HOSTILE})
        case dict():
            return dict.fromkeys(value, HOSTILE)
        case _:
            return value
