"""`scripts/release`: the version is one line of the program and one heading of the changelog."""

import argparse
import re
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from house.layout import PACKAGE, ROOT

CHANGELOG, PROGRAM = ROOT / "CHANGELOG.md", PACKAGE / "__init__.py"
UNRELEASED = "## Unreleased\n"
VERSION_LINE = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)


class NoRelease(Exception):
    """A release that cannot be made, with what to do."""


def releases(changelog: str) -> list[str]:
    """Their versions, the newest first."""
    return re.findall(r"^## (\d+\.\d+\.\d+) \(\d{4}-\d\d-\d\d\)$", changelog, re.MULTILINE)


def number(version: str) -> tuple[int, ...]:
    """Raises NoRelease for a version that is not three numbers."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise NoRelease(f"{version} is no version: write three numbers, such as 0.3.0")
    return tuple(map(int, version.split(".")))


def released(changelog: str, version: str, day: date) -> str:
    """The changelog with its unreleased lines under the version. Raises NoRelease."""
    newest = releases(changelog)[0]
    if number(version) <= number(newest):
        raise NoRelease(f"{version} is not above {newest}, the newest release of CHANGELOG.md")
    before, _, rest = changelog.partition(UNRELEASED)
    if not re.match(r"\s*- ", rest):
        raise NoRelease("CHANGELOG.md has no line under Unreleased: there is nothing to release")
    return f"{before}{UNRELEASED}\n## {version} ({day})\n{rest}"


def make(version: str, changelog: Path = CHANGELOG, program: Path = PROGRAM) -> None:
    today = datetime.now(UTC).date()
    text = released(changelog.read_text(encoding="utf-8"), version, today)
    changelog.write_text(text, encoding="utf-8")
    code = program.read_text(encoding="utf-8")
    program.write_text(VERSION_LINE.sub(f'__version__ = "{version}"', code), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/release", description="Make a release of what CHANGELOG.md has under Unreleased."
    )
    parser.add_argument("version", help="three numbers, such as 0.3.0")
    version = parser.parse_args().version
    try:
        make(version)
    except NoRelease as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Now: git commit -am 'release {version}' && git tag -a {version} -m {version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
