"""Write into README.md which operations of the official Python SDK work, or check that it is current.

What works is what tests/contract/passed.json says, which a run of the contract tests writes and every whole run of them
proves. The table refuses an operation that no test names, and one that the server answers with 501.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from avow.wire.unsupported import UNSUPPORTED
from tests.contract import results
from tests.contract.shapes import OPERATIONS

TARGET = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- operations: written by scripts/generate_operations.py -->\n", "<!-- end of operations -->\n"
SDK, INTERNAL = "descope-python ", "descope-python (internal)"
CLIENT = "client"


class Refused(Exception):
    """The table would say what is not so."""


def of_sdk() -> list[str]:
    """Return the ids of what the official Python SDK can be asked for, as its objects have them."""
    return [
        name
        for name, row in OPERATIONS.items()
        if any(each.startswith(SDK) and each != INTERNAL for each in row["sdk"])
    ]


def require_shown(kept: Mapping[str, list[str]], marked: Collection[str]) -> None:
    """Refuse results that nothing shows.

    Args:
        kept: What is said to have passed.
        marked: Operations that tests name.

    Raises:
        Refused: An operation without a test, outside the contract, or in the table of what is not supported.
    """
    unsupported = {row.id for row in UNSUPPORTED}
    for name in sorted(kept):
        if name not in OPERATIONS:
            raise Refused(f"{name}: the contract has no such operation")
        if name not in marked:
            raise Refused(f"{name}: no test of tests/contract names it, so it is not shown to work")
        if name in unsupported:
            raise Refused(f"{name}: the server answers 501, so it does not work")


def block(kept: Mapping[str, list[str]], marked: Collection[str]) -> str:
    """Return the part of README.md between its two marks, and the marks.

    Raises:
        Refused: As `require_shown`.
    """
    require_shown(kept, marked)
    working, names = results.works(kept), of_sdk()
    count = sum(name in working for name in names)
    return "\n".join([BEGIN, *_lines(count, names, working), "", END])


def current(text: str, wanted: str) -> str:
    """Return the text of README.md with the block in its place.

    Raises:
        Refused: README.md has no place for it.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise Refused(f"README.md lacks the lines {BEGIN.strip()} and {END.strip()}")
    return before + wanted + after


def _lines(count: int, names: list[str], working: set[str]) -> Iterator[str]:
    areas: dict[str, list[str]] = defaultdict(list)
    for name in names:
        areas[name.rpartition(".")[0] or CLIENT].append(name)
    yield (
        f"{count} of the {len(names)} operations of the official `descope` Python SDK work, each shown by tests that"
        " drive that SDK, synchronous and asynchronous, over HTTP."
    )
    yield ""
    yield "| of the SDK | works | not supported yet |"
    yield "| --- | --- | --- |"
    for heading, chosen in _groups(areas, working):
        yield f"| {heading} | {_count(chosen, working)} | {_count(chosen, set(names) - working)} |"
    yield ""
    yield "<details>"
    yield "<summary>Every operation</summary>"
    yield ""
    yield "| object | works | not supported yet: answers 501 |"
    yield "| --- | --- | --- |"
    for area, inside in areas.items():
        yes = [name for name in inside if name in working]
        no = [name for name in inside if name not in working]
        yield f"| `{area}` | {_methods(yes)} | {_methods(no)} |"
    yield ""
    yield "</details>"


def _groups(areas: Mapping[str, list[str]], working: set[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the areas that work whole, each that works in part, and those that do not."""
    whole = [area for area, names in areas.items() if working.issuperset(names)]
    none = [area for area, names in areas.items() if working.isdisjoint(names)]
    yield _listed(whole), [name for area in whole for name in areas[area]]
    for area, names in areas.items():
        if area not in {*whole, *none}:
            yield f"`{area}`", names
    yield _listed(none), [name for area in none for name in areas[area]]


def _count(names: Collection[str], chosen: Collection[str]) -> str:
    return str(sum(name in chosen for name in names) or "")


def _listed(areas: Collection[str]) -> str:
    return ", ".join(f"`{area}`" for area in areas)


def _methods(names: Collection[str]) -> str:
    return ", ".join(f"`{name.rpartition('.')[2]}`" for name in names)


def main() -> int:
    """Write README.md, or with `--check` compare it; return 1 when it differs or says what is not shown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when README.md is not current")
    checks = parser.parse_args().check
    text = TARGET.read_text(encoding="utf-8")
    try:
        wanted = current(text, block(results.read(), results.marked()))
    except Refused as refused:
        print(refused)
        return 1
    if checks and text != wanted:
        print("README.md does not list the operations as tests/contract/passed.json has them")
        return 1
    if text != wanted:
        TARGET.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
