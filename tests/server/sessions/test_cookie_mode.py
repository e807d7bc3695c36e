"""The refresh token as a cookie: set, taken back, and removed once its session is over."""

from collections.abc import Callable

from avow.testing.server import Avow
from tests.factories import new_email
from tests.server.api import Api

ORIGIN = "https://app.example.com"


def signed_in(api: Api) -> str:
    """Sign somebody in and return the cookie header of the browser."""
    address = new_email()
    api.post("/v1/auth/otp/signup/email", {"loginId": address})
    answer = api.post("/v1/auth/otp/verify/email", {"loginId": address, "code": api.avow.code(address)})
    assert "refreshJwt" not in answer.body
    [cookie] = [value for name, value in answer.headers if name == "set-cookie"]
    assert "HttpOnly" in cookie
    assert "Secure" in cookie
    return cookie.partition(";")[0]


def test_cookie_of_a_session_that_is_over_is_removed(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(refresh_token_in="cookie", allowed_origins=[ORIGIN]))
    headers = {"cookie": signed_in(api), "origin": ORIGIN}
    assert api.post("/v1/auth/logout", **headers).status == 200
    refused = api.post("/v1/auth/refresh", **headers)
    assert refused.refusal == (401, "E064001")
    tried = api.post("/v1/auth/try-refresh", **headers)
    assert (tried.status, tried.body) == (200, {})
    for answer in (refused, tried):
        [cookie] = [value for name, value in answer.headers if name == "set-cookie"]
        assert cookie.startswith("DSR=; Max-Age=0")
