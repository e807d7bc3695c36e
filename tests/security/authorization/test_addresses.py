"""S-AUZ-07: keys that may be used from some addresses only, and callers who say that they call from there."""

from collections.abc import Callable

from avow.core.networks import networks
from avow.testing.server import Server
from tests.bed.cases import Case
from tests.factories import make_access_key
from tests.security.authorization.test_callers import SETTINGS, key_of
from tests.security.calls import Answer, assert_refused
from tests.security.place import Place, in_process

PERMITTED = "192.0.2.0/24"
INSIDE = ("192.0.2.7", "192.0.2.7:4711", "::ffff:192.0.2.7", "203.0.113.9, 192.0.2.7", "evil, 192.0.2.7", " 192.0.2.7 ")
OUTSIDE = (
    "",
    "203.0.113.9",
    "192.0.2.7, 203.0.113.9",  # what a client writes stands on the left of what the proxy adds
    "192.0.2.7, 203.0.113.9, 127.0.0.1",
    "192.0.2.7, evil",
    "192.0.2.7,",
    "192.0.2.7, ::ffff:203.0.113.9",
    "192.0.2.7, [2001:db8::1]:443",
    "192.0.2.7/24",
    "0xC0000207",
    "3221225991",
    "192.0.2.007",
    "for=192.0.2.7",
    "unknown",
)
ELSEWHERE = ("forwarded", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "x-cluster-client-ip")


def _uses(place: Place) -> dict[str, Callable[[dict[str, str]], Answer]]:
    """Return the uses of an access key and of a management key, both of one network alone."""
    secret = make_access_key(place.avow, permitted_ips=(PERMITTED,))[1]
    key = key_of(place, "*", permitted_ips=[PERMITTED])
    return {
        "access key": lambda headers: place.api.post("/v1/auth/accesskey/exchange", secret, {}, headers=headers),
        "management key": lambda headers: place.api.get(SETTINGS, key, headers=headers),
    }


def test_s_auz_07_addresses_behind_proxies(case: Case, make_server: Callable[..., Server]) -> None:
    behind = in_process(make_server(trusted_proxies=networks(("127.0.0.0/8",))))
    direct = in_process(make_server())
    for name, use in _uses(behind).items():
        for told in INSIDE:
            case.control(lambda use=use, told=told: use({"x-forwarded-for": told}).status == 200)  # type: ignore[misc]
        for told in OUTSIDE:
            with case.cell(f"{name}, behind a proxy that says {told!r}"):
                assert_refused(use({"x-forwarded-for": told}), 401)
        for header in ELSEWHERE:
            with case.cell(f"{name}, behind a proxy, address in {header}"):
                assert_refused(use({header: "192.0.2.7", "x-forwarded-for": "203.0.113.9"}), 401)
    for name, use in _uses(direct).items():
        for told in INSIDE:
            with case.cell(f"{name}, without a proxy, a caller who says {told!r}"):
                assert_refused(use({"x-forwarded-for": told}), 401)
        for header in ELSEWHERE:
            with case.cell(f"{name}, without a proxy, address in {header}"):
                assert_refused(use({header: "192.0.2.7"}), 401)
