"""The office at work: one thread that takes in what boxes say, signs, sends, and clears away."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from broadcaster.bulletin import topics
from broadcaster.bulletin.question import Question
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.clock import Clock
from broadcaster.county.intake import Intake, Sent
from broadcaster.county.publisher import Publisher, Sheet
from broadcaster.county.standing import StandingNotices
from broadcaster.county.wire import CONNECTED, Incoming, Wire
from broadcaster.errors import BroadcasterError

if TYPE_CHECKING:
    from broadcaster.bulletin.keyring import Keyring

logger = logging.getLogger(__name__)

HEADS_EVERY = timedelta(minutes=10)
LOOK_SECONDS = 1.0
AT_ONCE = 500


class Office:
    """`step` is for a `Loop`; `wake` may be called by any thread.

    `keyring` is the one on the disk; `area_of` a box its area, and raises where it is not in use.
    """

    def __init__(
        self,
        publisher: Publisher,
        intake: Intake,
        standing: StandingNotices,
        wire: Wire,
        clock: Clock,
        keyring: Callable[[], Keyring],
        area_of: Callable[[str], str],
    ) -> None:
        self._publisher = publisher
        self._intake = intake
        self._standing = standing
        self._wire = wire
        self._clock = clock
        self._keyring = keyring
        self._area_of = area_of
        self._keyring_sent = b""
        self._heads_at: datetime | None = None
        self._woken, self._tended_at = True, clock.monotonic()
        # What could not be kept, for the database was away, is taken in by the next step.
        self._held: list[Incoming] = []

    def wake(self) -> None:
        """Somebody at the desk has done something."""
        self._woken = True
        self._wire.wake()

    def step(self) -> None:
        """Take in what has come, or wait a second for it; see to the rest once a second or when woken:
        while a county answers there is a batch every few milliseconds.
        """
        self._held += self._wire.take(LOOK_SECONDS, AT_ONCE)
        begins = CONNECTED in self._held
        if begins:
            self._begin()
        self._take_in([one for one in self._held if one is not CONNECTED])
        self._held = []
        now = self._clock.monotonic()
        if begins or self._woken or now - self._tended_at >= LOOK_SECONDS:
            self._woken, self._tended_at = False, now
            self.tend()

    def tend(self) -> None:
        """Sign, send and clear away whatever is due; heads after each change and every 10 minutes."""
        self._standing.issue()
        changed = bool(self._publisher.expire() + self._publisher.sign_cleared())
        if not self._wire.connected:
            return
        changed = self._send_keyring() or changed
        changed = self._send_new() or changed
        changed = self._clear_old() or changed
        due = self._heads_at is None or self._clock.now() - self._heads_at >= HEADS_EVERY
        if changed or due:
            self._send_heads()

    def _begin(self) -> None:
        """The broker is there again, and may have lost what it had."""
        self._keyring_sent, self._heads_at = b"", None
        for sheet in self._publisher.in_force():
            self._send(sheet)

    def _send_new(self) -> bool:
        done = [self._send(sheet) for sheet in self._publisher.to_send()]
        return any(done)

    def _send(self, sheet: Sheet) -> bool:
        done = self._wire.publish([(topic, sheet.envelope) for topic in sheet.topics])
        if done:
            self._publisher.sent(sheet.id)
        return done

    def _clear_old(self) -> bool:
        old = self._publisher.to_clear()
        for sheet in old:
            if self._wire.publish([(topic, b"") for topic in sheet.topics]):
                self._publisher.cleared(sheet.id)
        return bool(old)

    def _send_keyring(self) -> bool:
        """Also when it was changed on the disk meanwhile; whether there was another one."""
        try:
            data = self._keyring().to_bytes()
            if data == self._keyring_sent:
                return False
            trust = self._publisher.trust.updated(data, self._clock.now())
        except (BroadcasterError, NotAccepted) as error:
            logger.warning("the keyring is not sent: %s", error)
            return False
        sent = self._wire.publish([(topics.keyring(trust.area), data)])
        if sent:
            self._publisher.trust, self._keyring_sent = trust, data
        return sent

    def _send_heads(self) -> None:
        area = self._publisher.trust.area
        if self._wire.publish([(topics.heads(area), self._publisher.heads())]):
            self._heads_at = self._clock.now()

    def _take_in(self, taken: Sequence[Incoming]) -> None:
        kinds: dict[str, list[tuple[str, bytes]]] = {"r": [], "s": [], "q": []}
        for one in taken:
            try:
                box = topics.box_of(one.topic)
            except ValueError:
                continue
            kinds[one.topic.removeprefix(f"{topics.ROOT}/")[0]].append((box, one.payload))
        self._intake.take([Sent(box, data) for box, data in kinds["r"]])
        if kinds["s"]:
            self._intake.present({box: is_there(data) for box, data in kinds["s"]})
        # Of one that asks again and again only the last question is answered.
        in_force = self._publisher.in_force() if kinds["q"] else []
        for box, data in dict(kinds["q"]).items():
            self._answer(box, data, in_force)
        self._wire.acknowledge(taken)

    def _answer(self, box: str, data: bytes, in_force: Sequence[Sheet]) -> None:
        """In the order that `Question` promises: its heads last, and of its own area only."""
        try:
            asked, area = Question.from_bytes(data), self._area_of(box)
        except (NotAccepted, BroadcasterError) as error:
            logger.warning("a question of %s is not answered: %s", box, error)
            return
        older = asked.keyring < self._publisher.trust.version
        answers = [self._keyring().to_bytes()] if older else []
        meant = [one for one in in_force if one.is_for(area)]
        answers += [one.envelope for one in meant if one.id in asked.missing]
        answers.append(self._publisher.heads(asked.nonce, {one.id for one in meant}))
        self._wire.publish([(topics.answer(box), answer) for answer in answers], retain=False)


def is_there(data: bytes) -> bool:
    """Whether a state, or the will in its place, says that the box is there."""
    try:
        told = json.loads(data)
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("online") is True
