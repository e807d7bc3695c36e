"""What the edge makes of requests, whatever their route."""

from typing import Any, cast

import pytest

from avow.errors import ServerFault
from avow.server.answers import success
from avow.server.serving import Answer, Anyone, Call, Client, Cookie, Project
from avow.server.site import answer
from avow.server.visit import Request, Visit
from avow.testing.server import Avow
from avow.wire.links import LinkToken
from avow.wire.projects import ProjectSettings
from tests.factories import change_settings
from tests.server.api import Api, Statements

_NO_ID = ["\0", "P1\0", "\ud800", "P 1", "P%00", "é", "\uff30\uff11"]


@pytest.mark.parametrize("named", _NO_ID)
@pytest.mark.parametrize("path", ["/v2/keys/{}", "/login/{}", "/magic-link/{}"])
def test_text_in_the_path_that_is_no_project_id_names_no_project(path: str, named: str, api: Api) -> None:
    response = answer(api.avow.server.site, Request("GET", path.format(named), "", {}, b"", "203.0.113.7"))
    assert response.status == 404


@pytest.mark.parametrize("named", _NO_ID)
def test_text_in_the_header_that_is_no_project_id_names_no_project(named: str, api: Api) -> None:
    headers = {"authorization": f"Bearer {named}"}
    response = answer(
        api.avow.server.site, Request("POST", "/v1/auth/otp/signin/email", "", headers, b"", "203.0.113.7")
    )
    assert response.status == 401


def test_what_a_request_carries_is_not_in_its_text() -> None:
    request = Request("GET", "/magic-link/P1", "t=SECRET", {"cookie": "SECRET"}, b"SECRET", "203.0.113.7")
    body = LinkToken(token="SECRET")
    call: Call[Any] = Call(cast(Project, None), Anyone(), Client(""), body, cookies={"DSR": "SECRET"})
    assert "SECRET" not in f"{request!r} {Visit(request, 'Q1', body=body)!r} {call!r}"


@pytest.mark.parametrize("value", ["a\r\nset-cookie: b=c", "a\nb", "a\0", "a\x7f", "é", "\u2028"], ids=ascii)
@pytest.mark.parametrize("name", ["location", "set-cookie"])
def test_header_that_would_be_another_one_is_never_sent(name: str, value: str) -> None:
    visit = Visit(Request("GET", "/", "", {}, b"", "203.0.113.7"), "Q1")
    told = (
        Answer(cookies=(Cookie("c", value, max_age_seconds=1),))
        if name == "set-cookie"
        else Answer(headers={name: value})
    )
    with pytest.raises(ServerFault):
        success(visit, told)


def test_made_up_project_ids_cost_no_look_once_there_were_too_many(api: Api, statements: Statements) -> None:
    site, peer = api.avow.server.site, "203.0.113.200"

    def ask(number: int) -> int:
        headers = {"authorization": f"Bearer P{number:026d}"}
        return answer(site, Request("POST", "/v1/auth/refresh", "", headers, b"", peer)).status

    most = ProjectSettings().requests_per_minute
    minute = api.clock() // 60
    site.kv.add([(f"client::{peer}:{minute}", (minute + 1) * 60)])
    assert ask(0) == 401
    for _ in range(most - 3):
        site.kv.add([(f"client::{peer}:{minute}", (minute + 1) * 60)])
    with statements:
        assert [ask(1), ask(2), ask(3)] == [401, 429, 429]
    assert statements.ran.count("projects.FIND") == 1


def test_page_of_an_allowed_origin_can_read_that_it_is_refused(api: Api) -> None:
    change_settings(api.avow, {"requests_per_minute": 1, "allowed_origins": ["https://app.example.com"]})
    api.clock.advance(61)
    answers = [
        api.post("/v1/auth/try-refresh", origin="https://app.example.com", x_descope_sdk_name="web-js")
        for _ in range(2)
    ]
    assert [each.status for each in answers] == [200, 503]
    assert answers[1].header("access-control-allow-origin") == "https://app.example.com"
    assert "Retry-After" in answers[1].header("access-control-expose-headers")


def test_token_in_whose_place_another_came_leaves_room_for_others(api: Api, avow: Avow) -> None:
    change_settings(avow, {"rotation": "always"})
    seen, first = avow.server.site.edge.seen, api.sign_in()["refreshJwt"]
    assert seen.find((avow.project_id, first)) is not None
    avow.advance(2)
    second = api.refresh(first)["refreshJwt"]
    assert seen.find((avow.project_id, first)) is None
    assert seen.find((avow.project_id, second)) is not None
    assert api.refresh(first)["refreshJwt"]  # a lost answer: verified anew, and taken within its grace
    assert api.refresh(second).status == 200
