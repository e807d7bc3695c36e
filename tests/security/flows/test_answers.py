"""What a flow answers to attacks: guesses, codes and links of others, origins, script, and who exists.

S-OTP-02, 03, 07 and 10, S-LNK-01, 04, 05, 08 and 09, S-IDN-07, S-WEB-02, 04, 06 and 08, as far as they are about flows.
"""

import json
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from avow.testing.server import Server
from tests.bed.cases import Case
from tests.factories import change_settings, make_passkey, make_totp_seed, make_user, new_email
from tests.security.calls import Answer, Wish, assert_refused
from tests.security.conftest import MakePlace
from tests.security.counting import stand_still
from tests.security.flows.test_executions import NONCE, PAGE, Way, is_in, signs_in
from tests.security.place import Place, in_process, token_of
from tests.server.api import wrong

APP, AUTH = "https://app.example.com", "https://auth.example.com"
SCRIPTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</h1></form><script>alert(1)</script>",
    "{{7*123457}}",
    "{{constructor.constructor('alert(1)')()}}",
)


@pytest.fixture
def served(make_server: Callable[..., Server]) -> Server:
    """Give a server behind https, as in production."""
    return make_server(public_url=AUTH, is_development=False)


def fragment(place: Place, answer: Answer) -> str:
    """Return the screen of an answer as components fetch it."""
    path = f"/pages/{place.api.project_id}/v2-beta/{answer.body['screen']['id']}.html"
    shown = place.api.carrier.send(Wish("GET", path))
    assert shown.status == 200
    return shown.content.decode()


# --- Codes -----------------------------------------------------------------------------------------------------


def test_s_otp_02_guesses_at_a_code_in_a_flow(case: Case, make_place: MakePlace) -> None:
    place = make_place()
    case.control(lambda: signs_in(place))
    with case.cell("flow"):
        way = Way(place)
        code = way.to_code(new_email())
        for number in range(20):
            guess = f"{(int(code) + 1 + number) % 1_000_000:06d}"
            assert not is_in(way.do("verify", code=guess))
        assert not is_in(way.do("verify", code=code))
    with case.cell("flow, tries of several ways count together"):
        login_id, ways = new_email(), [Way(place), Way(place)]
        ways[0].to_code(login_id)
        ways[1].start()
        ways[1].do("code", email=login_id)
        code = place.avow.code(login_id)
        for number in range(6):
            assert not is_in(ways[number % 2].do("verify", code=wrong(code)))
        for way in ways:
            assert not is_in(way.do("verify", code=code))


def test_s_otp_07_code_of_one_person_in_the_flow_of_another(case: Case, make_place: MakePlace) -> None:
    place = make_place()
    case.control(lambda: signs_in(place))
    with case.cell("flow"):
        mine, theirs = Way(place), Way(place)
        code, other = mine.to_code(new_email()), theirs.to_code(new_email())
        if code != other:
            assert not is_in(theirs.do("verify", code=code))
        assert is_in(mine.do("verify", code=code))
    with case.cell("flow, another address named beside the code"):
        mine = Way(place)
        victim, own = new_email(), new_email()
        place.sign_in(victim)
        code = mine.to_code(own)
        done = mine.do("verify", code=code, email=victim, loginId=victim)
        assert done.body["authInfo"]["user"]["email"] == own


def test_s_otp_10_kinds_of_values_in_a_flow(case: Case, make_place: MakePlace) -> None:
    place = make_place()
    case.control(lambda: signs_in(place))
    way = Way(place)
    code = way.to_code(new_email())
    strange: tuple[object, ...] = (
        int(code),
        [code],
        {"$ne": None},
        True,
        None,
        "",
        code + "\0",
        code * 200_000,
        ["0"] * 10_000,
    )
    for number, value in enumerate(strange):
        with case.cell(f"flow, value {number}"):
            answer = place.api.carrier.send(way.wish("verify", code=value))
            assert answer.status in (200, 400, 401, 413)
            assert not (answer.status == 200 and is_in(answer))
            way._took(answer)
    with case.cell("flow, inputs that are no object"):
        for inputs in (["code"], "x", 7):
            body: dict[str, object] = {"executionId": way.execution, "interactionId": "verify", "input": inputs}
            assert_refused(place.api.post("/v1/flow/next", body=body, headers={NONCE: way.nonce}), 400)


# --- Links -----------------------------------------------------------------------------------------------------


def test_s_lnk_01_link_of_a_flow_once(case: Case, make_place: MakePlace) -> None:
    place = make_place(approved_redirects=[PAGE])
    case.control(lambda: signs_in(place))
    with case.cell("flow"):
        way = Way(place)
        token = way.to_link(new_email())
        assert is_in(way.do("submit", token=token))
        for again in (Way(place), Way(place)):
            again.start()
            assert not is_in(again.do("submit", token=token))
        assert_refused(place.api.post("/v1/auth/magiclink/verify", body={"token": token}))
    with case.cell("flow, in another browser: nothing without a question"):
        way, other = Way(place), Way(place)
        token = way.to_link(new_email())
        other.execution = way.execution
        asked = other.do("submit", token=token)  # with no nonce, as the page that a link leads to
        assert (asked.body["stepName"], asked.body["executionId"] != way.execution) == ("confirm-link", True)
        assert not is_in(way.do("polling"))
        assert is_in(other.do("confirm"))
        assert not is_in(way.do("polling"))


def test_s_lnk_04_headers_shape_no_link_of_a_flow(case: Case, make_place: MakePlace) -> None:
    place = make_place(approved_redirects=[PAGE])
    case.control(lambda: signs_in(place))
    forged = {
        "host": "evil.example",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "http",
        "forwarded": "host=evil.example;proto=http",
        "x-original-url": "//evil.example/",
    }
    for interaction in ("link", "number"):
        with case.cell(f"flow, {interaction}"):
            way, login_id = Way(place), new_email()
            way.start()
            wish = way.wish(interaction, email=login_id)
            headers = {**wish.headers, **{name: value for name, value in forged.items() if name != "host"}}
            assert place.api.carrier.send(Wish(wish.verb, wish.path, headers, wish.content)).status == 200
            sent = place.avow.messages(login_id)[0]
            assert "evil.example" not in sent.text + sent.html
            links = [each.url for each in sent.links] or [sent.link]
            assert all(each.startswith((f"{PAGE}?", f"{place.api.origin}/")) for each in links)


def test_s_lnk_08_wrong_number_in_a_flow(case: Case, make_place: MakePlace) -> None:
    place = make_place()
    case.control(lambda: signs_in(place))
    with case.cell("flow"):
        way, login_id = Way(place), new_email()
        way.start()
        shown = way.do("number", email=login_id)
        number = shown.body["screen"]["state"]["linkId"]
        links = place.avow.messages(login_id)[0].links
        decoy = next(token_of(each.url) for each in links if each.id != number)
        right = next(token_of(each.url) for each in links if each.id == number)
        assert_refused(place.api.post("/v1/auth/enchantedlink/verify", body={"token": decoy}))
        assert not is_in(way.do("polling"))
        assert_refused(place.api.post("/v1/auth/enchantedlink/verify", body={"token": right}))
        assert not is_in(way.do("polling"))


def test_s_lnk_09_polling_of_a_flow_is_for_who_began_it(case: Case, make_place: MakePlace) -> None:
    place = make_place()
    case.control(lambda: signs_in(place))
    with case.cell("flow"):
        way, login_id = Way(place), new_email()
        way.start()
        shown = way.do("number", email=login_id)
        number = shown.body["screen"]["state"]["linkId"]
        right = next(token_of(each.url) for each in place.avow.messages(login_id)[0].links if each.id == number)
        assert place.api.post("/v1/auth/enchantedlink/verify", body={"token": right}).status == 200
        other = Way(place)
        other.to_code(new_email())
        for nonce in ("", "1", other.nonce, way.nonce[:-1]):
            assert_refused(place.api.carrier.send(way.wish("polling", nonce=nonce)))
        assert is_in(way.do("polling"))
        with_another = place.api.carrier.send(other.wish("polling", nonce=way.nonce))
        assert_refused(with_another)


# --- Who exists ------------------------------------------------------------------------------------------------


def test_s_idn_07_flows_tell_nobody_who_exists(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place()  # a page is open to everybody, whatever the project says
    stand_still(place)
    case.control(lambda: signs_in(place))
    kinds = ("a user", "a user with a password", "a disabled user", "a user with an app")
    known = {name: new_email() for name in kinds}
    ids = {name: make_user(place.avow, login_id) for name, login_id in known.items()}
    make_totp_seed(place.avow, ids["a user with an app"])
    make_passkey(place.avow, ids["a user with an app"], "cred-1", rp_id="localhost")
    key = place.avow.management_key
    body = {"loginId": known["a user with a password"], "password": "a horse that reads"}
    assert place.api.post("/v1/mgmt/user/password/set/active", key, body).status == 200
    disabled = {"loginId": known["a disabled user"], "status": "disabled"}
    assert place.api.post("/v1/mgmt/user/update/status", key, disabled).status == 200

    def walk(flow: str, login_id: str) -> list[object]:
        seen = []
        for interaction in ("code", "link", "number", "password", "sso"):
            way = Way(place)
            way.start(flow)
            seen.append(_seen(place, way.do(interaction, email=login_id), login_id))
            if interaction == "password":
                seen.append(_seen(place, way.do("sign-in", password="not the right one"), login_id))
                way.do("forgot")
                seen.append(_seen(place, way.do("send", email=login_id), login_id))
            if interaction == "code":
                seen.append(_seen(place, way.do("verify", code="000000"), login_id))
        return seen

    change_settings(place.avow, {"approved_redirects": (PAGE,)})
    place.advance(2)
    for flow in ("sign-in", "sign-up-or-in", "sign-up"):
        for who, login_id in known.items():
            with case.cell(f"flow {flow}, {who}"):
                assert walk(flow, login_id) == walk(flow, new_email())


def _seen(place: Place, answer: Answer, login_id: str) -> object:
    """Return what an answer and its screen show, without what is random in each and without the address itself."""
    assert answer.status == 200, answer.content
    body: dict[str, Any] = answer.body
    html = fragment(place, answer).replace(login_id, "LOGIN")
    if "linkId" in body["screen"]["state"]:
        html = html.replace(f">{body['screen']['state']['linkId']}<", ">NN<")
        body["screen"]["state"]["linkId"] = "NN"
    html = html.replace(body["screen"]["state"].get("sentTo", "\0"), "MASKED")
    body["screen"]["state"].pop("sentTo", None)
    for name in ("executionId", "lastAuth"):
        body.pop(name, None)
    body["screen"].pop("id")
    return json.dumps(body, sort_keys=True), html


# --- Other sites -----------------------------------------------------------------------------------------------


def test_s_web_02_flows_begun_by_other_sites(case: Case, served: Server) -> None:
    place = in_process(served, refresh_token_in="cookie", allowed_origins=[APP])
    person = place.sign_in()
    body = {"flowId": "step-up", "options": {"location": PAGE}, "interactionId": "", "input": {}}

    def begun(headers: dict[str, str]) -> Answer:
        wish = place.api.wish("POST", "/v1/flow/start", body=body)
        sent = {**wish.headers, "cookie": f"DSR={person.refresh_jwt}", **headers}
        return place.api.carrier.send(Wish(wish.verb, wish.path, sent, wish.content))

    case.control(lambda: begun({"origin": APP}).status == 200)
    before = len(place.avow.messages(person.login_id))
    sites: dict[str, dict[str, str]] = {
        "another site": {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        "another site, without Fetch Metadata": {"origin": "https://evil.example"},
        "no origin": {},
        "origin null": {"origin": "null"},
        "a neighbour": {"origin": "https://evil.example.com", "sec-fetch-site": "same-site"},
    }
    for name, headers in sites.items():
        for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
            with case.cell(f"flow start by cookie, {name}, {kind}"):
                answer = begun({**headers, "content-type": kind})
                assert_refused(answer, 400, 401, 403)
                assert "access-control-allow-origin" not in answer.headers
    assert len(place.avow.messages(person.login_id)) == before


def test_s_web_04_origins_of_flows(case: Case, served: Server) -> None:
    place = in_process(served, allowed_origins=[APP])
    case.control(lambda: _start_from(place, APP).headers.get("access-control-allow-origin") == APP)
    evil = ("https://evil.example", "null", f"{APP}.evil.example", "https://evilapp.example.com", "http://x.test", "*")
    for origin in evil:
        with case.cell(f"flow start and next, {origin!r}"):
            asked = {"access-control-request-method": "POST", "access-control-request-headers": NONCE}
            answers = [_start_from(place, origin)]
            answers += [
                place.api.carrier.send(Wish("OPTIONS", f"/v1/flow/{step}", {"origin": origin, **asked}))
                for step in ("start", "next")
            ]
            for answer in answers:
                assert not [name for name in answer.headers if name.startswith("access-control-allow-")]
                assert "origin" in answer.headers.get("vary", "").lower()
    with case.cell("flow, what is public is readable everywhere, and goes with no cookie"):
        path = f"/pages/{place.api.project_id}/v2-beta/config.json"
        answer = place.api.carrier.send(Wish("GET", path, {"origin": "https://evil.example"}))
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        assert answer.set_cookies == ()


def _start_from(place: Place, origin: str) -> Answer:
    body = {"flowId": "sign-in", "options": {"location": PAGE}, "interactionId": "", "input": {}}
    return place.api.post("/v1/flow/start", body=body, headers={"origin": origin})


def test_s_web_06_script_in_fragments_is_text(case: Case, local_place: Place) -> None:
    place = local_place
    case.control(lambda: signs_in(place))
    for text in SCRIPTS:
        with case.cell(f"flow, fields, hints and languages, {text!r}"):
            way = Way(place)
            shown = [way.start(lastAuth={"authMethod": text, "loginId": text}, locale=text[:60])]
            shown += [way.do("code", email=text), way.do("link", email=text, name=text)]
            for answer in shown:
                _assert_inert(fragment(place, answer), text)
        with case.cell(f"flow, name of the project, {text!r}"):
            named = in_process(place.avow.server, approved_redirects=[PAGE])
            body = {"name": text}
            assert named.api.post("/v1/mgmt/project/update/name", named.avow.management_key, body).status == 200
            named.advance(2)
            _assert_inert(fragment(named, Way(named).start()), text)
        with case.cell(f"flow, names of tenants and people, {text!r}"):
            person = place.sign_in()
            update = {"loginId": person.login_id, "name": text, "displayName": text}
            assert place.api.post("/v1/mgmt/user/update", place.avow.management_key, update).status == 200
            _assert_inert(fragment(place, Way(place).start("update-user", person.refresh_jwt)), text)


class _Tags(HTMLParser):
    """Every tag of a fragment with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def _assert_inert(html: str, text: str) -> None:
    """Assert that no markup came of a text, and no template: the official component fills those in marked tags."""
    assert "864199" not in html
    for tag, attributes in _Tags(html).found:
        assert tag != "script"
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("src") != "x"
        if "{{" in text and "data-has-dynamic-attr-values" in attributes:
            assert text not in attributes.values()


def test_s_web_08_answers_of_flows_are_kept_by_nobody(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: signs_in(place))
    with case.cell("flow, each answer and each screen"):
        way, login_id = Way(place), new_email()
        answers = [way.start(), way.do("code", email=login_id)]
        path = f"/pages/{place.api.project_id}/v2-beta/{answers[-1].body['screen']['id']}.html"
        answers += [place.api.carrier.send(Wish("GET", path)), way.do("verify", code=place.avow.code(login_id))]
        assert [each.headers["cache-control"] for each in answers] == ["no-store"] * 4
