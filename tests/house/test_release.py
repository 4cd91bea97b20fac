"""The version: the program, the changelog and the tags name the same."""

import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from house.release import CHANGELOG, PROGRAM, NoRelease, make, number, released, releases

from broadcaster import __version__

TEXT = "# Changelog\n\n## Unreleased\n\n- new\n\n## 0.2.0 (2026-11-30)\n\n- old\n"


def test_the_program_is_the_newest_release_of_the_changelog() -> None:
    assert __version__ == releases(CHANGELOG.read_text(encoding="utf-8"))[0]


def test_releases_are_in_order_and_each_stands_once() -> None:
    numbers = [number(version) for version in releases(CHANGELOG.read_text(encoding="utf-8"))]
    assert numbers == sorted(set(numbers), reverse=True)


def test_every_tag_is_a_release() -> None:
    """A ZIP has no tags and a shallow clone may have none."""
    if not shutil.which("git"):
        pytest.skip("no git here")
    git = ["git", "-C", str(CHANGELOG.parent), "tag", "--list", "[0-9]*"]
    tags = subprocess.run(git, capture_output=True, text=True, check=False).stdout.split()
    assert set(tags) <= set(releases(CHANGELOG.read_text(encoding="utf-8")))


def test_a_release_is_the_unreleased_lines_under_their_version() -> None:
    text = released(TEXT, "0.3.0", date(2026, 12, 1))
    assert text.startswith("# Changelog\n\n## Unreleased\n\n## 0.3.0 (2026-12-01)\n\n- new\n")
    assert releases(text) == ["0.3.0", "0.2.0"]


@pytest.mark.parametrize("version", ["0.2.0", "0.1.9", "3", "v0.3.0"])
def test_a_version_that_is_not_the_next_is_refused(version: str) -> None:
    with pytest.raises(NoRelease):
        released(TEXT, version, date(2026, 12, 1))


def test_nothing_new_is_no_release() -> None:
    with pytest.raises(NoRelease, match="nothing to release"):
        released(TEXT.replace("- new\n\n", ""), "0.3.0", date(2026, 12, 1))


def test_a_release_changes_the_program_and_the_changelog(tmp_path: Path) -> None:
    changelog, program = tmp_path / CHANGELOG.name, tmp_path / PROGRAM.name
    # Just after a release there is nothing under Unreleased.
    changelog.write_text(TEXT, encoding="utf-8")
    shutil.copy(PROGRAM, program)
    make("99.0.0", changelog, program)
    assert releases(changelog.read_text(encoding="utf-8"))[0] == "99.0.0"
    assert '__version__ = "99.0.0"\n' in program.read_text(encoding="utf-8")
