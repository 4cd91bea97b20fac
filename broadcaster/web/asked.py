"""What somebody asked for on this phone, followed to its true end: by its airing, in his session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import session

from broadcaster.errors import BroadcasterError
from broadcaster.labels import OUTCOMES, name_of, why
from broadcaster.model import Airing, Outcome
from broadcaster.web import wording
from broadcaster.web.followed import End
from broadcaster.web.language import _, own
from broadcaster.web.parts import parts

if TYPE_CHECKING:
    from broadcaster.station import Status

# As many ids fit into a cookie beside the rest, and their sentences onto a phone's screen.
MOST_ASKED = 5
# What was heard needs no word for long; what was not is told until somebody has seen it.
SHOWN_FOR = {True: timedelta(minutes=10), False: timedelta(days=1)}
KEY = "asked"


@dataclass(frozen=True)
class Asked:
    """One line of the home page; `over` when nothing more comes, `failed` when it was not heard."""

    id: str
    sentence: str
    over: bool = False
    failed: bool = False

    @property
    def went_well(self) -> bool:
        return self.over and not self.failed


def follow(airing: Airing) -> None:
    """From now on the home page of this phone says how it stands."""
    session[KEY] = [*(one for one in _here() if one != airing.id), airing.id][-MOST_ASKED:]


def forget(airing_id: str) -> None:
    """He has seen it."""
    if airing_id in _here():
        session[KEY] = [one for one in _here() if one != airing_id]


def forget_what_is_over() -> None:
    """He has seen all of it."""
    session[KEY] = [one for one in _here() if _end(one) is None]


def asked_here(status: Status) -> list[Asked]:
    """Those of this phone, the last first; what is over for long is left out from then on, and of what
    went well all but the last."""
    now = parts().clock.now()
    for airing_id in _here():
        end = _end(airing_id)
        if end and now - end.at > SHOWN_FOR[end.heard]:
            forget(airing_id)
    parts().followed.add(_here())
    shown = [_asked(airing_id, status) for airing_id in reversed(_here())]
    for old in [one for one in shown if one.went_well][1:]:
        forget(old.id)
        shown.remove(old)
    return shown


def asked_anywhere(status: Status) -> list[Asked]:
    """Those of all phones that looked lately: what moves on their pages."""
    return [_asked(airing_id, status) for airing_id in parts().followed.ids()]


def _here() -> list[str]:
    kept = session.get(KEY)
    return kept if isinstance(kept, list) else []


def _asked(airing_id: str, status: Status) -> Asked:
    if status.on_air and status.on_air.airing.id == airing_id:
        name = _name(status.on_air.airing)
        if status.on_air.seconds_played:
            return Asked(airing_id, _("“%(name)s”正在播。", name=name))
        return Asked(airing_id, _("“%(name)s”已经交给广播了，正要播。", name=name))
    for airing in status.waiting:
        if airing.id == airing_id:
            return Asked(airing_id, _how_it_waits(airing, airing_id in status.held))
    end = _end(airing_id)
    return _ended(airing_id, end) if end else Asked(airing_id, _("已经交给广播了。"))


def _how_it_waits(airing: Airing, held: bool) -> str:
    now, name = parts().clock.now(), _name(airing)
    if held:
        return _("“%(name)s”记下了，等时钟对准了再播。", name=name)
    if airing.due_at > now:
        when = wording.say_moment(airing.due_at, now)
        return _("“%(name)s”记下了，到时候播：%(when)s。", name=name, when=when)
    if not parts().station.device().ready:
        until = wording.say_moment(airing.expires_at, now)
        return _("“%(name)s”在等声卡，%(when)s 以前弄好就补播。", name=name, when=until)
    return _("“%(name)s”已经交给广播了，正在排队。", name=name)


def _ended(airing_id: str, end: End) -> Asked:
    words = {"name": own(end.name), "outcome": _(OUTCOMES[end.outcome])}
    reason = own(why(end.outcome, end.reason).removesuffix("。"))
    told = (
        _("“%(name)s”%(outcome)s：%(reason)s。", **words, reason=reason)
        if reason
        else _("“%(name)s”%(outcome)s。", **words)
    )
    failed = end.outcome not in (Outcome.PLAYED, Outcome.CANCELLED)
    return Asked(airing_id, told, over=True, failed=failed)


def _end(airing_id: str) -> End | None:
    """Asked of the air, which knows it also while the disk fails, and then of the record."""
    followed, station = parts().followed, parts().station
    if known := followed.end_of(airing_id):
        return known
    if entry := station.wait_for_end(airing_id, 0.0):
        notice = entry.airing.notice
        name = name_of(notice.title, notice.text)
        return followed.note(airing_id, End(name, entry.outcome, entry.reason, entry.ended_at))
    try:
        row = station.past(airing_id)
    except BroadcasterError:
        return None
    if row is None:
        return None
    name = name_of(row.title, row.text)
    return followed.note(airing_id, End(name, row.outcome, row.reason, row.ended_at))


def _name(airing: Airing) -> str:
    return own(name_of(airing.notice.title, airing.notice.text))
