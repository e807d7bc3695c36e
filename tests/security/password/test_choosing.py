"""S-PWD-03 and 11: which passwords may be chosen, and what the pages of ours ask for them."""

import gzip
import random
from html.parser import HTMLParser
from pathlib import Path

import django.contrib.auth
import pytest

from tests.bed.cases import Case
from tests.factories import new_email
from tests.security.calls import Answer, assert_refused
from tests.security.conftest import MakePlace
from tests.security.password.people import GOOD, NEW, POLICY, RESET, make_owner, sign_up, stored
from tests.security.place import Place, token_of

TOP = 3000


def _top() -> list[str]:
    """Return the most common passwords that another project knows, as long as ours have to be."""
    file = Path(django.contrib.auth.__file__).parent / "common-passwords.txt.gz"
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        words = [line.strip() for line in lines][:TOP]
    return [word for word in words if len(word) >= 8]


def _ways(place: Place, password: str, login_id: str) -> dict[str, Answer]:
    """Try to choose a password in every way in which somebody can; return the answers."""
    owner = make_owner(place, login_id=login_id)
    session = owner.sign_in()
    key = place.avow.management_key
    managed = {"loginId": login_id, "password": password}
    return {
        "sign-up": sign_up(place, f"new-{login_id}", password, user={"name": login_id}),
        "update": owner.update(session.refresh_jwt, password),
        "replace": owner.replace(GOOD, password),
        "set by management": place.api.post("/v1/mgmt/user/password/set/active", key, managed),
        "temporary": place.api.post("/v1/mgmt/user/password/set/temporary", key, managed),
    }


def test_s_pwd_03_common_and_breached_passwords(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: make_owner(place).replace(GOOD).status == 200)
    login_id = new_email("hatter")
    drawn = random.Random(4711).sample(_top(), 20)
    weak = {
        **{word: word for word in ("password1234", "qwertyuiop", "12345678", *drawn)},
        "the login ID": login_id,
        "the login ID in capitals": login_id.upper(),
        "the login ID before the @, and a year": f"{login_id.partition('@')[0]}2026",
        "the name of the project": "Test" * 2,
        "one of the list in capitals": "PassWord1234",
        "one of the list with a year": "Sunshine2026",
        "one of the list with signs": "!!football!!",
        "one character": "zzzzzzzzzzzz",
        "in the order of the alphabet": "abcdefghijkl",
    }
    for name, password in weak.items():
        with case.cell(name):
            before = stored(place)["login_ids"]
            answers = _ways(place, password, f"{len(case.cells)}-{login_id}" if "login ID" not in name else login_id)
            for way, answer in answers.items():
                assert answer.status == 400, way
                assert_refused(answer, 400)
                assert answer.body["errorCode"].startswith("E0110")
                assert password not in answer.content.decode()
            if "login ID" in name:
                _remove(place, login_id)
            else:
                assert len(stored(place)["login_ids"]) == len(before) + 1


def _remove(place: Place, login_id: str) -> None:
    answer = place.api.post("/v1/mgmt/user/delete", place.avow.management_key, {"loginId": login_id})
    assert answer.status == 200, answer.content


def test_s_pwd_03_name_of_the_project(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place()
    key = place.avow.management_key
    assert place.api.post("/v1/mgmt/project/update/name", key, {"name": "Wonderland"}).status == 200
    place.advance(2)
    case.control(lambda: make_owner(place).replace(GOOD).status == 200)
    for number, password in enumerate(("Wonderland", "wonderland1", "2026 WONDERLAND")):
        for way, answer in _ways(place, password, new_email()).items():
            with case.cell(f"the project name, spelling {number}, {way}"):
                assert_refused(answer, 400)


def test_s_pwd_11_policy_defaults(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: sign_up(place, new_email()).status == 200)
    with case.cell("7 characters"):
        for password in ("seven 7", "\U0001f40e" * 7, "e\u0301" * 7):
            before = stored(place)
            assert_refused(sign_up(place, new_email(), password), 400)
            assert stored(place) == before
    for name, password in {
        "8 characters": "eight ch",
        "64 characters": "sixty-four of them " * 3 + "which",
        "128 characters": "a hundred and twenty-eight of them are many " * 2 + "x" * 40,
        "small letters alone": "horseandcartandrain",
        "digits alone": "8301749265",
        "with spaces": "  two in front and behind  ",
        "emoji": "\U0001f40e\U0001f50b\U0001f4ce\U0001f327\ufe0f\U0001f40e\U0001f3e1\U0001f4a1",
        "quotes": '"it\'s" <b>\\ & %00 ; --',
        "letters of other alphabets": "\u043b\u043e\u0448\u0430\u0434\u044c\u0438\u0434\u043e\u0436\u0434\u044c",
    }.items():
        with case.cell(name):
            login_id = new_email()
            assert sign_up(place, login_id, password).status == 200, len(password)
            answer = place.api.post("/v1/auth/password/signin", body={"loginId": login_id, "password": password})
            assert answer.status == 200
    with case.cell("the policy asks for length alone"):
        rules = ("lowercase", "uppercase", "number", "nonAlphanumeric")
        assert place.api.get(POLICY).body == {"minLength": 8, **dict.fromkeys(rules, False)}
    with case.cell("no end by itself"):
        owner = make_owner(place)
        place.advance(20 * 365 * 86_400)
        assert owner.send().status == 200
        place.avow.server.clock.reset()
    with case.cell("the user can change it"):
        owner = make_owner(place)
        assert owner.update(owner.sign_in().refresh_jwt, NEW).status == 200
        assert owner.send(NEW).status == 200


class _Inputs(HTMLParser):
    """The fields of a page, with all that is said of them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("input", "textarea", "select"):
            self.found.append(dict(attrs))


@pytest.mark.parametrize("language", ["en", "ar"])
def test_s_pwd_11_page_of_a_reset(case: Case, each_place: Place, language: str) -> None:
    place = each_place
    case.control(lambda: make_owner(place).send().status == 200)
    owner = make_owner(place)
    assert place.api.post(RESET, body={"loginId": owner.login_id}).status == 200
    link = place.avow.link(owner.login_id)
    assert f"/reset-password/{place.avow.project_id}?t=" in link
    headers = {"accept": "text/html", "accept-language": language}
    path = f"/reset-password/{place.avow.project_id}?t={token_of(link)}"
    page = place.api.get(path, headers=headers)
    inputs = _Inputs()
    inputs.feed(page.content.decode())
    fields = [field for field in inputs.found if field.get("type") != "hidden"]
    with case.cell(f"page of a reset, {language}: one field for the new password, which managers know"):
        [field] = fields
        assert (field["type"], field["autocomplete"]) == ("password", "new-password")
        assert (field.get("minlength"), field.get("maxlength")) in {("8", "256"), ("8", None)}
    with case.cell(f"page of a reset, {language}: nothing keeps anybody from pasting"):
        assert not {"onpaste", "oncopy", "readonly", "pattern"} & set(field)
        assert b"paste" not in page.content.lower()
    with case.cell(f"page of a reset, {language}: no hint, no secret question"):
        assert not [each for each in inputs.found if each.get("name") not in {"t", "form", "password", "username"}]
