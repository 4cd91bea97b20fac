"""A village's station for the office's site: the same attributes as `Station`, with every call over the
broker.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Protocol

from flask import g, has_request_context

from broadcaster.bulletin import strict_json
from broadcaster.bulletin.remote_command import MOST_CALLS, RemoteCall
from broadcaster.core.errors import (
    AnswerMissing,
    BoxAway,
    BroadcasterError,
    FileUnwritable,
    RemoteRefused,
    reason_of,
)
from broadcaster.settings.schema import PathSettings, Settings
from broadcaster.station import remote_values
from broadcaster.station.remote_api import (
    CALLS,
    CHANGE_SECONDS,
    FETCH,
    PARTS,
    PIECE_BYTES,
    SEND,
    Call,
    RemoteAccess,
    read_error,
)
from broadcaster.studio.recordings import LARGEST_BYTES

logger = logging.getLogger(__name__)

# What was read so lately is shared by all who look; what is read together is asked for together.
SHARED_SECONDS, TOGETHER_SECONDS = 1.0, 5.0
MOST_SHARED = 64
# A week of a village with loops is 600 kB of JSON, a script of 10,000 characters 8 MB.
LARGEST_ANSWER = 16 * 1024 * 1024
MOST_FILES = 4
OTHER_VERSION = "广播站的版本和县里的对不上，请升级。"


class Ask(Protocol):
    """As `RemoteClient.ask` for one box."""

    def __call__(
        self, asked: Sequence[RemoteCall], patience: float, changes: bool = False
    ) -> tuple[object, ...]: ...


class RemoteCalls:
    """One box's calls: written, sent together where that helps, read. Any thread."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        # By what was asked: when it was read, when it was last wanted, and what came.
        self._shared: OrderedDict[str, tuple[float, float, RemoteCall, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def call(self, call: Call, *row: Any, **named: Any) -> Any:
        asked = RemoteCall(call.name, call.write_given(row, named, self._send_pieces))
        written = self._read_shared(asked) if call.shared else self._ask_one(asked, call)
        if call.changes:
            self._forget()
        try:
            return call.read_answer(written, self._fetch_pieces)
        except ValueError as error:
            logger.warning(
                "村里的广播站对 %s 的回答看不懂，请把两边升级到同一个版本：%s", call.name, error
            )
            raise BroadcasterError(OTHER_VERSION) from error

    def _ask_one(self, asked: RemoteCall, call: Call) -> Any:
        return self._value(self._answers_to([asked], call.patience, call.changes)[0])

    def _answers_to(
        self, asked: Sequence[RemoteCall], patience: float, changes: bool = False
    ) -> tuple[object, ...]:
        """A request that has found the box away waits for it once: its page says so and no more."""
        if has_request_context() and (problem := g.get("far_problem")):
            raise problem
        try:
            return self._ask(asked, patience, changes)
        except (BoxAway, AnswerMissing) as error:
            if has_request_context():
                g.far_problem = error
            raise

    def _value(self, answer: Any) -> Any:
        """Raises what the box raised."""
        if not isinstance(answer, dict) or len(answer) != 1:
            raise BroadcasterError(OTHER_VERSION)
        if "error" in answer:
            try:
                error = read_error(answer["error"])
            except ValueError:
                error = BroadcasterError(OTHER_VERSION)
            raise error
        return self._long(str(answer["pieces"])) if "pieces" in answer else answer.get("value")

    def _long(self, name: str) -> Any:
        packed = b"".join(self._fetch_pieces(name, bytes))
        unpacking = zlib.decompressobj()
        try:
            written = unpacking.decompress(packed, LARGEST_ANSWER)
            if unpacking.unconsumed_tail:
                raise ValueError("too long")
            return strict_json.parse(written)
        except (zlib.error, ValueError) as error:
            raise BroadcasterError(OTHER_VERSION) from error

    def _read_shared(self, asked: RemoteCall) -> Any:
        key = json.dumps([asked.call, asked.given], sort_keys=True)
        with self._lock:
            now = time.monotonic()
            read_at, _, _, answer = self._shared.get(key, (-SHARED_SECONDS, 0.0, asked, None))
            if now - read_at >= SHARED_SECONDS:
                answer = self._read_together(key, asked, now)
            else:
                self._shared[key] = read_at, now, asked, answer
        return self._value(answer)

    def _read_together(self, key: str, asked: RemoteCall, now: float) -> Any:
        """A page asks for five things one after the other; from the second time on they come in one."""
        old = [
            (one, kept)
            for one, (read_at, wanted_at, kept, _) in self._shared.items()
            if one != key and now - wanted_at < TOGETHER_SECONDS and now - read_at >= SHARED_SECONDS / 2
        ]
        wanted = [(key, asked), *old[-(MOST_CALLS - 1) :]]
        answers = self._answers_to([one for _, one in wanted], CALLS[asked.call].patience)
        now = time.monotonic()
        for (name, one), answer in zip(wanted, answers, strict=True):
            wanted_at = now if name == key else self._shared[name][1]
            self._shared[name] = now, wanted_at, one, answer
        while len(self._shared) > MOST_SHARED:
            self._shared.popitem(last=False)
        return answers[0]

    def _forget(self) -> None:
        """Something was changed; what was wanted is remembered."""
        with self._lock:
            for key, (_, wanted_at, asked, _) in self._shared.items():
                self._shared[key] = -SHARED_SECONDS, wanted_at, asked, None

    def _fetch_pieces(self, name: str, shape: Any) -> Iterator[Any]:
        while True:
            (answer,) = self._answers_to([RemoteCall(FETCH, {"name": name})], CHANGE_SECONDS)
            portion = self._value(answer)
            if not isinstance(portion, list) or not portion:
                return
            for one in portion:
                yield remote_values.read(shape, one, self._fetch_pieces)

    def _send_pieces(self, pieces: Iterable[Any]) -> str:
        """All of it; only then the call that is about it."""
        name, sent = "", 0
        for piece in _portions(pieces):
            sent += len(piece)
            given = {"name": name, "piece": remote_values.write(piece, _no_flow)}
            (answer,) = self._answers_to([RemoteCall(SEND, given)], CHANGE_SECONDS, changes=True)
            name = str(self._value(answer))
            if sent > LARGEST_BYTES:
                break
        return name


class RemoteStation:
    """The station that `create_app` gets for a village's page. `folder` is the office's own for this
    village.
    """

    def __init__(self, ask: Ask, folder: Path) -> None:
        self._line = line = RemoteCalls(ask)
        for part in PARTS:
            setattr(self, part, RemotePart(line, part))
        self.words = RemoteWords(line, folder)
        self.copies = RemoteCopies(line, folder)
        self.drafts = RemoteDrafts(line, "drafts")
        self.uploads = RemoteUploads(line, "uploads")
        self.deeds = RemoteAuditLog(line, "deeds")
        self.slots = RemoteSlots(line, "slots")
        self.talks = RemoteTalks(line, "talks")
        found: Settings = line.call(CALLS["settings"])
        self.settings = found.model_copy(update={"paths": PathSettings(state=folder)})
        self.talks.rate_hz = self.settings.sound.rate_hz

    def remote_access(self) -> RemoteAccess:
        return RemoteAccess.HERE

    def __getattr__(self, name: str) -> Any:
        call = CALLS.get(name)
        if call is None or call.part:
            raise AttributeError(name)
        return self._line.call(call) if call.attribute else partial(self._line.call, call)


class RemotePart:
    """One part of a station, by the rows of the table of calls."""

    def __init__(self, line: RemoteCalls, part: str) -> None:
        self._line = line
        self._part = part

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = CALLS.get(f"{self._part}.{name}")
        if call is None:
            raise AttributeError(name)
        return partial(self._line.call, call)


class RemoteAuditLog(RemotePart):
    """Noting never fails, as at the box: what was done was done."""

    def note(self, who: str, what: str, about: str = "", address: str = "") -> None:
        with suppress(AnswerMissing, BoxAway):
            self._line.call(CALLS["deeds.note"], who, what, about, address)
            return
        logger.warning("村里没有记下谁做了什么：%s，%s，%s", who, what, about)


class RemoteTalks(RemotePart):
    """`rate_hz` is that of the blocks which a phone sends."""

    rate_hz = 0


class RemoteSlots(RemotePart):
    """`timetable` has of the box's own what pages show of it."""

    @property
    def timetable(self) -> RemoteSlots:
        return self

    @property
    def problems(self) -> tuple[str, ...]:
        found: tuple[str, ...] = self._line.call(CALLS["slots.problems"])
        return found


class RemoteDrafts(RemotePart):
    def sent(self, owner: int) -> dict[str, int]:
        """Of a box of 0.3.0 nobody learns it."""
        with suppress(RemoteRefused):
            found: dict[str, int] = self._line.call(CALLS["drafts.sent"], owner)
            return found
        return {}


class RemoteUploads(RemotePart):
    """A chunk is longer than a call may be, so it goes in pieces."""

    def begin(self, name: str, size: int, first: bytes, sender: str = "") -> Any:
        return self._line.call(CALLS["uploads.begin"], name, size, [first], sender)

    def append(self, key: str, offset: int, chunk: bytes) -> Any:
        return self._line.call(CALLS["uploads.append"], key, offset, [chunk])


class _Files:
    """Sound files that were fetched, the last ones."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths: OrderedDict[str, Path] = OrderedDict()
        self._lock = threading.Lock()

    def stored(self, key: str, pieces: Iterator[bytes] | None) -> Path | None:
        if pieces is None:
            return None
        path = self._write(pieces)
        with self._lock:
            self._paths[key] = path
            while len(self._paths) > MOST_FILES:
                self._paths.popitem(last=False)[1].unlink(missing_ok=True)
        return path

    def find(self, key: str) -> Path | None:
        with self._lock:
            path = self._paths.get(key)
        return path if path and path.exists() else None

    def _write(self, pieces: Iterator[bytes]) -> Path:
        try:
            with NamedTemporaryFile(dir=self._folder, suffix=".sound", delete=False) as file:
                path = Path(file.name)
                file.writelines(pieces)
        except OSError as error:
            raise FileUnwritable(f"县级平台的磁盘写不进去（{reason_of(error)}）。") from error
        except BroadcasterError:
            path.unlink(missing_ok=True)
            raise
        return path


class RemoteWords(RemotePart):
    def __init__(self, line: RemoteCalls, folder: Path) -> None:
        super().__init__(line, "words")
        self._files = _Files(folder)

    def sound(self, key: str) -> Path | None:
        found = self._files.find(key)
        return found or self._files.stored(key, self._line.call(CALLS["words.sound"], key))


class RemoteCopies(RemotePart):
    def __init__(self, line: RemoteCalls, folder: Path) -> None:
        super().__init__(line, "copies")
        self._files = _Files(folder)

    def file(self, copy_id: str) -> Path | None:
        found = self._files.find(copy_id)
        return found or self._files.stored(copy_id, self._line.call(CALLS["copies.file"], copy_id))


def _portions(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), PIECE_BYTES):
            yield piece[start : start + PIECE_BYTES]


def _no_flow(pieces: Iterable[Any]) -> str:
    raise TypeError("pieces within pieces")
