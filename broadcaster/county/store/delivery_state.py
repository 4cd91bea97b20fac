"""Delivery state of a bulletin in one box, by its receipts."""

from enum import StrEnum

from broadcaster.bulletin.receipts import PlayedResult, Receipt
from broadcaster.bulletin.receipts import ReceiptState as Told
from broadcaster.bulletin.refusals import Refusal
from broadcaster.core.model import Outcome


class DeliveryState(StrEnum):
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
ENDS = (DeliveryState.CANCELLED, DeliveryState.FAILED, DeliveryState.PARTLY, DeliveryState.HEARD)
REACHES = {
    DeliveryState.SENT: "没有回音",
    DeliveryState.ACCEPTED: "收下了",
    DeliveryState.DEFERRED: "等着播",
    DeliveryState.ON_THE_AIR: "正在播",
    DeliveryState.HEARD: "播完了",
    DeliveryState.PARTLY: "没播完",
    DeliveryState.FAILED: "没播成",
    DeliveryState.REFUSED: "没有收",
    DeliveryState.CANCELLED: "取消了",
}


def stage_of(receipt: Receipt) -> DeliveryState | None:
    """None for a receipt that says nothing new of it: the box has had this one before."""
    if receipt.refusal is Refusal.ALREADY_SEEN:
        return None
    if receipt.state is Told.ENDED and receipt.heard:
        return _ended(receipt.heard)
    return DeliveryState(receipt.state.value)


def _ended(heard: PlayedResult) -> DeliveryState:
    if heard.in_full:
        return DeliveryState.HEARD
    if heard.seconds_played > 0:
        return DeliveryState.PARTLY
    return DeliveryState.CANCELLED if heard.outcome is Outcome.CANCELLED else DeliveryState.FAILED
