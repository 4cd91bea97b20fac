"""Executes remote commands from the village's page on the county's site: each is checked, executed and
answered.

No command is executed twice, late, for another box, or by a key without the right; no setting turns that
off.
"""

import base64
import json
import logging
import secrets
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from securesystemslib.signer import Signer

from broadcaster.bulletin.delegation import Delegation
from broadcaster.bulletin.keyring import Trust
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.bulletin.remote_command import (
    SESSION_LIFE_SECONDS,
    RemoteAnswer,
    RemoteCall,
    RemoteCommand,
    read_command,
)
from broadcaster.bulletin.trusted_time import Now
from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError, RemoteRefused
from broadcaster.core.notice import Severity
from broadcaster.link.chunks import Pieces
from broadcaster.station.remote_api import CALLS, FETCH, OF_PIECES, PIECE_BYTES, SEND, write_error
from broadcaster.station.remote_values import write
from broadcaster.station.station import Station

logger = logging.getLogger(__name__)

# A call that waits for a voice or for a talk's end holds one; 停播 must find another.
THREADS = 4
MOST_SESSIONS = 4
# What the network may hold a command up.
LATE_SECONDS = 10.0
# Answers for who asks again because none came: the last ones, of 200 kB at most.
MOST_ANSWERS, MOST_ANSWER_BYTES = 32, 1024 * 1024
# Who floods the topic is not heard sooner than the air.
MOST_WAITING = 64
BROKEN = "广播站的程序出了错，已经记在它的日志里。"


@dataclass
class _OfficeSession:
    """`opened_at` is monotonic; of the last numbers what was answered, b"" while it is being done."""

    opened_at: float
    highest: int = 0
    answers: OrderedDict[int, bytes] = field(default_factory=OrderedDict)


class RemoteCommands:
    """Any number of loops around `step`; `take` from any thread. `answer` sends, or drops, at once.

    `trust` and `now` are the box's own, as for bulletins.
    """

    def __init__(
        self,
        station: Station,
        box: str,
        area: str,
        key: Signer,
        clock: Clock,
        trust: Callable[[], Trust],
        now: Callable[[], Now],
        answer: Callable[[bytes], None],
    ) -> None:
        self._station = station
        self._box, self._area, self._key = box, area, key
        self._clock = clock
        self._trust = trust
        self._now = now
        self._answer = answer
        self._pieces = Pieces(station.settings.paths.state)
        self._came: SimpleQueue[bytes | None] = SimpleQueue()
        self._sessions: OrderedDict[str, _OfficeSession] = OrderedDict()
        # Who judges next; so commands are judged in the order in which they came.
        self._judging = threading.Lock()
        self._leaving = False
        self._lock = threading.Lock()

    def take(self, data: bytes) -> None:
        if self._came.qsize() < MOST_WAITING:
            self._came.put(data)

    def wake(self) -> None:
        """All of them end together."""
        self._leaving = True
        for _ in range(THREADS):
            self._came.put(None)

    def step(self) -> None:
        """Wait for the next command, judge it, do it, answer."""
        with self._judging:
            judged = self._judge(data) if (data := self._next()) else None
        if judged:
            digest, command, delegation = judged
            self._do(digest, command, delegation.severities)

    def _next(self) -> bytes | None:
        with suppress(Empty):
            return self._came.get(timeout=0.005 if self._leaving else None)
        return None

    @property
    def is_reached(self) -> bool:
        """True if a key speaks for exactly this village."""
        return any(one.area == self._area for one in self._trust().targets.delegations)

    def _judge(self, data: bytes) -> tuple[str, RemoteCommand, Delegation] | None:
        """The command to execute now; a refused one is answered here, as far as possible."""
        try:
            signed, command, delegation = read_command(
                data, self._trust(), self._box, self._area, self._now()
            )
        except NotAccepted as refused:
            # It may be anybody's: the office's own never fail so, but for a key that counts no more.
            logger.warning("县里的网站发来的命令没有收：%s", refused)
            return None
        if command.number == 0:
            self._open(signed.digest, command.session)
            return None
        try:
            known = self._check_new(command)
        except NotAccepted as refused:
            logger.warning("县里的网站发来的命令没有收：%s", refused)
            self._send(RemoteAnswer(self._box, signed.digest, command.session, (), refused.refusal))
            return None
        if known is not None:
            if known:
                self._answer(known)
            return None
        return signed.digest, command, delegation

    def _open(self, digest: str, nonce: str) -> None:
        session = secrets.token_hex(16)
        with self._lock:
            self._sessions[session] = _OfficeSession(self._clock.monotonic())
            while len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
        self._send(RemoteAnswer(self._box, digest, session))

    def _check_new(self, command: RemoteCommand) -> bytes | None:
        """None for a new one; else its answer, b"" while there is none. Raises `NotAccepted`."""
        with self._lock:
            session = self._sessions.get(command.session)
            age = self._clock.monotonic() - session.opened_at if session else 0.0
            if session is None or age > SESSION_LIFE_SECONDS:
                raise NotAccepted(Refusal.UNKNOWN_SESSION)
            if command.number in session.answers:
                return session.answers[command.number]
            if command.number <= session.highest:
                raise NotAccepted(Refusal.SEQUENCE_TOO_OLD, f"{command.number}")
            if age - command.seconds > LATE_SECONDS:
                raise NotAccepted(Refusal.TOO_LATE, f"{age - command.seconds:.0f}")
            session.highest = command.number
            session.answers[command.number] = b""
            self._sessions.move_to_end(command.session)
        return None

    def _do(self, digest: str, command: RemoteCommand, allowed: frozenset[Severity]) -> None:
        most = PIECE_BYTES // max(len(command.calls), 1)
        answers = tuple(self._answer_to(asked, allowed, most) for asked in command.calls)
        made = RemoteAnswer(self._box, digest, command.session, answers).signed(self._key).to_bytes()
        self._keep(command, made)
        self._answer(made)

    def _answer_to(self, asked: RemoteCall, allowed: frozenset[Severity], most: int) -> dict[str, Any]:
        try:
            value = self._call(asked, allowed)
            return {"value": value} if asked.call in OF_PIECES else self._bounded(value, most)
        except BroadcasterError as error:
            return {"error": write_error(error)}
        except Exception:
            logger.exception("县里的网站要做的 %s 没有做成，错误在下面", asked.call)
            return {"error": write_error(BroadcasterError(BROKEN))}

    def _call(self, asked: RemoteCall, allowed: frozenset[Severity]) -> Any:
        if asked.call == FETCH:
            return self._pieces.fetch(str(asked.given.get("name")))
        if asked.call == SEND:
            name, piece = asked.given.get("name", ""), _bytes(asked.given.get("piece"))
            return self._pieces.send(str(name), piece)
        call = CALLS.get(asked.call)
        if call is None:
            logger.warning("县里的网站要做的 %s 不能经它做，没有做", asked.call)
            raise RemoteRefused("这件事不能经县里的网站做，请用村里自己的网页。")
        try:
            given = call.read_given(asked.given, self._pieces.take)
        except ValueError as error:
            logger.warning(
                "县里的网站要做的 %s 写法不对，请把两边升级到同一个版本：%s", asked.call, error
            )
            raise RemoteRefused("县里的网站和广播站的版本对不上，请升级。") from error
        call.check_allowed(self._station, given, allowed)
        return write(call.do(self._station, given), self._pieces.keep)

    def _bounded(self, value: Any, most: int) -> dict[str, Any]:
        """The value, or a name for it in chunks if it is too long for one message."""
        written = json.dumps(value).encode()
        if len(written) <= most:
            return {"value": value}
        return {"pieces": self._pieces.keep([zlib.compress(written)])}

    def _keep(self, command: RemoteCommand, made: bytes) -> None:
        with self._lock:
            if session := self._sessions.get(command.session):
                answers = session.answers
                answers[command.number] = made
                while len(answers) > MOST_ANSWERS or sum(map(len, answers.values())) > MOST_ANSWER_BYTES:
                    answers.popitem(last=False)

    def _send(self, answer: RemoteAnswer) -> None:
        self._answer(answer.signed(self._key).to_bytes())


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (ValueError, TypeError) as error:
        raise RemoteRefused("传来的录音坏了，请再试一次。") from error
