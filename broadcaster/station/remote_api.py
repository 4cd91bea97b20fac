"""The calls that a village's page on the county's site may make of the box: one table, by name. Any
other is refused.

The types are those of the methods, so the box and the office agree on the values by construction.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from inspect import Parameter, signature
from typing import Any

from broadcaster.core import errors
from broadcaster.core.errors import BroadcasterError, FieldsRefused, RemoteRefused, SlotRefused
from broadcaster.core.model import Airing
from broadcaster.core.notice import NUMBERS, Notice, OfficeLevel, Severity, wrong
from broadcaster.settings.schema import PathSettings, Settings, WebSettings
from broadcaster.station import remote_values
from broadcaster.station.live_talks import Talks
from broadcaster.station.remote_values import Fetch, Keep
from broadcaster.station.station import RemoteAccess as RemoteAccess
from broadcaster.station.station import Station
from broadcaster.station.village_lexicon import Wordbook
from broadcaster.station.village_slots import Slotbook, SlotEntry
from broadcaster.store.accounts import Accounts
from broadcaster.store.audit_log import AuditLog
from broadcaster.store.drafts import Drafts
from broadcaster.store.phones import Phones
from broadcaster.store.tokens import Tokens
from broadcaster.studio.export_jobs import Copies
from broadcaster.studio.preview import LONGEST_WAIT_SECONDS, Previews
from broadcaster.studio.recordings import LIMIT_SECONDS, Recordings
from broadcaster.studio.sound_library import SoundLibrary
from broadcaster.studio.sound_uploads import SoundUploads, Upload

# How long somebody who looks waits for a box before he is told that it is away; what changes something
# may wait for the box's disk too.
LOOK_SECONDS, CHANGE_SECONDS = 3.0, 8.0
# The voice child comes up, and reads the text.
VOICE_SECONDS = 25.0
# What has come before the record of deeds is told by it.
OVER_THE_COUNTY = "经县里"
PIECE_BYTES = 128 * 1024
# Beside the table: what is long goes in several calls.
FETCH, SEND = "pieces.fetch", "pieces.send"
OF_PIECES = frozenset({FETCH, SEND})

Given = Mapping[str, Any]
# The severities that a call would let sound.
Says = Callable[[Station, Given], Iterable[Severity]]


@dataclass(frozen=True)
class Call:
    """One row. `part` is whose method it is, "" the station's own; an `attribute` is no method there.
    What only looks is done again without harm; of what is `shared` one answer does for all who look in
    the same second.
    """

    part: str
    method: Callable[..., Any]
    changes: bool = False
    shared: bool = False
    seconds: float = 0.0
    says: Says | None = None
    attribute: bool = False

    @property
    def name(self) -> str:
        return f"{self.part}.{self.method.__name__}".lstrip(".")

    @property
    def patience(self) -> float:
        return self.seconds or (CHANGE_SECONDS if self.changes else LOOK_SECONDS)

    @cached_property
    def _types(self) -> dict[str, Any]:
        return dict(remote_values.types_of(self.method))

    @cached_property
    def _parameters(self) -> dict[str, Parameter]:
        taken = signature(self.method).parameters.values()
        return {one.name: one for one in list(taken)[1:]}

    def write_given(self, row: tuple[Any, ...], named: Given, keep: Keep) -> dict[str, Any]:
        """The arguments as JSON values, by the parameter names of the method."""
        given = dict(zip(self._parameters, row, strict=False)) | dict(named)
        return {name: remote_values.write(value, keep) for name, value in given.items()}

    def read_given(self, written: Any, fetch: Fetch) -> dict[str, Any]:
        """Raises ValueError for what the method does not take."""
        if not isinstance(written, dict) or not written.keys() <= self._parameters.keys():
            raise ValueError(f"not what {self.name} takes")
        for name, parameter in self._parameters.items():
            if parameter.default is Parameter.empty and name not in written:
                raise ValueError(f"{self.name} without {name}")
        return {name: remote_values.read(self._types[name], one, fetch) for name, one in written.items()}

    def read_answer(self, written: Any, fetch: Fetch) -> Any:
        """Raises ValueError."""
        return remote_values.read(self._types["return"], written, fetch)

    def do(self, station: Station, given: Given) -> Any:
        if self.method.__module__ == __name__:
            return self.method(station, **given)
        whose = getattr(station, self.part) if self.part else station
        return getattr(whose, self.method.__name__)(**given)

    def check_allowed(self, station: Station, given: Given, allowed: frozenset[Severity]) -> None:
        """Raises `RemoteRefused` if it would air a notice that the key, or any page, may not send."""
        for notice in (one for one in given.values() if isinstance(one, Notice)):
            _check_limits(notice)
        for severity in self.says(station, given) if self.says else ():
            if severity not in allowed:
                raise RemoteRefused("这个级别不能经县里的网站播，请用村里自己的网页。")


def settings(station: Station) -> Settings:
    """As far as pages go by them: no paths, and no addresses of the box's own."""
    web = WebSettings(language_of_browser=station.settings.web.language_of_browser, https_port=None)
    return station.settings.model_copy(update={"paths": PathSettings(), "web": web})


def volume(station: Station) -> int:
    return station.volume


def cache_bytes(station: Station) -> int:
    return station.cache_bytes


def announce(
    station: Station, notice: Notice, *, asked_by: str = "", at: datetime | None = None
) -> Airing:
    """A notice of the village; permission to sound in quiet hours is the county's, in a bulletin."""
    return station.announce(notice, asked_by=asked_by, at=at)


def problems(station: Station) -> tuple[str, ...]:
    """The problems in the timetable's file."""
    return station.slots.timetable.problems


def clock_is_trusted(station: Station) -> bool:
    return station.clock_is_trusted()


def confirm_clock(station: Station) -> None:
    station.confirm_clock()


def note(station: Station, who: str, what: str, about: str = "", address: str = "") -> None:
    """The record says by which way it came."""
    station.deeds.note(who, what, about, f"{OVER_THE_COUNTY} {address}")


def sound(station: Station, key: str) -> Iterator[bytes] | None:
    """A word that was heard, as its file."""
    path = station.words.sound(key)
    return _pieces_of(path) if path else None


def file(station: Station, copy_id: str) -> Iterator[bytes] | None:
    """The sound file of an order that is done."""
    path = station.copies.file(copy_id)
    return _pieces_of(path) if path else None


def begin(station: Station, name: str, size: int, first: Iterable[bytes], sender: str = "") -> Upload:
    """A chunk is longer than one call."""
    return station.uploads.begin(name, size, b"".join(first), sender)


def append(station: Station, key: str, offset: int, chunk: Iterable[bytes]) -> Upload:
    return station.uploads.append(key, offset, b"".join(chunk))


def _pieces_of(path: Any) -> Iterator[bytes]:
    with path.open("rb") as opened:
        while piece := opened.read(PIECE_BYTES):
            yield piece


def _of_notice(station: Station, given: Given) -> Iterable[Severity]:
    return [given["notice"].severity]


def _of_talk(station: Station, given: Given) -> Iterable[Severity]:
    return [given["severity"]]


def _of_written(station: Station, given: Given) -> Iterable[Severity]:
    try:
        return [Severity(given["written"].get("severity", 0))]
    except (ValueError, TypeError):
        raise SlotRefused([("severity", "级别不对，要写 0 到 4")]) from None


def _of_slot(station: Station, given: Given) -> Iterable[Severity]:
    entries: list[SlotEntry] = [*station.slots.entries(), *station.slots.removed()]
    return [one.slot.notice.severity for one in entries if one.name == given["name"] and one.slot]


def _of_stop(station: Station, given: Given) -> Iterable[Severity]:
    stop = station.status().stop
    return stop.severities if stop and stop.id == given["stop_id"] else ()


def _check_limits(notice: Notice) -> None:
    """Checks the limits that the forms of the pages have, because a signer need not have used a form."""
    of_village = notice.office is OfficeLevel.VILLAGE and not notice.talk
    if not of_village or any(wrong(notice, NUMBERS)):
        raise RemoteRefused("这则通知的单位、遍数、语速或音量不对，没有播。")


def _looks(part: str, *methods: Callable[..., Any]) -> list[Call]:
    return [Call(part, method) for method in methods]


def _changes(part: str, *methods: Callable[..., Any]) -> list[Call]:
    return [Call(part, method, changes=True) for method in methods]


_ROWS = [
    *(Call("", one, shared=True) for one in (Station.status, Station.upcoming, Station.history)),
    *(Call("", one, shared=True, attribute=True) for one in (volume, cache_bytes)),
    *(Call("", one, shared=True) for one in (Station.device, Station.voices, clock_is_trusted)),
    *_looks("", settings, Station.history_count, Station.past, Station.past_lines),
    *_looks("", Station.why_not, Station.after_quiet, Station.find_airing, Station.goes_on_in),
    Call("", Station.script, seconds=VOICE_SECONDS),
    Call("", Station.wait_for_end, seconds=CHANGE_SECONDS),
    Call("", announce, changes=True, says=_of_notice),
    *_changes("", Station.cancel, Station.stop_all, Station.resume_loops, Station.set_volume),
    *_changes("", Station.skip),
    Call("", Station.go_on, changes=True, says=_of_stop),
    *_changes("", Station.use_card, confirm_clock),
    *_looks("", Station.warm),
    Call("accounts", Accounts.find, shared=True),
    *(Call("accounts", one, shared=True) for one in (Accounts.needs_account, Accounts.people)),
    *_changes("accounts", Accounts.create, Accounts.check, Accounts.add, Accounts.set_role),
    *_changes("accounts", Accounts.remove, Accounts.reset, Accounts.change_password),
    *_looks("phones", Phones.find, Phones.of),
    *_changes("phones", Phones.remember, Phones.check, Phones.forget, Phones.forget_of),
    *_looks("tokens", Tokens.find, Tokens.all),
    *_changes("tokens", Tokens.make, Tokens.remove),
    *_looks("deeds", AuditLog.recent, AuditLog.kinds),
    Call("deeds", AuditLog.wrong_logins, shared=True),
    *_changes("deeds", note),
    *_looks("drafts", Drafts.find, Drafts.of, Drafts.sent),
    *_changes("drafts", Drafts.keep, Drafts.finish, Drafts.drop, Drafts.take_back),
    *_looks("words", Wordbook.entries, sound),
    Call("words", Wordbook.listen, seconds=VOICE_SECONDS),
    *_changes("words", Wordbook.set, Wordbook.set_near, Wordbook.remove),
    *_looks("slots", Slotbook.entries, Slotbook.removed, Slotbook.find, Slotbook.notices, problems),
    Call("slots", Slotbook.week, seconds=CHANGE_SECONDS),
    Call("slots", Slotbook.preview, seconds=CHANGE_SECONDS),
    Call("slots", Slotbook.save, changes=True, says=_of_written),
    *_changes("slots", Slotbook.remove),
    Call("slots", Slotbook.restore, changes=True, says=_of_slot),
    Call("slots", Slotbook.pause, changes=True, says=_of_slot),
    *_looks("recordings", Recordings.find, Recordings.all),
    Call("recordings", Recordings.take, changes=True, seconds=LIMIT_SECONDS + CHANGE_SECONDS),
    *_changes("recordings", Recordings.remove),
    *_looks("sounds", SoundLibrary.find, SoundLibrary.all, SoundLibrary.removed, SoundLibrary.room),
    Call("sounds", SoundLibrary.read, seconds=CHANGE_SECONDS),
    Call("sounds", SoundLibrary.take, changes=True, seconds=LIMIT_SECONDS + CHANGE_SECONDS),
    *_changes("sounds", SoundLibrary.rename, SoundLibrary.replace),
    *_changes("sounds", SoundLibrary.remove, SoundLibrary.restore),
    *_looks("uploads", SoundUploads.find, SoundUploads.all),
    *_changes("uploads", begin, append, SoundUploads.drop),
    Call("uploads", SoundUploads.finish, changes=True, seconds=LIMIT_SECONDS + CHANGE_SECONDS),
    Call("rehearsals", Previews.start, changes=True, seconds=VOICE_SECONDS),
    Call("rehearsals", Previews.seconds, seconds=CHANGE_SECONDS),
    Call("rehearsals", Previews.hear, seconds=LONGEST_WAIT_SECONDS + CHANGE_SECONDS),
    *_looks("rehearsals", Previews.rhymes),
    Call("copies", Copies.order, changes=True, seconds=VOICE_SECONDS),
    *_looks("copies", Copies.find, file),
    Call("talks", Talks.begin, changes=True, says=_of_talk),
    *_changes("talks", Talks.take, Talks.end, Talks.leave),
    *_looks("talks", Talks.state),
]
CALLS = {call.name: call for call in _ROWS}
PARTS = frozenset(call.part for call in _ROWS if call.part)
ERRORS: dict[str, type[BroadcasterError]] = {
    one.wire_name: one
    for one in vars(errors).values()
    if isinstance(one, type) and issubclass(one, BroadcasterError)
}


def write_error(error: BroadcasterError) -> dict[str, Any]:
    """By its wire name; an error with more than a sentence brings that too."""
    told: dict[str, Any] = {"kind": error.wire_name, "sentence": str(error)}
    if isinstance(error, FieldsRefused):
        told["problems"] = [list(one) for one in error.problems]
    return told


def read_error(written: Any) -> BroadcasterError:
    """The same error, as far as it is one of ours. Raises ValueError."""
    if not isinstance(written, dict) or not isinstance(written.get("sentence"), str):
        raise ValueError("no error")
    kind = ERRORS.get(str(written.get("kind")), BroadcasterError)
    if issubclass(kind, FieldsRefused):
        return kind([(str(field), str(said)) for field, said in written.get("problems", [])])
    if kind is errors.ConfigError:
        return errors.ConfigError(written["sentence"].splitlines())
    return kind(written["sentence"])
