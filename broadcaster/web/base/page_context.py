"""The context of the village page: its parts, stored in the app and found by each request."""

import time
from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from broadcaster.core.clock import Clock
from broadcaster.settings.schema import Settings
from broadcaster.station.station_contract import StationContract
from broadcaster.web.base.answered_forms import AnsweredForms, HandledForms
from broadcaster.web.base.ended_sessions import EndedSessions
from broadcaster.web.base.followed_airings import FollowedAirings
from broadcaster.web.base.idempotency import Idempotency
from broadcaster.web.base.throttle import Throttle
from broadcaster.web.server.server_events import Live

# Of answers: a page is 2 kB there, so these are some minutes of a village.
MOST_BYTES = 500_000


@dataclass(frozen=True)
class PageContext:
    """Given to the app once, by `create_app`."""

    station: StationContract
    settings: Settings
    clock: Clock
    ended_sessions: EndedSessions
    live: Live = field(default_factory=Live)
    idempotency: Idempotency = field(default_factory=Idempotency)
    followed: FollowedAirings = field(default_factory=lambda: FollowedAirings(time.monotonic()))
    answers: AnsweredForms = field(default_factory=lambda: AnsweredForms(MOST_BYTES))
    wrong_tokens: Throttle = field(default_factory=Throttle)
    handled_forms: HandledForms = field(default_factory=HandledForms)


def parts() -> PageContext:
    """The parts of the app that answers this request."""
    return cast(PageContext, current_app.extensions["broadcaster"])
