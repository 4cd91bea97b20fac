"""The first notice of a box, said once in its life, so that whoever set it up hears it speak."""

import logging
from collections.abc import Callable

from broadcaster.core.clock import Clock
from broadcaster.core.clock_trust import StateStore
from broadcaster.core.errors import BroadcasterError, StoreUnusable
from broadcaster.core.notice import Notice
from broadcaster.rules import quiet_hours
from broadcaster.settings.schema import Settings
from broadcaster.station.durable_queue import DurableQueue
from broadcaster.station.station import Station

logger = logging.getLogger(__name__)

GREETED, TITLE, ASKED_BY = "greeted", "试音", "开机"


def forget_greeting(intake: DurableQueue, memory: StateStore) -> None:
    """End one that the box went down in: who stood by has heard enough. To be called
    before what waits is taken up."""
    try:
        airing_id = memory.get(GREETED)
    except StoreUnusable:
        logger.exception("试过音没有读不出来，错误在下面")
        return
    if airing_id:
        intake.withdraw(airing_id, "试音没有播完，不再接着播")


def greet(
    station: Station, settings: Settings, memory: StateStore, clock: Clock, tell: Callable[[str], None]
) -> None:
    """Of a box on which nothing was accepted yet. `settings` are those of the house, whose quiet hours
    count for what goes into a file too.
    """
    notice = Notice(settings.station.first_notice, title=TITLE)
    quiet = quiet_hours.quiet(settings, clock.now(), notice)
    try:
        if not quiet.passes:
            tell(f"没有试音：现在是静音时段：{quiet.reason}。")
        elif not memory.get(GREETED):
            memory.put(GREETED, station.announce(notice, asked_by=ASKED_BY).id)
    except StoreUnusable as error:
        logger.warning("试过音没有记下来，下次启动可能再试一次：%s", error)
    except BroadcasterError as error:
        tell(f"没有试音：{error}")
