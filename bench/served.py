"""The server that the benchmarks load: one process of Avow with limits out of the way.

    python -m bench.served PORT DATABASE_URL

The database is prepared by `bench.serving`, in another process.
"""

import sys

import uvicorn

from avow.cli.running import collect_rarely
from avow.server.app import build
from avow.server.asgi import AsgiApp
from avow.server.settings import Settings

SECRET_KEY = "a secret key of the benchmarks, which is no secret"


def main(port: int, database_url: str) -> None:
    """Serve as `avow serve` does, with one worker."""
    collect_rarely()
    site = build(Settings(database_url=database_url, secret_key=SECRET_KEY, log_level="error"))
    uvicorn.run(
        AsgiApp(site),
        host="127.0.0.1",
        port=port,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
