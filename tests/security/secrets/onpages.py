"""What is secret in flows and on pages, and ways through them, rightly and wrongly."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tests.factories import change_settings, make_totp_seed, make_user, new_email
from tests.phones import holding, scanning
from tests.security.calls import Wish
from tests.security.flows.test_executions import Way, is_in
from tests.security.place import Person, Place, token_of
from tests.security.visiting import DistantBrowser

if TYPE_CHECKING:
    from tests.security.secrets.test_silence import Everything

_PASSWORD = "marked-flow-password-4711"
_PAGE_PASSWORD = "marked-page-password-4711"
Read = Callable[[str], str]


def on_pages(place: Place, known: "Everything", code_of: Read, link_of: Read) -> int:
    """Go through flows and pages; return how many secrets there were.

    Args:
        place: The project.
        known: What was secret so far.
        code_of: Reads the newest code that was mailed to an address.
        link_of: Reads the newest link that was.
    """
    before = len(known.secrets)
    _by_code(place, known, code_of)
    _by_link(place, known, link_of)
    _by_password(place, known, link_of)
    _with_an_app(place, known, code_of)
    _wrongly(place, known)
    _on_hosted_pages(place, known, code_of, link_of)
    return len(known.secrets) - before


def _by_code(place: Place, known: "Everything", code_of: Read) -> None:
    way, address = Way(place), new_email()
    way.start()
    way.do("code", email=address)
    known.keep("nonce of a flow", way.nonce.partition(".")[2])
    code = known.keep("code of a flow", code_of(address))
    done = way.do("verify", code=code)
    assert is_in(done)
    session = done.body["authInfo"]
    person = Person(session["user"]["userId"], address, session["sessionJwt"], session["refreshJwt"])
    known.keep_session("a flow by code", person)


def _by_link(place: Place, known: "Everything", link_of: Read) -> None:
    way, address = Way(place), new_email()
    way.start()
    shown = way.do("link", email=address)
    known.keep("name of a screen", shown.body["screen"]["id"][-26:])
    screen = f"/pages/{place.api.project_id}/v2-beta/{shown.body['screen']['id']}.html"
    assert place.api.carrier.send(Wish("GET", screen)).status == 200
    link = link_of(address)
    token = known.keep("token of a link of a flow", token_of(link))
    known.keep("token of a link of a flow, secret part", token[-26:])
    assert parse_qs(urlsplit(link).query)["descope-login-flow"]
    assert is_in(way.do("submit", token=token))
    again = Way(place)
    again.start(token="", location="http://localhost:3000/")
    assert not is_in(again.do("submit", token=token))


def _by_password(place: Place, known: "Everything", link_of: Read) -> None:
    address = new_email()
    chosen = known.keep("password of a flow", _PASSWORD)
    way = Way(place)
    way.start("password")
    way.do("password", email=address)
    way.do("sign-up")
    assert is_in(way.do("save", **{"new-password": chosen}))
    way = Way(place)
    way.start("password")
    way.do("password", email=address)
    assert not is_in(way.do("sign-in", password=known.keep("wrong password of a flow", f"{chosen}-wrong")))
    way.do("forgot")
    way.do("send", email=address)
    token = known.keep("token of a reset of a flow", token_of(link_of(address)))
    way.do("submit", token=token)
    assert is_in(way.do("save", **{"new-password": known.keep("new password of a flow", f"{chosen}-new")}))


def _with_an_app(place: Place, known: "Everything", code_of: Read) -> None:
    address = new_email()
    way = Way(place)
    way.start()
    way.do("code", email=address)
    done = way.do("verify", code=code_of(address))
    way = Way(place)
    shown = way.start("add-app", done.body["authInfo"]["refreshJwt"])
    seed = shown.body["screen"]["state"]["totp"]
    known.keep("seed of an app in a flow", seed["key"])
    known.keep("picture of a seed in a flow", seed["image"][200:400])
    known.keep("address of a seed in a flow", seed["provisionUrl"])
    made = way.do("verify", code=scanning(seed["image"]).code(place.avow.server.clock()))
    for name, code in made.body["screen"]["state"]["recovery"].items():
        known.keep(f"recovery code of a flow, {name}", code)
    assert is_in(way.do("go"))


def _wrongly(place: Place, known: "Everything") -> None:
    """Show secrets in a flow where they do not belong."""
    stray = known.keep("stray secret in a flow", "stray-flow-secret-4711")
    way = Way(place)
    way.start()
    way.do("code", email=f"{stray}@example.com", password=stray, token=stray)
    way.do(stray, **{stray: stray})
    for body in (
        {"flowId": stray, "options": {}, "interactionId": "", "input": {}},
        {"flowId": "sign-in", "options": {"redirectUrl": f"https://evil.example/{stray}"}, "input": {}},
        {"flowId": "sign-in", "options": {"location": 7, "x": stray}, "input": stray},
    ):
        answer = place.api.post("/v1/flow/start", body=body)
        assert 400 <= answer.status < 500, answer.content
        if body["flowId"] != stray:
            known.refusals.append(answer)
    body = {"executionId": f"sign-in|#|{stray}", "interactionId": "submit", "input": {"token": stray}}
    known.refusals.append(place.api.post("/v1/flow/next", body=body, headers={"x-descope-flow-nonce": f"1.{stray}"}))
    known.refusals.append(place.api.get(f"/pages/{place.api.project_id}/v2-beta/{stray}.html"))


def _on_hosted_pages(place: Place, known: "Everything", code_of: Read, link_of: Read) -> None:
    address = new_email()
    browser = DistantBrowser(place)
    page = browser.ask(address)
    _kept(known, "a sign-in by code", browser)
    known.keep("token of a form", page.form().fields["form"])
    known.keep("step of a form", page.form().fields["step"].partition(".")[2])
    page = browser.submit(page.form(), "verify", code=known.keep("code of a page", code_of(address)))
    assert page.heading == "Your account"
    _kept(known, "an account page", browser)
    other = DistantBrowser(place)
    other.ask(address, "link")
    link = link_of(address)
    known.keep("token of a link of a page", token_of(link))
    assert other.submit(other.get(link).form()).heading == "Your account"
    assert other.get(link).status == 410
    known.keep("password of a page", _PAGE_PASSWORD)
    joining = DistantBrowser(place)
    page = joining.submit(joining.ask(new_email(), "password").form(), "sign-up")
    assert joining.submit(page.form(), "save", new_password=_PAGE_PASSWORD).heading == "Your account"
    assert joining.post(f"/login/{place.api.project_id}", {"password": _PAGE_PASSWORD, "form": "x"}).status == 403
    _on_a_trusted_device(place, known, code_of)


def _on_a_trusted_device(place: Place, known: "Everything", code_of: Read) -> None:
    address = new_email()
    phone = holding(make_totp_seed(place.avow, make_user(place.avow, address)))
    change_settings(place.avow, {"mfa": "enrolled", "trusted_device_days": 7})
    time.sleep(1.2)  # calls see the settings when their snapshot is a second old
    browser = DistantBrowser(place)
    page = browser.submit(browser.ask(address).form(), "verify", code=code_of(address))
    assert page.heading == "Enter the code of your app"
    page = browser.submit(page.form(), "verify", code=phone.code(place.avow.server.clock()))
    assert page.heading == "Your account"
    known.keep("token of a trusted device", next(v for name, v in browser.cookies.items() if "device" in name))
    change_settings(place.avow, {"mfa": "off", "trusted_device_days": 0})


def _kept(known: "Everything", name: str, browser: DistantBrowser) -> None:
    """Note what lies in the cookies of a browser."""
    for cookie, value in browser.cookies.items():
        known.keep(f"cookie {cookie.partition('-P')[0]} of {name}", value[-60:] if len(value) > 60 else value)
