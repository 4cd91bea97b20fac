"""MQTT topics of the county line. A topic only routes a message; its meaning comes from the signed bytes
alone.
"""

from broadcaster.bulletin import areas

ROOT = "cb/1"
# All that stand on a broker, whosever they are.
BULLETINS = f"{ROOT}/n/+/+"
# A broker writes what it has acknowledged to its disk so often (`county/broker`): who publishes keeps
# what matters for longer.
SAVED_SECONDS = 60
SEVERAL = "-"


def bulletin(area: str, bulletin_id: str) -> str:
    """The topic of one bulletin for an area, retained; the broker delivers it to all places below."""
    return f"{ROOT}/n/{areas.trim(area)}/{bulletin_id}"


def bulletins_for(village: str) -> tuple[str, ...]:
    """The topics to which a box subscribes: its own area and each area above."""
    return tuple(f"{ROOT}/n/{area}/+" for area in areas.ancestors(village))


def keyring(county: str) -> str:
    return f"{ROOT}/k/{areas.trim(county)}"


def snapshot(county: str) -> str:
    return f"{ROOT}/h/{areas.trim(county)}"


def answer(box: str) -> str:
    """The topic on which the office answers one box: a snapshot with its nonce, and bulletins that it
    misses.
    """
    return f"{ROOT}/a/{box}"


def receipt(box: str, bulletin_id: str = SEVERAL) -> str:
    """The topic of a box's receipts. There is one, so a box can leave one retained message and no more;
    older boxes use one for each bulletin.
    """
    return f"{ROOT}/r/{box}/{bulletin_id}"


def state(box: str) -> str:
    """Retained, with a will: whether the box is there, and what it says of itself."""
    return f"{ROOT}/s/{box}"


def sync_request(box: str) -> str:
    """The topic of a box's sync requests: it asks for the time by a nonce, and for bulletins that it
    misses.
    """
    return f"{ROOT}/q/{box}"


def command(box: str) -> str:
    """The topic of a village's remote commands to its box; not retained."""
    return f"{ROOT}/c/{box}"


def done(box: str) -> str:
    """The topic of the box's answers to remote commands; not retained."""
    return f"{ROOT}/d/{box}"


def totals(county: str, bulletin_id: str) -> str:
    """Retained: how a bulletin of the province fares in one county, as its relay adds it up."""
    return f"{ROOT}/u/{areas.trim(county)}/{bulletin_id}"


def heartbeat(county: str) -> str:
    """Retained: that the county's relay is there, and how far its sums are true."""
    return totals(county, "-")


def county_of(topic: str) -> str:
    """The county that a sum or a presence comes from. Raises ValueError for other topics."""
    prefix, _, rest = topic.rpartition(ROOT + "/")
    kind, county, _ = rest.split("/")
    if prefix or kind != "u":
        raise ValueError(topic)
    return county


def kind_of(topic: str) -> str:
    """The letter after the root; any text for a topic that is not ours."""
    return topic.removeprefix(f"{ROOT}/").partition("/")[0]


def box_of(topic: str) -> str:
    """The box that a receipt, state or question comes from. Raises ValueError for other topics."""
    prefix, _, rest = topic.rpartition(ROOT + "/")
    kind, box, *_ = rest.split("/")
    if prefix or kind not in ("r", "s", "q"):
        raise ValueError(topic)
    return box
