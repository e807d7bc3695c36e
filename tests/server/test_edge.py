"""What the edge makes of requests, whatever their route."""

import pytest

from avow.server.site import answer
from avow.server.visit import Request
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
