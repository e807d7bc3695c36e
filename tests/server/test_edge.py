"""What the edge makes of requests, whatever their route."""

from typing import Any, cast

import pytest

from avow.server.serving import Anyone, Call, Client, Project
from avow.server.site import answer
from avow.server.visit import Request, Visit
from avow.wire.links import LinkToken
from tests.server.api import Api

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
