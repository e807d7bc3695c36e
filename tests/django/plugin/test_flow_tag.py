"""The tag: its markup, with every value escaped and nothing that a strict CSP would refuse; the pages with it."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from avow.testing.server import BASE_URL
from tests.django.plugin.conftest import Configure, Network, SignIn
from tests.django.plugin.visitor import Visitor


class Markup(HTMLParser):
    """The elements of a page, each with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inline = ""
        self._is_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._is_script = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self._is_script = False

    def handle_data(self, data: str) -> None:
        self.inline += data.strip() if self._is_script else ""

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(visitor: Visitor, template: str, **more: str) -> Markup:
    answer = visitor.get("/page", data={"template": template, **more})
    assert answer.status_code == 200
    return Markup(answer.content.decode())


@pytest.mark.parametrize(
    ("library", "tag", "element"),
    [
        ("avow", "avow_flow", "avow-login"),
        ("avow", "descope_flow", "descope-wc"),
        ("descope", "descope_flow", "descope-wc"),
        ("descope", "avow_flow", "avow-login"),
    ],
)
def test_tag_shows_the_component(library: str, tag: str, element: str, visitor: Visitor, network: Network) -> None:
    seen = page(visitor, "{% load " + library + " %}{% " + tag + ' "sign-up-or-in" "/profile" %}')
    (shown,) = seen.all(element)
    assert shown["project-id"] == network.avow.project_id
    assert shown["flow-id"] == "sign-up-or-in"
    assert shown["base-url"] == BASE_URL
    assert (shown["redirect-url"] or "").startswith("https://testserver/page?")
    assert shown["data-avow-store"] == "/auth/store_jwt"
    assert shown["data-avow-next"] == "/profile"
    assert [each["src"] for each in seen.all("script")] == [f"{BASE_URL}/sdk/avow-login.js", "/auth/flow.js"]


def test_csrf_token_of_the_tag_is_one_that_counts(visitor: Visitor, sign_up: SignIn) -> None:
    seen = page(visitor, '{% load avow %}{% avow_flow "sign-in" "/" %}')
    token = seen.all("avow-login")[0]["data-avow-csrf"] or ""
    session = sign_up()
    form = {"DS": session["sessionToken"]["jwt"], "DSR": session["refreshSessionToken"]["jwt"]}
    answer = visitor.post("/auth/store_jwt", {**form, "csrfmiddlewaretoken": token}, csrf=False)
    assert answer.status_code == 200


def test_no_script_is_inline(visitor: Visitor) -> None:
    text = visitor.get("/page", data={"template": '{% load avow %}{% avow_flow "sign-in" "/" %}'}).content.decode()
    assert Markup(text).inline == ""
    assert not re.search(r"\son\w+=|javascript:|style=", text)


def test_script_of_the_component_comes_once(visitor: Visitor) -> None:
    seen = page(visitor, '{% load avow %}{% with a=1 %}{% avow_flow "a" "/" %}{% endwith %}{% avow_flow "b" "/" %}')
    assert len(seen.all("avow-login")) == 2
    assert len({shown["id"] for shown in seen.all("avow-login")}) == 2
    assert [each["src"] for each in seen.all("script")].count(f"{BASE_URL}/sdk/avow-login.js") == 1


@pytest.mark.parametrize("evil", ['"><script>alert(1)</script>', "' onload='x", "&lt;", "</avow-login>"])
def test_values_are_escaped(evil: str, visitor: Visitor) -> None:
    seen = page(visitor, "{% load avow %}{% avow_flow next '/' %}", next=evil)
    (shown,) = seen.all("avow-login")
    assert shown["flow-id"] == evil
    assert len(seen.all("script")) == 2
    assert not any(name.startswith("on") for name in shown)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "javascript:alert(1)",
        "http://testserver/",
        "\\\\evil.example",
        "data:,x",
    ],
)
def test_target_elsewhere_becomes_the_default(target: str, visitor: Visitor) -> None:
    seen = page(visitor, "{% load avow %}{% avow_flow 'sign-in' next %}", next=target)
    assert seen.all("avow-login")[0]["data-avow-next"] == "/plain"


def test_target_may_be_a_view(visitor: Visitor) -> None:
    seen = page(visitor, "{% load avow %}{% avow_flow 'sign-in' 'avow:refresh' %}")
    assert seen.all("avow-login")[0]["data-avow-next"] == "/auth/refresh/"


@pytest.mark.parametrize("source", ["", "https://cdn.example.com/index.js"])
def test_script_of_the_component_is_a_classic_one(source: str, visitor: Visitor, configure: Configure) -> None:
    configure(**{"DESCOPE_WEB_COMPONENT_SRC": source} if source else {})
    seen = page(visitor, "{% load descope %}{% descope_flow 'sign-in' '/' %}")
    assert seen.all("script")[0] == {"src": source or f"{BASE_URL}/sdk/avow-login.js", "defer": None}


def test_browsers_are_told_the_public_address(visitor: Visitor, configure: Configure) -> None:
    configure(AVOW_PUBLIC_URL="https://auth.example.com/")
    seen = page(visitor, "{% load avow %}{% avow_flow 'sign-in' '/' %}")
    assert seen.all("avow-login")[0]["base-url"] == "https://auth.example.com"
    assert seen.all("script")[0]["src"] == "https://auth.example.com/sdk/avow-login.js"


def test_nonce_of_the_page_is_on_every_script(configure: Configure) -> None:
    request: Any = RequestFactory().get("/")
    request.csp_nonce = 'abc"123'
    text = Template("{% load avow %}{% avow_flow 'sign-in' '/' %}").render(Context({"request": request}))
    assert [each["nonce"] for each in Markup(text).all("script")] == ['abc"123', 'abc"123']
    del request.csp_nonce
    context = Context({"request": request, "csp_nonce": "of-django-6"})
    text = Template("{% load avow %}{% avow_flow 'sign-in' '/' %}").render(context)
    assert [each["nonce"] for each in Markup(text).all("script")] == ["of-django-6", "of-django-6"]


def test_template_without_a_request_is_told_what_to_do(configure: Configure) -> None:
    with pytest.raises(RuntimeError, match=r"context_processors\.request"):
        Template("{% load avow %}{% avow_flow 'sign-in' '/' %}").render(Context({}))


# --- Pages ------------------------------------------------------------------------------------------------------


def test_script_between_component_and_project_is_a_file(visitor: Visitor) -> None:
    answer = visitor.get("/auth/flow.js")
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert b"data-avow-store" in answer.content
    assert "max-age=3600" in answer["Cache-Control"]


def test_login_page_leads_to_where_somebody_wanted_to_go(visitor: Visitor) -> None:
    answer = visitor.get("/auth/login/?next=/whoami")
    (shown,) = Markup(answer.content.decode()).all("avow-login")
    assert (shown["data-avow-next"], shown["flow-id"]) == ("/whoami", "sign-up-or-in")
    assert "no-store" in answer["Cache-Control"]


def test_login_page_leads_nowhere_else(visitor: Visitor) -> None:
    answer = visitor.get("/auth/login/?next=https://evil.example/")
    assert Markup(answer.content.decode()).all("avow-login")[0]["data-avow-next"] == "/plain"


def test_login_page_asks_who_is_signed_in_and_sends_nobody_round(store: str, visitor: Visitor, sign_up: SignIn) -> None:
    visitor.bring(sign_up())
    answer = visitor.get("/auth/login/?next=/whoami")
    seen = Markup(answer.content.decode())
    assert answer.status_code == 200
    assert seen.all("avow-login") == []
    assert [each["href"] for each in seen.all("a")] == ["/whoami"]
    assert (
        visitor.post("/auth/logout/", {"next": "/auth/login/?next=/whoami"})["Location"] == "/auth/login/?next=/whoami"
    )
    assert visitor.user_id == ""


def test_login_page_shows_the_flow_to_a_session_without_an_account(
    store: str, visitor: Visitor, sign_up: SignIn
) -> None:
    from django.contrib.auth.models import User

    visitor.bring(sign_up())
    User.objects.update(is_active=False)
    assert visitor.get("/T1/django")["Location"] == "/auth/login/?next=/T1/django"
    answer = visitor.get("/auth/login/?next=/T1/django")
    assert len(Markup(answer.content.decode()).all("avow-login")) == 1


def test_refresh_now_brings_a_new_role(store: str, visitor: Visitor, sign_up: SignIn, network: Network) -> None:
    from tests.factories import grant, make_role

    session = sign_up()
    visitor.bring(session)
    grant(network.avow, session["userId"], make_role(network.avow, "editor"))
    assert visitor.get("/T1/role").status_code == 403
    answer = visitor.post("/auth/refresh/", {"next": "/T1/role"})
    assert (answer.status_code, answer["Location"]) == (302, "/T1/role")
    assert visitor.get("/T1/role").status_code == 200
    assert visitor.post("/auth/refresh/").json() == {"success": True}


def test_refresh_of_nobody_is_refused(store: str, visitor: Visitor) -> None:
    assert visitor.post("/auth/refresh/").status_code == 401
    assert visitor.post("/auth/refresh/", csrf=False).status_code == 403


def test_refresh_of_an_ended_session_signs_out(store: str, visitor: Visitor, sign_up: SignIn, network: Network) -> None:
    session = sign_up()
    visitor.bring(session)
    network.client().logout(session["refreshSessionToken"]["jwt"])
    assert visitor.post("/auth/refresh/").status_code == 401
    assert visitor.user_id == ""


def test_refresh_while_the_server_is_away_keeps_everything(
    store: str, visitor: Visitor, sign_up: SignIn, network: Network
) -> None:
    session = sign_up()
    visitor.bring(session)
    network.is_away = True
    assert visitor.post("/auth/refresh/").status_code == 503
    assert visitor.user_id == session["userId"]


# --- The admin --------------------------------------------------------------------------------------------------


@pytest.fixture(params=["avow", "descope"])
def admin_page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib import admin

    monkeypatch.setattr(admin.site, "login_template", f"admin/{request.param}_login.html")


def test_admin_shows_the_flow_to_strangers(admin_page: None, store: str, visitor: Visitor) -> None:
    answer = visitor.get("/admin/login/?next=/admin/auth/")
    (shown,) = Markup(answer.content.decode()).all("avow-login")
    assert shown["data-avow-next"] == "/admin/auth/"


def test_admin_lets_the_role_in_and_nobody_else(
    admin_page: None, store: str, visitor: Visitor, sign_up: SignIn
) -> None:
    assert visitor.get("/admin/").status_code == 302
    visitor.bring(sign_up(email="nobody@example.com"))
    assert visitor.get("/admin/").status_code == 302
    text = visitor.get("/admin/login/").content.decode()
    assert "authenticated as nobody@example.com" in text
    assert Markup(text).all("avow-login") == []
    assert visitor.post("/auth/logout/").status_code == 302
    visitor.bring(sign_up(roles={"is_staff": [], "is_superuser": []}))
    assert visitor.get("/admin/").status_code == 200
    assert visitor.get("/admin/auth/user/").status_code == 200
    assert visitor.get("/admin/login/")["Location"] == "/admin/"


def test_admin_logs_out_of_avow_too(admin_page: None, store: str, visitor: Visitor, sign_up: SignIn) -> None:
    visitor.bring(sign_up(roles={"is_staff": []}))
    visitor.get("/admin/")
    assert visitor.post("/admin/logout/").status_code == 200
    assert not visitor.kept


def test_setting_gives_the_admin_the_page(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.apps import apps
    from django.contrib import admin

    monkeypatch.setattr(admin.site, "login_template", None)
    apps.get_app_config("avow").ready()
    assert admin.site.login_template is None
    configure(AVOW_ADMIN_LOGIN=True)
    apps.get_app_config("avow").ready()
    assert admin.site.login_template == "admin/avow_login.html"
