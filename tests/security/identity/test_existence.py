"""S-IDN-07: with existence hidden, a start tells nobody whether there is a user, and what is on file of them."""

import gc
import re
import statistics
from collections.abc import Callable
from typing import Any

import pytest

from avow.server.projects import rows as projects
from avow.server.store import Tx
from avow.server.users import actions as users
from tests.bed.cases import Case
from tests.factories import make_user, new_email, new_phone
from tests.security.calls import Answer, assert_refused
from tests.security.conftest import MakePlace
from tests.security.counting import send_back
from tests.security.place import Place

Rounds = Callable[[int, int], int]

METHODS = ("otp", "magiclink", "enchantedlink")
STARTS = [f"{method}/{how}" for method in METHODS for how in ("signin", "signup", "signup-in")]


def _user(place: Place, **details: Any) -> str:
    """Make a user; return their address, which is also what they sign in with."""
    login_id = new_email()
    make_user(place.avow, login_id, **details)
    return login_id


def _start(place: Place, path: str, login_id: str, method: str = "email", **body: object) -> Answer:
    return place.api.post(f"/v1/auth/{path}/{method}", body={"loginId": login_id, **body})


def _shown(answer: Answer) -> tuple[int, object, dict[str, str]]:
    """Return what an answer shows, without what is random in every answer.

    The last two digits of a number that nobody typed are made up, and always the same for a login ID.
    """
    body = answer.body
    if "maskedPhone" in body:
        body["maskedPhone"] = re.sub("[0-9]", "0", body["maskedPhone"])
    for name in ("linkId", "pendingRef"):
        if name in body:
            body[name] = len(body[name])
    return answer.status, body, {name: value for name, value in answer.headers.items() if name != "x-request-id"}


def test_s_idn_07_existence_is_hidden(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place(hides_existence=True)
    case.control(lambda: place.sign_in(_user(place), how="signin"))
    disabled = _user(place)
    place.avow.run(lambda tx: users.set_status(tx, users.find_owner(tx, disabled) or "", "disabled"))
    known: dict[str, str] = {
        "a user": _user(place),
        "a user who has not proven the address": _user(place, is_verified=False),
        "a disabled user": disabled,
        "a user whose mail goes elsewhere": _user(place, email="somebody@elsewhere.example.org"),
    }
    for path in STARTS:
        for who, login_id in known.items():
            with case.cell(f"{path}, {who}"):
                assert _shown(_start(place, path, login_id)) == _shown(_start(place, path, new_email()))
        with case.cell(f"{path}, by SMS to a user without a number"):
            assert _shown(_start(place, path, known["a user"], "sms")) == _shown(
                _start(place, path, new_email(), "sms")
            )
        with case.cell(f"{path}, by SMS to a number"):
            phone = new_phone()
            make_user(place.avow, phone)
            assert _shown(_start(place, path, phone, "sms")) == _shown(_start(place, path, new_phone(), "sms"))
        with case.cell(f"{path}, by SMS to an address with a number on file"):
            login_id = _user(place, phone="+4930901820")
            assert _shown(_start(place, path, login_id, "sms")) == _shown(_start(place, path, new_email(), "sms"))
    wishes: list[dict[str, object]] = [
        {"stepup": True},
        {"mfa": True},
        {"customClaims": {"a": {"b": {"c": {"d": {"e": {"f": {}}}}}}}},
    ]
    for options in wishes:
        with case.cell(f"otp/signin with {next(iter(options))}"):
            answers = [
                _start(place, "otp/signin", each, loginOptions=options) for each in (known["a user"], new_email())
            ]
            assert _shown(answers[0]) == _shown(answers[1])
    with case.cell("nobody who has no account, or a disabled one, gets a sign-in mail"):
        stranger = new_email()
        for path in ("otp/signin", "magiclink/signin", "enchantedlink/signin"):
            assert _start(place, path, stranger).status == _start(place, path, disabled).status == 200
        assert not place.avow.messages(stranger)
        assert not place.avow.messages(disabled)
    with case.cell("a sign-up of somebody who has an account sends nothing"):
        login_id = _user(place)
        assert _start(place, "otp/signup", login_id).status == 200
        assert not place.avow.messages(login_id)
    for path in ("otp/signin", "otp/signup"):
        with case.cell(f"{path}, wrong codes"):
            shown = [_guesses(place, path, login_id) for login_id in (_user(place), new_email())]
            assert shown[0] == shown[1]
        with case.cell(f"{path}, a late code"):
            late = []
            for login_id in (_user(place), new_email()):
                _start(place, path, login_id)
                place.advance(301)
                late.append(_shown(send_back(place, login_id, "123456")))
            assert late[0] == late[1]
    with case.cell("codes that nobody was sent"):
        assert _shown(send_back(place, _user(place), "123456")) == _shown(send_back(place, new_email(), "123456"))
    with case.cell("polling"):
        refs = [_start(place, "enchantedlink/signin", each).body["pendingRef"] for each in (_user(place), new_email())]
        polls = [place.api.post("/v1/auth/enchantedlink/pending-session", body={"pendingRef": ref}) for ref in refs]
        assert_refused(polls[0], code="E062503")
        assert _shown(polls[0]) == _shown(polls[1])
    with case.cell("limits of messages"):
        narrow = make_each_place(hides_existence=True, sends_per_address=3)
        for path in STARTS[:2]:
            statuses = []
            for login_id in (_user(narrow), new_email()):
                statuses.append([_start(narrow, path, login_id).status for _ in range(5)])
            assert statuses[0] == statuses[1]


def _guesses(place: Place, path: str, login_id: str) -> list[tuple[int, object]]:
    """Start again and again and guess; return what was answered, until and after the budget is spent."""
    told = []
    for _ in range(5):
        told.append(_shown(_start(place, path, login_id))[:2])
        told += [_shown(send_back(place, login_id, f"{number:07d}"))[:2] for number in range(6)]
    return told


@pytest.mark.alone
@pytest.mark.parametrize("path", ["otp/signin", "magiclink/signin", "enchantedlink/signin", "otp/signup"])
def test_s_idn_07_existence_is_not_told_by_time(
    case: Case, make_each_place: MakePlace, rounds: Rounds, path: str
) -> None:
    place = make_each_place(hides_existence=True)
    case.control(lambda: place.sign_in(_user(place), how="signin"))
    pairs = [(_user(place), new_email()) for _ in range(rounds(100, 200))]
    with case.cell(f"{path}: as many statements for a user as for a stranger"):
        shortest = [
            min((_kinds_of_statements(place, path, who[side]) for who in pairs[:5]), key=len) for side in (0, 1)
        ]
        assert shortest[0] == shortest[1]
    # The machine is noisy: pairs in turn, and the middle of their ratios; beside other tests it does not show 10 %.
    difference = abs(_ratio_of_times(place, path, pairs) - 1)
    with case.cell(f"{path}: times differ by under 50 %"):
        assert difference < 0.5
    if case.full_only(f"{path}: times differ by under 10 %"):
        with case.cell(f"{path}: times differ by under 10 %"):
            assert difference < 0.1


def _ratio_of_times(place: Place, path: str, pairs: list[tuple[str, str]]) -> float:
    gc.collect()
    ratios = []
    for number, (login_id, other) in enumerate(pairs):
        times = {each: _start(place, path, each).seconds for each in ((login_id, other), (other, login_id))[number % 2]}
        ratios.append(times[login_id] / times[other])
    return statistics.median(ratios)


def _kinds_of_statements(place: Place, path: str, login_id: str) -> list[str]:
    """Return what each statement of one start does, but for the look at the project that comes once a second."""
    ran: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("one", "all", "run"):
            patch.setattr(Tx, name, _noting(getattr(Tx, name), ran))
        assert _start(place, path, login_id).status == 200
    return ran


def _noting(method: Callable[..., Any], ran: list[str]) -> Callable[..., Any]:
    def noted(tx: Tx, sql: str, *rest: Any, **parameters: Any) -> Any:
        if sql != projects.FIND_VERSION:
            ran.append("SELECT" if sql.split()[0] == "WITH" else sql.split()[0])
        return method(tx, sql, *rest, **parameters)

    return noted
