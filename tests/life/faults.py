"""What befalls a box that lives: each fault, with what may come of what was asked for meanwhile."""

import json
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from life.books import Way
from life.world import WAYS, ZONE, Life
from rig.living import Refused
from rig.living_box import ANSWER_SECONDS, Phone

from broadcaster.audio.clip_key import signal_key
from broadcaster.audio.mastering_preset import HORN
from broadcaster.core.model import Outcome
from broadcaster.core.notice import Severity, Signal
from broadcaster.store.database.tables import DATABASE

Fault = Callable[[Life], None]

# The box looks every 2 s whether its clock was stepped.
STEP_FOUND_SECONDS = 2.6
PAGE_BYTES = 4096
LONG_OFF = timedelta(minutes=45)
DISK_WORDS = "磁盘"


def power_cut(life: Life) -> None:
    """At any moment of what was just asked for; at once up again, or after three quarters of an hour."""
    first = life.ask(_severity(life), framed=True)
    for _ in range(life.random.randint(0, 2)):
        life.ask(first.notice.severity)
    life.pause(3.0 * life.random.random())
    long = life.random.random() < 0.2
    life.power_fails(*([Outcome.EXPIRED] if long else []))
    if long:
        life.clock.step(LONG_OFF)
    life.start()
    if first.way is not Way.COMMAND:
        life.send(first)


def stop_and_start(life: Life) -> None:
    """A stop is no worse than a power cut."""
    first = life.ask(_severity(life), framed=True)
    life.ask(first.notice.severity)
    life.pause(2.0 * life.random.random())
    for one in life.open:
        one.what_happened += ", stopped"
        if one.notice.severity is not Severity.RED:
            one.allow(Outcome.CUT_SHORT)
    _stop(life)
    life.start()


def child_dies(life: Life) -> None:
    """The sound's, or the voice's, while something sounds and something waits."""
    first, second = life.ask(), life.ask()
    life.pause(1.5 * life.random.random())
    what = life.random.choice(("sound", "voice"))
    for one in (first, second):
        one.what_happened += f", {what} child killed"
    child = life.box.child(what)
    if child:
        life.box.kill(child)


def card_out_and_in(life: Life) -> None:
    """Away for some seconds while something sounds, something waits, and somebody asks."""
    what = life.random.choice(("unplug", "stall", "busy"))
    asked = [life.ask(_severity(life)), life.ask()]
    life.pause(1.5 * life.random.random())
    life.rig.village.tell(what, True)
    try:
        asked.append(life.ask())
        life.pause(life.random.choice((0.5, 2.0, 4.0)))
    finally:
        life.rig.village.tell(what, False)
    for one in asked:
        one.what_happened += f", card: {what}"


def network_out(life: Life) -> None:
    """A phone that gets no answer asks again, with the same form; the air and the command go on."""
    one = life.write()
    life.fill_in(one)
    _loopback(up=False)
    life.phone.patience_seconds = 1.0
    try:
        life.send(one)
        life.ask(way=Way.COMMAND)
    finally:
        _loopback(up=True)
        life.phone.patience_seconds = ANSWER_SECONDS
    for _ in range(2):
        life.send(one)


def wrong_logins(life: Life) -> None:
    """By somebody who knows a name."""
    stranger = Phone(life.box, life.phone.name, "nobody-knows-1")
    for _ in range(4):
        try:
            stranger.log_in()
        except Refused:
            continue
        raise AssertionError("a wrong password lets in")


def damaged_sound(life: Life) -> None:
    """The chime or a slot's own line; no notice is silenced by that."""
    life.settle()
    cache = life.village.state.parent / "cache"
    chime = cache / "clips" / _chime()[:2] / f"{_chime()}.flac"
    others = [path for path in sorted(cache.glob("clips/*/*.flac")) if path != chime]
    hurt = life.random.choice((_flip_bit, _cut_in_half, _empty))
    target = chime if life.random.random() < 0.6 or not others else life.random.choice(others)
    if target.exists():
        hurt(life, target)
    one = life.ask(framed=True)
    one.what_happened += f", {target.name[:6]} damaged ({hurt.__name__})"


def full_disk(life: Life) -> None:
    """Everything is heard; what would not outlast a power cut is told to who asks."""
    life.settle()
    rest = life.village.state.parent / "rest"
    with _filled(rest):
        asked = [life.write(way=way) for way in WAYS]
        for one in asked:
            one.what_happened += ", disk full"
            one.may_be_gone = DISK_WORDS in life.send(one)
        if life.random.random() < 0.5:
            life.settle()
        else:
            for one in asked:
                one.allow(Outcome.CUT_SHORT)
            life.power_fails()
    if not life.box.runs:
        life.start()


def clock_step(life: Life) -> None:
    """There and back again."""
    step = life.random.choice((-1, 1)) * life.random.choice(
        (timedelta(minutes=40), timedelta(days=1), timedelta(days=3652))
    )
    for one in life.asked:
        if one.day > life.today and step > timedelta(hours=1):
            one.allow(Outcome.EXPIRED)
    for by in (step, -step):
        before = life.ask()
        life.step_clock(by)
        after = life.ask()
        for one in (before, after):
            one.what_happened += f", clock stepped by {by}"
        life.pause(STEP_FOUND_SECONDS)


def empty_settings(life: Life) -> None:
    """A settings file of no bytes, or of zeros, is told by its name; what it held before goes on."""
    life.settle()
    _stop(life)
    path = life.village.folder / "broadcaster.yaml"
    kept = path.read_bytes()
    path.write_bytes(life.random.choice((b"", bytes(len(kept)))))
    try:
        life.box.start()
        told = life.box.status()["fault"]
    except (Refused, OSError) as error:
        told = str(error)
        life.box.cut_power()
    finally:
        path.write_bytes(kept)
    if path.name not in told:
        life.books.note(life.today, f"settings that are empty are not told, but: {told}")
    if not life.box.runs:
        life.start()


def bad_queue_row(life: Life) -> None:
    """One that waits cannot be read any more: it alone is lost, and told; the others go on."""
    hurt, other = life.ask_for_later(), life.ask_for_later()
    life.settle()
    _stop(life)
    bytes_of = life.random.choice(("x'7bff7d'", "x'7b7d'", "x''"))
    with closing(sqlite3.connect(life.village.state / DATABASE)) as database:
        rows = database.execute("SELECT number, airing_id, CAST(airing AS BLOB) FROM queue").fetchall()
        written = json.dumps(hurt.mark).strip('"').encode()
        ((number, hurt.airing),) = [row[:2] for row in rows if written in row[2]]
        change = f"UPDATE queue SET airing = CAST({bytes_of} AS TEXT) WHERE number = ?"
        database.execute(change, (number,))
        database.commit()
    hurt.what_happened += f", its row is {bytes_of}"
    hurt.allow(Outcome.FAILED)
    other.what_happened += ", beside a bad row"
    life.start()


FAULTS: tuple[Fault, ...] = (
    power_cut,
    stop_and_start,
    child_dies,
    card_out_and_in,
    network_out,
    wrong_logins,
    damaged_sound,
    full_disk,
    clock_step,
    empty_settings,
    bad_queue_row,
)


# By night, when the day's books are closed and the box is off.


def database_of_yesterday(life: Life) -> None:
    """Somebody puts the copy of the day before in the place of the database."""
    today = f"daily-{life.clock.now().astimezone(ZONE):%Y%m%d}"
    copies = _copies(life)
    older = [copy for copy in copies if copy.stem < today]
    if older:
        _forget_but(life, older[-1])
        _take_away(life.village.state / DATABASE)
        (life.village.state / DATABASE).write_bytes(older[-1].read_bytes())


def no_database(life: Life) -> None:
    """It is empty, or not there; the good copies beside it are."""
    _forget_but(life, _copies(life)[-1])
    _take_away(life.village.state / DATABASE)
    if life.random.random() < 0.5:
        (life.village.state / DATABASE).touch()


def zeroed_page(life: Life) -> None:
    """A page of the database is zeros."""
    _forget_but(life, _copies(life)[-1])
    path = life.village.state / DATABASE
    page = PAGE_BYTES * life.random.randrange(1, path.stat().st_size // PAGE_BYTES)
    with path.open("r+b") as file:
        file.seek(page)
        file.write(bytes(PAGE_BYTES))


def strange_session_key(life: Life) -> None:
    """Phones have to log in again, at most."""
    (life.village.state / "session_key").write_bytes(b"\0" * 7)


def quiet_night(life: Life) -> None:
    """Nothing goes wrong."""


NIGHTS: tuple[Fault, ...] = (database_of_yesterday, no_database, zeroed_page, strange_session_key)


def _copies(life: Life) -> list[Path]:
    """As they were made: by the number at the end of their names."""
    copies = (life.village.state / "backups").glob("daily-*.db")
    return sorted(copies, key=lambda copy: int(copy.stem.rpartition("-")[2]))


def _forget_but(life: Life, copy: Path) -> None:
    """What the copy holds must still be there; of what came since, all may be gone."""
    for one in life.asked:
        one.may_be_gone = True
    with closing(sqlite3.connect(copy)) as database:
        kept = {airing for (airing,) in database.execute("SELECT airing_id FROM journal")}
    life.books.forgive(kept)


def _take_away(database: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        Path(f"{database}{ending}").unlink(missing_ok=True)


def _severity(life: Life) -> Severity:
    return life.random.choice((Severity.DAILY, Severity.DAILY, Severity.YELLOW, Severity.RED))


def _stop(life: Life) -> None:
    code = life.box.stop()
    if code:
        life.books.note(life.today, f"a stop ended with {code}: {life.box.printed[-500:]}")


def _loopback(up: bool) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up" if up else "down"], check=True)


@contextmanager
def _filled(rest: Path) -> Iterator[None]:
    """Not a byte is left on the disk that `rest` is on."""
    try:
        with rest.open("wb", buffering=0) as file:
            for piece in (1 << 20, 1 << 12, 1):
                with suppress(OSError):
                    while file.write(bytes(piece)):
                        pass
        yield
    finally:
        rest.unlink()


def _chime() -> str:
    return signal_key(Signal.CHIME, 48_000, HORN)


def _flip_bit(life: Life, path: Path) -> None:
    whole = bytearray(path.read_bytes())
    if not whole:
        return  # An earlier day emptied it, and it has not been read since.
    # Behind the headers, in the sound itself.
    place = life.random.randrange(len(whole) // 3, len(whole))
    whole[place] ^= 1 << life.random.randrange(8)
    path.write_bytes(whole)


def _cut_in_half(life: Life, path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _empty(life: Life, path: Path) -> None:
    path.write_bytes(b"")
