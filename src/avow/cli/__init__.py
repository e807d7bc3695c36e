"""The command `avow`: what an operator types. Each command loads what it needs and nothing more."""

__all__ = ["main"]


def main() -> None:
    """Run the command that the arguments name."""
    from avow.cli.commands import avow  # click: not for those who import the package

    avow(prog_name="avow")
