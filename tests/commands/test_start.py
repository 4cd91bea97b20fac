"""Protects how soon a command answers: what it may load before it has something to do with it; and what
it says where that is not there.
"""

import subprocess
import sys

import pytest
from rig.village import Village, running

from broadcaster.commands.arguments import COMMANDS

# Each takes longer to load than Python itself to start, so no command loads it to be understood.
HEAVY = {"flask", "sqlalchemy", "numpy", "pydantic", "yaml", "alembic", "apscheduler", "soundfile"}
# The settings say where the box's socket is.
TO_ASK_THE_BOX = {"yaml"}
ONLY_FOR_THE_PAGES = {"flask", "waitress", "jinja2"}
PROGRAM = """
import sys
from broadcaster.commands.cli import main
try:
    main()
finally:
    print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)
"""


def loaded_by(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], *([name, "--help"] for name in COMMANDS)]
)
def test_a_command_is_understood_without_what_it_works_with(arguments: list[str]) -> None:
    assert not HEAVY & loaded_by(*arguments)


def test_the_running_box_is_asked_without_what_it_is_made_of(village: Village) -> None:
    with running(village):
        for asked in (["stop"], ["status"], ["say", "请注意用电安全。", "--no-wait"]):
            loaded = loaded_by("--config", str(village.folder), *asked)
            assert HEAVY & loaded == TO_ASK_THE_BOX, asked


@pytest.mark.parametrize(
    "arguments", [["check"], ["journal"], ["next"], ["spoken", "通知"], ["config"], ["devices"]]
)
def test_only_run_loads_the_pages(village: Village, arguments: list[str]) -> None:
    assert not ONLY_FOR_THE_PAGES & loaded_by("--config", str(village.folder), *arguments)


@pytest.mark.parametrize(
    "lacking", ["yaml", "broadcaster.commands.box", "broadcaster.commands.arguments"]
)
def test_a_command_that_lacks_what_an_update_wants_says_what_to_do(lacking: str) -> None:
    without = f"import sys; sys.modules[{lacking!r}] = None\n" + PROGRAM.replace(
        "main()", "sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", without, "status"], capture_output=True, text=True, check=False
    )
    told, _loaded = done.stderr.splitlines()
    assert told == f"程序不全，缺 {lacking}，可能刚更新过。请运行 scripts/setup 装好，再试一次。"
    assert done.returncode == 2
