"""The office's database replaced by a copy of some sends before, again and again."""

import sqlite3
from contextlib import closing
from pathlib import Path

from faults.county_world import CountyWorld, Sent

# Of the latest copies one is taken.
COPIES = 3
MOST_BEFORE, MOST_AFTER = 3, 2
LINGER_SECONDS = 4.0
TAKEN_BACK = "取回的"


def restores(world: CountyWorld, rounds: int) -> None:
    copies: list[tuple[Path, int]] = []
    for number in range(rounds):
        copies.append((_copy(world, number), len(world.sent)))
        send_some(world, MOST_BEFORE)
        _cancel_one(world)
        world.pause(LINGER_SECONDS)
        path, known = world.random.choice(copies[-COPIES:])
        _put_back(world, path)
        later = len(world.sent)
        send_some(world, MOST_AFTER)
        world.books.counts["rounds"] += 1
        _judge(world, known, later)


def send_some(world: CountyWorld, most: int) -> None:
    for _ in range(world.random.randint(1, most)):
        sent, fields = world.write(world.random.choice(world.officers))
        page = sent.by.send("/compose/send", fields)
        assert page.bulletin == sent.id, (page.status, page.told)
        sent.believed = True


def _copy(world: CountyWorld, number: int) -> Path:
    copy = world.folder / f"office-{number}.db"
    with closing(sqlite3.connect(world.database)) as office, closing(sqlite3.connect(copy)) as into:
        office.backup(into)
    return copy


def _cancel_one(world: CountyWorld) -> None:
    """Of what villages have."""
    known = [one for one in world.sent if not one.cancelled and world.state(one) == "published"]
    if known and world.random.random() < 0.3:
        sent = world.random.choice(known)
        path = f"/bulletin/{sent.id}/cancel"
        assert world.keeper.fill(path, path).status == 200
        sent.cancelled = True


def _put_back(world: CountyWorld, copy: Path) -> None:
    """With the office off, ended as it happened."""
    if world.random.random() < 0.5:
        world.office.cut_power()
    else:
        world.office.stop()
    for ending in ("-wal", "-shm"):
        world.database.with_name(f"{world.database.name}{ending}").unlink(missing_ok=True)
    world.database.write_bytes(copy.read_bytes())
    for sent in world.sent:
        sent.receipts_gone = True
    world.office.start()


def _judge(world: CountyWorld, known: int, later: int) -> None:
    """What was sent before the copy and after it is put back comes; what it does not know of and
    sounded all the same stands on the page again, and is told.
    """
    world.balance(world.sent[later:])
    between = [one for one in world.sent[known:later] if not one.forgotten]
    world.settle(lambda sent: not _heard(world, sent) or _stands(world, sent), between)
    home = world.keeper.see("/").text
    for sent in between:
        if not _heard(world, sent):
            # It went with the database before it was signed.
            sent.forgotten = not world.state(sent)
            world.books.counts["gone"] += sent.forgotten
            continue
        if not sent.counted:
            sent.counted = True
            world.books.counts["sent"] += 1
            world.books.counts["heard"] += len([one for one in world.villages if sent.is_for(one)])
        _judge_taken_back(world, sent, home)
    _judge_numbers(world)


def _judge_taken_back(world: CountyWorld, sent: Sent, home: str) -> None:
    state = world.state(sent)
    title = world.rows("SELECT title, written_by FROM bulletin WHERE id = ?", sent.id)
    if not _stands(world, sent):
        world.books.note("untold", f"{sent.mark} ({sent.id}) sounds, and no page has it")
    elif title and title[0][1] == TAKEN_BACK and state == "published":
        world.books.counts["taken back"] += 1
        if f"《{title[0][0]}》" not in home:
            world.books.note("untold", f"{sent.mark} ({sent.id}) is taken back, and not told")


def _stands(world: CountyWorld, sent: Sent) -> bool:
    """On a page as what it is. Of what was called off that stands there, and its place is empty."""
    called_off = bool(world.rows("SELECT 1 FROM bulletin WHERE cancels = ?", sent.id))
    return called_off if sent.cancelled else world.state(sent) == "published"


def _heard(world: CountyWorld, sent: Sent) -> bool:
    return any(one.times(sent.mark) for one in world.villages.values())


def _judge_numbers(world: CountyWorld) -> None:
    """None is given twice: a village refuses the second."""
    known: dict[tuple[str, int], set[str]] = {}
    for village in world.villages.values():
        for row in village.box.station.bulletins.all():
            known.setdefault((row.key_id, row.seq), set()).add(row.bulletin_id)
    for id, key, seq in world.rows("SELECT id, key_id, seq FROM bulletin WHERE seq IS NOT NULL"):
        known.setdefault((str(key), int(str(seq))), set()).add(str(id))
    for (_, seq), ids in known.items():
        if len(ids) > 1:
            world.books.note("number", f"{seq} is that of {sorted(ids)}")
