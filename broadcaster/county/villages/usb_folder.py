"""Writes the county's folder `cb/` for a village without a network, as its box's `link usb` reads it."""

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from sqlalchemy import select

from broadcaster.bulletin import areas
from broadcaster.core.errors import BroadcasterError, FileUnwritable, reason_of
from broadcaster.county.board.receipt_import import OUTBOX
from broadcaster.county.keys.office_probe import KEYRING, SNAPSHOT
from broadcaster.county.notices.draft import DraftState
from broadcaster.county.notices.recordings import RecordingStore, from_text
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import bulletin
from broadcaster.system.atomic_file import atomic_write

CB, BULLETINS, AUDIO = "cb", "bulletins", "audio"


class StickRefused(BroadcasterError):
    """A place that is no stick, or a village that is none of ours."""


@dataclass(frozen=True)
class VillageUsbFolder:
    """Names below `cb/`, and what is in them or where it is."""

    files: Mapping[str, bytes | Path]
    bulletins: int
    sounds: int


def gather(
    office: Path, database: OfficeDatabase, county: str, now: datetime, village: str = ""
) -> VillageUsbFolder:
    """All that is in force, or what of it is for that village. Raises `StickRefused`."""
    wanted = areas.trim(village) if village else ""
    if wanted and not areas.contains(county, wanted):
        raise StickRefused(f"{village} 不在 {areas.full(county)} 里面。")
    sounds, files = RecordingStore(office), dict[str, bytes | Path]()
    for name in (KEYRING, SNAPSHOT):
        if (office / name).exists():
            files[name] = (office / name).read_bytes()
    for name, data, sound in _in_force(database, now, wanted):
        files[f"{BULLETINS}/{name}"] = data
        if sound and (kept := sounds.find(sound)):
            files[f"{AUDIO}/{sound}"] = sounds.path(kept)
    counted = [name.partition("/")[0] for name in files]
    return VillageUsbFolder(files, counted.count(BULLETINS), counted.count(AUDIO))


def _in_force(database: OfficeDatabase, now: datetime, village: str) -> Iterator[tuple[str, bytes, str]]:
    """A name that sorts as they were signed, the envelope, and the digest of a recording or ""."""
    is_so = bulletin.c.state == DraftState.PUBLISHED, bulletin.c.expires > now
    for row in database.read(select(bulletin).where(*is_so).order_by(bulletin.c.seq)):
        if not village or any(areas.contains(area, village) for area in row.areas.split()):
            sound = from_text(row.sound)
            yield f"{row.seq:010}-{row.id}.json", row.envelope, sound.sha256 if sound else ""


def write_to(place: Path, stick: VillageUsbFolder) -> int:
    """Writes the folder; old files in it are removed, except receipts, and the number of waiting
    receipts is returned.

    Raises `StickRefused` and `FileUnwritable`.
    """
    if not place.is_dir():
        raise StickRefused(f"没有 {place} 这个文件夹，请插好 U 盘，写它的位置。")
    folder = place if place.name == CB else place / CB
    try:
        for part in (BULLETINS, AUDIO):
            (folder / part).mkdir(parents=True, exist_ok=True)
            for old in (folder / part).iterdir():
                if f"{part}/{old.name}" not in stick.files and old.is_file():
                    old.unlink()
        for name, content in stick.files.items():
            with atomic_write(folder / name, (folder / name).parent) as unfinished:
                unfinished.write_bytes(content.read_bytes() if isinstance(content, Path) else content)
        return sum(1 for _ in (folder / OUTBOX).rglob("*.json"))
    except OSError as error:
        raise FileUnwritable(f"{folder} 写不进去：{reason_of(error)}。") from error


def zipped(stick: VillageUsbFolder) -> BinaryIO:
    """To be unpacked onto a stick; whoever takes it closes it."""
    made = TemporaryFile()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as package:
        for name, content in stick.files.items():
            if isinstance(content, Path):
                package.write(content, f"{CB}/{name}")
            else:
                package.writestr(f"{CB}/{name}", content)
    made.seek(0)
    return made
