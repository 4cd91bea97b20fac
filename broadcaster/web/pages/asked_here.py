"""Follows the notices that somebody asked for on this phone to their end, by ids in his session."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum

from flask import render_template, session

from broadcaster.core.errors import BroadcasterError
from broadcaster.core.labels import OUTCOMES, called, why
from broadcaster.core.model import Airing, AiringKind, Outcome
from broadcaster.station.station import JournalFilter, Status, TakenUp
from broadcaster.web.base import wording
from broadcaster.web.base.followed_airings import AiringEnd
from broadcaster.web.base.language import N_, _, own
from broadcaster.web.base.page_context import parts

# Of what waits or sounds as many fit onto a phone's screen; as many ids, into a cookie beside the rest.
MOST_COMING, MOST_ASKED, LONGEST_NAME = 5, 30, 10
# One that ends is for an instant neither on the air nor in the record; at a start, for some seconds.
LOST_SECONDS = 10.0
# What was heard needs no word for long; what was not is told until somebody has seen it: after a week
# without power too.
SHOWN_FOR = {True: timedelta(minutes=10), False: timedelta(days=7)}
KEY = "asked"
# How a login is written down.
BY_PASSWORD, BY_PIN = N_("登录"), N_("PIN 登录")
MOST_DEEDS, MOST_LINES = 500, 200


class RequestState(Enum):
    """The state of a request; SILENT waits for a sound card, LOST means that nothing is known of it."""

    COMING = "coming"
    SILENT = "silent"
    HEARD = "heard"
    TAKEN_BACK = "taken back"
    FAILED = "failed"
    LOST = "lost"


STOPPED = Outcome.CUT_SHORT, Outcome.CANCELLED
STATES = {Outcome.PLAYED: RequestState.HEARD, Outcome.CANCELLED: RequestState.TAKEN_BACK}


@dataclass(frozen=True)
class FollowedRequest:
    """One line of the home page."""

    id: str
    sentence: str
    state: RequestState = RequestState.COMING

    @property
    def over(self) -> bool:
        return self.state not in (RequestState.COMING, RequestState.SILENT)

    @property
    def alarms(self) -> bool:
        """Somebody counts on it, and nothing is heard of it."""
        return self.state in (RequestState.SILENT, RequestState.FAILED, RequestState.LOST)


def follow(airing: Airing) -> None:
    """From now on the home page of this phone says how it stands."""
    known = {one: name for one, name in _names().items() if one != airing.id}
    if len(known) >= MOST_ASKED:
        known.pop(next((one for one in known if not _missed(one)), next(iter(known))))
    parts().followed.found(airing.id, parts().clock.monotonic())
    _keep(known | {airing.id: _short(called(airing.notice))})


def go_on(taken: list[TakenUp]) -> None:
    """Follows the new airing that resumes a stopped one, in place of the old one; this phone also
    follows one that nobody asked for here.
    """
    for one in taken:
        if one.airing:
            parts().followed.go_on(one.before, one.airing.id)
    first = taken[0].airing if taken else None
    if first and taken[0].before not in _names():
        follow(first)


def follow_missed(name: str) -> None:
    """Follows the requests of a person, from any phone, that nobody heard since he last logged in, or
    that still wait. A stop that he made himself is left out.
    """
    station = parts().station
    with suppress(BroadcasterError):
        waiting = [one for one in station.status().waiting if one.asked_by == name]
        since = max(_last_login(name), parts().clock.now() - SHOWN_FOR[False])
        lines = station.history(MOST_LINES, JournalFilter(since=since, asked_by=name))
        live = [row for row in reversed(lines) if row.asked_by == name and row.kind is AiringKind.LIVE]
        unheard = [row for row in live if row.ended_at > since and row.outcome not in STATES]
        missed = [row for row in unheard if not row.reason.startswith("停播")]
        names = {row.airing_id: _short(called(row)) for row in missed}
        names |= {one.id: _short(called(one.notice)) for one in waiting if one.kind is AiringKind.LIVE}
        _keep(dict([*(_names() | names).items()][-MOST_ASKED:]))


def _last_login(name: str) -> datetime:
    deeds = parts().station.deeds.recent(MOST_DEEDS)
    logins = (deed.at for deed in deeds if deed.who == name and deed.what in (BY_PASSWORD, BY_PIN))
    return next(logins, datetime.min.replace(tzinfo=UTC))


def _find_resumed(airing_id: str) -> None:
    """A restart forgets what phones follow, and in which airing one that was stopped went on: the record
    has it."""
    end, followed = _end(airing_id), parts().followed
    if end and end.outcome in STOPPED:
        with suppress(BroadcasterError):
            after = parts().station.goes_on_in(airing_id)
            if after != airing_id:
                followed.go_on(airing_id, after)


def _missed(airing_id: str) -> bool:
    """True if it is over and was not heard."""
    end = _end(airing_id)
    return end is not None and not end.heard


def forget(airing_id: str) -> None:
    """He has seen it."""
    if airing_id in _names():
        _keep({one: name for one, name in _names().items() if one != airing_id})


def forget_finished() -> None:
    """He has seen all of it."""
    status = parts().station.status()
    _keep({one: name for one, name in _names().items() if not request_state(one, status).over})


def followed_here(status: Status) -> list[FollowedRequest]:
    """Those of this phone, the last first; what is over for long is left out from then on, and of what
    went well all but the last. What was not heard no later one pushes out."""
    now = parts().clock.now()
    for airing_id in _names().keys() - set(parts().followed.ids()):
        _find_resumed(airing_id)
    if (going_on := {parts().followed.after(one): name for one, name in _names().items()}) != _names():
        _keep(going_on)
    for airing_id in tuple(_names()):
        end = _end(airing_id)
        if end and now - end.at > SHOWN_FOR[end.heard]:
            forget(airing_id)
    parts().followed.add(_names())
    shown = [request_state(airing_id, status) for airing_id in reversed(tuple(_names()))]
    for old in [one for one in shown if one.state is RequestState.HEARD][1:]:
        forget(old.id)
        shown.remove(old)
    unseen = [one for one in shown if one.state is RequestState.COMING][MOST_COMING:]
    return [one for one in shown if one not in unseen]


def followed_anywhere(status: Status) -> list[FollowedRequest]:
    """Those of all phones that looked lately: what moves on their pages."""
    return [request_state(airing_id, status) for airing_id in parts().followed.ids()]


def _names() -> dict[str, str]:
    """The start of the name of each, by its airing, the last one last."""
    kept = session.get(KEY)
    rows = kept if isinstance(kept, list) else []
    return {str(row[0]): str(row[1]) for row in rows if isinstance(row, list) and len(row) == 2}


def _keep(names: dict[str, str]) -> None:
    """As rows, for a cookie keeps no order of keys."""
    session[KEY] = [list(row) for row in names.items()]


def request_state(airing_id: str, status: Status, called_here: str = "") -> FollowedRequest:
    """Of one airing, also of what was asked for on another phone."""
    going_on, monotonic = parts().followed.after(airing_id), parts().clock.monotonic()
    name = own(parts().followed.name_of(airing_id) or called_here)
    if found := _coming(going_on, status) or _over(airing_id, name):
        parts().followed.found(airing_id, monotonic)
        return replace(found, id=airing_id)
    if parts().followed.unknown_for(airing_id, monotonic) < LOST_SECONDS:
        return _handed_over(airing_id, name)
    lost = _("“%(name)s”不知道播了没有：广播站的记录坏过，没有它了。没听到的话，请重新播。", name=name)
    return FollowedRequest(airing_id, lost, RequestState.LOST)


def result_page(airing: Airing) -> str:
    """The page of a notice that somebody confirmed, where he comes back to it."""
    called_here, end = called(airing.notice), _end(airing.id)
    one = request_state(airing.id, parts().station.status(), called_here)
    return render_template("sent.html", one=one, airing=airing, at=end and end.at)


def _coming(airing_id: str, status: Status) -> FollowedRequest | None:
    if status.on_air and status.on_air.airing.id == airing_id:
        name = _name(status.on_air.airing)
        if status.on_air.stopping:
            return FollowedRequest(airing_id, _("“%(name)s”正在停。", name=name))
        if status.on_air.seconds_played:
            return FollowedRequest(airing_id, _("“%(name)s”正在播。", name=name))
        return FollowedRequest(airing_id, _("“%(name)s”已经交给广播了，正要播。", name=name))
    for airing in status.waiting:
        if airing.id == airing_id:
            return _waiting(airing, airing_id in status.held)
    return None


def _over(airing_id: str, name: str) -> FollowedRequest | None:
    """Also while the record cannot be read, for then nothing is known to be lost."""
    try:
        end = _known_end(airing_id)
    except BroadcasterError:
        return _handed_over(airing_id, name)
    return _ended(airing_id, end) if end else None


def _short(name: str) -> str:
    """As much of it as the cookie holds."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _handed_over(airing_id: str, name: str) -> FollowedRequest:
    """Nothing is known of it yet: whether it was heard is not said."""
    return FollowedRequest(airing_id, _("“%(name)s”已经交给广播了，播得怎么样正在查。", name=name))


def _waiting(airing: Airing, held: bool) -> FollowedRequest:
    now, name = parts().clock.now(), _name(airing)
    if held:
        return FollowedRequest(airing.id, _("“%(name)s”记下了，等时钟对准了再播。", name=name))
    if airing.due_at > now:
        when = wording.say_moment(airing.due_at, now)
        return FollowedRequest(
            airing.id, _("“%(name)s”记下了，到时候播：%(when)s。", name=name, when=when)
        )
    if not parts().station.device().ready:
        until = wording.say_moment(airing.expires_at, now)
        sentence = _("还没有响：“%(name)s”在等声卡，%(when)s 以前弄好就补播。", name=name, when=until)
        return FollowedRequest(airing.id, sentence, RequestState.SILENT)
    return FollowedRequest(airing.id, _("“%(name)s”已经交给广播了，正在排队。", name=name))


def _ended(airing_id: str, end: AiringEnd) -> FollowedRequest:
    words = {"name": own(end.name), "outcome": _(OUTCOMES[end.outcome])}
    reason = own(why(end.outcome, end.reason).removesuffix("。"))
    sentence = (
        _("“%(name)s”%(outcome)s：%(reason)s。", **words, reason=reason)
        if reason
        else _("“%(name)s”%(outcome)s。", **words)
    )
    return FollowedRequest(airing_id, sentence, STATES.get(end.outcome, RequestState.FAILED))


def _end(airing_id: str) -> AiringEnd | None:
    with suppress(BroadcasterError):
        return _known_end(airing_id)
    return None


def _known_end(airing_id: str) -> AiringEnd | None:
    """The end by the air, which knows it also while the disk fails, or else by the record.

    Raises as `Station.past`.
    """
    followed, station = parts().followed, parts().station
    if known := followed.end_of(airing_id):
        return known
    going_on = followed.after(airing_id)
    if entry := station.wait_for_end(going_on, 0.0):
        name = called(entry.airing.notice)
        return followed.note(airing_id, AiringEnd(name, entry.outcome, entry.reason, entry.ended_at))
    row = station.past(going_on)
    if row is None:
        return None
    name = called(row)
    return followed.note(airing_id, AiringEnd(name, row.outcome, row.reason, row.ended_at))


def _name(airing: Airing) -> str:
    return own(called(airing.notice))
