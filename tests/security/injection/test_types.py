"""S-INJ-05: other types than those of the contract, in every field of every request."""

import itertools
import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from tests.bed.cases import Case
from tests.security.calls import Answer, assert_refused
from tests.security.counting import STARTED, state
from tests.security.injection.fields import FIRST, Path, Target, furnish, targets, with_value
from tests.security.place import Person, Place

T = TypeVar("T")


def _deep(depth: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(depth):
        nested = [nested]
    return nested


VALUES: dict[str, Any] = {
    "null": None,
    "zero": 0,
    "number": 17,
    "negative": -1,
    "beyond 64 bits": 2**64,
    "real": 1.5,
    "true": True,
    "empty string": "",
    "list": [],
    "list of strings": ["a"],
    "list of null": [None],
    "object": {},
    "object of operators": {"$ne": None, "$gt": ""},
    "prototype": {"__proto__": {"a": 1}, "constructor": {"prototype": {}}},
    "nested 30 deep": _deep(30),
    "nested 900 deep": _deep(900),
    "100,000 letters": "a" * 100_000,
    "100,000 wide letters": "\U0001d41b" * 20_000,
    "NUL": "a\0b",
    "lone surrogate": "a\ud800b",
    "10,000 elements": ["a"] * 10_000,
    "3,000 members": {f"k{number}": 1 for number in range(3_000)},
}
BODIES: dict[str, bytes] = {
    "list": b"[]",
    "list of the body": b'[{"loginId":"a"}]',
    "null": b"null",
    "number": b"1",
    "string": b'"loginId"',
    "true": b"true",
    "not JSON": b"loginId=a",
    "half": b'{"loginId":',
    "two": b"{}{}",
    "single quotes": b"{'loginId':'a'}",
    "a comment": b'{"loginId":"a"/* */}',
    "a comma too many": b'{"loginId":"a",}',
    "NaN": b'{"loginId":NaN}',
    "infinite": b'{"loginId":Infinity}',
    "byte order mark": b"\xef\xbb\xbf{}x",
    "UTF-16": '{"loginId":"a"}'.encode("utf-16"),
    "not UTF-8": b'{"loginId":"a\xff"}',
    "overlong UTF-8": b'{"loginId":"a\xc0\x80"}',
    "surrogate in UTF-8": b'{"loginId":"a\xed\xa0\x80"}',
    "control character": b'{"loginId":"a\x01"}',
    "NUL bytes": b"\x00" * 100,
    "nested 1,000 deep": b"[" * 1000 + b"]" * 1000,
}
KINDS = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/xml",
    "image/png",
    "",
    ";;",
)


@pytest.mark.timeout(600)
def test_s_inj_05_types_in_every_field(case: Case, each_place: Place, rounds: Callable[[int, int], int]) -> None:
    place = each_place
    furnish(place)
    person = place.sign_in()
    case.control(lambda: place.api.me(person.refresh_jwt).status == 200)
    turns = itertools.count()

    def some(every: dict[str, T]) -> list[tuple[str, T]]:
        """Return all in a full run; else each its share, so that all of them come to all kinds of fields."""
        share = rounds(4, 1)
        return list(every.items())[next(turns) % share :: share]

    for target in targets(rounds(1, 4)):
        before, taken = state(place, STARTED), []
        for path in target.fields():
            with case.cell(f"{target.name}, {'.'.join(path)}"):
                taken += _refused(place, person, target, path, some(VALUES))
        with case.cell(f"{target.name}, other bodies"):
            for name, content in some(BODIES):
                answer = target.send_raw(place, person, content)
                # The one of these bodies that the contract takes, where a request is a list.
                if name != "list" or not target.takes([]):
                    _assert_bad_request(answer, name)
        with case.cell(f"{target.name}, other kinds of content"):
            for kind in KINDS:
                answer = target.send_raw(place, person, json.dumps(target.body()).encode(), kind)
                _assert_bad_request(answer, kind, 415)
        with case.cell(f"{target.name}, names given twice"):
            _try_doubles(place, person, target)
        with case.cell(f"{target.name}, nothing came of what was refused"):
            assert state(place, STARTED) == before
        with case.cell(f"{target.name}, what the contract takes"):
            for name, body in taken:
                answer = target.send(place, person, body)
                assert answer.status < 500 or answer.status == 501, f"{name}: {answer.status} {answer.content[:200]!r}"


def _refused(
    place: Place, person: Person, target: Target, path: Path, values: list[tuple[str, Any]]
) -> list[tuple[str, Any]]:
    """Send every value that the contract does not take, and see it refused; return those that it takes."""
    taken = []
    for name, value in values:
        body = with_value(target.body(), path, value)
        if target.takes(body):
            taken.append((name, body))
        else:
            _assert_bad_request(target.send(place, person, body), name)
    return taken


def _try_doubles(place: Place, person: Person, target: Target) -> None:
    """Name every field twice: the last one counts, and a wrong last one is refused."""
    for (name,) in (path for path in target.fields() if len(path) == 1 and path != (FIRST,)):
        body = target.body()
        text = json.dumps(body)[:-1]
        if target.takes({**body, name: [[1]]}):
            continue
        answer = target.send_raw(place, person, f'{text},"{name}":[[1]]}}'.encode())
        _assert_bad_request(answer, name)


def _assert_bad_request(answer: Answer, name: str, *statuses: int) -> None:
    try:
        assert_refused(answer, 400, *statuses)
        assert answer.body["errorCode"].startswith("E0110") or answer.status in statuses
    except AssertionError as wrong:
        raise AssertionError(f"{name}: {wrong}") from wrong
