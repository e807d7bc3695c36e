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


def test_cookie_of_another_project_at_the_host_stays(make_project: Callable[..., Avow]) -> None:
    here, other = (Api(make_project(refresh_token_in="cookie", allowed_origins=[ORIGIN])) for _ in range(2))
    cookie = signed_in(other)
    for path in ("/v1/auth/refresh", "/v1/auth/try-refresh", "/v1/auth/logout"):
        answer = here.post(path, cookie=cookie, origin=ORIGIN)
        assert not [value for name, value in answer.headers if name == "set-cookie"], path
    assert other.post("/v1/auth/refresh", cookie=cookie, origin=ORIGIN).status == 200


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
