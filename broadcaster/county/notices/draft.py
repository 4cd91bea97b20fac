"""A draft: a bulletin before it is signed, with the checks of its fields."""

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from broadcaster.bulletin import areas as area_codes
from broadcaster.bulletin import strict_json
from broadcaster.bulletin.bulletin import LONGEST_LIFE, LONGEST_TEXT, BulletinKind, new_bulletin_id
from broadcaster.core.errors import BroadcasterError
from broadcaster.core.notice import Notice, OfficeLevel, Severity, Style, WhenQuiet, wrong
from broadcaster.county.notices.notice_columns import MORE, columns
from broadcaster.county.notices.recordings import SignedRecording

LONGEST_TITLE = 100
MOST_REPEATS = 10
# Who switches on in the middle, or leaves before the end, is to know as well.
DRILL_BEGINS, DRILL_ENDS = "演练，演练，这是演练。", "演练结束，刚才播的是演练。"
DRILL_TITLE = "演练："
NEVER_AT_NIGHT = (
    "静音时段里只有红色和橙色的预警能播，别的勾了也不行。请去掉“静音时段也要播”，等静音过了再播。"
)
VOICE = re.compile(r"[a-z0-9_-]+:[\w./-]+")
LONGEST_VOICE = 60
# In the order in which a version's digest has always had them.
DIGESTED = (
    *("title", "text", "areas", "severity", "kind", "repeat", "night_ok", "not_before", "life"),
    *("cancels", "id", "verse", "voice", "sound", "said", "called", "more"),
)


# As texts of the library leave them.
BLANK = re.compile(r"[_＿]{2,}|[{｛][^{}｛｝]*[}｝]")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class DraftRefused(BroadcasterError):
    """A draft that cannot be, or that may not go further; nothing was sent. `field` is what is wrong."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class DraftState(StrEnum):
    """The state of a bulletin in the office.

    草稿, 等人审批, 可以发 (the office signs and sends it at once), 已发出, 已取消, 已过期.
    """

    DRAFT = "draft"
    AWAITING = "awaiting"
    CLEARED = "cleared"
    PUBLISHED = "published"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Draft:
    """`areas` are trimmed codes; `not_before` None is as soon as it is signed; `life` is from then.

    `notice` goes by the same id. A `sound` stands in place of its words, and is the one piece of a
    column; its voice is a wish.
    """

    notice: Notice
    areas: tuple[str, ...] = ()
    kind: BulletinKind = BulletinKind.NOTICE
    night_ok: bool = False
    not_before: datetime | None = None
    life: timedelta = timedelta(hours=6)
    cancels: str | None = None
    sound: SignedRecording | None = None
    id: str = field(default_factory=new_bulletin_id)

    def __post_init__(self) -> None:
        object.__setattr__(self, "notice", replace(self.notice, id=self.id))

    @property
    def title(self) -> str:
        return self.notice.title

    @property
    def text(self) -> str:
        return self.notice.text

    @property
    def severity(self) -> Severity:
        return self.notice.severity

    @property
    def is_drill(self) -> bool:
        return self.kind is BulletinKind.DRILL

    @property
    def is_column(self) -> bool:
        """True of 节目: its sound is aired as one of the village's own library is."""
        return bool(self.notice.pieces)

    @property
    def spoken_text(self) -> str:
        """The words as boxes get them: a drill says before and after them that it is one."""
        whole = self.text and self.is_drill
        return f"{DRILL_BEGINS}\n{self.text}\n{DRILL_ENDS}" if whole else self.text

    @property
    def sent_title(self) -> str:
        """The title as boxes get it."""
        marked = not self.is_drill or self.title.startswith("演练")
        return self.title if marked else f"{DRILL_TITLE}{self.title}"[:LONGEST_TITLE]

    @property
    def as_sent(self) -> Notice:
        """As a box has it (`Bulletin.to_notice`): a recording goes by its title, and a column has no
        words.
        """
        return replace(
            self.notice,
            title=self.sent_title,
            text=self.spoken_text or ("" if self.is_column else self.sent_title),
            drill=self.is_drill,
            office=OfficeLevel.COUNTY,
            recording=self.sound.key if self.sound and not self.is_column else "",
            when_quiet=WhenQuiet.WAIT,
        )

    @property
    def version(self) -> str:
        """Another one as soon as anything of it is another: what was seen, heard and agreed to is told
        by it, and nothing else is signed.
        """
        start = self.not_before.astimezone(UTC) if self.not_before else None
        life = int(self.life.total_seconds() // 60)
        values = vars(self) | columns(self.notice) | {"not_before": start, "life": life}
        values |= {"said": self.spoken_text, "called": self.sent_title}
        values |= {"sound": self.sound and vars(self.sound), "verse": self.notice.style is Style.VERSE}
        # What is not set stays out: a new field changes no draft that somebody has agreed to.
        digested = {name: values[name] for name in DIGESTED if name != "more" or values[name]}
        return hashlib.sha256(strict_json.write(digested)).hexdigest()


def settled(draft: Draft, county: str, now: datetime) -> Draft:
    """The draft with its areas trimmed and covered ones left out. Raises `DraftRefused`."""
    field, problem = _wrong(draft, now)
    if problem:
        raise DraftRefused(problem, field)
    chosen = {area_codes.trim(code) for code in draft.areas}
    outside = [code for code in sorted(chosen) if not area_codes.contains(county, code)]
    if outside:
        raise DraftRefused(f"{outside[0]} 不归本平台管，请重新选地方。")
    widest = tuple(
        code for code in sorted(chosen) if not (set(area_codes.ancestors(code)) - {code}) & chosen
    )
    title = draft.title.strip() or title_from_text(draft.text)
    return replace(draft, areas=widest, notice=replace(draft.notice, title=title))


def is_id(id: str) -> bool:
    """True if an office can have made this id."""
    return ID.fullmatch(id) is not None


def check_id(id: str) -> None:
    """Raises `DraftRefused`."""
    if not is_id(id):
        raise DraftRefused("这张表的编号不是平台给的，什么也没有存。请从“写通知”重新开始。")


def check_filled(draft: Draft) -> None:
    """Raise `DraftRefused` for a blank that is still open; as a draft it may stay so."""
    if open := BLANK.search(draft.text):
        raise DraftRefused(f"“{open[0]}”还空着，请写上。用不着这一句，就把它删掉。", "text")


def title_from_text(text: str) -> str:
    """Of a bulletin that nobody has given one: its first words."""
    words = " ".join(text.split())
    return words if len(words) <= 16 else words[:15] + "…"


def _wrong(draft: Draft, now: datetime) -> tuple[str, str]:
    """The field, and what to do about it."""
    cancel = draft.kind is BulletinKind.CANCEL
    longest = max(LONGEST_LIFE.values()) if cancel else LONGEST_LIFE[draft.severity]
    if not cancel and not draft.text.strip() and not draft.sound:
        return "text", "还没有写通知的内容。"
    if draft.sound and (problem := _wrong_sound(draft)):
        return problem
    voice, repeats = draft.notice.voice, draft.notice.repeats
    if voice and not (VOICE.fullmatch(voice) and len(voice) <= LONGEST_VOICE):
        return "voice", "声音要写成 baker:female 这样。"
    if len(draft.spoken_text) > LONGEST_TEXT:
        return "text", f"通知太长了，最多 {LONGEST_TEXT} 个字，请删短一些。"
    if len(draft.title) > LONGEST_TITLE:
        return "title", f"标题太长了，最多 {LONGEST_TITLE} 个字。"
    if any(
        (ord(sign) < 32 and sign not in "\n\t") or ord(sign) == 127 for sign in draft.title + draft.text
    ):
        return "text", "通知里有念不出来的控制字符，请删掉再试。"
    severe = draft.severity in (Severity.RED, Severity.ORANGE) and draft.kind is BulletinKind.NOTICE
    if draft.night_ok and not severe:
        return "night_ok", NEVER_AT_NIGHT
    if not draft.areas:
        return "areas", "还没有选发给哪里，请至少选一个地方。"
    if repeats is not None and not 1 <= repeats <= MOST_REPEATS:
        return "repeat", f"遍数要在 1 到 {MOST_REPEATS} 之间。"
    if draft.not_before and draft.not_before < now:
        return "at", "开始的时间已经过了，请改一改，或者不写，马上播。"
    wait = draft.not_before - now if draft.not_before else timedelta(0)
    if draft.life <= timedelta(0) or draft.life + wait > longest:
        return "hours", f"这个级别的有效期最长 {_hours(longest)}，从签发算起，请改短一些。"
    return next(wrong(draft.notice, MORE), ("", ""))


def _wrong_sound(draft: Draft) -> tuple[str, str] | None:
    if draft.text.strip():
        return "text", "文字和录音只能发一样，请留一样。"
    if draft.is_drill:
        return "drill", "演练要念出“演练”两个字，录音里加不进去，请改成文字。"
    if not draft.title.strip():
        return "title", "用录音和节目发的要写标题，各村的记录里靠它认。"
    return _wrong_column(draft, draft.sound.seconds) if draft.sound and draft.is_column else None


def _wrong_column(draft: Draft, seconds: int) -> tuple[str, str] | None:
    if draft.severity is not Severity.DAILY:
        return "severity", "节目只能用日常级别发；有预警请用文字或者录音。"
    if draft.life < timedelta(seconds=seconds):
        length = f"{-(-seconds // 60)} 分钟"
        return "hours", f"这个节目有 {length}长，到有效期还播不完，请让它多有效一会儿。"
    return None


def _hours(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    return f"{hours // 24} 天" if hours > 72 else f"{hours} 小时"
