from datetime import UTC, datetime, timedelta

import pytest

from broadcaster.model import Airing, Notice, Office, Severity
from broadcaster.playout.queue import AirQueue, cuts_in

MORNING = datetime(2026, 3, 15, 8, 0, tzinfo=UTC)


def airing(
    name: str,
    severity: Severity = Severity.DAILY,
    office: Office = Office.VILLAGE,
    due_at: datetime = MORNING,
) -> Airing:
    notice = Notice(name, severity=severity, office=office)
    return Airing(notice, due_at, due_at + timedelta(hours=1), id=name)


def taken(queue: AirQueue) -> list[str]:
    order = []
    while (first := queue.take()) is not None:
        order.append(first.id)
    return order


def test_severity_goes_before_office_before_due_time() -> None:
    queue = AirQueue()
    late = MORNING + timedelta(minutes=1)
    for waiting in (
        airing("daily later", due_at=late),
        airing("daily"),
        airing("daily of the county", office=Office.COUNTY, due_at=late),
        airing("blue", Severity.BLUE),
        airing("red", Severity.RED, due_at=late),
        airing("orange of the province", Severity.ORANGE, Office.PROVINCE),
    ):
        queue.put(waiting)
    assert taken(queue) == [
        "red",
        "orange of the province",
        "blue",
        "daily of the county",
        "daily",
        "daily later",
    ]


def test_equals_keep_the_order_in_which_they_came() -> None:
    queue = AirQueue()
    for name in "abc":
        queue.put(airing(name))
    assert taken(queue) == ["a", "b", "c"]


def test_one_is_removed_by_name() -> None:
    queue = AirQueue()
    queue.put(airing("a"))
    queue.put(airing("b"))
    removed = queue.remove("a")
    assert removed is not None and removed.id == "a"
    assert queue.remove("a") is None
    assert [waiting.id for waiting in queue.waiting()] == ["b"]


def test_clear_gives_back_all_that_waited() -> None:
    queue = AirQueue()
    queue.put(airing("a"))
    queue.put(airing("b"))
    assert [cleared.id for cleared in queue.clear()] == ["a", "b"]
    assert queue.take() is None


def test_a_queue_with_something_in_it_does_not_wait() -> None:
    queue = AirQueue()
    queue.put(airing("a"))
    queue.wait(timeout_seconds=60)
    assert taken(queue) == ["a"]


@pytest.mark.parametrize("newcomer", Severity)
@pytest.mark.parametrize("sounding", Severity)
def test_only_a_severer_newcomer_cuts_in(newcomer: Severity, sounding: Severity) -> None:
    order = [Severity.RED, Severity.ORANGE, Severity.YELLOW, Severity.BLUE, Severity.DAILY]
    severer = order.index(newcomer) < order.index(sounding)
    higher_office = airing("new", newcomer, Office.PROVINCE)
    assert cuts_in(higher_office, airing("sounding", sounding)) is severer
