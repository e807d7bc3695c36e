"""The commands `avow message ...` and their help; what they do is imported when they run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, Unpack

import click

from avow.cli.options import PATH, Where, with_project, with_yes

__all__ = ["message"]

F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def message() -> None:
    """A project's own words for the messages that it sends.

    A MESSAGE is one that docs/messages.md names, such as otp; a METHOD is email, sms, voice or whatsapp.
    """


def _of_one(command: F) -> F:
    """Add what says which words are meant."""
    for option in (
        click.option("--language", default="", help="Such as de; without it, of readers of every language."),
        click.argument("method"),
        click.argument("message"),
    ):
        command = option(command)
    return command


@message.command("list")
@with_project
def message_list(**where: Unpack[Where]) -> None:
    """List the messages that have words of the project's own.

    For example: avow message list
    """
    from avow.cli import messages
    from avow.cli.problems import told

    with told():
        messages.list_all(where)


@message.command("show")
@_of_one
@with_project
def message_show(message: str, method: str, *, language: str, **where: Unpack[Where]) -> None:
    """Show the project's own words for a MESSAGE by a METHOD.

    For example: avow message show otp email --language de
    """
    from avow.cli import messages
    from avow.cli.problems import told

    with told():
        messages.summary(message, method, language, where)


@message.command("set")
@_of_one
@click.option("--subject", default="", help="Of a mail; a template of one line.")
@click.option("--text", "text_file", type=PATH, required=True, help="File with the template of the text.")
@click.option("--html", "html_file", type=PATH, help="File with the template of a mail's HTML.")
@with_project
def message_set(
    message: str,
    method: str,
    *,
    language: str,
    subject: str,
    text_file: Path,
    html_file: Path | None,
    **where: Unpack[Where],
) -> None:
    """Put own words in the place of a MESSAGE's by a METHOD.

    They are tried first, and refused with the line where they reach for more than a message has.

    For example: avow message set otp email --subject "Your code for {{ app }}" --text otp.txt --html otp.html
    """
    from avow.cli import messages
    from avow.cli.problems import told

    with told():
        messages.put(message, method, language, subject, (text_file, html_file), where)


@message.command("reset")
@_of_one
@with_yes
@with_project
def message_reset(message: str, method: str, *, language: str, is_agreed: bool, **where: Unpack[Where]) -> None:
    """Go back to the built-in words of a MESSAGE by a METHOD.

    For example: avow message reset otp email --language de --yes
    """
    from avow.cli import messages
    from avow.cli.problems import told

    with told():
        messages.reset(message, method, language, where, is_agreed=is_agreed)
