"""examples/django_oidc in Chromium: the Auth0 Django guide at Avow and at another provider; what its API refuses."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from avow.django.resource import ResourceServer
from examples.django_oidc.api import PERMISSION, urls_of
from examples.django_oidc.provider import AUDIENCE, ROLE
from tests.bed import npm, run
from tests.bed import web_app_provider as other
from tests.bed.plugin import program
from tests.examples import ROOT, Example, get, opened, problems_of, running_example, sign_in
from tests.factories import new_email
from tests.issuing import ISSUER, Issuer, bearer
from tests.served import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

PROFILE = ["nickname", "name", "picture", "updated_at", "email", "email_verified", "sub"]
README = (ROOT / "examples" / "django_oidc" / "README.md").read_text(encoding="utf-8")
PICTURE = "https://pictures.example.com/jane.png"
STRANGER, MEMBER = ["Profile", "Public", "Sign Up", "Log In"], ["Profile", "Public", "Protected", "Admin", "Log Out"]
WIDE: "ViewportSize" = {"width": 1100, "height": 800}
NARROW: "ViewportSize" = {"width": 380, "height": 800}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Example, str]]:
    """Run all of it by its one command; give it with the address of its API."""
    folder, api_port = tmp_path_factory.mktemp("oidc"), free_port()
    words = ["--api-port", str(api_port), "--env", str(folder / "none")]
    with running_example("examples.django_oidc", folder / "data", *words) as running:
        wait_for(api_port)
        yield running, f"http://localhost:{api_port}"


@pytest.fixture
def shop(example: tuple[Example, str]) -> Example:
    return example[0]


@pytest.fixture
def page(browser: "Browser", shop: Example) -> "Iterator[Page]":
    """Open a page in a fresh browser profile; a script error, or a request to anybody else, fails the test."""
    with opened(browser, shop.url, shop.avow_url, viewport=WIDE) as found:
        found.route("https://pictures.example.com/**", lambda route: route.fulfill(status=204))
        yield found


def wait_for(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        time.sleep(0.1)
    raise AssertionError("nobody answers")


def new_person(shop: Example, *roles: str) -> str:
    """Make somebody with a name and a picture; return their address."""
    mail = new_email("jane")
    with shop._client() as client:
        client.mgmt.user.create(
            mail, email=mail, verified_email=True, display_name="Jane Example", picture=PICTURE, role_names=[*roles]
        )
    return mail


def log_in(page: "Page", shop: Example, mail: str) -> None:
    page.goto(shop.url)
    page.get_by_role("link", name="Log In").click()
    assert page.url.startswith(f"{shop.avow_url}/login/")
    sign_in(page, shop, mail)
    page.wait_for_url(f"{shop.url}/profile")


def shown(page: "Page", area: str = "#desktop") -> list[str]:
    """Return the links of the navigation, as they stand there."""
    return [text.strip() for text in page.locator(f"{area} a").all_inner_texts()]


@pytest.mark.browser
def test_somebody_logs_in_sees_their_profile_and_logs_out(page: "Page", shop: Example) -> None:
    mail = new_person(shop)
    page.goto(shop.url)
    assert shown(page) == STRANGER
    log_in(page, shop, mail)
    assert shown(page) == MEMBER
    assert page.locator("dt").all_inner_texts() == PROFILE
    values = {name: page.locator(f"dd[id='{name}']").inner_text() for name in PROFILE}
    assert values["sub"].startswith("U")
    assert values["updated_at"].startswith("20")
    assert {name: value for name, value in values.items() if name not in ("sub", "updated_at")} == {
        "nickname": mail.partition("@")[0],
        "name": "Jane Example",
        "picture": PICTURE,
        "email": mail,
        "email_verified": "True",
    }
    assert page.locator("main img").get_attribute("src") == PICTURE
    page.locator("#desktop").get_by_role("link", name="Log Out").click()
    page.wait_for_url(f"{shop.url}/")
    assert shown(page) == STRANGER
    page.get_by_role("link", name="Log In").click()  # asks again: the provider's session has ended too
    assert page.get_by_label("E-mail address or phone number").is_visible()


@pytest.mark.browser
def test_sign_up_asks_for_it_and_makes_an_account(page: "Page", shop: Example) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/authorize?" in request.url else None)
    page.goto(shop.url)
    page.get_by_role("link", name="Sign Up").click()
    assert "flow=sign-up&" in page.url
    mail = new_email()
    sign_in(page, shop, mail)
    page.wait_for_url(f"{shop.url}/profile")
    assert page.locator("#email").inner_text() == mail
    assert page.locator("#picture").inner_text() == "not said"
    query = parse_qs(urlsplit(asked[0]).query)
    assert query["screen_hint"] == ["signup"]
    assert query["audience"] == [AUDIENCE]  # with sign-up too, which the guide forgets
    assert query["redirect_uri"] == [f"{shop.url}/callback"]
    assert query["scope"] == ["openid profile email"]


@pytest.mark.browser
def test_stranger_is_asked_to_log_in_and_comes_back(page: "Page", shop: Example) -> None:
    mail = new_person(shop)
    for path in ("/profile", "/protected", "/admin"):
        page.goto(shop.url + path)
        assert page.url.startswith(f"{shop.avow_url}/login/")
    sign_in(page, shop, mail)
    page.wait_for_url(f"{shop.url}/admin")
    page.context.clear_cookies(name="django-oidc-example")
    page.goto(f"{shop.url}/protected")  # the provider knows the browser still, and asks nothing
    assert page.url == f"{shop.url}/protected"


@pytest.mark.browser
def test_messages(page: "Page", shop: Example) -> None:
    message = page.locator("#message")
    page.goto(f"{shop.url}/public")
    assert message.inner_text() == "This is a public message."
    log_in(page, shop, new_person(shop))
    page.locator("#desktop").get_by_role("link", name="Protected").click()
    assert message.inner_text() == "This is a protected message."
    page.locator("#desktop").get_by_role("link", name="Admin").click()
    assert message.inner_text() == "The access token does not have the rights that this needs."


@pytest.mark.browser
def test_admin_message_needs_the_permission(page: "Page", shop: Example) -> None:
    mail = new_person(shop)
    assert shop.command("user", "add-role", mail, ROLE)  # as the README has it
    log_in(page, shop, mail)
    page.goto(f"{shop.url}/admin")
    assert page.locator("#message").inner_text() == "This is an admin message."


@pytest.mark.browser
def test_menu_of_narrow_screens(page: "Page", shop: Example) -> None:
    page.set_viewport_size(NARROW)
    page.goto(shop.url)
    menu = page.get_by_role("button", name="Menu")
    assert (page.locator("#desktop").is_visible(), page.locator("#mobile").is_visible()) == (False, False)
    assert menu.get_attribute("aria-expanded") == "false"
    menu.click()
    assert menu.get_attribute("aria-expanded") == "true"
    assert shown(page, "#mobile") == STRANGER
    page.locator("#mobile").get_by_role("link", name="Log In").click()
    sign_in(page, shop, new_person(shop))
    page.wait_for_url(f"{shop.url}/profile")
    menu.click()
    assert shown(page, "#mobile") == MEMBER
    menu.click()
    assert not page.locator("#mobile").is_visible()
    menu.click()
    page.locator("#mobile").get_by_role("link", name="Log Out").click()
    page.wait_for_url(f"{shop.url}/")
    menu.click()
    assert shown(page, "#mobile") == STRANGER


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_looks(browser: "Browser", shop: Example, scheme: Any) -> None:
    found: list[str] = []
    with opened(browser, shop.url, shop.avow_url, viewport=WIDE, color_scheme=scheme, bypass_csp=True) as page:
        page.route("https://pictures.example.com/**", lambda route: route.fulfill(status=204))

        def look(*paths: str) -> None:
            for size in (WIDE, NARROW):
                page.set_viewport_size(size)
                for path in paths:
                    page.goto(shop.url + path)
                    name = path.strip("/").partition("?")[0] or "home"
                    found.extend(problems_of(page, f"django-oidc-{name}-{size['width']}-{scheme}"))
            page.set_viewport_size(WIDE)

        look("/", "/public", "/callback?state=x")
        log_in(page, shop, new_person(shop))
        look("/profile", "/protected", "/admin", "/login")
    assert found == []


# --- The API server ---


def test_api_says_what_it_wants(example: tuple[Example, str]) -> None:
    base = f"{example[1]}/api/messages"
    assert get(f"{base}/public").text == '{"text": "This is a public message."}'
    for path in ("protected", "admin"):
        assert (get(f"{base}/{path}").status, get(f"{base}/{path}", "nonsense").status) == (401, 401)
    assert get(f"{base}/other").status == 404


@pytest.mark.parametrize(
    ("differing", "status"),
    [
        ({}, 200),
        ({"aud": [AUDIENCE, f"{ISSUER}userinfo"]}, 200),
        ({"permissions": []}, 403),
        ({"permissions": None}, 403),
        ({"permissions": PERMISSION}, 403),
        ({"permissions": [f"{PERMISSION}-not"]}, 403),
        ({"scope": PERMISSION, "permissions": []}, 403),
        ({"aud": "https://other.example.com"}, 401),
        ({"iss": ISSUER.rstrip("/")}, 401),
        ({"exp": 1}, 401),
        ({"sub": None}, 401),
    ],
)
def test_api_takes_good_tokens_only(differing: dict[str, Any], status: int) -> None:
    from django.test import RequestFactory

    issuer = Issuer()
    api = ResourceServer(ISSUER, audience=AUDIENCE, clock=issuer.clock, transport=issuer)
    routes: list[Any] = urls_of(api)
    view = next(route.callback for route in routes if str(route.pattern) == "api/messages/admin")
    token = issuer.token(**{"aud": AUDIENCE, "permissions": [PERMISSION], **differing})
    assert view(RequestFactory().get("/", headers=dict(bearer(token)))).status_code == status


# --- At another provider, and its command ---


def started(words: list[str], environment: dict[str, str]) -> "subprocess.Popen[str]":
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    known = {name: value for name, value in os.environ.items() if not name.startswith("OIDC_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "examples.django_oidc", *words],
        cwd=ROOT,
        env={**known, "PYTHONPATH": path, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A run in the background ignores the signal and hands that on; a terminal does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    run.note_process(process)
    return process


@contextlib.contextmanager
def running(words: list[str], environment: dict[str, str], port: int) -> Iterator[None]:
    process = started(words, environment)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == f"Open http://localhost:{port}"
        wait_for(port)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        run.forget_process(process.pid)


@pytest.mark.browser
def test_another_provider_will_do(
    browser: "Browser", pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> None:
    program(pytestconfig, "oidc-provider")
    folder, port, api_port = tmp_path_factory.mktemp("other"), free_port(), free_port()
    url = f"http://localhost:{port}"
    words = ["--port", str(port), "--api-port", str(api_port), "--data", str(folder / "data")]
    with other.running_web_app_provider(npm.find_node(), folder, url) as provider:
        said = {
            "OIDC_ISSUER": f"{provider.url}/",
            "OIDC_CLIENT_ID": other.CLIENT_ID,
            "OIDC_CLIENT_SECRET": other.CLIENT_SECRET,
            "OIDC_AUDIENCE": other.AUDIENCE,
            "REQUESTS_CA_BUNDLE": str(provider.authorities),
            "SSL_CERT_FILE": str(provider.authorities),
        }
        with running(words, said, port):
            wait_for(api_port)
            context = browser.new_context(ignore_https_errors=True, viewport=WIDE)
            context.route("https://fonts.googleapis.com/**", lambda route: route.abort())  # of its own pages
            page = context.new_page()
            page.goto(f"{url}/admin")
            page.locator("input[name=login]").fill("auth0|admin-ann")
            page.locator("input[name=password]").fill("any")
            page.get_by_role("button").click()
            page.get_by_role("button", name="Continue").click()
            page.wait_for_url(f"{url}/admin")
            assert page.locator("#message").inner_text() == "This is an admin message."
            page.goto(f"{url}/profile")
            assert page.locator("#sub").inner_text() == "auth0|admin-ann"
            assert page.locator("#updated_at").inner_text() == "2026-01-02T03:04:05.678Z"
            page.locator("#desktop").get_by_role("link", name="Log Out").click()
            page.wait_for_url(f"{url}/")
            page.get_by_role("link", name="Log In").click()
            assert page.locator("input[name=login]").is_visible()
            context.close()


def test_command_says_what_is_missing(tmp_path: Path) -> None:
    words = ["--env", str(tmp_path / "none"), "--data", str(tmp_path)]
    process = started([*words, "--port", str(free_port()), "--api-port", str(free_port())], {"OIDC_ISSUER": ISSUER})
    _, said = process.communicate(timeout=30)
    run.forget_process(process.pid)
    assert process.returncode == 1
    assert "Set OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_AUDIENCE too" in said


def test_command_reads_the_file_of_the_readme(tmp_path: Path) -> None:
    [file] = [block for block in README.split("```")[1::2] if block.startswith("\nOIDC_ISSUER")]
    (tmp_path / ".env").write_text(file, encoding="utf-8")
    port, api_port = free_port(), free_port()
    words = ["--env", str(tmp_path / ".env"), "--data", str(tmp_path / "data")]
    with running([*words, "--port", str(port), "--api-port", str(api_port)], {}, port):
        assert get(f"http://localhost:{port}/public").status == 200
        assert get(f"http://localhost:{port}/login").status in {502, 503}  # that provider is nowhere
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", api_port), timeout=1).close()
        raise AssertionError("the API server did not end with the application")
