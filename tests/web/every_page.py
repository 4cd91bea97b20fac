"""A station with something to show on every page, and all the pages that it has."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from flask.testing import FlaskClient
from rig.fakes import FakeStation

from broadcaster.audio.sound_files.facts import Mix, SoundFacts
from broadcaster.core.clock import Clock
from broadcaster.core.model import Airing, AiringKind, JournalEntry, Outcome
from broadcaster.core.notice import Notice, Severity
from broadcaster.core.people import Role, Scope
from broadcaster.schedule.slot_settings import SlotSettings, TimetableSettings
from broadcaster.settings.schema import Settings
from broadcaster.station.station import CardEntry, OnAirStatus, TakenUp
from broadcaster.station.village_slots import Slotbook
from broadcaster.store.store import Store
from broadcaster.studio.export_jobs import Copy
from broadcaster.studio.recordings import Recording
from broadcaster.studio.sound_library import Sound, SoundLibrary
from broadcaster.studio.sound_uploads import SoundUploads

RECORDING = "0123456789abcdef" * 2
SOUND = "fedcba9876543210" * 2
REMOVED_SOUND = "0" * 32
SLOTS: list[dict[str, Any]] = [
    {
        "name": "防火",
        "every_minutes": 30,
        "windows": "09:00-12:00",
        "texts": ["防火第一。", "烟头别扔。"],
    },
    {"name": "早安", "at": ["07:30", "日落前30分钟"], "weekdays": "周一至周五", "text": "乡亲们好。"},
    {"name": "赶集", "at": "07:30", "market": "逢三逢八", "text": "明天赶集。", "severity": 3},
    {"name": "过节", "at": "08:00", "lunar": ["初三", "正月十五"], "terms": ["芒种"], "text": "过节。"},
    {
        "name": "放假",
        "at": "08:10",
        "holidays": "放假日",
        "dates": ["12-01", "每月最后一天"],
        "text": "放。",
    },
    {
        "name": "防汛",
        "at": "13:30",
        "seasons": "05-01至09-30",
        "valid_until": "2098-12-31",
        "text": "防汛。",
    },
    {"name": "开会", "once": ["2098-12-01 09:00", "2098-12-02 19:00"], "text": "开会。"},
    {"name": "按表", "cron": "30 7 * * 1-5", "text": "按表。"},
    {
        "name": "早间",
        "at": "06:40",
        "text": "早上好。",
        "column": [
            {"text": "下面是戏。"},
            {"audio": "大登殿", "stand_in": "备用"},
            {"folder": "戏曲", "order": "shuffle"},
            {"relay": "https://tai.cn/1", "minutes": 30},
            {"input": "收音机", "minutes": 5},
        ],
    },
]
WORK = [  # What the page of a new slot sends.
    {"text": "停水。", "kind": "at", "at": "06:30", "lunar": "初三、十三"},
    {"text": "", "kind": "every_minutes"},
    {"text": "", "kind": "at"},
    {"text": "", "kind": "once"},
    {"text": "停水。", "kind": "cron"},
    {"content": "sound", "kind": "at", "at": "06:50", "pick": f"audio {SOUND}", "lead": "请听戏。"},
    {"content": "sound", "kind": "at", "at": "06:50"},
]


class ReadyCopies:
    """One file of each state that a copy may be in."""

    found: ClassVar = {
        "made": Copy("made", "泄洪.zip", 2, done=2),
        "going": Copy("going", "防火.mp3", 3, done=1),
        "wrong": Copy("wrong", "停水.mp3", 1),
    }

    def find(self, copy_id: str) -> Copy | None:
        return self.found.get(copy_id)

    def file(self, copy_id: str) -> Path | None:
        found = self.find(copy_id)
        return found.path if found and found.path and found.path.exists() else None


def furnish(station: FakeStation, settings: Settings, store: Store) -> None:
    """Something on the air, waiting, coming and past; slots, words, people, tokens, a recording."""
    book = Slotbook(
        TimetableSettings(
            slots=tuple(map(SlotSettings.model_validate, SLOTS)), problems=("第三行不对。",)
        ),
        settings,
        Clock(settings.station.zone),
    )
    book.keep_in(store.slots, lambda notice: None)
    book.save({"name": "停水", "at": ["06:30"], "text": "停水。"}, "王秀英", "")
    book.save({"name": "旧的", "at": ["06:40"], "text": "旧的。"}, "王秀英", "")
    book.remove("旧的", "王秀英")
    book.pause("早安", station.now.date() + timedelta(days=3), "王秀英")
    parts: dict[str, Any] = {
        "slots": book,
        "copies": ReadyCopies(),
        "history": store.journal.recent,
        "history_count": store.journal.count,
        "past": store.journal.find,
        "past_lines": store.journal.each,
        "fault": "声卡掉线，正在重连。",
        "loops_stopped": True,
    }
    for name, value in parts.items():
        setattr(station, name, value)
    for days, outcome in enumerate(Outcome):
        _add(store, station, f"a{days}", outcome, days)
    flood = Notice("上游放水，马上转移。", title="泄洪", severity=Severity.ORANGE)
    station.on_air = OnAirStatus(station.airing(flood, "王秀英"), 5.0, 60.0)
    later = Airing(Notice("开会"), station.now + timedelta(days=1), station.now + timedelta(days=2))
    station.waiting = [station.airing(Notice("停水")), later]
    station.coming = [Airing(Notice("防火", severity=Severity.BLUE), later.due_at, later.expires_at)]
    station.cards = [
        CardEntry("1-1.2", "Device（USB Audio Device）", in_use=False, wired=True),
        CardEntry("Headphones", "Headphones（bcm2835）", in_use=True, wired=False),
    ]
    station.taken_up = [TakenUp("a", "李四在现场讲话", None, "现场讲话没有录下来")]
    station.words.set("石盆", "shi2 peng4", "places")
    station.tokens.make("县应急平台", Scope.COUNTY, "王秀英")
    station.accounts.add("李四", Role.VIEWER)
    _record(settings)
    _keep_sounds(settings)


def walk(client: FlaskClient, station: FakeStation) -> Iterator[tuple[str, str]]:
    """Every page that this person can reach, and what forms lead to, as (name, page)."""
    for path in paths(station):
        answer = client.get(path)
        if answer.status_code != 403:
            assert answer.status_code == 200, f"{path}: {answer.status_code}"
            yield path, answer.text
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").text)
    assert token
    for path, fields in forms(station):
        answer = client.post(path, data=fields | {"csrf_token": token[1]}, follow_redirects=True)
        if answer.status_code != 403:
            assert answer.status_code in (200, 400), f"{path}: {answer.status_code}"
            yield f"{path} {fields}", answer.text


def paths(station: FakeStation) -> list[str]:
    person = next(one for one in station.accounts.people() if one.name == "李四")
    return [
        *("/", "/bar", f"/cancel/{station.waiting[0].id}"),
        *("/say", "/say?severity=1", "/say/pattern/water", "/say?pattern=water"),
        *("/unfinished", "/say/ba9876543210/edit", "/timetable/draft/ba9876543210/edit"),
        *("/voice", f"/voice/{RECORDING}", "/talk"),
        *("/sounds", "/sounds?words=戏", f"/sounds/{SOUND}", f"/sounds/{SOUND}/removal"),
        *("/words", "/words/edit", "/words/edit?section=places&word=石盆"),
        *("/timetable", "/timetable/new", "/timetable/change?name=停水", "/timetable/slot?name=停水"),
        *("/timetable/slot?name=早安", "/timetable/slot?name=防火", "/timetable/slot?name=早间"),
        *("/timetable/new?content=sound", "/record/notice?slot=早间"),
        *("/record", "/record?text=没有的&page=1", "/record?outcome=FAILED", "/record/usb"),
        *("/record/notice?airing=a1", "/record/notice?slot=防火", "/record/paper?airing=a1"),
        *("/record/again?airing=a1&notice_id=0123456789ac", "/record/copy/made", "/record/copy/going"),
        *("/more", "/more/me", "/more/people", f"/more/people/{person.number}"),
        *("/more/tokens", "/more/cards", "/more/deeds", "/more/deeds?page=7"),
    ]


def forms(station: FakeStation) -> list[tuple[str, dict[str, str]]]:
    """What is sent to see the page that it leads to; it ends in no harm to what is shown."""
    text = {"text": "今天10点停水"}
    tomorrow = f"{station.now + timedelta(days=1):%Y-%m-%dT%H:%M}"
    lost = json.dumps(SLOTS[6] | {"name": "早安"})
    return [
        *[("/say", text | more) for more in SAID],
        ("/say", text | {"when": "at", "at": tomorrow}),
        ("/say/edit", text | {"opening": "乡亲们", "pace": "0.9"}),
        ("/say/fix", text | {"word": "停水", "said": "ting2 shui3", "section": "words"}),
        ("/say/fix", text | {"word": "停水", "said": "x", "section": "words"}),
        ("/say", {"text": "村长讲话", "recording": RECORDING}),
        ("/say", {"text": "大登殿", "sound": SOUND}),
        ("/say/edit", {"text": "大登殿", "sound": SOUND}),
        ("/words/listen", {"word": "石盆", "said": "", "section": "places"}),
        *[("/timetable/check", fields) for fields in WORK],
        ("/timetable/arrange", {"content": "sound", "pick": f"audio {SOUND}", "press": "add"}),
        ("/timetable/save", {"written": lost}),
        ("/timetable/pause", {"name": "防火", "how": "until"}),
        ("/timetable/pause", {"name": "防火", "how": "good"}),
        ("/timetable/pause", {"name": "防火", "how": "go_on"}),
        ("/more/me/pin", {"pin": "1"}),
        ("/more/me/password", {"old": "", "new": "a", "again": "b"}),
        ("/more/people", {"name": "张三", "role": "editor"}),
        ("/more/tokens", {"name": "看板", "scope": "metrics"}),
        ("/record/copy", {}),
        ("/volume", {"percent": "40"}),
        ("/loops", {}),
        ("/say/air", text | {"notice_id": "0123456789ab"}),
        ("/say/air", text | {"notice_id": "0123456789ab"}),
        ("/say", text | {"notice_id": "0123456789ab"}),
        ("/cancel/gone", {}),
        ("/stop", {}),
        ("/go-on", {"stop": "s1"}),
        ("/go-on", {"stop": "s1"}),
        ("/volume", {"percent": "41"}),
    ]


SAID = (
    {"severity": "1", "repeats": "2", "voice": "baker:female"},
    {"severity": "4", "style": "verse"},
    {"when": "loop", "valid_until": "2098-12-31"},
)


def _add(store: Store, station: FakeStation, airing_id: str, outcome: Outcome, days: int) -> None:
    due = station.now - timedelta(days=days)
    notice = Notice("上游放水，马上转移。", title="泄洪", severity=Severity.ORANGE)
    airing = Airing(notice, due, due + timedelta(hours=1), AiringKind.LIVE, "王秀英", airing_id)
    ended = due + timedelta(seconds=75)
    reason = "" if outcome is Outcome.PLAYED else "村长叫停了"
    assert store.journal.record(
        JournalEntry(airing, outcome, reason, "baker:female", due, ended, 70.5, 75)
    )


def _record(settings: Settings) -> None:
    folder = settings.paths.state / "recordings"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{RECORDING}.flac").write_bytes(b"sound")
    about = json.dumps(asdict(Recording(RECORDING, "村长讲话", 61.0, 0.0)))
    (folder / f"{RECORDING}.json").write_text(about, encoding="utf-8")


def _keep_sounds(settings: Settings) -> None:
    """One that is soft and odd, one that was removed, one on its way and one that was refused."""
    folder = settings.paths.state / "sounds"
    keep_sound(folder, SOUND, "大登殿", 61.0, "削了顶。")
    keep_sound(folder / "removed", REMOVED_SOUND, "旧的戏", 61.0)
    uploads = SoundUploads(SoundLibrary(settings.paths.state), wait_seconds=0.0)
    uploads.begin("梆子.mp3", 86_000_000, b"ID3", "王秀英")
    page = b"<html><body>" * 500
    uploads.begin("天气.mp3", len(page), page[:200], "王秀英")
    key = next(one.key for one in uploads.all() if one.name == "天气.mp3")
    uploads.append(key, 200, page[200:])
    uploads.finish(key)
    uploads.step()


def keep_sound(folder: Path, key: str, title: str, seconds: float, *warnings: str) -> None:
    """As if it had been taken into the library, or its bin, and measured."""
    facts = SoundFacts(seconds, ((0.0, -40.0),), 0.1, 0.0, Mix.ONLY, "mp3", "mp3", "", warnings)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{key}.sound").write_bytes(b"sound")
    about = json.dumps(asdict(Sound(key, title, 5, 0.0, facts)))
    (folder / f"{key}.json").write_text(about, encoding="utf-8")
