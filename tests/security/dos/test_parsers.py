"""S-DOS-03: texts that make careless patterns and parsers go back and forth cost no time."""

import time
from collections.abc import Callable

import pytest

from avow.testing.server import Server
from tests.bed.cases import Case
from tests.factories import new_email
from tests.security.calls import Answer
from tests.security.place import Place, in_process

LENGTH = 50_000
MOST_SECONDS = 0.25

TEXTS = {
    "one letter over and over, then !": "a" * LENGTH + "!",
    "address without an end": "a" * (LENGTH // 2) + "@" + "a" * (LENGTH // 2) + "!",
    "labels": "a@" + "a." * (LENGTH // 2) + "!",
    "hyphens": "a@" + "a-" * (LENGTH // 2) + ".com",
    "at signs": "@" * LENGTH,
    "dots": "a" + "." * LENGTH + "@example.com",
    "quotes": '"' * LENGTH,
    "nested quotes": '\\"' * (LENGTH // 2),
    "nested brackets": "(" * (LENGTH // 2) + ")" * (LENGTH // 2),
    "commas": "," * LENGTH,
    "semicolons": ";" * LENGTH,
    "digits": "+" + "1" * LENGTH,
    "digits and separators": "+1" + " (2)-" * (LENGTH // 5),
    "spaces": " " * LENGTH + "a",
    "tabs": "a" + "\t" * LENGTH + "a",
    "per cent": "%" * LENGTH,
    "escapes": "%41" * (LENGTH // 3),
    "slashes": "http://" + "/" * LENGTH,
    "path": "http://a/" + "../" * (LENGTH // 3),
    "host": "http://" + "a." * (LENGTH // 2),
    "port": "http://a:" + "1" * LENGTH,
    "user": "http://" + "a:" * (LENGTH // 2) + "@a",
    "query": "http://a/?" + "a=b&" * (LENGTH // 4),
    "marks": "e" + "\u0301" * (LENGTH // 2),
    "domain beyond ASCII": "a@" + "\u00e4." * (LENGTH // 3) + "com",
    "punycode": "a@" + "xn--a." * (LENGTH // 6) + "com",
    "underscores": "_" * LENGTH,
    "stars": "*" * LENGTH,
    "device": "Mozilla/5.0 (" * (LENGTH // 13),
    "device, numbers": "Chrome/" + "1." * (LENGTH // 2),
    "languages": ",".join(["de-DE;q=0.5"] * 10_000),
    "languages without an end": "a" + "-a" * (LENGTH // 2),
    "language and qualities": "de" + ";q=1" * (LENGTH // 4),
    "parameters": "application/json" + "; a=b" * 10_000,
    "parameters, quoted": 'application/json; a="' + '\\"' * (LENGTH // 2),
}


@pytest.mark.timeout(300)
def test_s_dos_03_patterns_and_parsers(case: Case, make_server: Callable[..., Server]) -> None:
    # Heads this large are refused as a whole otherwise: with this the readers of headers see them.
    place = in_process(make_server(header_bytes=1_048_576, body_bytes=4_194_304))
    person = place.sign_in()
    case.control(lambda: place.sign_in())
    sign_up, link = "/v1/auth/otp/signup/email", "/v1/auth/magiclink/signup/email"
    fields: dict[str, Callable[[str], Answer]] = {
        "loginId": lambda text: place.api.post(sign_up, body={"loginId": text}),
        "email": lambda text: place.api.post(sign_up, body={"loginId": new_email(), "email": text}),
        "user.email": lambda text: place.api.post(sign_up, body={"loginId": new_email(), "user": {"email": text}}),
        "phone": lambda text: place.api.post("/v1/auth/otp/signup/sms", body={"loginId": new_email(), "phone": text}),
        "loginId of a number": lambda text: place.api.post("/v1/auth/otp/signin/sms", body={"loginId": text}),
        "domain": lambda text: place.api.post(sign_up, body={"loginId": f"a@{text}.com"}),
        "URI": lambda text: place.api.post(link, body={"loginId": new_email(), "URI": text}),
        "code": lambda text: place.verify_code(person.login_id, text),
        "token": lambda text: place.api.post("/v1/auth/magiclink/verify", body={"token": text}),
        "locale": lambda text: place.api.post(sign_up, body=_with_locale(text)),
        "name": lambda text: place.api.post(sign_up, body={"loginId": new_email(), "user": {"name": text}}),
        "next, of the page": lambda text: place.api.get(f"/login/{place.avow.project_id}?next={_quoted(text)}"),
        "loginId, of the page": lambda text: place.api.get(f"/login/{place.avow.project_id}?loginId={_quoted(text)}"),
    }
    for header in (
        "user-agent", "accept-language", "content-type", "accept", "cookie", "authorization", "origin", "referer",
        "x-forwarded-for", "forwarded", "content-encoding", "sec-fetch-site", "x-descope-sdk-name",
        "x-descope-project-id", "x-descope-refresh-cookie-name",
    ):  # fmt: skip
        fields[header] = _header(place, header)
    for field, send in fields.items():
        for name, text in TEXTS.items():
            with case.cell(f"{field}: {name}"):
                # Others use the processor, too; what must not be slow is not slow three times.
                assert min(_processor_seconds(send, text) for _ in range(3)) < MOST_SECONDS
    with case.cell("the letter that a device and a language are written into"):
        headers = {"user-agent": TEXTS["device"], "accept-language": TEXTS["languages"]}
        assert min(_processor_seconds(lambda _: _mailed(place, headers), "") for _ in range(3)) < MOST_SECONDS


def _header(place: Place, name: str) -> Callable[[str], Answer]:
    def send(text: str) -> Answer:
        return place.api.post("/v1/auth/otp/signup/email", body={"loginId": new_email()}, headers={name: text})

    return send


def _with_locale(text: str) -> dict[str, object]:
    return {"loginId": new_email(), "loginOptions": {"locale": text, "templateOptions": {"a": text, text: "b"}}}


def _mailed(place: Place, headers: dict[str, str]) -> Answer:
    login_id = new_email()
    answer = place.api.post("/v1/auth/magiclink/signup/email", body={"loginId": login_id}, headers=headers)
    assert place.avow.messages(login_id)
    return answer


def _quoted(text: str) -> str:
    return text.encode().hex(sep="%").join(("%", "")) if not text.isascii() else text.replace("&", "%26")


def _processor_seconds(send: Callable[[str], Answer], text: str) -> float:
    """Return the time that all threads of this process computed for one request."""
    begun = time.process_time()
    answer = send(text)
    assert answer.status < 500, answer.content
    return time.process_time() - begun
