"""The rules of the air as the box has them, out of its database, for a command beside it."""

from datetime import datetime, time

from broadcaster.core.clock import Clock
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.length_estimate import estimated_lengths
from broadcaster.settings.schema import Settings
from broadcaster.station.durable_queue import recall
from broadcaster.station.persistent_controls import set_as_before
from broadcaster.store.offline_journal import open_past, past_state
from broadcaster.studio.sound_lengths import SoundLengths
from broadcaster.studio.sound_library import SoundLibrary


def rules_of_box(settings: Settings, clock: Clock) -> AirRules:
    """They know of what sounded today and what was stopped. Raises `StoreUnusable`."""
    folder = settings.paths.state
    lengths = estimated_lengths(settings, SoundLengths(SoundLibrary(folder)))
    rules = AirRules(settings, lengths)
    known = past_state(folder)
    set_as_before(rules, lambda name: known.get(name, ""))
    with open_past(folder, clock) as past:
        if past:
            recall(rules, past, datetime.combine(clock.now().date(), time(), clock.zone))
    return rules
