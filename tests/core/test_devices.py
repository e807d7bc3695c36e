"""Kinds of devices by their User-Agent."""

import pytest

from avow.core.devices import kind


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Desktop"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Desktop"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18 Safari/605.1.15", "Desktop"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148", "Mobile"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Mobile"),
        ("Mozilla/5.0 (Linux; Android 15; SM-X910) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Tablet"),
        ("Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148", "Tablet"),
        ("Mozilla/5.0 (compatible; ExampleBot/2.1; +http://www.example.com/bot.html)", "Bot"),
        ("curl/8.5.0", "Bot"),
        ("python-httpx/0.28", "Bot"),
        ("SomethingElse/1.0", "Unknown"),
        ("\r\n\x1b[31m", "Unknown"),
        ("", ""),
    ],
)
def test_kind(user_agent: str, expected: str) -> None:
    assert kind(user_agent) == expected


def test_only_the_beginning_is_read() -> None:
    assert kind("x" * 600 + "iPhone") == "Unknown"
