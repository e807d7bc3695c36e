"""`python -m avow.cli` is the command `avow`."""

from avow.cli import main

main()
