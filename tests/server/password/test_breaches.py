"""Passwords known from breaches: the bundled list, a file, and a range service."""

import hashlib
import http.server
import threading
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.server.passwords.blocklist import common
from avow.server.passwords.breaches import _is_in_file, _names
from avow.testing.server import Server
from tests.bed.databases import new_sqlite_url, remove_sqlite
from tests.factories import new_email
from tests.server.api import Api, Reply
from tests.server.password.people import SIGN_UP, make_person

KNOWN, UNKNOWN = "horses are correct here", "ponies are correct here"


def digest(password: str) -> str:
    return hashlib.sha1(password.encode()).hexdigest().upper()


def sign_up(api: Api, password: str) -> Reply:
    return api.post(SIGN_UP, {"loginId": new_email(), "password": password})


@pytest.fixture
def make_api() -> Iterator[Callable[[str], Api]]:
    """Give a function that starts a server whose setting leads somewhere, and a project on it."""
    servers, urls = list[Server](), list[str]()

    def make(place: str) -> Api:
        urls.append(new_sqlite_url())
        settings = {"breached_passwords": place, "callable_networks": (ip_network("127.0.0.0/8"),)}
        servers.append(Server(urls[-1], settings=settings))
        return Api(servers[-1].project())

    yield make
    for server in servers:
        server.close()
    for url in urls:
        remove_sqlite(url)


@pytest.fixture
def ranges() -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """Give a range service: its address, what it was asked for, and what it answers (by prefix)."""
    asked, answers = list[str](), dict[str, str]()

    class Ranges(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = answers.get(self.path.rpartition("/")[2], "0" * 35 + ":1\r\n").encode()
            self.send_response(500 if body == b"down" else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.server_port}/range/", asked, answers
    listener.shutdown()
    listener.server_close()
    thread.join()


def test_list_is_bundled_with_its_licence() -> None:
    assert len(common()) > 15_000
    assert {"password", "qwerty", "iloveyou", "123456789"} <= common()
    assert all(len(each) >= 6 and each == each.casefold() for each in common())
    folder = Path(common.__wrapped__.__globals__["__file__"]).parent
    assert "Redistribution and use" in (folder / "common.LICENSE").read_text(encoding="utf-8")


def test_file_of_hashes_is_searched(make_api: Callable[[str], Api], tmp_path: Path) -> None:
    hashes = sorted([digest(KNOWN), *(digest(str(number)) for number in range(500))])
    file = tmp_path / "hashes.txt"
    file.write_text("".join(f"{each}:{number}\r\n" for number, each in enumerate(hashes, 1)), newline="")
    api = make_api(str(file))
    assert sign_up(api, KNOWN).refusal == (400, "E011004")
    assert sign_up(api, UNKNOWN).status == 200


@given(st.sets(st.binary(min_size=20, max_size=20), max_size=40), st.binary(min_size=20, max_size=20), st.booleans())
def test_search_finds_what_is_there_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, hashes: set[bytes], other: bytes, is_long: bool
) -> None:
    file = tmp_path_factory.mktemp("hashes") / "file"
    lines = [f"{each.hex().upper()}:{10**9 if is_long else 1}\n" for each in sorted(hashes)]
    file.write_text("".join(lines))
    assert all(_is_in_file(file, each.hex().upper().encode()) for each in hashes)
    assert _is_in_file(file, other.hex().upper().encode()) == (other in hashes)


@pytest.mark.parametrize("place", ["/nowhere/at/all.txt", "http://127.0.0.1:9/range/"])
def test_where_nobody_answers_the_password_is_taken(make_api: Callable[[str], Api], place: str) -> None:
    assert sign_up(make_api(place), KNOWN).status == 200


def test_range_service_is_asked_for_five_characters_and_nothing_more(
    make_api: Callable[[str], Api], ranges: tuple[str, list[str], dict[str, str]]
) -> None:
    url, asked, answers = ranges
    answers[digest(KNOWN)[:5]] = f"{'A' * 35}:3\r\n{digest(KNOWN)[5:]}:17\r\n{'B' * 35}:0\r\n"
    api = make_api(url)
    assert sign_up(api, KNOWN).refusal == (400, "E011004")
    assert sign_up(api, UNKNOWN).status == 200
    assert asked == [f"/range/{digest(KNOWN)[:5]}", f"/range/{digest(UNKNOWN)[:5]}"]


def test_every_way_to_choose_a_password_asks(
    make_api: Callable[[str], Api], ranges: tuple[str, list[str], dict[str, str]]
) -> None:
    url, _, answers = ranges
    answers[digest(KNOWN)[:5]] = f"{digest(KNOWN)[5:].lower()}:1"
    api = make_api(url)
    email, _ = make_person(api.avow, UNKNOWN)
    token = api.sign_in(email)["refreshJwt"]
    key = api.avow.management_key
    refused = [
        api.post("/v1/auth/password/update", {"loginId": email, "newPassword": KNOWN}, token=token),
        api.post("/v1/auth/password/replace", {"loginId": email, "oldPassword": UNKNOWN, "newPassword": KNOWN}),
        api.post("/v1/mgmt/user/password/set/active", {"loginId": email, "password": KNOWN}, token=key),
        api.post("/v1/mgmt/user/password/set/temporary", {"loginId": email, "password": KNOWN}, token=key),
    ]
    assert {reply.refusal for reply in refused} == {(400, "E011004")}


def test_service_that_is_down_keeps_nobody_out(
    make_api: Callable[[str], Api], ranges: tuple[str, list[str], dict[str, str]]
) -> None:
    url, _, answers = ranges
    answers[digest(KNOWN)[:5]] = "down"
    assert sign_up(make_api(url), KNOWN).status == 200


def test_lines_that_fill_an_answer_up_name_nothing() -> None:
    assert not _names(b"A" * 35 + b":0\r\n", b"A" * 35)
    assert _names(b"nonsense\n" + b"a" * 35 + b":1", b"A" * 35)
    assert not _names(b"", b"A" * 35)
