"""The documents: every page, its links and pictures, and the code of the pages that show a change."""

import re
from dataclasses import dataclass
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


def names(page: Path) -> set[str]:
    """Classes, functions, fields and settings that the page names in its code."""
    code = " ".join(re.findall("`([^`]+)`", page.read_text(encoding="utf-8")))
    return set(re.findall(r"\b(?:[A-Z][a-z]+[A-Z]\w+|[a-z]+_[a-z_]+)\b", code))


def program() -> str:
    """All that the program, its tests and scripts say, and how their files are called."""
    texts = []
    for folder in ("broadcaster", "tests", "scripts", "bench", "config"):
        for path in (ROOT / folder).rglob("*"):
            texts.append(path.stem)
            if path.suffix in WRITTEN and path.is_file():
                texts.append(path.read_text(encoding="utf-8"))
    return "\n".join(texts)


def exists(place: str) -> bool:
    """A path in the project, or a module or folder of the program by its short name."""
    candidates = (ROOT / place, PACKAGE / place, PACKAGE / f"{place.rstrip('/')}.py")
    return any(candidate.exists() for candidate in candidates)


# Words of the program's own that a stranger has to learn, beside those that say the same.
PRIVATE_WORDS = {
    "gone by": "followed",
    "left alone": "in back-off",
    "stand-in": "fallback",
    "whole or absent": "atomic",
    "foothold": "runtime folder",
    "superior": "upstream office",
    "homecoming": "receipt import",
    "rehearsal": "preview",
    "manner": "defaults",
    "the heads": "the snapshot",
    "the sums": "the totals",
    "presence of": "heartbeat of",
}
WRITTEN = {".py", ".html", ".js", ".toml", ".yaml", ".c", ""}
# What a box, an office or a set-up makes.
MADE = {"county/villages", "config/.last-good", "county/broker", "county/relay", "county/office.yaml"}


@dataclass(frozen=True)
class Block:
    """Fenced code of a page that shows a change: the file in its first line, and what becomes of it."""

    language: str
    path: str
    lines: tuple[str, ...]

    def change(self, project: Path) -> None:
        """Write the new file, or put the lines into the one that is there."""
        path = project / self.path
        if self.language == "diff":
            path.write_text(self.applied(path.read_text(encoding="utf-8")), encoding="utf-8")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        assert not path.exists(), f"{self.path} is there"
        path.write_text("".join(f"{line}\n" for line in self.lines), encoding="utf-8")

    def applied(self, text: str) -> str:
        """The text with the hunk: its lines without a mark or with a minus stand there once."""
        before = "".join(f"{line[1:]}\n" for line in self.lines if not line.startswith("+"))
        after = "".join(f"{line[1:]}\n" for line in self.lines if not line.startswith("-"))
        assert f"\n{text}".count(f"\n{before}") == 1, f"{self.path} has this not once:\n{before}"
        return f"\n{text}".replace(f"\n{before}", f"\n{after}")[1:]


def blocks(page: Path) -> list[Block]:
    fences = re.findall(
        r"^```(\w+)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    found = []
    for language, code in fences:
        first, *rest = code.splitlines()
        path = re.fullmatch(r"(?:# |\{# )([\w./]+)(?: #\})?", first)
        assert path, f"{page.name}: the first line of a block names its file, not {first}"
        found.append(Block(language, path[1], tuple(rest)))
    return found
