"""S-INJ-02 to 04: texts that would be templates, header lines, log lines or file names if they were taken for more."""

import json
from collections.abc import Iterator

import pytest

from avow.errors import InvalidArgument
from avow.server.delivery.actions import OwnTemplate, save_template
from avow.server.delivery.inbox import InboxMessage
from avow.testing.server import Avow
from tests.bed.cases import Case
from tests.factories import new_email
from tests.security.calls import Answer, Wish
from tests.security.conftest import MakePlace
from tests.security.counting import whole_log
from tests.security.place import Place

TEMPLATES = (
    "{{7*7}}",
    "{{config}}",
    "${7*7}",
    "#{7*7}",
    "{%raw%}",
    "{% for a in b %}",
    "{0.__class__}",
    "%(x)s",
    "{{''.__class__}}",
    "{{ code }}",
    "{code}",
    "<%= 7*7 %>",
    "@(7*7)",
    "{{options.secret_key}}",
)
BAD_TEMPLATES = (
    "{{ ''.__class__.__mro__ }}",
    "{{ code.__class__ }}",
    "{{ options.__class__ }}",
    "{{ options['__class__'] }}",
    "{{ options|attr('items') }}",
    "{{ code|attr('__class__') }}",
    "{{ config }}",
    "{{ self }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ lipsum.__globals__ }}",
    "{{ range(10) }}",
    "{{ ''.join(['a']) }}",
    "{{ options.a() }}",
    "{{ code.format(1) }}",
    "{{ '%s' % code }}",
    "{{ code * 1000000000 }}",
    "{{ code ~ code }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% extends 'letter.html' %}",
    "{% set a = 1 %}",
    "{% macro a() %}{% endmacro %}",
    "{% for a in options %}{% endfor %}",
    "{% for each in links %}{% for each in links %}{% endfor %}{% endfor %}",
    "{% block a %}{% endblock %}",
    "{% filter upper %}a{% endfilter %}",
    "{{ code",
    "{{ unknown }}",
)


def _letter(place: Place, headers: dict[str, str] | None = None, **options: object) -> InboxMessage:
    """Have a code sent, and return the letter."""
    login_id = new_email()
    body = {"loginId": login_id, "user": {"name": "{{7*7}}"}, "loginOptions": options}
    assert place.api.post("/v1/auth/otp/signup/email", body=body, headers=headers or {}).status == 200
    return place.avow.messages(login_id)[0]


def _own_template(avow: Avow, text: str, part: str = "text") -> None:
    parts = {"subject": "Code", "text": "Code", "html": "<p>Code</p>", part: text}
    own = OwnTemplate("", parts["subject"], parts["text"], parts["html"])
    avow.run(lambda tx: save_template(tx, "otp", "email", own))


def test_s_inj_02_templates(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place()
    case.control(lambda: place.sign_in())
    server = place.avow.server
    for text in TEMPLATES:
        with case.cell(f"name of the project {text!r}"):
            named = Place(server.project(text), place.api)
            named.api.project_id, kept = named.avow.project_id, place.api.project_id
            try:
                letter = _letter(named)
            finally:
                place.api.project_id = kept
            assert text in letter.subject
            assert text in letter.text
            assert "49" not in (letter.subject + letter.text).replace(letter.code, "")
        with case.cell(f"device and language {text!r}"):
            letter = _letter(place, {"user-agent": text, "accept-language": text}, locale=text)
            assert "49" not in letter.text.replace(letter.code, "")
    _own_template(place.avow, "{{ code }} {{ options.hello }} {{ options.code }}", "text")
    _own_template_html = "<p>{{ code }} {{ options.hello }}</p>"
    for text in TEMPLATES:
        with case.cell(f"template option {text!r}"):
            letter = _letter(place, templateOptions={"hello": text})
            assert letter.text.startswith(f"{letter.code} {text}")
    with case.cell("markup in a template option"):
        own = OwnTemplate("", "Code {{ options.hello }}", "{{ code }}", _own_template_html)
        place.avow.run(lambda tx: save_template(tx, "otp", "email", own))
        letter = _letter(place, templateOptions={"hello": "<script>alert(1)</script>\r\nBcc: b@evil.test"})
        assert "<script" not in letter.html
        assert "&lt;script" in letter.html
        assert "\n" not in letter.subject
        assert "\r" not in letter.subject
    for key in ("__class__", "secret_key", "code", "app", "self", "a b", "options", "", "link", "__init__"):
        with case.cell(f"template option named {key!r}"):
            _own_template(place.avow, "{{ code }} {{ options.hello }}")
            letter = _letter(place, templateOptions={key: "INJECTED", "hello": "hi"})
            assert letter.text == f"{letter.code} hi"
    for text in BAD_TEMPLATES:
        for part in ("subject", "text", "html"):
            with case.cell(f"administrator's {part} {text!r}"), pytest.raises(InvalidArgument) as refused:
                _own_template(place.avow, text, part)
            assert refused.value.status == 400
    with case.cell("a refused template leaves the one before"):
        letter = _letter(place, templateOptions={"hello": "hi"})
        assert letter.text == f"{letter.code} hi"


LINES = {
    "CR LF": "a\r\nx-injected: 1",
    "LF": "a\nx-injected: 1",
    "CR": "a\rx-injected: 1",
    "CR LF, JSON": 'a\r\n{"event":"forged"}',
    "NUL": "a\0b",
    "ANSI": "a\x1b[2J\x1b]0;b\x07",
    "C1": "a\x9b31mb",
    "line separator": "a\u2028b\u2029c",
    "right to left": "a\u202eb",
    "encoded": "a%0d%0ax-injected: 1",
}


def test_s_inj_03_lines(case: Case, each_place: Place) -> None:
    place, person = each_place, each_place.sign_in()
    case.control(lambda: place.sign_in())
    usual = set(place.api.get("/v1/auth/me", person.refresh_jwt).headers)
    sign_up, page = "/v1/auth/otp/signup/email", f"/login/{place.avow.project_id}"

    def attempts(text: str) -> Iterator[Answer]:
        yield place.api.post(sign_up, body={"loginId": text, "email": new_email()})
        yield place.api.post(sign_up, body={"loginId": new_email(), "user": {"name": text}})
        yield place.api.post(
            "/v1/auth/magiclink/signup/email", body={"loginId": new_email(), "URI": f"http://a/{text}"}
        )
        names = (
            "user-agent", "x-request-id", "accept-language", "origin", "referer", "host", "x-forwarded-for", "cookie",
            "x-descope-sdk-name", "x-descope-project-id", "content-type", "x-descope-refresh-cookie-name",
        )  # fmt: skip
        for name in names:
            yield place.api.post(sign_up, body={"loginId": new_email()}, headers={name: text})
            yield place.api.get(page, headers={name: text, "accept": "text/html"})
        yield place.api.get(f"{page}?loginId={text}&next=http://a/{text}&notice={text}")
        yield place.api.get(f"/{text}")
        yield place.api.get(f"/v2/keys/{text}")
        yield place.api.carrier.send(Wish(f"GET{text}", "/v1/auth/me"))
        yield place.api.get("/v1/auth/me", headers={"authorization": f"Bearer {text}"})
        yield place.api.get("/v1/auth/me", headers={"authorization": f"Bearer {place.avow.project_id}:{text}"})

    for name, text in LINES.items():
        with whole_log() as log, case.cell(f"answers, {name}"):
            for answer in attempts(text):
                assert answer.status < 500 or answer.status == 501
                values = "".join([*answer.headers, *answer.headers.values(), *answer.set_cookies])
                assert values.isprintable() and values.isascii()  # noqa: PT018 - one statement on one text
                assert "x-injected" not in answer.headers
                assert "content-security-policy" in answer.headers or set(answer.headers) <= usual | _FURTHER
                assert answer.headers["x-request-id"] != text
        with case.cell(f"log, {name}"):
            lines = log.getvalue().split("\n")
            assert lines.pop() == ""
            assert len(lines) > 20
            for line in lines:
                assert json.loads(line)["event"] != "forged"
                assert all(character.isprintable() for character in line)
        with case.cell(f"letters, {name}"):
            for letter in place.avow.messages():
                assert "\n" not in letter.subject
                assert "x-injected: 1" not in letter.text.split("\n")
        place.avow.server.inbox.clear()
    with case.cell("subject template"):
        own = OwnTemplate("", "Code {{ options.a }}\r\nBcc: b@evil.test", "{{ code }}", "")
        place.avow.run(lambda tx: save_template(tx, "otp", "email", own))
        letter = _letter(place, templateOptions={"a": "x\r\nBcc: c@evil.test"})
        assert letter.subject.isprintable()


_FURTHER = {
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-expose-headers",
    "location",
}


FILES = (
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "....//....//etc/passwd",
    "/etc/passwd",
    "//etc/passwd",
    "..\\..\\etc\\passwd",
    "C:\\boot.ini",
    "file:///etc/passwd",
    "avow.sqlite3",
    "../settings.py",
    "../../settings.py",
    "templates/letter.html",
    "style.css/../../handlers.py",
    "\0",
    ".",
    "..",
    "~/.ssh/id_rsa",
    "a" * 5000,
)


def test_s_inj_04_file_names(case: Case, local_place: Place) -> None:
    place, person = local_place, local_place.sign_in()
    page = place.api.get(f"/login/{place.avow.project_id}", headers={"accept": "text/html"}).content.decode()
    asset = page.split('href="/assets/')[1].split('"')[0]
    case.control(lambda: place.api.get(f"/assets/{asset}").status == 200)
    paths = ("/assets/{}", "/v2/keys/{}", "/login/{}", "/magic-link/{}", "/enchanted-link/{}", "/account/{}", "/{}")
    for path in paths:
        for name in FILES:
            with case.cell(f"{path} {name[:60]!r}"):
                answer = place.api.get(path.format(name), headers={"accept": "text/html"})
                assert answer.status in (400, 404, 405, 413)
                assert b"root:" not in answer.content
                assert b"import " not in answer.content
                assert b"SQLite format" not in answer.content
    fields = ("templateId", "locale")
    for field in fields:
        for name in FILES:
            with case.cell(f"{field} {name[:60]!r}"):
                login_id = new_email()
                body = {"loginId": login_id, "loginOptions": {field: name}}
                answer = place.api.post("/v1/auth/otp/signup/email", body=body)
                assert answer.status in (200, 400)
                if answer.status == 200:
                    letter = place.avow.messages(login_id)[0]
                    assert "root:" not in letter.text
                    assert letter.code in letter.text
    for name, content in {
        "pickle": b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
        "YAML": b"!!python/object/apply:os.system ['true']",
        "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "zip": b"PK\x03\x04" + b"\0" * 40,
    }.items():
        for kind in ("application/json", "application/x-yaml", "text/xml", "application/zip"):
            with case.cell(f"{name} as {kind}"):
                wish = place.api.wish("POST", "/v1/auth/otp/update/email", person.refresh_jwt)
                answer = place.api.carrier.send(
                    Wish(wish.verb, wish.path, {**wish.headers, "content-type": kind}, content)
                )
                assert answer.status == 400
