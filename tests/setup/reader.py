"""The command blocks of README, docs/ and CONTRIBUTING: what each is, and what it promises."""

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
PATIENCE_SECONDS = 120.0
# What a box prints when it is up.
UP = "下一次定时播出"
# The pages that are typed as one script, in the order in which people come to them.
PAGES = (
    "README.md",
    *("docs/technician.md", "docs/verses.md", "docs/programs.md"),
    *("docs/county_keys.md", "docs/county.md", "docs/province.md"),
    "CONTRIBUTING.md",
)


@dataclass(frozen=True)
class Block:
    """Its lines, without the margin; `reason` says why nobody runs it, "" where it is run."""

    place: str
    lines: tuple[str, ...]
    reason: str


def blocks(path: Path) -> Iterator[Block]:
    reason, lines, first, fenced = "", list[str](), 0, False
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), "end"], 1):
        fenced ^= line.startswith("```")
        if line.startswith("    ") and not fenced:
            first = first if lines else number
            lines.append(line[4:])
        elif line.strip():
            if lines:
                yield Block(f"{path.name}:{first}", tuple(lines), reason)
            found = NOT_RUN.fullmatch(line)
            reason, lines = found[1] if found else "", []


def all_blocks() -> list[Block]:
    return [block for page in PAGES for block in blocks(ROOT / page)]


@dataclass
class Reader:
    """Somebody who types what stands there, in `folder`, and puts in what it leaves to him."""

    folder: Path
    environment: dict[str, str]
    within: tuple[str, ...] = ()
    root: Path = Path("/")
    known: dict[str, str] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    office: tuple[str, ...] = ()

    @property
    def there(self) -> Path:
        """The folder as its commands see it."""
        return Path("/") / self.folder.relative_to(self.root)

    def command(self, line: str) -> list[str]:
        way = f"cd {self.there} && PATH={self.there}/.venv/bin:$PATH"
        return [*self.within, "bash", "-c", f"{way} && {line}"]

    def typed(self, line: str) -> str:
        line = bare(line)
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


def the_first_notice_is_heard(reader: Reader, block: Block) -> str:
    """By a box without quiet hours, for a reader may sit there at noon."""
    box_is_made(reader, "first")
    with reader.running(box("first", "run --output-file first/heard.wav"), UP):
        reader.run(block.lines[0].replace("broadcaster say", box("first", "say")))
    text = block.lines[0].rpartition(" ")[2]
    assert text in reader.run(box("first", "journal --outcome PLAYED"))
    return "the first notice is heard and in the record"


def a_notice_is_taken(reader: Reader, block: Block) -> str:
    with reader.running("broadcaster run --output-file heard.wav", UP):
        reader.known |= {"BOX": "127.0.0.1", "$TOKEN": reader.run(MAKE_TOKEN).strip()}
        answers = [json.loads(reader.run(f"{line} -sS")) for line in block.lines]
        assert "id" in answers[0], answers
        heard = lambda: "今天下午停水" in reader.run("broadcaster journal")  # noqa: E731
        reader.until(heard, "the notice is not in the record")
    return "the notice is accepted and in the record"


# As 更多 → 令牌 makes it.
MAKE_TOKEN = """.venv/bin/python - <<'END'
from broadcaster.core.clock import Clock
from broadcaster.core.people import Scope
from broadcaster.settings.schema import load_settings
from broadcaster.store.store import open_store
from broadcaster.store.database.tables import DATABASE
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
    reader.office = block.lines
    with county_up(reader):
        reader.run("curl -sSf -o /dev/null http://127.0.0.1:8010/")
        log = reader.folder / "county/broker/log"
        reader.until(lambda: "u'office'" in log.read_text(), "the office does not reach its broker")
    return "the office's page answers, and the office is connected to its broker"


@contextmanager
def county_up(reader: Reader) -> Iterator[None]:
    """Broker and office as docs/county.md starts them, each time anew and without a network."""
    broker, office = reader.office
    with reader.running(broker, "县里的消息服务器"), reader.running(office, "县级平台："):
        yield


@contextmanager
def boxes_up(reader: Reader) -> Iterator[None]:
    """A box in each village; their loudspeakers are files."""
    with ExitStack() as stack:
        for place in VILLAGES.values():
            stack.enter_context(reader.running(box(place, f"run --output-file {place}/heard.wav"), UP))
        yield


def box(place: str, command: str) -> str:
    return f"broadcaster --config {place} {command}"


def box_is_made(reader: Reader, place: str) -> None:
    """By night too; all take their sound from one cache, for a voice needs 276 MB."""
    paths = {"audio_cache": str(reader.there / "heard"), "state": str(reader.there / place / "state")}
    web = {"host": "127.0.0.1", "port": 0, "https_port": None, "local_name": ""}
    settings = {"station": {"name": place, "first_notice": ""}, "web": web, "paths": paths}
    settings |= {"quiet": {"hours": []}, "clock": {"wait_minutes": 0}}
    (reader.folder / place).mkdir()
    written = json.dumps(settings, ensure_ascii=False)
    (reader.folder / place / "broadcaster.yaml").write_text(written, encoding="utf-8")


def two_officers_are_heard_in_three_villages(reader: Reader, block: Block) -> str:
    add_person, add_box, enrol, publish = block.lines
    with county_up(reader):
        for name in OFFICERS:
            let_in(reader, bare(add_person).replace(OFFICERS[0], name), name)
        for place in VILLAGES.values():
            box_is_made(reader, place)
        for text in (*TEXTS, OF_THE_PROVINCE):
            reader.run(box(VILLAGES[VILLAGE], f"render {text} -o {VILLAGES[VILLAGE]}/made.wav"))
        with boxes_up(reader):
            for code, place in VILLAGES.items():
                told = reader.run(add_box.replace(VILLAGE, code).replace(VILLAGES[VILLAGE], place))
                reader.known["LINE"] = re.findall(r"'(https://[^']+)'", told)[0]
                reader.run(enrol.replace("broadcaster", f"broadcaster --config {place}", 1))
            for text, by, other in zip(TEXTS, OFFICERS * 2, OFFICERS[::-1] * 2, strict=False):
                line = publish.replace("今天下午停水。", text).replace(VILLAGE, COUNTY)
                is_heard(reader, line.replace(OFFICERS[0], by), by, other, text)
    return "three notices of two officers were heard by three boxes, as the board has it"


def is_heard(reader: Reader, publish: str, by: str, other: str, text: str, office: str = "") -> None:
    """By all three boxes; what would sound at night wants a second person."""
    sent = json.loads(as_officer(reader, by, f"{publish} --json {office}"))
    if sent["state"] == "awaiting":
        seen = f"{sent['id']} --version {sent['version']} --by {other} {office}"
        as_officer(reader, other, f"broadcaster county approve {seen}")

    board = f"broadcaster county board {sent['id']} --json {office}"

    def told() -> int:
        return int(json.loads(reader.run(board))["heard"])

    reader.until(lambda: told() == len(VILLAGES), f"{text} was not heard everywhere")
    for place in VILLAGES.values():
        assert text in reader.run(box(place, "journal --outcome PLAYED")), place


def let_in(reader: Reader, add_person: str, name: str) -> None:
    reader.passwords[name] = json.loads(reader.run(f"{add_person} --json"))["password"]


def bare(line: str) -> str:
    """To be typed with more behind it."""
    return line.partition("  #")[0].rstrip()


def as_officer(reader: Reader, name: str, line: str) -> str:
    return reader.run(f"BROADCASTER_OFFICE_PASSWORD={reader.passwords[name]} {line}")


def a_province_is_heard_in_the_villages(reader: Reader, block: Block) -> str:
    """Two offices with their brokers on one machine, each in a folder and at ports of its own."""
    add, join, relay, above = block.lines
    reader.run("broadcaster county init 33 --name 浙江省应急管理厅 --office province")
    (reader.folder / "province/office.yaml").write_text(PROVINCE, encoding="utf-8")
    broker = reader.running("scripts/county_broker province/broker 127.0.0.1 8893", "县里的消息服务器")
    office = reader.running("broadcaster county run --office province", "县级平台：")
    with broker, office:
        for name in OFFICERS:
            let_in(reader, f"broadcaster county people add {name} --role 管理 --office province", name)
        told = reader.run(f"{bare(add)} --office province")
        reader.known["LINE"] = re.findall(r"'(https://[^']+)'", told)[0]
        reader.run(join)
        reader.run(above)
        with county_up(reader), reader.running(relay, "上级"), boxes_up(reader):
            said = f"{OF_THE_PROVINCE} --area {COUNTY} --by {OFFICERS[0]}"
            publish = f"broadcaster county publish {said}"
            is_heard(reader, publish, *OFFICERS, OF_THE_PROVINCE, "--office province")
    return "a notice of the province was heard by three boxes of the county, as its board has it"


VILLAGE, COUNTY = "331121104200", "331121"
VILLAGES = {VILLAGE: "洞背村", "331121104201": "西山村", "331121105200": "河口村"}
OFFICERS = ("王芳", "李强")
TEXTS = ("今天下午停水。", "明天上午开会。", "注意森林防火。")
OF_THE_PROVINCE = "省里今天演习防汛。"
PROVINCE = "web: {port: 8020, https_port: 8463}\nbroker: {port: 8893}\n"


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
from broadcaster.county.store.office_settings import load_office_settings
load_office_settings(Path("shown"))
END"""

Promise = Callable[[Reader, Block], str]
# By how the block begins. What installs is read by scripts/readme alone.
PROMISES: dict[str, Promise] = {
    ".venv/bin/broadcaster say": the_first_notice_is_heard,
    "第 1 首": verse_is_shown,
    "curl ": a_notice_is_taken,
    "broadcaster county init": keys_are_made,
    "scripts/county_broker": office_comes_up,
    "broadcaster county people": two_officers_are_heard_in_three_villages,
    "broadcaster county counties": a_province_is_heard_in_the_villages,
    "name: ": settings_are_taken,
    "relay:": settings_are_taken,
}
COUNTY_BEGINS = ("broadcaster county init", "scripts/county_broker")
# Three boxes speak aloud, at their own pace.
IN_VILLAGES = ("broadcaster county people", "broadcaster county counties")
INSTALLS = ("git clone", "usermod", "scripts/test")


def promise_of(block: Block, promises: dict[str, Promise]) -> Promise | None:
    return next((kept for start, kept in promises.items() if block.lines[0].startswith(start)), None)
