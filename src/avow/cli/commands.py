"""The commands and their help; what they do is imported when they run."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(
    name="avow",
    help="Avow, a self-hosted authentication service. New here? Type: avow dev",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _root() -> None:
    """Avow, a self-hosted authentication service."""


@app.command()
def dev(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 for a free one.")] = 8000,
    data: Annotated[Path, typer.Option(help="Directory that keeps everything.")] = Path(".avow"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON instead of text for people.")] = False,
    dev_clock: Annotated[bool, typer.Option("--dev-clock", help="Let POST /dev/clock move the time.")] = False,
    tls: Annotated[bool, typer.Option("--tls", help="Serve https with a certificate of a local authority.")] = False,
) -> None:
    """Start Avow for development: data, project and keys are made on the first start."""
    from avow.cli.dev import DevOptions, run
    from avow.cli.problems import told

    with told():
        run(DevOptions(host, port, data, as_json, dev_clock, tls))
