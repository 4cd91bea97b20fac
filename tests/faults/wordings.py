"""The notices of a busy village: each its own short text, in every manner that the air tells apart."""

from typing import Any

from broadcaster.core.notice import Notice, Severity, Signal

EVENTS = ("停水了", "开会了", "快上山", "别出门", "领种子", "交水费")
NINE = "一二三四五六七八九"
PLAIN: dict[str, Any] = {"chime": Signal.NONE, "opening": "", "closing": ""}
OPENED: dict[str, Any] = {"chime": Signal.NONE, "opening": "注意了", "closing": ""}
# Three in ten have a signal or an opening before their matter: that is when a cut does most harm.
MANNERS: tuple[dict[str, Any], ...] = (
    PLAIN,
    {**PLAIN, "severity": Severity.BLUE},
    {**PLAIN, "severity": Severity.RED, "repeats": 1},
    {**OPENED, "severity": Severity.YELLOW},
    PLAIN,
    {**OPENED, "severity": Severity.ORANGE, "repeats": 1, "chime": Signal.ALERT},
    {**PLAIN, "severity": Severity.YELLOW},
    {**OPENED, "severity": Severity.RED, "repeats": 2},
    PLAIN,
    {**OPENED, "chime": Signal.CHIME},
)


def text_of(number: int) -> str:
    """Said in one breath, and another for each number."""
    digits, rest = "", number
    while True:
        rest, digit = divmod(rest, len(NINE))
        digits = NINE[digit] + digits
        if not rest:
            return f"{digits}组{EVENTS[number % len(EVENTS)]}。"


def wording(number: int) -> Notice:
    return Notice(text_of(number), **MANNERS[number % len(MANNERS)])


def plain_wording(number: int) -> Notice:
    return Notice(text_of(number), **PLAIN)


def fields_of(notice: Notice) -> dict[str, Any]:
    """As the local door and the API take it."""
    fields: dict[str, Any] = {"text": notice.text, "title": notice.title}
    fields |= {"opening": notice.opening, "closing": notice.closing}
    if notice.chime:
        fields["chime"] = notice.chime.value
    if notice.severity:
        fields["severity"] = int(notice.severity)
    if notice.repeats:
        fields["repeats"] = notice.repeats
    return fields
