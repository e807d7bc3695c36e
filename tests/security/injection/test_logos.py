"""S-INJ-04: the logo of a project is no upload but an https address, which nobody asks for it but browsers."""

from tests.bed.cases import Case
from tests.security.calls import Answer, assert_refused
from tests.security.place import Place
from tests.security.presenting import Canary
from tests.server.pages.browsing import Browser

SETTINGS = "/v1/mgmt/avow/project/settings"
LOGO = "https://cdn.example.com/logo.svg"
ADDRESSES = (
    "../../etc/passwd",
    "/etc/passwd",
    "file:///etc/passwd",
    "C:\\logo.png",
    "//cdn.example.com/logo.svg",
    "http://cdn.example.com/logo.svg",
    "javascript:alert(1)",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "https:cdn.example.com/logo.svg",
    "https://cdn.example.com\\@evil.example/logo.svg",
    "https://user:secret@cdn.example.com/logo.svg",
    "https://cdn.example.com/logo.svg\r\nset-cookie: a=b",
    "https://cdn.example.com/ ; script-src *",
    "https://cdn.example.com; script-src */logo.svg",
    "https://cdn.example.com, evil.example/logo.svg",
    'https://cdn.example.com/"><script>alert(1)</script>',
    "https://",
    "https://" + "a" * 5000,
)


def _set(place: Place, address: object) -> Answer:
    return place.api.post(SETTINGS, place.avow.management_key, {"settings": {"logoUrl": address}})


def test_s_inj_04_address_of_a_logo(case: Case, each_place: Place, canary: Canary) -> None:
    place = each_place
    case.control(lambda: _set(place, LOGO).status == 200)
    place.advance(2)
    before = place.rows("project_settings", "project_id")
    for address in ADDRESSES:
        with case.cell(f"address of a logo, {address[:50]!r}"):
            assert_refused(_set(place, address), 400)
    with case.cell("address of a logo, no text"):
        for content in ({"$ref": "file:///etc/passwd"}, ["https://a.example"], 7, {"__class__": "os.system"}):
            assert_refused(_set(place, content), 400)
    with case.cell("address of a logo, nothing stored has changed"):
        assert place.rows("project_settings", "project_id") == before
    with case.cell("address of a logo, a picture of the page and nothing else"):
        page = Browser(place.avow).get(f"/login/{place.api.project_id}")
        policy = page.headers["content-security-policy"]
        assert "img-src 'self' data: https://cdn.example.com;" in policy
        assert policy.count("cdn.example.com") == 1
        assert page.html.count("cdn.example.com") == page.html.count(f'src="{LOGO}"') >= 1
    with case.cell("address of a logo, no server asks for it"):
        calls = len(canary.calls)
        at_canary = canary.url.replace("http://", "https://")
        assert _set(place, at_canary).status == 200
        place.advance(2)
        assert at_canary in Browser(place.avow).get(f"/login/{place.api.project_id}").html
        assert len(canary.calls) == calls
