"""Write what the server hands to browsers from the sources in src/avow/web, or check that it is current.

Each source becomes two files: a module, and a classic script that leaves its exports on the page's global object.
"""

import argparse
import gzip
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import rjsmin

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.shorten import shortened  # noqa: E402 - the folder above has to be searched first

WEB = ROOT / "src" / "avow" / "web"
SERVED = WEB / "served"
NOTICE = "/*! Avow, MIT licence */\n"
# The largest that a page may have to load, by gzip: the component and the SDK, as classic scripts and as modules.
LOADED = {
    "avow-login.js": (("avow-login.js",), 12_000),
    "avow-login.mjs": (("avow-login.mjs", "avow.mjs", "screens.mjs"), 12_000),
    "avow.js": (("avow.js",), 4_000),
    "avow.mjs": (("avow.mjs",), 4_000),
}
_EXPORT = re.compile(r"^export (?=(async )?function|class|const)", re.MULTILINE)
_EXPORTS = re.compile(r"^export (\{.*\}|default .*);\n", re.MULTILINE)
_IMPORT = re.compile(r'^import \{.*\} from "\./(\w+)\.mjs";\n', re.MULTILINE)


def served() -> Iterator[tuple[Path, str]]:
    """Yield every file with its text."""
    for source in sorted(WEB.glob("*.mjs")):
        text = source.read_text()
        yield SERVED / source.name, NOTICE + shortened(rjsmin.jsmin(text)) + "\n"
        yield SERVED / f"{source.stem}.js", NOTICE + shortened(rjsmin.jsmin(classic(text))) + "\n"


def classic(module: str) -> str:
    """Return a module as a classic script with what it imports; capital names that are exported become global.

    A page that has one of these names already keeps its own.
    """
    module = _IMPORT.sub(lambda found: (WEB / f"{found[1]}.mjs").read_text(), module)
    names = re.findall(r"^export (?:async )?(?:function|class) ([A-Z]\w*)", module, re.MULTILINE)
    aliases = re.findall(r"(\w+) as ([A-Z]\w*)", " ".join(_EXPORTS.findall(module)))
    body = _EXPORTS.sub("", _EXPORT.sub("", module)).replace("import.meta.url", "document.currentScript.src")
    shown = ", ".join([*names, *(f"{alias}: {name}" for name, alias in aliases)])
    keep = "for (const each in shown) globalThis[each] ??= shown[each];"
    return f"(() => {{\n{body}\nconst shown = {{ {shown} }};\n{keep}\n}})();"


def sizes(texts: Mapping[str, str]) -> Iterator[tuple[str, int, int]]:
    """Yield what pages load, how many bytes that is by gzip with all that it imports, and how many it may be."""
    for name, (files, most) in LOADED.items():
        yield name, sum(len(gzip.compress(texts[each].encode(), 9, mtime=0)) for each in files), most


def main() -> int:
    """Write the files, or with `--check` tell whether they are current; say how large; refuse what is too large."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is not current")
    is_check = parser.parse_args().check
    stale = []
    files = dict(served())
    for path, text in files.items():
        if not path.exists() or path.read_text() != text:
            stale.append(path.name)
            if not is_check:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text)
    if is_check and stale:
        print(f"not current: {', '.join(stale)}")
    large = False
    for name, size, most in sizes({path.name: text for path, text in files.items()}):
        print(f"{name}: {size} bytes by gzip, of {most}")
        large |= size > most
    return int(large or (is_check and bool(stale)))


if __name__ == "__main__":
    sys.exit(main())
