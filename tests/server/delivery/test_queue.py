"""Queueing: the limits of S-OTP-11 and S-OTP-12, and what lies in the database meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from avow.errors import InvalidArgument, RateLimitException
from avow.server.store import Tx
from avow.wire.projects import ProjectSettings
from tests.server.delivery.conftest import CODE, PROJECT_ID, Post

PHONE = "+14155552671"


def test_sixth_message_to_one_address_in_ten_minutes_is_refused(post: Post) -> None:
    for _ in range(5):
        post.queue()
        post.clock.advance(10)
    with pytest.raises(RateLimitException) as refused:
        post.queue()
    assert refused.value.error_code == "E130429"
    assert refused.value.rate_limit_parameters == {"Retry-After": 550}
    assert len(post.outbox()) == 5


def test_waiting_as_long_as_told_is_enough_and_a_second_less_is_not(post: Post) -> None:
    for _ in range(5):
        post.queue()
    with pytest.raises(RateLimitException) as refused:
        post.queue()
    post.clock.advance(refused.value.retry_after_seconds - 1)
    with pytest.raises(RateLimitException):
        post.queue()
    post.clock.advance(1)
    post.queue()


def test_the_window_slides(post: Post) -> None:
    post.queue()
    post.clock.advance(599)
    for _ in range(4):
        post.queue()
    post.clock.advance(1)
    post.queue()
    with pytest.raises(RateLimitException):
        post.queue()


def test_another_address_is_not_refused(post: Post) -> None:
    for _ in range(5):
        post.queue()
    post.queue("bob@example.com")


def test_another_spelling_of_the_address_is_the_same_address(post: Post) -> None:
    for spelling in ("ada@example.com", "Ada@example.com", "ADA@example.com", "aDa@example.com", "adA@example.com"):
        post.queue(spelling)
    with pytest.raises(RateLimitException):
        post.queue("ADa@example.com")


def test_racing_sends_do_not_exceed_the_limit(post: Post) -> None:
    def attempt(_: int) -> bool:
        try:
            post.queue()
        except RateLimitException:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(24))) == 5
    assert len(post.outbox()) == 5


def test_one_phone_prefix_is_capped_per_minute_with_retry_after(post: Post) -> None:
    settings = ProjectSettings(sends_per_phone_prefix=3)
    for digit in range(3):
        post.queue(f"+1415555267{digit}", method="sms", settings=settings)
    with pytest.raises(RateLimitException) as refused:
        post.queue("+14155552679", method="voice", settings=settings)
    assert refused.value.retry_after_seconds == 60
    post.queue("+442071838750", method="sms", settings=settings)
    post.clock.advance(60)
    post.queue("+14155552679", method="sms", settings=settings)


def test_the_project_is_capped_per_minute(post: Post) -> None:
    settings = ProjectSettings(sends_per_minute=3)
    for number in range(3):
        post.queue(f"user{number}@example.com", settings=settings)
    with pytest.raises(RateLimitException) as refused:
        post.queue("late@example.com", settings=settings)
    assert refused.value.retry_after_seconds == 60


def test_countries_that_are_not_listed_are_refused(post: Post) -> None:
    settings = ProjectSettings(phone_countries=("US",))
    post.queue(PHONE, method="sms", settings=settings)
    with pytest.raises(InvalidArgument) as refused:
        post.queue("+442071838750", method="sms", settings=settings)
    assert refused.value.status_code == 400
    assert len(post.outbox()) == 1


@pytest.mark.parametrize("number", ["+19005550123", "+881612345678", "+449098790000"])
def test_premium_and_satellite_numbers_are_refused(post: Post, number: str) -> None:
    with pytest.raises(InvalidArgument):
        post.queue(number, method="sms")
    assert post.outbox() == []


@pytest.mark.parametrize("number", ["+1234567890", "+121255512345"])
def test_number_that_has_not_the_length_of_its_country_is_refused(post: Post, number: str) -> None:
    with pytest.raises(InvalidArgument):
        post.queue(number, method="sms")
    assert post.outbox() == []


def test_nothing_of_code_or_address_lies_in_the_database(post: Post) -> None:
    link = "https://app.example.com/verify?t=verysecrettoken"
    post.queue("ada@example.com", link=link, challenge_id="C1")
    post.queue(PHONE, method="sms")
    for stored in _everything(post):
        for secret in (CODE, "verysecrettoken", "ada@example.com", PHONE):
            assert secret not in str(stored)
            assert secret.encode() not in (stored if isinstance(stored, bytes) else b"")


def _everything(post: Post) -> list[object]:
    values: list[object] = []
    for table in ("outbox", "counters", "audit_events", "challenges"):
        statement = f"SELECT * FROM {table} WHERE project_id = :project_id"
        for row in post.store.look(PROJECT_ID, partial(_rows, statement=statement)):
            values += row
    assert len(values) > 20
    return values


def _rows(tx: Tx, statement: str) -> list[tuple[object, ...]]:
    return tx.all(statement, lambda *columns: columns)


# --- Notices -----------------------------------------------------------------------------------------------------


def test_notice_is_sent_to_an_address_that_has_had_its_codes(post: Post) -> None:
    for _ in range(5):
        post.queue()
    post.notify()
    assert len(post.outbox()) == 6


def test_notices_take_no_code_from_their_address(post: Post) -> None:
    for _ in range(10):
        post.notify()
    post.queue()
    assert len(post.outbox()) == 11


def test_notices_of_one_address_end_without_refusing_the_change(post: Post) -> None:
    for _ in range(25):
        post.notify()
    assert len(post.outbox()) == 20
    post.clock.advance(600)
    post.notify()
    assert len(post.outbox()) == 21


def test_notice_without_an_address_or_a_mail_server_is_left_out(post: Post) -> None:
    post.notify("")
    post.notify(carriers=("sms",))
    assert post.outbox() == []
