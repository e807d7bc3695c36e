"""The command within the process of an application, which says where its data are."""

import os
from collections.abc import Mapping, Sequence

__all__ = ["run"]


def run(arguments: Sequence[str], variables: Mapping[str, str], *, program: str) -> None:
    """Run the command that the arguments name; the process ends with it, as with any command.

    Args:
        arguments: As typed after `avow`.
        variables: Set for this process.
        program: How the command is called here, for its help.
    """
    from avow.cli.commands import avow  # click: not for those who import the package

    os.environ.update(variables)
    avow(args=list(arguments), prog_name=program)
