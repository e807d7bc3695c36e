"""Write docs/reference/openapi.json, what the server answers at /openapi.json, or check that it is current."""

import argparse
import sys
from pathlib import Path

import msgspec

from avow.server.openapi import document
from avow.wire.table import ENDPOINTS
from avow.wire.unsupported import UNSUPPORTED

TARGET = Path(__file__).resolve().parent.parent / "docs" / "reference" / "openapi.json"
LEVELS = 3  # an operation or a shape is one line, so that a change is one line in a review


def rendered(value: object, levels: int = LEVELS, margin: str = "") -> str:
    """Return JSON with one line for each member of the outer levels, and the rest compact."""
    if not isinstance(value, dict) or not value or levels == 0:
        return msgspec.json.encode(value).decode()
    inner = margin + " "
    members = [f'{inner}"{name}": {rendered(member, levels - 1, inner)}' for name, member in value.items()]
    return "{\n" + ",\n".join(members) + f"\n{margin}}}"


def main() -> int:
    """Write the document, or with `--check` return 1 when the file differs from it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the file is not current")
    wanted = rendered(document(ENDPOINTS, UNSUPPORTED)) + "\n"
    if parser.parse_args().check:
        return int(not TARGET.exists() or TARGET.read_text() != wanted)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
