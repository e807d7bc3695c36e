"""S-WEB-01, 02, 04 and 08, the API: cookies, writes from other sites, origins, and what nobody may keep."""

from collections.abc import Callable
from http.cookies import SimpleCookie
from itertools import product

import pytest

from avow.testing.server import Server
from avow.wire.endpoint import Caller
from avow.wire.table import ENDPOINTS
from tests.bed.cases import Case
from tests.factories import join_tenant, make_role, make_tenant, make_user, new_email
from tests.security.calls import Answer, Wish, assert_refused
from tests.security.counting import STARTED, state
from tests.security.place import Person, Place, in_process

APP = "https://app.example.com"
AUTH = "https://auth.example.com"
EVIL_ORIGINS = (
    "https://evil.example",
    "null",
    f"{APP}.evil.example",
    "https://evilapp.example.com",
    "http://app.example.com",
    f"{APP}:8443",
    f"{APP}/",
    f"{APP}@evil.example",
    APP.upper(),
    "https://app.example.com.",
    "https://sub.app.example.com",
    f"{APP} https://evil.example",
    f"{APP}, https://evil.example",
    "https://xapp.example.com",
    "*",
    "file://",
)


@pytest.fixture
def served(make_server: Callable[..., Server]) -> Server:
    """Give a server behind https, as in production."""
    return make_server(public_url=AUTH, is_development=False)


def _place(served: Server, **settings: object) -> Place:
    return in_process(served, **{"allowed_origins": [APP], **settings})


# --- Cookies ---------------------------------------------------------------------------------------------------


def test_s_web_01_cookie_of_the_api(case: Case, served: Server) -> None:
    own = _place(served, refresh_token_in="cookie")
    wide = _place(served, refresh_token_in="cookie", cookie_domain="example.com")
    case.control(lambda: own.sign_in())
    for place, domain in ((own, ""), (wide, "example.com")):
        name = f"domain {domain!r}"
        login_id = new_email()
        signed_in = place.verify_code(login_id, place.send_code(login_id))
        with case.cell(f"{name}, sign-in"):
            _assert_cookie(signed_in, domain)
            assert "refreshJwt" not in signed_in.body
        cookies = {"DSR": signed_in.cookie("DSR")}
        place.advance(31)
        with case.cell(f"{name}, refresh"):
            refreshed = _write(place, "/v1/auth/refresh", cookies, AUTH)
            assert refreshed.status == 200
            _assert_cookie(refreshed, domain)
            cookies = {"DSR": refreshed.cookie("DSR")}
        for path in ("/v1/auth/logout", "/v1/auth/logoutall"):
            with case.cell(f"{name}, {path}: cleared with the attributes it was set with"):
                answer = _write(place, path, {"DSR": place.sign_in().refresh_jwt}, AUTH)
                assert answer.status == 200
                [cleared] = answer.set_cookies
                assert _attributes(cleared) == _attributes(refreshed.set_cookies[0])
                assert "max-age=0" in cleared.lower()
                assert answer.cookie("DSR") == ""
    with case.cell("many roles and tenants do not make it too large"):
        user = make_user(own.avow, login_id := new_email())
        for number in range(40):
            role = make_role(own.avow, f"a role with a long name {number}", ["a permission " * 5 + str(number)])
            join_tenant(own.avow, user, make_tenant(own.avow, f"Tenant {number}"), [role])
        _assert_cookie(own.verify_code(login_id, own.send_code(login_id)), "")
    with case.cell("claims that the client asks for do not make it too large"):
        login_id = new_email()
        code = own.send_code(login_id, loginOptions={"customClaims": {"long": "a" * 7000}})
        _assert_cookie(own.verify_code(login_id, code), "")


def _attributes(cookie: str) -> set[str]:
    kept = {part.strip().lower() for part in cookie.split(";")[1:]}
    return {part for part in kept if not part.startswith(("max-age", "expires"))}


def _assert_cookie(answer: Answer, domain: str) -> None:
    assert answer.status == 200, answer.content
    [cookie] = answer.set_cookies
    read: SimpleCookie = SimpleCookie(cookie)
    morsel = read["DSR"]
    assert morsel["secure"]
    assert morsel["httponly"]
    assert morsel["samesite"] in ("Lax", "Strict")
    assert morsel["path"] == "/"
    assert morsel["domain"] == domain
    assert int(morsel["max-age"]) > 0
    assert len(cookie) < 4096


def _write(place: Place, path: str, cookies: dict[str, str], origin: str, body: object = None) -> Answer:
    return place.api.post(path, body=body, cookies=cookies, headers={"origin": origin})


# --- Writes from other sites -----------------------------------------------------------------------------------


def test_s_web_02_writes_by_cookie_from_elsewhere(case: Case, served: Server) -> None:
    place = _place(served, refresh_token_in="cookie")
    person = place.sign_in()
    tenant = make_tenant(place.avow)
    join_tenant(place.avow, person.id, tenant)
    writes: dict[str, dict[str, object]] = {
        "/v1/auth/refresh": {},
        "/v1/auth/try-refresh": {},
        "/v1/auth/logout": {},
        "/v1/auth/logoutall": {},
        "/v1/auth/otp/update/email": {"loginId": person.login_id, "email": new_email()},
        "/v1/auth/otp/update/phone/sms": {"loginId": person.login_id, "phone": "+12025550177"},
        "/v1/auth/magiclink/update/email": {"loginId": person.login_id, "email": new_email()},
        "/v1/auth/enchantedlink/update/email": {"loginId": person.login_id, "email": new_email()},
        "/v1/auth/tenant/select": {"tenant": tenant},
        "/v1/auth/avow/sessions/end": {"sessionId": person.session_id},
        "/v1/auth/webauthn/update/start": {"loginId": person.login_id, "origin": APP},
        "/v1/auth/avow/passkeys/rename": {"credentialId": "AAAA", "displayName": "mine"},
        "/v1/auth/avow/passkeys/remove": {"credentialId": "AAAA"},
        "/v1/auth/totp/update": {"loginId": person.login_id},
        "/v1/auth/avow/totp/remove": {},
        "/v1/auth/avow/recoverycodes/generate": {},
    }
    case.control(lambda: _own_write_works(place, person, tenant))
    sites: dict[str, dict[str, str]] = {
        "another site": {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        "another site, without Fetch Metadata": {"origin": "https://evil.example"},
        "no origin": {},
        "origin null": {"origin": "null", "sec-fetch-site": "cross-site"},
        "a neighbour": {"origin": "https://evil.example.com", "sec-fetch-site": "same-site"},
        "the right host over http": {"origin": "http://app.example.com"},
        "a referer alone": {"referer": f"{APP}/"},
        "Fetch Metadata alone": {"sec-fetch-site": "same-origin"},
    }
    kinds = ("application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
    projects: dict[str, dict[str, str]] = {
        "project in the header": {"authorization": f"Bearer {place.avow.project_id}"},
        "project beside": {"x-descope-project-id": place.avow.project_id},
        "no project": {},
    }
    before = state(place, STARTED)
    for path, body in writes.items():
        for (site, headers), kind, (named, project) in product(sites.items(), kinds, projects.items()):
            with case.cell(f"{path}, {site}, {kind.partition(';')[0]}, {named}"):
                wish = place.api.wish("POST", path, body=body)
                sent = {"cookie": f"DSR={person.refresh_jwt}", "content-type": kind, **project, **headers}
                answer = place.api.carrier.send(Wish("POST", path, sent, wish.content))
                assert_refused(answer, 400, 401, 403)
                assert "access-control-allow-origin" not in answer.headers
        with case.cell(f"{path}, GET and HEAD instead"):
            for verb in ("GET", "HEAD"):
                sent = {"cookie": f"DSR={person.refresh_jwt}", **projects["project in the header"]}
                assert place.api.carrier.send(Wish(verb, path, sent)).status in (404, 405)
        with case.cell(f"{path}, nothing changed"):
            assert state(place, STARTED) == before


def _own_write_works(place: Place, person: Person, tenant: str) -> bool:
    cookies = {"DSR": person.refresh_jwt}
    for origin in (APP, AUTH):
        if _write(place, "/v1/auth/tenant/select", cookies, origin, {"tenant": tenant}).status != 200:
            return False
    return place.api.get("/v1/auth/me", cookies=cookies).status == 200


# --- Origins ---------------------------------------------------------------------------------------------------


def test_s_web_04_origins(case: Case, served: Server) -> None:
    place = _place(served)
    person = place.sign_in()
    case.control(lambda: _may_read(place.api.get("/v1/auth/me", person.refresh_jwt, headers={"origin": APP}), APP))
    case.control(lambda: _may_read(_preflight(place, "/v1/auth/me", APP), APP))
    requests: dict[str, Callable[[dict[str, str]], Answer]] = {
        "me": lambda headers: place.api.get("/v1/auth/me", person.refresh_jwt, headers=headers),
        "refresh": lambda headers: place.api.post("/v1/auth/refresh", person.refresh_jwt, headers=headers),
        "start": lambda headers: place.api.post("/v1/auth/otp/signup/email", body=_somebody(), headers=headers),
        "a refusal": lambda headers: place.api.get("/v1/auth/me", headers=headers),
        "an unknown path": lambda headers: place.api.get("/v1/auth/nothing", headers=headers),
        "management": lambda headers: place.api.get("/v1/mgmt/license", place.avow.management_key, headers=headers),
        "a page": lambda headers: place.api.get(f"/login/{place.avow.project_id}", headers=headers),
        "the account page": lambda headers: place.api.get(f"/account/{place.avow.project_id}", headers=headers),
    }
    for origin in EVIL_ORIGINS:
        for name, send in requests.items():
            with case.cell(f"{name}, {origin!r}"):
                _assert_unreadable(send({"origin": origin}))
        for path in ("/v1/auth/me", "/v1/auth/refresh", "/v1/mgmt/license", "/v1/mgmt/user/create", "/login"):
            with case.cell(f"preflight of {path}, {origin!r}"):
                _assert_unreadable(_preflight(place, path, origin))
    for endpoint in ENDPOINTS:
        if endpoint.caller is Caller.MANAGEMENT:
            with case.cell(f"{endpoint.verb} {endpoint.path} allows no origin, not even an allowed one"):
                for origin in (APP, AUTH):
                    managed = _place(served)  # for this call alone: one of them deletes the project
                    wish = managed.api.wish(endpoint.verb, endpoint.path, managed.avow.management_key, {})
                    answer = managed.api.carrier.send(Wish(wish.verb, wish.path, {**wish.headers, "origin": origin}))
                    assert answer.status != 401
                    _assert_unreadable(answer)
                    _assert_unreadable(_preflight(place, endpoint.path, origin, endpoint.verb))
    with case.cell("what is not built yet of the management API"):
        _assert_unreadable(_preflight(place, "/v1/mgmt/user/create", APP))
    with case.cell("an origin of another project"):
        other = _place(served, allowed_origins=["https://other.example.com"])
        headers = {"origin": "https://other.example.com"}
        assert _may_read(other.api.get("/v1/auth/me", headers=headers), "https://other.example.com")
        _assert_unreadable(place.api.get("/v1/auth/me", person.refresh_jwt, headers=headers))
    with case.cell("without a list nobody may call"):
        closed = _place(served, allowed_origins=[])
        _assert_unreadable(closed.api.get("/v1/auth/me", headers={"origin": "https://any.example.com"}))
    place.advance(6)  # past what the server keeps of settings, so that the controls do not rest on it


def _somebody() -> dict[str, str]:
    return {"loginId": new_email()}


def _preflight(place: Place, path: str, origin: str, verb: str = "POST") -> Answer:
    asked = {"access-control-request-method": verb, "access-control-request-headers": "authorization,content-type"}
    return place.api.carrier.send(Wish("OPTIONS", path, {"origin": origin, **asked}))


def _may_read(answer: Answer, origin: str) -> bool:
    allowed = answer.headers.get("access-control-allow-origin")
    return allowed == origin and answer.headers["access-control-allow-credentials"] == "true" and _varies(answer)


def _assert_unreadable(answer: Answer) -> None:
    assert answer.status < 500 or answer.status == 501
    assert not [name for name in answer.headers if name.startswith("access-control-allow-")]
    assert _varies(answer)


def _varies(answer: Answer) -> bool:
    return "origin" in answer.headers.get("vary", "").lower()


# --- What nobody may keep --------------------------------------------------------------------------------------


def test_s_web_08_answers_are_kept_by_nobody(case: Case, each_place: Place) -> None:
    place, login_id = each_place, new_email()
    code = place.send_code(login_id)
    signed_in = place.verify_code(login_id, code)
    token = signed_in.body["refreshJwt"]
    case.control(lambda: place.api.me(token).status == 200)
    link = place.send_magic_link(login_id)
    enchanted, pending = place.send_enchanted_link(login_id)
    answers = {
        "sign-in": signed_in,
        "sign-in by link": place.api.post("/v1/auth/magiclink/verify", body={"token": link}),
        "click": place.api.post("/v1/auth/enchantedlink/verify", body={"token": enchanted}),
        "polling": place.api.post("/v1/auth/enchantedlink/pending-session", body={"pendingRef": pending}),
        "start": place.api.post("/v1/auth/enchantedlink/signin/email", body={"loginId": login_id}),
        "me": place.api.me(token),
        "me, HEAD": place.api.carrier.send(Wish("HEAD", "/v1/auth/me", {"authorization": f"Bearer {token}"})),
        "tenants": place.api.post("/v1/auth/me/tenants", token),
        "history": place.api.get("/v1/auth/me/history", token),
        "sessions": place.api.get("/v1/auth/avow/sessions", token),
        "refresh": place.api.refresh(token),
        "try-refresh": place.api.post("/v1/auth/try-refresh", token),
        "settings": place.api.get("/v1/mgmt/avow/project/settings", place.avow.management_key),
        "refusal": place.api.get("/v1/auth/me"),
        "not supported": place.api.post("/v1/mgmt/user/create", place.avow.management_key),
        "log-out": place.api.post("/v1/auth/logout", place.sign_in().refresh_jwt),
    }
    for name, answer in answers.items():
        with case.cell(name):
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert not {"etag", "last-modified", "expires"} & set(answer.headers)
    with case.cell("they are what they should be"):
        refused = {"refusal", "me, HEAD", "not supported"}
        assert {name for name, answer in answers.items() if answer.status != 200} == refused
