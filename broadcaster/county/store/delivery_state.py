"""Delivery state of a bulletin in one box, by its receipts."""

from enum import StrEnum

from broadcaster.bulletin.receipts import PlayedResult, Receipt
from broadcaster.bulletin.receipts import ReceiptState as Told
from broadcaster.bulletin.refusals import Refusal
from broadcaster.core.model import Outcome


class Reach(StrEnum):
    """The furthest that is known; SENT is that the box has said nothing yet."""

    SENT = "sent"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    ON_THE_AIR = "on_the_air"
    HEARD = "heard"
    PARTLY = "partly"
    FAILED = "failed"
    REFUSED = "refused"
    CANCELLED = "cancelled"


# From the least that a village can have had of it to the most.
ENDS = (Reach.CANCELLED, Reach.FAILED, Reach.PARTLY, Reach.HEARD)
REACHES = {
    Reach.SENT: "没有回音",
    Reach.ACCEPTED: "收下了",
    Reach.DEFERRED: "等着播",
    Reach.ON_THE_AIR: "正在播",
    Reach.HEARD: "播完了",
    Reach.PARTLY: "没播完",
    Reach.FAILED: "没播成",
    Reach.REFUSED: "没有收",
    Reach.CANCELLED: "取消了",
}


def stage_of(receipt: Receipt) -> Reach | None:
    """None for a receipt that says nothing new of it: the box has had this one before."""
    if receipt.refusal is Refusal.ALREADY_SEEN:
        return None
    if receipt.state is Told.ENDED and receipt.heard:
        return _ended(receipt.heard)
    return Reach(receipt.state.value)


def _ended(heard: PlayedResult) -> Reach:
    if heard.in_full:
        return Reach.HEARD
    if heard.seconds_played > 0:
        return Reach.PARTLY
    return Reach.CANCELLED if heard.outcome is Outcome.CANCELLED else Reach.FAILED
