"""`scripts/architecture`: the import table, printed, counted, or written into ARCHITECTURE.md."""

import argparse
import sys

from house.layout import FILES, OFFICE, ROOMS, ROOT, arrows, folders, lines, table

DOCUMENT = ROOT / "ARCHITECTURE.md"
OPENS, CLOSES = "<!-- layout: by scripts/architecture --write -->", "<!-- /layout -->"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/architecture", description="The folders of the program and who imports whom."
    )
    parser.add_argument("--count", action="store_true", help="folders, arrows, modules and lines")
    parser.add_argument("--write", action="store_true", help="put the table into ARCHITECTURE.md")
    parser.add_argument("--check", action="store_true", help="run the tests that hold it")
    options = parser.parse_args()
    if options.write:
        before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(OPENS)
        after = rest.partition(CLOSES)[2]
        DOCUMENT.write_text(f"{before}{OPENS}\n{table()}\n{CLOSES}{after}", encoding="utf-8")
    if options.count:
        print(count())
    if options.check:
        import pytest

        return int(pytest.main([str(ROOT / "tests" / "house")]))
    if not (options.write or options.count):
        print(table())
    return 0


def count() -> str:
    """What the house is measured by."""
    tops = arrows(1)
    floors = len({room.floor for room in ROOMS.values()})
    largest = max(folders().items(), key=lambda each: each[1])
    return (
        f"{len(ROOMS)} folders on {floors} floors, {len(tops)} arrows between them; "
        f"{len(OFFICE)} folders in county/; {len(folders())} folders in all, {len(arrows())} arrows; "
        f"{len([path for path in FILES if path.name != '__init__.py'])} modules, {lines()} lines; "
        f"the largest folder is {largest[0]}/ with {largest[1]} modules"
    )


if __name__ == "__main__":
    sys.exit(main())
