"""The command `avow` within the commands of an application: on its data, without a word about where they are."""

from collections.abc import Callable, Mapping

import click

__all__ = ["command"]

_AS_TYPED = {"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []}


def command(variables: Callable[[], Mapping[str, str]]) -> click.Command:
    """Return a command for click whose arguments are those of `avow`.

    Args:
        variables: Returns what an operator would set for it.
    """

    @click.command("avow", context_settings=_AS_TYPED, add_help_option=False)
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def avow(arguments: tuple[str, ...]) -> None:
        """Run a command of Avow on this application's data: `avow migrate`, `avow project create NAME`."""
        from avow.cli.within import run

        run(arguments, variables(), program="flask avow")

    return avow
