"""`avow message ...`: a project's own words for the messages that it sends."""

from pathlib import Path
from typing import Any

import pytest

from avow.server.delivery import actions
from tests.cli.shops import Shop

SUBJECT = "Your code for {{ app }}"


@pytest.fixture
def text(tmp_path: Path) -> str:
    path = tmp_path / "otp.txt"
    path.write_text("{{ code }} holds for {{ minutes }} minutes.\n")
    return str(path)


@pytest.fixture
def own(shop: Shop, text: str, tmp_path: Path) -> Any:
    """Put own words for codes by mail, and German ones by SMS."""
    page = tmp_path / "otp.html"
    page.write_text("<b>{{ code }}</b>")
    shop.made("message", "set", "otp", "sms", "--language", "de", "--text", text)
    return shop.made("message", "set", "otp", "email", "--subject", SUBJECT, "--text", text, "--html", str(page))


def test_own_words_are_listed_and_shown(shop: Shop, own: Any) -> None:
    assert own == {"message": "otp", "method": "email", "language": ""}
    assert [(each["method"], each["language"]) for each in shop.listed("message", "list")] == [
        ("email", ""),
        ("sms", "de"),
    ]
    shown = shop.made("message", "show", "otp", "email")
    assert (shown["subject"], shown["html"]) == (SUBJECT, "<b>{{ code }}</b>")
    assert "holds for" in shop.said("message", "show", "otp", "sms", "--language", "de")
    assert [who for who, _ in shop.events("template.saved")] == ["command", "command"]


@pytest.mark.usefixtures("own")
def test_own_words_are_those_that_are_sent(shop: Shop) -> None:
    [found] = shop.store.look(shop.project_id, lambda tx: actions.find_templates(tx, "otp", "email"))
    assert (found.locale, found.subject) == ("", SUBJECT)


@pytest.mark.usefixtures("own")
def test_built_in_words_come_back(shop: Shop) -> None:
    asked = shop.answered("n\n", "message", "reset", "otp", "email")
    assert asked.code != 0
    assert len(shop.listed("message", "list")) == 2
    assert shop.made("message", "reset", "otp", "email", "--yes")["deleted"] is True
    assert [each["method"] for each in shop.listed("message", "list")] == ["sms"]
    shop.said("message", "reset", "otp", "sms", "--language", "de", "--yes")
    assert "avow message set" in shop.said("message", "list")


@pytest.mark.usefixtures("own")
def test_words_that_are_not_there_are_named(shop: Shop) -> None:
    for command in (("show",), ("reset", "--yes")):
        said = shop.run("message", command[0], "otp", "email", "--language", "fr", *command[1:])
        assert (said.code, "avow message list" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("template", "arguments", "told"),
    [
        ("{{ code }}", ("otp", "email"), "subject"),
        ("{{ code }}", ("nothing", "email", "--subject", "S"), "no such message"),
        ("{{ code }}", ("otp", "pigeon", "--subject", "S"), "no such message"),
        ("{{ code }}", ("otp", "email", "--subject", "S", "--language", "no such"), "language"),
        ("{{ code }}", ("otp", "email", "--subject", "S" * 1001), "longer"),
        ("", ("otp", "sms"), "empty"),
        ("{{ code.__class__ }}", ("otp", "sms"), "line 1"),
        ("x" * 100_001, ("otp", "sms"), "larger"),
    ],
)
def test_what_cannot_be_sent_is_refused(
    shop: Shop, tmp_path: Path, template: str, arguments: tuple[str, ...], told: str
) -> None:
    path = tmp_path / "own.txt"
    path.write_text(template)
    said = shop.run("message", "set", *arguments, "--text", str(path))
    assert said.code in (1, 2)
    assert told in said.err
    assert shop.listed("message", "list") == []


def test_file_that_is_no_text_is_refused(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_bytes(b"\xff")
    for name, told in (("own.txt", "UTF-8"), ("none.txt", "cannot be read")):
        said = shop.run("message", "set", "otp", "sms", "--text", str(tmp_path / name))
        assert (said.code, told in said.err) == (2, True)
