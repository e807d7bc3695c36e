"""S-SES-09 and S-SES-13 on pages and in flows: a sign-in makes a new session, and people end their own ones only."""

from tests.bed.cases import Case
from tests.factories import change_settings, make_totp_seed, new_email
from tests.security.conftest import MakePlace
from tests.security.flows.test_executions import Way, is_in
from tests.security.place import Place, claims_of
from tests.security.visiting import DistantBrowser
from tests.server.pages.browsing import Browser, Page


def test_s_ses_09_sign_in_by_a_flow_makes_a_new_session(case: Case, make_place: MakePlace) -> None:
    place = make_place(refresh_token_in="cookie")
    case.control(lambda: place.sign_in())
    attacker = place.sign_in()
    planted = {
        "the attacker's own live session": {"DS": attacker.session_jwt, "DSR": attacker.refresh_jwt},
        "made-up values": {"DS": "S0000", "DSR": "S0000"},
        "no cookies": {},
    }
    for name, cookies in planted.items():
        with case.cell("hosted flow" if not cookies else f"hosted flow, {name}"):
            way, login_id = Way(place, cookies=cookies), new_email()
            done = way.do("verify", code=way.to_code(login_id))
            assert is_in(done)
            token = done.cookie("DSR")
            claims = claims_of(token)
            assert (done.body["authInfo"]["user"]["email"], claims["sid"] != attacker.session_id) == (login_id, True)
            assert token not in cookies.values()
            seen = place.api.get("/v1/auth/me", cookies=cookies)
            assert login_id.encode() not in seen.content
    with case.cell("hosted flow, on pages of several servers"):
        attacking = DistantBrowser(place)
        attackers = attacking.sign_in(mail := new_email())
        assert mail in attackers.text
        victim = DistantBrowser(place)
        victim.cookies = dict(attacking.cookies)
        page = victim.sign_in(own := new_email())
        assert own in page.text
        for cookie in (name for name in attacking.cookies if "refresh" in name or "session" in name):
            assert victim.cookies[cookie] != attacking.cookies[cookie]
        assert own not in attacking.get(f"/account/{place.api.project_id}").text


def test_s_ses_13_user_ends_own_sessions_on_the_account_page(case: Case, place: Place) -> None:
    login_id = new_email()
    devices = ("Firefox on Linux", "Safari on macOS", "Chrome on Windows")
    mine = [DistantBrowser(place, device=device) for device in _AGENTS]
    pages = [browser.sign_in(login_id) for browser in mine]
    other = DistantBrowser(place)
    other.sign_in(new_email())
    path = f"/account/{place.api.project_id}"

    def is_in_still(browser: Browser) -> bool:
        return browser.get(path).heading == "Your account"

    case.control(lambda: is_in_still(mine[0]))
    with case.cell("account page"):
        shown = mine[0].get(path)
        assert all(device in shown.text for device in devices)
        assert shown.html.count("<time") >= 3
        assert len(_ends(shown)) == 2
    with case.cell("account page, one of another user"):
        before = place.rows("sessions")
        own = pages[0].forms[0].fields["form"]
        answers = {}
        for name, ended in {"foreign": _own_id(other, place), "unknown": "S" + "0" * 26}.items():
            answers[name] = mine[0].post(path, {"form": own, "do": "end-one", "id": ended}, follow=False)
        assert answers["foreign"].status == answers["unknown"].status
        assert answers["foreign"].html == answers["unknown"].html
        assert answers["foreign"].headers.get("location") == answers["unknown"].headers.get("location")
        assert [row[1] for row in place.rows("sessions")] == [row[1] for row in before]
        assert is_in_still(other)
    with case.cell("account page, another of one's own"):
        ended = _ends(mine[0].get(path))[0]
        mine[0].post(path, {"form": own, "do": "end-one", "id": ended})
        living = [browser for browser in mine[1:] if is_in_still(browser)]
        assert len(living) == 1
        assert is_in_still(mine[0])
    make_totp_seed(place.avow, _user_id(place, mine[0]))
    change_settings(place.avow, {"mfa": "enrolled"})
    place.advance(2)
    with case.cell("account page, a recent factor where policy asks for it"):
        waiting = DistantBrowser(place)
        page = waiting.sign_in(login_id)
        assert page.heading == "Enter the code of your app"
        for do in ("end-one", "end-all", "end"):
            token = page.form().fields["form"]
            refused = waiting.post(path, {"form": token, "do": do, "id": _ends(mine[0].get(path))[0]})
            assert refused.heading != "Your account"
        assert is_in_still(living[0])
        assert is_in_still(mine[0])


_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
)


def _ends(page: Page) -> list[str]:
    """Return the ids of the sessions that a page offers to end."""
    return [form.fields["id"] for form in page.forms if ("do", "end-one") in form.buttons]


def _refresh_claims(place: Place, browser: Browser) -> dict[str, object]:
    return claims_of(browser.cookies[f"avow-refresh-{place.api.project_id}"])


def _own_id(browser: Browser, place: Place) -> str:
    return str(_refresh_claims(place, browser)["sid"])


def _user_id(place: Place, browser: Browser) -> str:
    return str(_refresh_claims(place, browser)["sub"])
