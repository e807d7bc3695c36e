"""Questions that commands ask people: before they delete, and for a password, which is never shown."""

import sys

import click

from avow.cli.problems import CannotStart

__all__ = ["ask_password", "ask_secret", "require_yes"]


def require_yes(question: str, *, is_agreed: bool) -> None:
    """Ask on standard error before something is gone for ever.

    Raises:
        CannotStart: The answer is no, or there is nobody to answer.
    """
    if is_agreed:
        return
    try:
        is_agreed = click.confirm(question, err=True)
    except click.Abort:
        click.echo(err=True)
        raise CannotStart("Nothing is deleted, since nobody answered; --yes agrees beforehand.") from None
    if not is_agreed:
        raise CannotStart("Nothing is deleted.")


def ask_password(*, is_piped: bool) -> str:
    """Return a new password: typed twice without an echo, or the first line of standard input.

    Raises:
        CannotStart: There is nobody to type it, or it is empty.
    """
    if is_piped:
        password = sys.stdin.readline().rstrip("\r\n")
    elif not _is_terminal():
        raise CannotStart("Nobody is there to type the password; --stdin reads it from standard input.")
    else:
        try:
            password = str(click.prompt("New password", hide_input=True, confirmation_prompt="Once more", err=True))
        except click.Abort:
            click.echo(err=True)
            raise CannotStart("No password was typed; nothing is changed.") from None
    if not password:
        raise CannotStart("The password is empty; nothing is changed.")
    return password


def ask_secret(prompt: str) -> str:
    """Return a secret that somebody else gave, typed without an echo.

    Raises:
        CannotStart: There is nobody to type it, or it is empty.
    """
    if not _is_terminal():
        raise CannotStart("Nobody is there to type the secret; --secret-file - reads it from standard input.")
    try:
        secret = str(click.prompt(prompt, hide_input=True, err=True))
    except click.Abort:
        click.echo(err=True)
        raise CannotStart("No secret was typed; nothing is changed.") from None
    return secret


def _is_terminal() -> bool:
    return sys.stdin.isatty()
