"""The documents: every page, its links and pictures, and the code of the pages that show a change."""

import re
from pathlib import Path

from house.layout import PACKAGE, ROOMS, ROOT

PAGES = sorted((*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))
PICTURES = ROOT / "docs" / "pictures"
LIMITS = {"README.md": 6 * 1024, "ARCHITECTURE.md": 15 * 1024, "CONTRIBUTING.md": 5 * 1024}
LARGEST_PAGE = 8 * 1024
LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")
PLACE = re.compile(r"`((?:\w+/)+[\w.]*)`")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def largest(page: Path) -> int | None:
    """How many bytes the page may have; the changelog has no end."""
    if page.is_relative_to(ROOT / "docs"):
        return LARGEST_PAGE
    return LIMITS.get(page.name)


def links(page: Path) -> list[str]:
    """As they are written, those into the web left out."""
    found = LINK.findall(page.read_text(encoding="utf-8"))
    return [link for link in found if "://" not in link]


def linked(page: Path) -> set[Path]:
    return {(page.parent / link.partition("#")[0]).resolve() for link in links(page)}


def reachable(*begin: Path) -> set[Path]:
    """The pages somebody finds who starts there and follows links."""
    found: set[Path] = set()
    ahead = list(begin)
    while ahead:
        page = ahead.pop()
        if page in PAGES and page not in found:
            found.add(page)
            ahead.extend(linked(page))
    return found


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def places(page: Path) -> set[str]:
    """Modules, folders and files of ours that the page names."""
    ours = {*ROOMS, *("broadcaster", "tests", "scripts", "bench", "config", "docs")}
    return {
        place
        for place in PLACE.findall(page.read_text(encoding="utf-8"))
        if place.partition("/")[0] in ours and place.rstrip("/") not in MADE
    }


def exists(place: str) -> bool:
    """A path in the project, or a module or folder of the program by its short name."""
    candidates = (ROOT / place, PACKAGE / place, PACKAGE / f"{place.rstrip('/')}.py")
    return any(candidate.exists() for candidate in candidates)


# What a box, an office or a set-up makes.
MADE = {"county/villages", "config/.last-good", "county/broker", "county/relay", "county/office.yaml"}
