"""The command blocks of the README and of docs/: what each is, and what it promises."""

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Block:
    """Its lines, without the margin; `reason` says why nobody runs it, "" where it is run."""

    place: str
    lines: tuple[str, ...]
    reason: str


def blocks(path: Path) -> Iterator[Block]:
    reason, lines, first = "", [], 0
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), "end"], 1):
        if line.startswith("    "):
            first = first if lines else number
            lines.append(line[4:])
        elif line.strip():
            if lines:
                yield Block(f"{path.name}:{first}", tuple(lines), reason)
            found = NOT_RUN.fullmatch(line)
            reason, lines = found[1] if found else "", []


def all_blocks() -> list[Block]:
    return [
        block
        for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
        for block in blocks(path)
    ]


@dataclass
class Reader:
    """Somebody who types what stands there, in `folder`, and puts in what it leaves to him."""

    folder: Path
    environment: dict[str, str]
    within: tuple[str, ...] = ()
    root: Path = Path("/")
    known: dict[str, str] = field(default_factory=dict)

    def command(self, line: str) -> list[str]:
        there = Path("/") / self.folder.relative_to(self.root)
        way = f"cd {there} && PATH={there}/.venv/bin:$PATH"
        return [*self.within, "bash", "-c", f"{way} && {line}"]

    def typed(self, line: str) -> str:
        line = line.partition("  #")[0].rstrip()
        for placeholder, value in self.known.items():
            line = line.replace(placeholder, value)
        return line

    def run(self, line: str) -> str:
        """What it printed; an error ends the reading."""
        done = subprocess.run(
            self.command(self.typed(line)),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    @contextmanager
    def running(self, line: str, until: str) -> Iterator[str]:
        """What it printed up to `until`, while it runs on."""
        process = subprocess.Popen(
            self.command(f"exec {self.typed(line)}"),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout
        told = ""
        try:
            for printed in process.stdout:
                told += printed
                if until in printed:
                    break
            assert until in told, f"{line}: {told}"
            yield told
        finally:
            process.terminate()
            process.communicate(timeout=60)

    def until(self, is_so: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < end, what
            time.sleep(0.2)


def verse_is_shown(reader: Reader, block: Block) -> str:
    lines = [re.findall(r"\d  (\S+，|\S+。)", line) for line in block.lines]
    text = "".join(found[0] for found in lines if found)
    assert reader.run(f"broadcaster verse '{text}'").split() == " ".join(block.lines).split()
    return "the verse is shown as it stands there"


def a_notice_is_taken(reader: Reader, block: Block) -> str:
    with reader.running("broadcaster run --output-file heard.wav", "下一次定时播出"):
        reader.known |= {"BOX": "127.0.0.1", "$TOKEN": reader.run(MAKE_TOKEN).strip()}
        answers = [json.loads(reader.run(f"{line} -sS")) for line in block.lines]
        assert "id" in answers[0], answers
        heard = lambda: "今天下午停水" in reader.run("broadcaster journal")  # noqa: E731
        reader.until(heard, "the notice is not in the record")
    return "the notice is accepted and in the record"


# As 更多 → 令牌 makes it.
MAKE_TOKEN = """.venv/bin/python - <<'END'
from broadcaster.clock import Clock
from broadcaster.people import Scope
from broadcaster.settings import load_settings
from broadcaster.store.store import open_store
from broadcaster.store.tables import DATABASE
settings = load_settings()
with open_store(settings.paths.state / DATABASE, Clock(settings.station.zone)) as store:
    print(store.tokens.make("程序", Scope.AIR, "王秀英"))
END"""


def keys_are_made(reader: Reader, block: Block) -> str:
    init, key, delegate, revoke = block.lines
    reader.run(init)
    reader.known["PUBLIC"] = re.findall(r"[0-9a-f]{64}", reader.run(key))[0]
    reader.run(delegate)
    assert "高市乡" in reader.run("broadcaster county show")
    reader.run(revoke)
    assert "高市乡" not in reader.run("broadcaster county show")
    return "the town may speak, and after revoke no more"


def office_comes_up(reader: Reader, block: Block) -> str:
    broker, office = block.lines
    with reader.running(broker, "县里的消息服务器"), reader.running(office, "一次性代码"):
        reader.run("curl -sSf -o /dev/null http://127.0.0.1:8010/")
        log = reader.folder / "county/broker/log"
        reader.until(lambda: "u'office'" in log.read_text(), "the office does not reach its broker")
    return "the office's page answers, and the office is connected to its broker"


def settings_are_taken(reader: Reader, block: Block) -> str:
    """Each stands in office.yaml; a province's pinned root is 64 signs."""
    text = "\n".join(block.lines).replace("64 signs", "a" * 64) + "\n"
    (reader.folder / "shown").mkdir(exist_ok=True)
    (reader.folder / "shown/office.yaml").write_text(text, encoding="utf-8")
    (reader.folder / "shown/relay").mkdir(exist_ok=True)
    reader.run(LOAD_OFFICE)
    return "the settings are taken"


LOAD_OFFICE = """.venv/bin/python - <<'END'
from pathlib import Path
from broadcaster.county.office_settings import load_office_settings
load_office_settings(Path("shown"))
END"""

Promise = Callable[[Reader, Block], str]
# By how the block begins. What installs is read by scripts/readme alone.
PROMISES: dict[str, Promise] = {
    "第 1 首": verse_is_shown,
    "curl ": a_notice_is_taken,
    "broadcaster county init": keys_are_made,
    "scripts/county_broker": office_comes_up,
    "name: ": settings_are_taken,
    "relay:": settings_are_taken,
}
INSTALLS = ("git clone", "usermod", "scripts/test")


def promise_of(block: Block, promises: dict[str, Promise]) -> Promise | None:
    return next((kept for start, kept in promises.items() if block.lines[0].startswith(start)), None)
