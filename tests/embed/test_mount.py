"""What an application answers below `/auth`: Avow's routes and refusals, and nothing of its own in their way."""

import json

from tests.embed.shops import HttpBrowser, Shop
from tests.factories import new_email

FORWARDED = {
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "https",
    "x-forwarded-prefix": "/evil",
    "x-forwarded-for": "127.0.0.1",
    "forwarded": "host=evil.example;proto=https",
}


def test_key_set_of_the_project_is_below_the_mount(shop: Shop) -> None:
    answered = shop.get(f"/auth/v2/keys/{shop.project_id}")
    assert answered.status == 200
    assert len(json.loads(answered.body)["keys"]) >= 1


def test_start_page_and_probes_are_below_the_mount(shop: Shop) -> None:
    assert b"/auth/assets/" in shop.get("/auth/", accept="text/html").body
    assert shop.get("/auth/readyz").status == 200


def test_address_that_only_begins_like_the_mount_is_the_applications(shop: Shop) -> None:
    answered = shop.get("/authors")
    assert answered.status == 404
    assert b"errorCode" not in answered.body


def test_unknown_route_is_refused_as_anywhere(shop: Shop) -> None:
    answered = shop.get("/auth/v1/nothing")
    assert (answered.status, json.loads(answered.body)["errorCode"]) == (404, "E019404")
    assert b"/auth/assets/" in shop.get("/auth/nothing", accept="text/html").body


def test_path_is_read_as_it_was_typed(shop: Shop) -> None:
    for path in ("/auth//evil.example", "/auth/%2e%2e/", "/auth/login/%0d%0aSet-Cookie:a", "/auth/l%C3%B6gin"):
        answered = shop.get(path)
        assert answered.status in (400, 404), path
        assert all("evil" not in value for name, value in answered.headers if name == "location")


def test_head_has_no_body_and_says_how_long_it_is(shop: Shop) -> None:
    browser = HttpBrowser(shop.url)
    page = browser.get(f"/auth/login/{shop.project_id}", verb="HEAD")
    assert (page.status, page.html) == (200, "")
    assert int(page.headers["content-length"]) > 1000


def test_body_over_the_limit_is_refused(shop: Shop) -> None:
    status, refused = shop.post("/auth/v1/auth/otp/signup-in/email", {"loginId": "a" * 300_000})
    assert status == 413
    assert refused["errorCode"]


def test_repeated_cookies_of_one_answer_all_arrive(shop: Shop) -> None:
    mail = new_email()
    browser = HttpBrowser(shop.url)
    page = browser.get(f"/auth/login/{shop.project_id}")
    browser.submit(page.form(), "code", email=mail)
    assert len({cookie.partition("=")[0] for cookie in browser.set_cookies}) >= 2


def test_form_of_another_site_is_refused(shop: Shop) -> None:
    browser = HttpBrowser(shop.url)
    page = browser.get(f"/auth/login/{shop.project_id}")
    fields = {**page.form().fields, "email": new_email(), "do": "code"}
    foreign = browser.post(page.form().action, fields, origin="https://evil.example", sec_fetch_site="cross-site")
    assert foreign.status == 403


def test_write_by_cookie_from_another_site_is_refused(shop: Shop) -> None:
    session = shop.sign_in(new_email("foreign"))
    cookie = f"DSR={session['refreshJwt']}"
    assert shop.post("/auth/v1/auth/logout", {}, cookie=cookie, origin="https://evil.example")[0] == 403
    assert shop.post("/auth/v1/auth/logout", {}, cookie=cookie, origin=shop.url)[0] == 200


def test_forwarded_names_change_no_address_and_no_cookie(shop: Shop) -> None:
    browser = HttpBrowser(shop.url, **FORWARDED)
    mail = new_email("forwarded")
    page = browser.get(f"/auth/login/{shop.project_id}")
    assert "evil" not in page.html
    browser.submit(page.form(), "link", email=mail)
    assert shop.mail(mail).count(f"{shop.base_url}/login/") >= 1
    assert "evil" not in shop.mail(mail)
    assert not [cookie for cookie in browser.set_cookies if cookie.startswith("__Host-")]  # http, whatever they say


def test_numbers_of_the_server_are_shown_to_nobody(shop: Shop) -> None:
    assert shop.get("/auth/metrics").status == 404


def test_answer_for_one_person_is_kept_by_no_cache(shop: Shop) -> None:
    session = shop.sign_in(new_email("cached"))
    answered = shop.get("/auth/v1/auth/me", authorization=f"Bearer {shop.project_id}:{session['refreshJwt']}")
    assert answered.status == 200
    control = dict(answered.headers)["cache-control"]
    assert "no-store" in control
    if shop.kind.startswith("django"):  # whose cache of the whole site looks for this word alone
        assert "private" in control


def test_management_is_answered_to_its_key_alone(shop: Shop) -> None:
    path, body = "/auth/v2/mgmt/user/search", {"limit": 1}
    assert shop.post(path, body)[0] == 401
    assert shop.post(path, body, bearer=f"{shop.project_id}:{shop.management_key}")[0] == 200


def test_no_route_shows_messages_outside_development(shop: Shop) -> None:
    assert shop.get("/auth/dev/inbox?to=mia@example.com", accept="application/json").status == 404
