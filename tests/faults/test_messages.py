"""F-MSG-01 and F-MSG-02: mail servers and gateways that are away, slow or wrong."""

import contextlib
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.bed.backends import Backend
from tests.bed.cases import Case
from tests.bed.proxy import Proxy
from tests.bed.receiver import receiver
from tests.bed.sms import SmsMode, SmsRequest, SmsSink
from tests.bed.smtp import SmtpMode, SmtpSink
from tests.factories import new_email, new_phone
from tests.faults.conftest import MakeFleet
from tests.faults.fleet import Fleet
from tests.faults.load import p95
from tests.security.calls import Answer
from tests.security.place import Person, Place

pytestmark = pytest.mark.timeout(1800)

Rounds = Callable[[int, int], int]

_CODE = re.compile(r"\b\d{6}\b")
_MOST_TRIES = 4


@pytest.fixture
def mail_proxy(smtp_sink: SmtpSink) -> Iterator[Proxy]:
    """Give a proxy before the mail server, so that it can be away."""
    with contextlib.closing(Proxy("127.0.0.1", smtp_sink.port)) as proxy:
        yield proxy


# --- F-MSG-01 --------------------------------------------------------------------------------------------------
@pytest.mark.alone
def test_f_msg_01_mail_server_down_or_slow(
    case: Case, smtp_sink: SmtpSink, mail_proxy: Proxy, make_fleet: MakeFleet, backend: Backend, rounds: Rounds
) -> None:
    fleet = make_fleet(backend, settings={"AVOW_SMTP_PORT": str(mail_proxy.port), "AVOW_SMTP_HOST": "localhost"})
    place = fleet.place(sends_per_minute=100_000)
    case.control(lambda: _signs_in(place, smtp_sink))
    _, refreshes = _starts_beside_refreshes(place, [new_email() for _ in range(rounds(24, 500))])
    usual = p95(refreshes)
    for name, mode in (
        ("refuses", None),
        ("hangs", SmtpMode.HANG),
        ("accepts and drops", SmtpMode.DROP),
        ("answers 451 first", SmtpMode.LATER),
    ):
        if mode is None:
            mail_proxy.leave()
        else:
            smtp_sink.mode, smtp_sink.later_count = mode, 6
        people = [new_email() for _ in range(rounds(24, 500))]
        starts, refreshes = _starts_beside_refreshes(place, people)
        with case.cell(f"{name}: starts answer within 2 s"):
            assert {answer.status for answer in starts} == {200}
            assert p95(answer.seconds for answer in starts) < 2
        if case.full_only(f"{name}: other calls go on"):
            with case.cell(f"{name}: other calls go on"):
                assert p95(refreshes) < 5 * usual + 0.1
        smtp_sink.mode = SmtpMode.ACCEPT
        mail_proxy.come_back()
        with case.cell(f"{name}: what waited goes out within 60 s of recovery"):
            _wait_for_mails(place, fleet, smtp_sink, people)
        with case.cell(f"{name}: nobody gets two live codes"):
            for who in people[::2]:
                assert len({_CODE.findall(mail.text)[0] for mail in smtp_sink.to(who)}) == 1
            assert _verify(place, smtp_sink, people[0]).status == 200


def _starts_beside_refreshes(place: Place, people: list[str]) -> tuple[list[Answer], list[float]]:
    """Start a sign-in of everybody from eight clients; return the answers, and the seconds of refreshes meanwhile."""
    person = place.open_session()
    with ThreadPoolExecutor(8) as clients:
        starting = [clients.submit(_start, place, number, who) for number, who in enumerate(people)]
        refreshes = _refresh_seconds(place, person, 60)
        return [each.result() for each in starting], refreshes


def _start(place: Place, number: int, who: str) -> Answer:
    """Start a sign-in: by code for even numbers, by link for odd ones."""
    method = "magiclink" if number % 2 else "otp"
    return place.api.post(f"/v1/auth/{method}/signup-in/email", body={"loginId": who})


def _wait_for_mails(place: Place, fleet: Fleet, sink: SmtpSink, people: list[str]) -> None:
    """Wait until everybody has a mail; the clock goes to where the next try is due, and a start wakes the couriers."""
    begun = time.monotonic()
    place.advance(16)
    while missing := [who for who in people if not sink.to(who)]:
        seconds = time.monotonic() - begun
        assert seconds < 60, f"{len(missing)} of {len(people)} mails did not come"
        for _ in fleet.instances:
            _start(place, 0, new_email("waker"))
        time.sleep(0.3)
        if seconds > 2:
            place.advance(1)


def _verify(place: Place, sink: SmtpSink, who: str) -> Answer:
    return place.verify_code(who, _CODE.findall(sink.to(who)[-1].text)[0])


def _signs_in(place: Place, sink: SmtpSink) -> bool:
    who = new_email()
    _start(place, 0, who)
    until = time.monotonic() + 20
    while not sink.to(who):
        assert time.monotonic() < until
        time.sleep(0.01)
    return _verify(place, sink, who).status == 200


def _refresh_seconds(place: Place, person: Person, count: int) -> list[float]:
    answers = [place.api.refresh(person.refresh_jwt) for _ in range(count)]
    assert {answer.status for answer in answers} == {200}
    return [answer.seconds for answer in answers]


# --- F-MSG-02 --------------------------------------------------------------------------------------------------


def test_f_msg_02_gateway_errors(
    case: Case, sms_sink: SmsSink, make_fleet: MakeFleet, backend: Backend, rounds: Rounds
) -> None:
    settings = {"AVOW_SMS_URL": sms_sink.url, "AVOW_SMS_FROM": "+12025550100", "AVOW_SMS_ACCOUNT": "account"}
    fleet = make_fleet(backend, settings={**settings, "AVOW_CALLABLE_NETWORKS": "127.0.0.0/8"})
    place = fleet.place()
    case.control(lambda: _texts_arrive(place, fleet, sms_sink, [new_phone()]))
    modes = [SmsMode.ERROR, SmsMode.LIMIT, SmsMode.HTML, SmsMode.FAILED, *[SmsMode.HANG] * rounds(0, 1)]
    for mode in modes:
        sms_sink.mode = mode
        people = [new_phone() for _ in range(rounds(4, 20))]
        for who in people:
            assert place.api.post("/v1/auth/otp/signup-in/sms", body={"loginId": who}).status == 200
        _let_tries_pass(place, fleet, sms_sink, people)
        before = [len(_requests(sms_sink, who)) for who in people]
        with case.cell(f"{mode.value}: at most four tries of a message"):
            assert max(before) <= _MOST_TRIES
            # Of messages to a gateway that hangs one is tried, and is at it until its timeout; the others wait.
            assert max(before) >= 1 if mode is SmsMode.HANG else min(before) >= 1
        sms_sink.mode = SmsMode.ACCEPT
        with case.cell(f"{mode.value}: no storm after recovery"):
            assert _texts_arrive(place, fleet, sms_sink, [new_phone()])
            assert max(len(_requests(sms_sink, who)) for who in people) <= _MOST_TRIES
    with case.cell("every try counts towards the cap of the phone prefix"):
        capped = fleet.place(sends_per_phone_prefix=3)
        sms_sink.mode = SmsMode.ERROR
        who = new_phone()
        assert capped.api.post("/v1/auth/otp/signup-in/sms", body={"loginId": who}).status == 200
        _let_tries_pass(capped, fleet, sms_sink, [who], pace=1)
        refused = capped.api.post("/v1/auth/otp/signup-in/sms", body={"loginId": new_phone()})
        assert (refused.status, refused.body["errorCode"]) == (429, "E130429")
        sms_sink.mode = SmsMode.ACCEPT
    with case.cell("audit webhooks"):
        _try_webhooks(place, fleet)
    with case.cell("the administrator is told once by each process"):
        said = [instance.said().count("sms cannot be sent at the moment") for instance in fleet.instances]
        assert sum(said) >= 1
        # Once for each mode and for the cap; a try that hung may end, and be told, when the gateway is back already.
        assert max(said) <= len(modes) + 1 + modes.count(SmsMode.HANG), said


def _try_webhooks(place: Place, fleet: Fleet) -> None:
    """Have a receiver answer wrongly for hours, then rightly: few calls of each event, and all of them arrive."""
    key = place.avow.management_key

    def note(action: str) -> None:
        body = {"action": action, "type": "info", "actorId": "", "tenantId": ""}
        assert place.api.post("/v1/mgmt/audit/event", key, body).status == 200

    def arrived() -> set[str]:
        return {json.loads(each.body)["action"] for each in list(sink.requests)}

    with receiver() as sink:
        hook = {"name": "siem", "url": sink.url, "hmacSecret": "a secret of the receiver"}
        assert place.api.post("/v2/mgmt/connector/audit/web/set", key, hook).status == 200
        events = [f"event.{number}" for number in range(5)]
        for status, headers in ((500, {}), (429, {"retry-after": "600"}), (301, {"location": sink.url})):
            sink.status, sink.headers = status, headers
            for number in range(12):
                note(events[number % len(events)])
                time.sleep(0.1)
                place.advance(300)
        calls = Counter(each.headers["webhook-id"] for each in list(sink.requests))
        assert 1 <= max(calls.values()) <= _MOST_TRIES
        assert len(sink.requests) <= 36  # a probe at a time, however much waits
        sink.status = 204
        until = time.monotonic() + 20
        while not set(events) <= arrived():
            assert time.monotonic() < until
            place.advance(600)
            note("event.last")
            time.sleep(0.2)
        assert max(Counter(each.headers["webhook-id"] for each in list(sink.requests)).values()) <= _MOST_TRIES
        assert place.api.post("/v2/mgmt/connector/audit/web/set", key, {**hook, "url": ""}).status == 200
    told = [instance.said().count("does not take its events") for instance in fleet.instances]
    assert 1 <= sum(told) <= 2 * len(told), told


def _texts_arrive(place: Place, fleet: Fleet, sink: SmsSink, people: list[str]) -> bool:
    for who in people:
        assert place.api.post("/v1/auth/otp/signup-in/sms", body={"loginId": who}).status == 200
    until = time.monotonic() + 20
    while not all(any(request.taken for request in _requests(sink, who)) for who in people):
        assert time.monotonic() < until
        _wake(place, fleet)
        time.sleep(0.1)
    return True


def _let_tries_pass(place: Place, fleet: Fleet, sink: SmsSink, people: list[str], *, pace: int = 10) -> None:
    """Move the clock to where each try is due until nothing is tried any more."""
    quiet, seen = 0, -1
    while quiet < (6 if pace > 1 else 12):  # a try counts when its answer has come
        time.sleep(0.1)
        count = sum(len(_requests(sink, who)) for who in people)
        quiet = quiet + 1 if count == seen else 0
        seen = count
        place.advance(pace)
        _wake(place, fleet)


def _wake(place: Place, fleet: Fleet) -> None:
    """Have every courier look at the outbox: one looks when its own process has queued something."""
    for _ in fleet.instances:
        place.api.post("/v1/auth/otp/signup-in/email", body={"loginId": new_email("waker")})


def _requests(sink: SmsSink, number: str) -> list[SmsRequest]:
    return [request for request in list(sink.requests) if request.to == number]
