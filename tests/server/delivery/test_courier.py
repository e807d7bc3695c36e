"""The courier: leases, retries, drops and crashes (F-MSG-01, F-MSG-02), on the outbox of a real database."""

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from avow.errors import RateLimitException, Unavailable
from avow.server.delivery import leases
from avow.server.delivery.messages import Rendered
from avow.server.delivery.senders import TryLater, Undeliverable, Unreachable
from avow.server.delivery.smtp import SmtpSender, SmtpSettings
from avow.wire.projects import ProjectSettings
from tests.bed.smtp import SmtpMode, SmtpSink
from tests.server.delivery.conftest import CODE, NOW, SECRET_KEY, Post, Recorder

PHONE = "+14155552671"


def _raising(error: Exception) -> Callable[[Rendered], None]:
    def judge(_: Rendered) -> None:
        raise error

    return judge


def test_a_queued_message_is_sent_and_its_letter_erased(post: Post, recorder: Recorder) -> None:
    post.queue()
    assert post.courier(email=recorder).run_once() == 1
    [sent] = recorder.sent
    assert (sent.address, sent.code, sent.app) == ("ada@example.com", CODE, "Acme")
    [row] = post.outbox()
    assert (row.state, row.sealed, row.error) == ("sent", None, "")


def test_a_sent_message_is_not_sent_again(post: Post, recorder: Recorder) -> None:
    post.queue()
    courier = post.courier(email=recorder)
    assert courier.run_once() == 1
    post.clock.advance(3600)
    assert courier.run_once() == 0
    assert len(recorder.sent) == 1


def test_a_message_whose_challenge_is_gone_is_dropped(post: Post, recorder: Recorder) -> None:
    post.queue(challenge_id="C1")
    post.end_challenge("C1")
    post.courier(email=recorder).run_once()
    assert recorder.sent == []
    [row] = post.outbox()
    assert (row.state, row.sealed) == ("dropped", None)


def test_a_message_whose_challenge_has_expired_is_dropped(post: Post, recorder: Recorder) -> None:
    post.queue(challenge_id="C1", lives_seconds=300)
    post.clock.advance(300)
    post.courier(email=recorder).run_once()
    assert recorder.sent == []
    assert post.outbox()[0].state == "dropped"


def test_a_replaced_code_is_never_sent_after_the_new_one(post: Post, recorder: Recorder) -> None:
    recorder.judge = _raising(TryLater("451"))
    post.queue(challenge_id="C1", code="111111")
    courier = post.courier(email=recorder)
    courier.run_once()
    post.end_challenge("C1")
    post.queue(challenge_id="C2", code="222222")
    recorder.judge = lambda _: None
    post.clock.advance(30)
    courier.run_once()
    assert [sent.code for sent in recorder.sent] == ["222222"]


def test_two_couriers_send_each_message_once(post: Post) -> None:
    for number in range(30):
        post.queue(f"user{number}@example.com")
    recorders = [Recorder(), Recorder()]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda each: post.courier(email=each).run_once(), recorders))
    sent = [message.address for each in recorders for message in each.sent]
    assert sorted(sent) == sorted(f"user{number}@example.com" for number in range(30))


def test_racing_leases_give_each_message_to_one(post: Post) -> None:
    racers = 6
    for number in range(10):
        post.queue(f"user{number}@example.com")
    for _ in range(10):
        start = threading.Barrier(racers)

        def race(_: int, start: threading.Barrier = start) -> list[str]:
            start.wait()
            return [leased.id for leased in leases.lease(post.store, "email", 10)]

        with ThreadPoolExecutor(racers) as pool:
            taken = [message_id for ids in pool.map(race, range(racers)) for message_id in ids]
        assert len(taken) == len(set(taken)) == 10
        post.clock.advance(leases.LEASE_SECONDS)


def test_a_courier_killed_with_a_lease_is_replaced_after_the_lease(post: Post, recorder: Recorder) -> None:
    post.queue(challenge_id="C1")
    [lost] = leases.lease(post.store, "email", 10)
    courier = post.courier(email=recorder)
    post.clock.advance(leases.LEASE_SECONDS - 1)
    assert courier.run_once() == 0
    post.clock.advance(1)
    assert courier.run_once() == 1
    assert [sent.code for sent in recorder.sent] == [CODE]
    assert not leases.finish(post.store, lost, "failed", "too late")
    assert post.outbox()[0].state == "sent"


def test_a_letter_that_could_not_be_read_is_carried_a_second_later(
    post: Post, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.queue(PHONE, method="sms", challenge_id="C1")
    courier = post.courier(sms=recorder)

    def away(*_: object) -> None:
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(leases, "open_letter", away)
        for _ in range(6):  # more than a phone's message has attempts
            assert courier.run_once() == 1
            post.clock.advance(1)
    assert recorder.sent == []
    assert courier.run_once() == 1
    assert [sent.code for sent in recorder.sent] == [CODE]


_DIES_WHILE_SENDING = """
import os, signal, sys
from avow.core.vault import Vault
from avow.server.delivery.courier import Courier
from avow.server.store import open_store
from avow.testing.clock import FileClock

class Dying:
    def send(self, message):
        print(message.code, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

    def rest(self):
        pass

clock = FileClock(sys.argv[2])
store = open_store(sys.argv[1], vault=Vault(sys.argv[3].encode()), clock=clock)
Courier(store, {"email": Dying()}, clock).run_once()
"""


def test_a_message_whose_courier_is_killed_while_sending_goes_out_after_the_lease(
    post: Post, recorder: Recorder, database_url: str
) -> None:
    post.queue(challenge_id="C1")
    command = [sys.executable, "-c", _DIES_WHILE_SENDING, database_url, str(post.clock.path), SECRET_KEY]
    died = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (died.returncode, died.stdout) == (-signal.SIGKILL, f"{CODE}\n")
    courier = post.courier(email=recorder)
    assert courier.run_once() == 0
    post.clock.advance(leases.LEASE_SECONDS)
    assert courier.run_once() == 1
    assert [sent.code for sent in recorder.sent] == [CODE]


def test_a_lost_lease_puts_nothing_off(post: Post, recorder: Recorder) -> None:
    post.queue()
    [lost] = leases.lease(post.store, "email", 10)
    post.clock.advance(leases.LEASE_SECONDS)
    post.courier(email=recorder).run_once()
    assert not leases.put_off(post.store, lost, due_at=NOW, attempts=0, error="")


def test_retries_back_off_and_a_phone_gets_four_attempts_at_most(post: Post, recorder: Recorder) -> None:
    recorder.judge = _raising(TryLater("500"))
    post.queue(PHONE, method="sms", challenge_id="C1")
    courier = post.courier(sms=recorder)
    waits = []
    while courier.run_once():
        [row] = post.outbox()
        if row.state == "waiting":
            waits.append(row.due_at - post.clock())
            post.clock.freeze(row.due_at)
    assert waits == [1, 5, 30]
    assert recorder.tries == 4
    [row] = post.outbox()
    assert (row.state, row.sealed) == ("failed", None)
    assert post.audited() == ["message.failed"]


def test_every_attempt_counts_towards_the_cap_of_the_phone_prefix(post: Post, recorder: Recorder) -> None:
    settings = ProjectSettings(sends_per_phone_prefix=4)
    recorder.judge = _raising(TryLater("500"))
    post.queue(PHONE, method="sms", settings=settings)
    courier = post.courier(sms=recorder)
    for seconds in (1, 5, 30):
        courier.run_once()
        post.clock.advance(seconds)
    with pytest.raises(RateLimitException):
        post.queue("+14155552672", method="sms", settings=ProjectSettings(sends_per_phone_prefix=3))
    post.queue("+14155552672", method="sms", settings=settings)


def test_mail_is_tried_until_its_code_expires(post: Post, recorder: Recorder) -> None:
    recorder.judge = _raising(TryLater("451"))
    post.queue(challenge_id="C1", lives_seconds=120)
    courier = post.courier(email=recorder)
    while courier.run_once():
        if post.outbox()[0].state == "waiting":
            post.clock.freeze(post.outbox()[0].due_at)
    assert post.clock() - NOW >= 90
    assert post.outbox()[0].state == "failed"
    assert recorder.tries == 6


def test_retry_after_is_kept(post: Post, recorder: Recorder) -> None:
    recorder.judge = _raising(TryLater("429", retry_after_seconds=40))
    post.queue(PHONE, method="sms", challenge_id="C1")
    post.courier(sms=recorder).run_once()
    assert post.outbox()[0].due_at == NOW + 40


def test_a_final_refusal_fails_at_once_with_one_line_and_an_audit_event(
    post: Post, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    recorder.judge = _raising(Undeliverable("the mail server refused the recipient: 550"))
    post.queue()
    with caplog.at_level(logging.INFO, "avow.delivery"):
        post.courier(email=recorder).run_once()
    assert recorder.tries == 1
    [line] = caplog.messages
    assert "550" in line
    assert CODE not in line
    assert "ada@example.com" not in line
    assert post.audited() == ["message.failed"]


def test_while_nobody_is_there_attempts_do_not_count_and_one_message_probes(post: Post, recorder: Recorder) -> None:
    recorder.judge = _raising(Unreachable("refused"))
    for number in range(10):
        post.queue(f"+1415555267{number}", method="sms", challenge_id=f"C{number}", lives_seconds=600)
    courier = post.courier(sms=recorder)
    for _ in range(12):
        courier.run_once()
        post.clock.advance(15)
    assert recorder.tries <= 4 + 12
    assert {row.state for row in post.outbox()} == {"waiting"}
    recorder.judge = lambda _: None
    before = recorder.tries
    for _ in range(4):
        post.clock.advance(15)
        courier.run_once()
    assert {row.state for row in post.outbox()} == {"sent"}
    assert recorder.tries - before == 10


def test_trouble_is_told_once_and_its_end_once(
    post: Post, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    recorder.judge = _raising(Unreachable("no connection to the mail server"))
    for number in range(3):
        post.queue(f"user{number}@example.com")
    courier = post.courier(email=recorder)
    with caplog.at_level(logging.INFO, "avow.delivery"):
        for _ in range(5):
            courier.run_once()
            post.clock.advance(15)
        recorder.judge = lambda _: None
        courier.run_once()
    assert caplog.messages == [
        "email cannot be sent at the moment: no connection to the mail server",
        "email is sent again",
    ]


def test_a_started_courier_sends_what_is_queued_and_a_hanging_mail_server_does_not_stop_sms(post: Post) -> None:
    released = threading.Event()
    mail, sms = Recorder(judge=lambda _: assert_released(released)), Recorder()
    courier = post.courier(email=mail, sms=sms)
    courier.start()
    try:
        for number in range(8):
            post.queue(f"user{number}@example.com")
        post.queue(PHONE, method="sms")
        _wait_for(lambda: len(sms.sent) == 1)
        assert mail.sent == []
        assert mail.tries <= 4
        released.set()
        _wait_for(lambda: len(mail.sent) == 8)
        _wait_for(lambda: {row.state for row in post.outbox()} == {"sent"})
    finally:
        released.set()
        courier.stop()


def test_a_stopped_courier_leaves_the_rest_in_the_outbox_and_can_start_again(post: Post, recorder: Recorder) -> None:
    courier = post.courier(email=recorder)
    courier.start()
    courier.stop()
    post.queue()
    assert post.outbox()[0].state == "waiting"
    courier.start()
    _wait_for(lambda: len(recorder.sent) == 1)
    courier.stop()


def test_a_bug_in_a_sender_does_not_end_delivery(post: Post, recorder: Recorder) -> None:
    recorder.judge = _raising(RuntimeError("a bug"))
    courier = post.courier(email=recorder)
    courier.start()
    try:
        post.queue()
        _wait_for(lambda: recorder.tries == 1)
        recorder.judge = lambda _: None
        post.queue("bob@example.com")
        _wait_for(lambda: [sent.address for sent in recorder.sent] == ["bob@example.com"])
    finally:
        courier.stop()


def test_messages_are_forgotten_a_week_after_they_were_finished(post: Post, recorder: Recorder) -> None:
    post.queue()
    post.courier(email=recorder).run_once()
    post.clock.advance(7 * 86400 - 1)
    leases.tidy(post.store)
    assert len(post.outbox()) == 1
    post.clock.advance(1)
    leases.tidy(post.store)
    assert post.outbox() == []


def test_a_message_that_nobody_sends_is_told_once_and_its_letter_erased_after_a_day(
    post: Post, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    courier = post.courier(email=recorder)
    post.queue(PHONE, method="sms")
    with caplog.at_level(logging.INFO, "avow.delivery"):
        courier.start()
        _wait_for(lambda: bool(caplog.messages))
        post.queue(PHONE, method="sms")
        post.queue()
        _wait_for(lambda: len(recorder.sent) == 1)
        courier.stop()
    assert caplog.messages == ["sms waits in the outbox and this server is not set up to send it"]
    post.clock.advance(86400 - 1)
    leases.tidy(post.store)
    assert [row.state for row in post.outbox()].count("waiting") == 2
    post.clock.advance(1)
    leases.tidy(post.store)
    assert sorted(row.state for row in post.outbox()) == ["dropped", "dropped", "sent"]
    assert [row.sealed for row in post.outbox()] == [None] * 3


@pytest.mark.parametrize("mode", [SmtpMode.LATER, SmtpMode.DROP, SmtpMode.HANG])
def test_mail_goes_out_once_when_the_server_is_well_again(post: Post, smtp_sink: SmtpSink, mode: SmtpMode) -> None:
    smtp_sink.mode, smtp_sink.later_count = mode, 1000
    silence = 2 if mode is SmtpMode.HANG else 60
    at = (smtp_sink.host, smtp_sink.port, "no-reply@example.com")
    settings = SmtpSettings(*at, security="none", timeout_seconds=silence)
    for number in range(2):
        post.queue(f"user{number}@example.com", challenge_id=f"C{number}", code=f"{number}" * 6)
    courier = post.courier(email=SmtpSender(settings))
    courier.run_once()
    assert smtp_sink.mails == []
    smtp_sink.mode = SmtpMode.ACCEPT
    post.clock.advance(60)
    courier.run_once()
    assert sorted(mail.recipients[0] for mail in smtp_sink.wait(2)) == ["user0@example.com", "user1@example.com"]
    assert {row.state for row in post.outbox()} == {"sent"}


def assert_released(released: threading.Event) -> None:
    assert released.wait(60)


def _wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)
