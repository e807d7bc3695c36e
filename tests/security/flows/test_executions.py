"""Executions of flows: S-TYP-05 and 06, S-SES-04, S-RAC-01, S-WEB-07, as far as they are about them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.bed.cases import Case
from tests.factories import new_email
from tests.security.calls import Answer, Wish, assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Place, claims_of
from tests.security.token_type.test_token_type import RESERVED, SESSION_CALLS

PAGE = "https://app.example.com/in"
NONCE = "x-descope-flow-nonce"
Rounds = Callable[[int, int], int]


@dataclass
class Way:
    """A browser's way through a flow."""

    place: Place
    execution: str = ""
    nonce: str = ""
    cookies: dict[str, str] = field(default_factory=dict)

    def start(self, flow: str = "sign-up-or-in", token: str = "", **options: Any) -> Answer:
        body = {"flowId": flow, "options": {"location": PAGE, **options}, "interactionId": "", "input": {}}
        return self._took(self.place.api.post("/v1/flow/start", token, body, cookies=self.cookies))

    def wish(self, interaction: str, nonce: str | None = None, **inputs: Any) -> Wish:
        body = {"executionId": self.execution, "stepId": "1", "interactionId": interaction, "input": inputs}
        headers = {NONCE: self.nonce if nonce is None else nonce}
        return self.place.api.wish("POST", "/v1/flow/next", body=body, headers=headers, cookies=self.cookies)

    def do(self, interaction: str, **inputs: Any) -> Answer:
        return self._took(self.place.api.carrier.send(self.wish(interaction, **inputs)))

    def to_code(self, login_id: str) -> str:
        self.start()
        self.do("code", email=login_id)
        return self.place.avow.code(login_id)

    def to_link(self, login_id: str) -> str:
        self.start()
        self.do("link", email=login_id)
        return parse_qs(urlsplit(self.place.avow.link(login_id)).query)["t"][0]

    def _took(self, answer: Answer) -> Answer:
        if answer.status == 200:
            self.execution, self.nonce = answer.body["executionId"], answer.headers[NONCE]
        return answer


def is_in(answer: Answer) -> bool:
    return answer.status == 200 and answer.body["status"] == "completed" and "authInfo" in answer.body


def signs_in(place: Place) -> bool:
    way, login_id = Way(place), new_email()
    return is_in(way.do("verify", code=way.to_code(login_id)))


def test_s_typ_05_executions_and_nonces_are_no_tokens(case: Case, make_place: MakePlace) -> None:
    place = make_place()
    case.control(lambda: signs_in(place))
    with case.cell("flow execution and its nonce"):
        way, login_id = Way(place), new_email()
        code = way.to_code(login_id)
        for held in (way.execution, way.nonce, way.nonce.partition(".")[2]):
            for path in SESSION_CALLS:
                assert_refused(place.api.post(path, held))
            for path in ("magiclink", "enchantedlink"):
                assert_refused(place.api.post(f"/v1/auth/{path}/verify", body={"token": held}))
            assert_refused(place.api.post("/v1/auth/oauth/exchange", body={"code": held}))
        assert is_in(way.do("verify", code=code))
    with case.cell("tokens of links and sessions in the place of a nonce"):
        person = place.sign_in()
        link = place.send_magic_link(new_email())
        for held in (person.refresh_jwt, person.session_jwt, link, place.avow.project_id):
            other = Way(place)
            code = other.to_code(new_email())
            assert_refused(place.api.carrier.send(other.wish("verify", nonce=held, code=code)))


def test_s_typ_06_claims_asked_for_in_a_flow(case: Case, make_place: MakePlace) -> None:
    place = make_place()
    case.control(lambda: signs_in(place))
    with case.cell("flow start"):
        way, login_id = Way(place), new_email()
        way.start(customClaims=RESERVED, client=RESERVED)
        way.do("code", email=login_id, customClaims=RESERVED, loginOptions={"customClaims": RESERVED})
        done = way.do("verify", code=place.avow.code(login_id), customClaims=RESERVED)
        for token in ("sessionJwt", "refreshJwt"):
            claims = claims_of(done.body["authInfo"][token])
            assert claims["sub"] == done.body["authInfo"]["user"]["userId"]
            assert not {name for name in ("roles", "tenants", "dct", "su", "nsec") if claims.get(name)}


def test_s_ses_04_disabled_in_the_middle_of_a_flow(case: Case, make_place: MakePlace) -> None:
    place = make_place(approved_redirects=[PAGE])
    case.control(lambda: signs_in(place))
    login_id = new_email()
    place.sign_in(login_id)
    with case.cell("flow in progress"):
        ways = [Way(place), Way(place)]
        code = ways[0].to_code(login_id)
        link = ways[1].to_link(login_id)
        body = {"loginId": login_id, "status": "disabled"}
        assert place.api.post("/v1/mgmt/user/update/status", place.avow.management_key, body).status == 200
        assert not is_in(ways[0].do("verify", code=code))
        assert not is_in(ways[1].do("submit", token=link))
    with case.cell("flow whose session waits for its last screen"):
        other = new_email()
        way = Way(place)
        way.start(location="http://localhost:3000/", deviceInfo={"webAuthnSupport": True})
        way.do("code", email=other)
        shown = way.do("verify", code=place.avow.code(other))
        assert shown.body["stepName"] == "passkey-offer"
        body = {"loginId": other, "status": "disabled"}
        assert place.api.post("/v1/mgmt/user/update/status", place.avow.management_key, body).status == 200
        assert not is_in(way.do("later"))


def test_s_rac_01_a_step_of_a_flow_is_taken_once(case: Case, make_place: MakePlace, rounds: Rounds) -> None:
    place = make_place(approved_redirects=[PAGE])
    case.control(lambda: signs_in(place))
    for kind in ("code", "link"):
        with case.cell(f"{kind} in a flow"):
            for _ in range(rounds(4, 50)):
                way, login_id = Way(place), new_email()
                secret = way.to_code(login_id) if kind == "code" else way.to_link(login_id)
                named = {"code": secret} if kind == "code" else {"token": secret}
                wish = way.wish("verify" if kind == "code" else "submit", **named)
                answers = place.http.send_at_once([wish] * 8)
                won = [each for each in answers if is_in(each)]
                assert won
                sessions = {claims_of(each.body["authInfo"]["refreshJwt"])["sid"] for each in won}
                assert len(sessions) == 1
                assert all(each.status in (200, 401) for each in answers)


def test_s_web_07_flows_lead_back_to_approved_pages_only(case: Case, make_place: MakePlace) -> None:
    place = make_place(approved_redirects=["https://app.example.com/in"])
    case.control(lambda: signs_in(place))
    for url in (
        "https://evil.example.org/",
        "https://app.example.com.evil.test/in",
        "https://app.example.com@evil.test/in",
        "https://app.example.com/in/../out",
        "http://app.example.com/in",
        "//evil.test/in",
        "javascript:alert(1)",
        "https://app.example.com\\@evil.test/in",
    ):
        with case.cell(f"redirectUrl {url}"):
            assert Way(place).start(redirectUrl=url).status == 400
        with case.cell(f"location {url}"):
            way, login_id = Way(place), new_email()
            way.start(location=url)
            refused = way.do("link", email=login_id)
            assert refused.body["screen"]["state"]["errorText"]
            assert place.avow.messages(login_id) == []
