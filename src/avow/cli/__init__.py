"""The command `avow`: what an operator types. Each command loads what it needs and nothing more."""

import sys
from importlib.util import find_spec

__all__ = ["main"]

_SDK_ALONE = "avow: Only the SDK is installed here; the command needs the extra `server`: avow[server]."


def main() -> None:
    """Run the command that the arguments name."""
    if not find_spec("click"):
        print(_SDK_ALONE, file=sys.stderr)
        raise SystemExit(2)
    from avow.cli.commands import avow  # click: not for those who import the package

    avow(prog_name="avow")
