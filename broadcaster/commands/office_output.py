"""Prints drafts and approvals of the office, and imports receipts, for the county's commands."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadcaster.commands.console import Arguments, report
from broadcaster.core.errors import reason_of
from broadcaster.county.keys.office_probe import office_in
from broadcaster.system.terminal import EXIT_BROKEN

if TYPE_CHECKING:
    from broadcaster.core.piece import Piece
    from broadcaster.county.notices.approval_desk import DraftRecord
    from broadcaster.county.notices.draft import Draft
    from broadcaster.county.notices.recordings import SignedRecording
    from broadcaster.county.office.office_process import OpenOffice

PIECE_BYTES = 256 * 1024


def draft_of(arguments: Arguments, desk: OpenOffice) -> Draft:
    from broadcaster.bulletin.bulletin import BulletinKind, sound_of_library
    from broadcaster.core.notice import Severity, Style, read
    from broadcaster.county.notices.draft import Draft, DraftRefused
    from broadcaster.county.notices.notice_columns import WRITTEN
    from broadcaster.county.notices.recordings import NO_ADDRESS, RecordingStore

    file = arguments.audio or arguments.programme
    if arguments.audio and arguments.programme:
        raise DraftRefused("--audio 和 --programme 只能写一个。")
    if file and not desk.settings.fetched_from:
        raise DraftRefused(NO_ADDRESS)
    try:
        begins = datetime.fromisoformat(arguments.at) if arguments.at else None
    except ValueError:
        raise DraftRefused("--at 要写成 2026-05-01T18:00。") from None
    if begins and begins.tzinfo is None:
        begins = begins.replace(tzinfo=desk.parts.clock.zone)
    sounds = RecordingStore(desk.folder.path)
    pieces: tuple[Piece, ...] = ()
    sound: SignedRecording | None = None
    if arguments.programme:
        sound = sounds.take_sound(_content(file), file.name)
        pieces = (sound_of_library(sound.key),)
    elif arguments.audio:
        sound = sounds.take(_content(file), arguments.title)
    more = read({name: vars(arguments)[name] for name in WRITTEN if name in arguments})
    notice = replace(
        more,
        text=arguments.text,
        title=arguments.title,
        severity=Severity(arguments.severity),
        repeats=arguments.repeats,
        style=Style.VERSE if arguments.verse else Style.PLAIN,
        voice=arguments.voice or None,
        pieces=pieces,
    )
    return Draft(
        notice,
        tuple(arguments.area),
        kind=BulletinKind.DRILL if arguments.drill else BulletinKind.NOTICE,
        night_ok=arguments.night_ok,
        not_before=begins,
        life=timedelta(hours=min(max(arguments.hours, 0), 10_000)),
        sound=sound,
    )


def _content(file: Path) -> Iterator[bytes]:
    """Raises `RecordingRefused` for a file that cannot be read."""
    from broadcaster.core.errors import RecordingRefused

    try:
        with file.open("rb") as content:
            yield from iter(partial(content.read, PIECE_BYTES), b"")
    except OSError as error:
        raise RecordingRefused(f"{file} 读不出来（{reason_of(error)}）。") from error


def show_first(desk: OpenOffice, record: DraftRecord, arguments: Arguments) -> int:
    """Nobody agrees to what he has not seen."""
    from broadcaster.county.notices.bulletin_wording import age_warnings, why_waits
    from broadcaster.web.base.wording import SEVERITIES

    draft, now, names = record.draft, desk.parts.clock.now(), desk.parts.register.names()
    kind, writers = "演练" if draft.is_drill else "通知", "、".join(record.writers)
    start = f"{draft.not_before:%Y-%m-%d %H:%M}" if draft.not_before else "马上"
    about = f"{SEVERITIES[draft.severity]}，{writers}写的，{why_waits(record, now)}"
    lines = [
        f"{kind}：{draft.sent_title}（{about}）",
        f"发给 {'、'.join(names.get(code, code) for code in draft.areas)}，{start}播",
        *(["静音时段也要播：夜里和午休，大喇叭也会响。"] if draft.night_ok else []),
        *filter(None, [desk.parts.quiet_villages.warning(draft)]),
        f"{'节目' if draft.is_column else '录音'}，{draft.sound.seconds} 秒"
        if draft.sound
        else draft.spoken_text,
        *age_warnings(record, now),
        *_how_to_agree(record, arguments.by),
    ]
    report(described(record), "\n".join(lines), arguments)
    return EXIT_BROKEN


def _how_to_agree(record: DraftRecord, by: str) -> list[str]:
    if by in record.contributors:
        return [f"还没有批准。{by}写过这一则，要由另一个人批准。"]
    version = f"--by {by} --version {record.version}"
    return ["还没有批准。看过了同意，就写上版本：", f"broadcaster county approve {record.id} {version}"]


def described(record: DraftRecord, cancel_waits: bool = False) -> dict[str, Any]:
    from broadcaster.county.notices.bulletin_wording import state_wording

    return {
        "id": record.id,
        "title": record.draft.title,
        "drill": record.draft.is_drill,
        "version": record.version,
        "severity": int(record.draft.severity),
        "areas": list(record.draft.areas),
        "state": record.state.value,
        "said": state_wording(record, cancel_waits),
        "why_two": record.approval_reason,
        "written_by": record.written_by,
        "writers": list(record.writers),
        "approved_by": record.approved_by,
    }


def receipts(arguments: Arguments) -> int:
    folder = office_in(arguments.office)
    from broadcaster.county.board.receipt_import import import_receipts, in_folder
    from broadcaster.county.office.office_process import open_desk

    with open_desk(folder) as desk:
        parts = desk.parts
        done = import_receipts(parts.database, parts.clock, in_folder(arguments.folder))
        about = f"{done.genuine}/{done.receipts} 份"
        parts.audit.note(os.environ.get("USER", ""), "导入回执", about)
        counts = {"genuine": done.genuine, "refused": done.refused, "others": done.others}
        content = {"files": done.files} | counts
        report(content, done.sentence, arguments)
    return 0
