"""What is secret at the OpenID provider, and ways through it, rightly and wrongly."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.factories import new_email
from tests.security.calls import Wish
from tests.security.place import Place
from tests.security.visiting import DistantRp
from tests.server.oidc.relying import CHALLENGE, REDIRECT, VERIFIER, landed
from tests.server.pages.browsing import Browser, Page

if TYPE_CHECKING:
    from tests.security.secrets.test_silence import Everything

_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_GRANTS = ["authorization_code", "refresh_token", _DEVICE]
_SCOPE = "openid email offline_access"
_VERIFIER = "marked-verifier-" + VERIFIER


def at_provider(place: Place, known: "Everything", key: str, code_of: Callable[[str], str]) -> int:
    """Go through the provider as a browser, a client and a device; return how many secrets there were."""
    before = len(known.secrets)
    settings = {"redirectUris": [REDIRECT], "grantTypes": _GRANTS}
    wish = {"name": "Shop", "preset": "regular-web", "trusted": False, "settings": settings}
    made = place.api.post("/v1/mgmt/avow/app/create", key, wish)
    assert made.status == 200, made.content
    secret = known.keep("client secret", made.body["secret"])
    rp = DistantRp(place.avow, made.body["application"]["id"], secret, place=place)
    browser = rp.browser()
    _in_a_browser(rp, browser, known, code_of)
    _on_a_device(rp, browser, known)
    rotated = place.api.post("/v1/mgmt/avow/app/rotate-secret", key, {"id": rp.id})
    assert rotated.status == 200, rotated.content
    known.keep("client secret that came after it", rotated.body["secret"])
    _wrongly(place, rp, known)
    return len(known.secrets) - before


def _in_a_browser(rp: DistantRp, browser: Browser, known: "Everything", code_of: Callable[[str], str]) -> None:
    address = new_email()
    pushed = rp.call(
        "/oauth/par",
        {"response_type": "code", "redirect_uri": REDIRECT, "scope": _SCOPE, "state": "xyz", "nonce": "n-0S6"},
        authorization=rp.basic(),
    )
    uri = known.keep("request_uri of a pushed request", pushed["request_uri"])
    page = browser.get(f"{rp.prefix}/authorize?client_id={rp.id}&request_uri={uri}")
    page = browser.submit(page.form(), "code", email=address)
    page = browser.submit(page.form(), "verify", code=known.keep("code of a sign-in for a client", code_of(address)))
    known.keep("request that waits", page.form().fields["request"])
    code = _kept_code(known, browser.submit(page.form(), "allow"), "authorization code")
    _kept_tokens(rp, known, {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT})
    known.refusals.append(rp.carried(rp.wish({"grant_type": "authorization_code", "code": code})))
    verifier = known.keep("verifier of PKCE", _VERIFIER)
    page = rp.ask(browser, scope=_SCOPE, code_challenge=CHALLENGE, code_challenge_method="S256")
    code = _kept_code(known, page, "authorization code with PKCE")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": verifier}
    known.refusals.append(rp.carried(rp.wish(form)))


def _kept_code(known: "Everything", page: Page, name: str) -> str:
    code = known.keep(name, landed(page)["code"])
    known.keep(f"{name}, secret part", code[27:])
    return code


def _kept_tokens(rp: DistantRp, known: "Everything", form: dict[str, str]) -> None:
    """Redeem, refresh and use what comes of it, and have one of the tokens taken back."""
    first = rp.token(form)
    second = rp.refresh(first["refresh_token"])
    for name, answer in {"first": first, "second": second}.items():
        for kind in ("access_token", "id_token", "refresh_token"):
            known.keep(f"{kind}, {name}", answer[kind])
            known.keep(f"{kind}, {name}, signature", answer[kind].rpartition(".")[2])
    assert rp.userinfo(first["access_token"]).status == 200
    for path in ("/oauth/introspect", "/oauth/revoke"):
        assert rp.call(path, {"token": second["access_token"]}, authorization=rp.basic()).status == 200
    known.refusals.append(rp.carried(rp.wish({"grant_type": "refresh_token", "refresh_token": first["refresh_token"]})))
    headers = {"authorization": f"Bearer {first['access_token']}"}
    known.refusals.append(rp.carried(Wish("GET", f"{rp.prefix}/userinfo", headers)))
    hint = f"{rp.prefix}/oidc/logout?id_token_hint={first['id_token']}x"
    known.refusals.append(rp.carried(Wish("GET", f"{hint}&post_logout_redirect_uri=https://evil.example")))


def _on_a_device(rp: DistantRp, browser: Browser, known: "Everything") -> None:
    codes = rp.call("/oauth/device/code", {"scope": _SCOPE}, authorization=rp.basic())
    device = known.keep("device code", codes["device_code"])
    page = browser.get(f"{rp.prefix}/device?user_code={codes['user_code']}")
    page = browser.submit(page.form(), "look")
    assert browser.submit(page.form(), "allow").status == 200
    tokens = rp.token({"grant_type": _DEVICE, "device_code": device})
    known.keep("refresh token of a device", tokens["refresh_token"])
    known.refusals.append(rp.carried(rp.wish({"grant_type": _DEVICE, "device_code": device})))


def _wrongly(place: Place, rp: DistantRp, known: "Everything") -> None:
    wrong = known.keep("client secret that is wrong", "marked-client-secret-4711")
    form = {"grant_type": "client_credentials", "client_id": rp.id, "client_secret": wrong}
    said = {"content-type": "application/x-www-form-urlencoded"}
    for path in ("/oauth/token", "/oauth/introspect", "/oauth/par", "/oauth/revoke"):
        known.refusals.append(rp.carried(Wish("POST", rp.prefix + path, said, _encoded({**form, "token": wrong}))))
    password = known.keep("password of a grant that nobody has", "marked-grant-password-4711")
    stray = {"grant_type": "password", "username": new_email(), "password": password, "code": password}
    known.refusals.append(rp.carried(rp.wish(stray)))
    for name in ("request", "id_token_hint", "code_challenge", "claims"):
        known.refusals.append(rp.carried(Wish("GET", f"{rp.prefix}/authorize?client_id={rp.id}&{name}={password}")))


def _encoded(form: dict[str, str]) -> bytes:
    return "&".join(f"{name}={value}" for name, value in form.items()).encode()
