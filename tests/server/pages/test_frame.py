"""What all pages share: words, headers, assets, cookies, errors."""

import re
from collections.abc import Iterator

import pytest

from avow.server.app import build
from avow.server.pages.texts import LANGUAGES, catalogue_of
from avow.server.serving import Slice, plain
from avow.server.settings import Settings
from avow.testing.server import Avow, Server
from avow.wire.endpoint import Caller, Endpoint, Nothing
from tests.bed.databases import new_sqlite_url, remove_sqlite
from tests.factories import new_email
from tests.server.pages.browsing import Browser


@pytest.fixture
def https() -> Iterator[Avow]:
    url = new_sqlite_url()
    server = Server(url, settings={"public_url": "https://auth.example.com", "is_development": False})
    yield server.project("Acme")
    server.close()
    remove_sqlite(url)


# --- Words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_says_everything(language: str) -> None:
    english, words = catalogue_of("en").words, catalogue_of(language).words
    assert catalogue_of(language).language == language
    assert list(words) == list(english)
    for key, text in english.items():
        assert set(re.findall(r"\{\w+\}", words[key])) == set(re.findall(r"\{\w+\}", text)), key
        assert words[key].strip() == words[key] != "", key


@pytest.mark.parametrize(
    ("accept", "language"), [("de-AT,de;q=0.9,en;q=0.5", "de"), ("tlh, fr;q=0.3", "fr"), ("", "en"), ("xx;;;,", "en")]
)
def test_page_speaks_the_language_of_the_browser(avow: Avow, accept: str, language: str) -> None:
    page = Browser(avow).get(f"/login/{avow.project_id}", accept_language=accept)
    assert f'<html lang="{language}"' in page.html


def test_arabic_is_written_from_the_right(avow: Avow) -> None:
    page = Browser(avow).get(f"/login/{avow.project_id}", accept_language="ar")
    assert '<html lang="ar" dir="rtl" ' in page.html


def test_every_text_is_used_or_named(avow: Avow) -> None:
    from avow.server.pages import frame

    sources = "".join(
        path.read_text() for pattern in ("*.py", "templates/*.html") for path in frame._FOLDER.glob(pattern)
    )
    built = ("sign-in.", "method.", "enchanted.", "error.", "consent.", "grant.")  # put together from parts
    unused = [key for key in catalogue_of("en").words if f'"{key}"' not in sources and not key.startswith(built)]
    assert unused == []


# --- Assets ----------------------------------------------------------------------------------------------------


def test_assets_are_kept_for_ever_under_a_name_of_their_content(browser: Browser) -> None:
    page = browser.get("/")
    names = re.findall(r'"(/assets/[^"]+)"', page.html)
    assert len(names) == 3
    for name in names:
        asset = browser.get(name)
        assert asset.status == 200
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert asset.html
    assert browser.get("/assets/avow-0000000000000000.css").status == 404


def test_page_and_its_assets_are_small(browser: Browser) -> None:
    page = browser.get("/login")
    sizes = [len(browser.get(name).html) for name in re.findall(r'"(/assets/[^"]+)"', page.html)]
    assert len(page.html) < 6_000
    assert sum(sizes) < 32_000


def test_addresses_begin_with_the_prefix_that_the_server_is_mounted_under() -> None:
    url = new_sqlite_url()
    server = Server(url, settings={"public_url": "http://localhost:8000/auth"})
    browser = Browser(server.project("Acme"))
    assert browser.get("/login", follow=False).headers["location"].startswith("/auth/login/P")
    page = browser.get(f"/login/{browser.avow.project_id}")
    server.close()
    remove_sqlite(url)
    addresses = re.findall(r'(?:href|src|action)="([^"]*)"', page.html)
    assert len(addresses) >= 5
    assert [each for each in addresses if not each.startswith("/auth/")] == []


def test_page_has_the_color_and_the_logo_of_its_project(avow: Avow) -> None:
    branded = avow.server.project("Acme", brand_color="#a03366", logo_url="https://cdn.example.com/logo.svg")
    page = Browser(branded).get(f"/login/{branded.project_id}")
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.html)
    assert len(sheets) == 2
    assert "--avow-accent: #a03366" in Browser(branded).get(sheets[1]).html
    assert '<img class="avow-logo" part="logo" src="https://cdn.example.com/logo.svg" alt="Acme">' in page.html
    assert "img-src 'self' data: https://cdn.example.com;" in page.headers["content-security-policy"]


def test_page_of_a_project_without_a_look_loads_nothing_more(avow: Avow) -> None:
    page = Browser(avow).get(f"/login/{avow.project_id}")
    assert page.html.count("<link rel") == 2
    assert "img-src 'self' data:;" in page.headers["content-security-policy"]


# --- Cookies ---------------------------------------------------------------------------------------------------


def test_cookies_over_https_are_of_this_host_alone(https: Avow) -> None:
    browser = Browser(https)
    page = browser.get(f"/login/{https.project_id}")
    asked = browser.submit(page.form(), "code", follow=False, email=(mail := new_email()))
    page = browser.get(asked.headers["location"])
    done = browser.submit(page.form(), follow=False, code=https.code(mail))
    cookies = [*asked.set_cookies, *done.set_cookies]
    assert len(cookies) == 4
    for cookie in cookies:
        assert cookie.startswith("__Host-avow-")
        assert cookie.endswith("; Path=/; SameSite=Lax; Secure; HttpOnly")


def test_cookies_over_plain_http_work_in_every_browser(browser: Browser) -> None:
    browser.sign_in(new_email())
    assert browser.cookies
    assert not [name for name in browser.cookies if name.startswith("__")]


def test_https_is_demanded_from_then_on(https: Avow, browser: Browser) -> None:
    assert Browser(https).get("/").headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in browser.get("/").headers


# --- Errors ----------------------------------------------------------------------------------------------------


def test_errors_are_pages_for_people_and_envelopes_for_programs(browser: Browser) -> None:
    page = browser.get("/nothing", accept_language="de")
    assert (page.status, page.heading) == (404, "Diese Seite gibt es nicht")
    assert browser.get("/nothing", accept="application/json").html.startswith('{"errorCode":"E019404"')
    assert browser.get("/v1/auth/nothing").html.startswith('{"errorCode":"E019404"')
    assert browser.get("/v1/auth/me").html.startswith('{"errorCode":"E0194')


def test_wrong_verb_is_a_page(browser: Browser) -> None:
    page = browser.get(f"/login/{browser.avow.project_id}", verb="DELETE")
    assert (page.status, page.heading) == (405, "That did not work")


def test_body_that_is_no_form_is_refused(browser: Browser) -> None:
    for content_type in ("application/json", "text/plain", "multipart/form-data", ""):
        page = browser.post(f"/login/{browser.avow.project_id}", {"form": "x"}, content_type=content_type)
        assert page.status == 400


def test_form_with_too_many_fields_is_refused(browser: Browser) -> None:
    page = browser.post(f"/login/{browser.avow.project_id}", {f"f{number}": "" for number in range(101)})
    assert page.status == 400


def test_limit_tells_when_to_try_again(avow: Avow) -> None:
    limited = avow.server.project("Limited", requests_per_minute=1)
    browser = Browser(limited)
    pages = [browser.get(f"/login/{limited.project_id}") for _ in range(2)]
    assert pages[1].status == 429
    assert int(pages[1].headers["retry-after"]) > 0
    assert f"Wait for {pages[1].headers['retry-after']} seconds" in pages[1].text


def test_fault_of_ours_names_its_incident_and_nothing_else() -> None:
    def broken(call: object) -> None:
        raise RuntimeError("the secret of the house")

    url = new_sqlite_url()
    endpoint = Endpoint("test.broken", "GET", "/broken", Nothing, Nothing, Caller.ANYONE, is_page=True)
    server = Server(url)
    server.site.close()
    settings = Settings(database_url=url, secret_key="x" * 40)
    server.site = build(settings, further=[Slice("broken", (plain(endpoint, broken),))])
    page = Browser(Avow(server, "P", "")).get("/broken")
    server.close()
    remove_sqlite(url)
    assert (page.status, page.heading) == (500, "Something went wrong here")
    assert page.headers["x-request-id"] in page.text
    assert "secret" not in page.html
