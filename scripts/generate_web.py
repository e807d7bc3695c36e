"""Write what the server hands to browsers from the sources in src/avow/web, or check that it is current.

Each source becomes two files: a module, and a classic script that leaves its exports on the page's global object.
"""

import argparse
import gzip
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import rjsmin

WEB = Path(__file__).resolve().parent.parent / "src" / "avow" / "web"
SERVED = WEB / "served"
NOTICE = "/*! Avow, MIT licence */\n"
_EXPORT = re.compile(r"^export (?=(async )?function|class|const)", re.MULTILINE)
_EXPORTS = re.compile(r"^export (\{.*\}|default .*);\n", re.MULTILINE)
_IMPORT = re.compile(r'^import \{.*\} from "\./(\w+)\.mjs";\n', re.MULTILINE)


def served() -> Iterator[tuple[Path, str]]:
    """Yield every file with its text."""
    for source in sorted(WEB.glob("*.mjs")):
        text = source.read_text()
        yield SERVED / source.name, NOTICE + rjsmin.jsmin(text) + "\n"
        yield SERVED / f"{source.stem}.js", NOTICE + rjsmin.jsmin(classic(text)) + "\n"


def classic(module: str) -> str:
    """Return a module as a classic script with what it imports; capital names that are exported become global."""
    module = _IMPORT.sub(lambda found: (WEB / f"{found[1]}.mjs").read_text(), module)
    names = re.findall(r"^export (?:async )?(?:function|class) ([A-Z]\w*)", module, re.MULTILINE)
    aliases = re.findall(r"(\w+) as ([A-Z]\w*)", " ".join(_EXPORTS.findall(module)))
    body = _EXPORTS.sub("", _EXPORT.sub("", module)).replace("import.meta.url", "document.currentScript.src")
    shown = ", ".join([*names, *(f"{alias}: {name}" for name, alias in aliases)])
    return f"(() => {{\n{body}\nObject.assign(globalThis, {{ {shown} }});\n}})();"


def main() -> int:
    """Write the files, or with `--check` tell whether they are current; say how large they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is not current")
    is_check = parser.parse_args().check
    stale = []
    for path, text in served():
        size = len(gzip.compress(text.encode(), 9, mtime=0))
        print(f"{path.name}: {len(text)} bytes, {size} by gzip")
        if not path.exists() or path.read_text() != text:
            stale.append(path.name)
            if not is_check:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text)
    if is_check and stale:
        print(f"not current: {', '.join(stale)}")
    return int(is_check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
