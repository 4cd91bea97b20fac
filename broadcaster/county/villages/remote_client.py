"""The office's end of villages' pages: signs commands, sends them to a box, and reads the answers."""

import logging
import secrets
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass

from securesystemslib.signer import Key, Signer

from broadcaster.bulletin import mqtt_topics
from broadcaster.bulletin.keys import public_from_hex
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.bulletin.remote_command import RemoteAnswer, RemoteCall, RemoteCommand, read_answer
from broadcaster.core.errors import AnswerMissing, BoxAway, BroadcasterError
from broadcaster.county.broker.mqtt_client import MqttClient
from broadcaster.county.keys.village_keys import VillageKeys
from broadcaster.county.register.register import Register
from broadcaster.station.remote_api import CHANGE_SECONDS

logger = logging.getLogger(__name__)

# What is lost on the way, for a line was made anew, is sent once more; the box does nothing twice.
AGAIN_SECONDS = 1.0
OPEN_SECONDS = 3.0
# Who asks soon after a box did not answer is told so at once: twelve phones do not wait in a row.
SILENT_SECONDS = 2.0
# Of the site's threads, so that the office's own pages always find one.
MOST_WAITING = 12

AWAY = "连不上村里的广播站，它可能断电或者断网了。请过一会儿再试；急事请到村里按广播站自己的网页。"
OFFICE_AWAY = "县级平台现在连不上消息服务器，过一会儿再试；急事请到村里按广播站自己的网页。"
BUSY = "同时用的人太多了，请过几秒再试。"
CLOSED = "这个村没有开通经县里的网站使用。请到村里用广播站自己的网页，或者找县里开通。"
UNKNOWN = (
    "命令发出去了，广播站没有回话：不知道做了没有。请先回首页，看“正在播出”和“记录”里有没有，"
    "再决定要不要重做。"
)


class _Refused(Exception):
    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.sentence)
        self.reason = reason


@dataclass
class _BoxSession:
    """One conversation with one box; `begun` is monotonic."""

    id: str
    begun: float
    number: int = 0


@dataclass
class _Waiting:
    """A call that waits for the answer to one command."""

    box: str
    key: Key
    answer: Future[RemoteAnswer]


class RemoteClient:
    """Any thread. What counts of a box's answer is its signature, by the key in the register."""

    def __init__(
        self,
        mqtt: MqttClient,
        register: Register,
        keys: VillageKeys,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self._silent_seconds = silent_seconds
        self._mqtt = mqtt
        self._register = register
        self._keys = keys
        self._sessions: dict[str, _BoxSession] = {}
        self._waiting: dict[str, _Waiting] = {}
        self._silent_until: dict[str, float] = {}
        self._places = threading.Semaphore(MOST_WAITING)
        self._lock = threading.Lock()
        self._opening: dict[str, threading.Lock] = {}
        mqtt.on_answer(self._came)

    def ask(
        self, box: str, asked: Sequence[RemoteCall], patience: float, changes: bool = False
    ) -> tuple[object, ...]:
        """An answer to each. Raises `BoxAway` where nothing was done, and `AnswerMissing` where it
        `changes` something and nobody knows whether it did.
        """
        if not self._places.acquire(timeout=0.5):
            raise BoxAway(BUSY)
        try:
            return self._ask(box, asked, patience, changes)
        finally:
            self._places.release()

    def _ask(
        self, box: str, asked: Sequence[RemoteCall], patience: float, changes: bool
    ) -> tuple[object, ...]:
        signer, key = self._keys_of(box)
        for _ in range(2):
            session = self._session(box, signer, key, min(patience, OPEN_SECONDS))
            try:
                return self._exchange(box, session, asked, (signer, key), patience, changes)
            except _Refused as refused:
                # Only then it is certain that nothing was done: the box knew no session of this name.
                if refused.reason is not Refusal.UNKNOWN_SESSION:
                    raise (AnswerMissing(UNKNOWN) if changes else BoxAway(AWAY)) from refused
                self._forget(box, session)
        raise BoxAway(AWAY)

    def _keys_of(self, box: str) -> tuple[Signer, Key]:
        found = self._register.get(box)
        signer = self._keys.signer(found.area)
        if signer is None or not found.key:
            raise BoxAway(CLOSED)
        return signer, public_from_hex(found.key)

    def _session(self, box: str, signer: Signer, key: Key, patience: float) -> _BoxSession:
        with self._lock:
            opening = self._opening.setdefault(box, threading.Lock())
        with opening:
            if found := self._sessions.get(box):
                return found
            if time.monotonic() < self._silent_until.get(box, 0.0):
                raise BoxAway(AWAY)
            begun = time.monotonic()
            command = RemoteCommand(box, secrets.token_hex(16), 0, 0.0)
            try:
                answer = self._send(command, signer, key, patience)
            except NotYet:
                self._note_silence(box)
                raise BoxAway(AWAY) from None
            session = self._sessions[box] = _BoxSession(answer.session, begun)
            return session

    def _forget(self, box: str, session: _BoxSession) -> None:
        if self._sessions.get(box) is session:
            self._sessions.pop(box, None)

    def _note_silence(self, box: str) -> None:
        self._silent_until[box] = time.monotonic() + self._silent_seconds

    def _exchange(
        self,
        box: str,
        session: _BoxSession,
        asked: Sequence[RemoteCall],
        keys: tuple[Signer, Key],
        patience: float,
        changes: bool,
    ) -> tuple[object, ...]:
        with self._lock:
            session.number += 1
            seconds = time.monotonic() - session.begun
            command = RemoteCommand(box, session.id, session.number, seconds, tuple(asked))
            waiting, topic, data = self._prepare(command, *keys)
            sent = self._mqtt.send(topic, data)
        try:
            if not sent:
                raise BoxAway(OFFICE_AWAY)
            answer = self._await(waiting, topic, data, patience)
        except NotYet:
            # So the next one finds out within seconds whether the box is there.
            if patience <= CHANGE_SECONDS:
                self._forget(box, session)
                self._note_silence(box)
            raise (AnswerMissing(UNKNOWN) if changes else BoxAway(AWAY)) from None
        finally:
            self._done(waiting)
        if answer.refused:
            raise _Refused(answer.refused)
        if len(answer.answers) != len(asked):
            raise BroadcasterError("广播站的回话不对，请升级。")
        return answer.answers

    def _send(self, command: RemoteCommand, signer: Signer, key: Key, patience: float) -> RemoteAnswer:
        waiting, topic, data = self._prepare(command, signer, key)
        try:
            if not self._mqtt.send(topic, data):
                raise BoxAway(OFFICE_AWAY)
            return self._await(waiting, topic, data, patience)
        finally:
            self._done(waiting)

    def _prepare(self, command: RemoteCommand, signer: Signer, key: Key) -> tuple[_Waiting, str, bytes]:
        signed = command.signed(signer)
        waiting = _Waiting(command.box, key, Future())
        self._waiting[signed.digest] = waiting
        return waiting, mqtt_topics.command(command.box), signed.to_bytes()

    def _await(self, waiting: _Waiting, topic: str, data: bytes, patience: float) -> RemoteAnswer:
        try:
            return waiting.answer.result(min(patience, AGAIN_SECONDS))
        except NotYet:
            if patience <= AGAIN_SECONDS:
                raise
        self._mqtt.send(topic, data)
        return waiting.answer.result(patience - AGAIN_SECONDS)

    def _done(self, waiting: _Waiting) -> None:
        for digest, one in tuple(self._waiting.items()):
            if one is waiting:
                self._waiting.pop(digest, None)

    def _came(self, topic: str, data: bytes) -> None:
        """On paho's thread. What nobody waits for, or another key signed, is left out."""
        box = topic.rpartition("/")[2]
        keys = [one.key for one in tuple(self._waiting.values()) if one.box == box]
        if not keys:
            return
        try:
            answer = read_answer(data, box, keys[-1])
        except NotAccepted as refused:
            logger.warning("以广播站 %s 的名义来的回答没有收：%s", box, refused)
            return
        waiting = self._waiting.get(answer.to)
        if waiting and waiting.box == box and not waiting.answer.done():
            waiting.answer.set_result(answer)
