"""The queue gives airings in the order of precedence, and none that is late or may not start yet."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from broadcaster.core.model import Airing, AiringKind
from broadcaster.core.notice import Notice, OfficeLevel, Severity
from broadcaster.core.piece import Piece, PieceKind
from broadcaster.playout.air_queue import AirQueue, QueuedAiring

MORNING = datetime(2026, 3, 15, 8, 0, tzinfo=UTC)


def airing(
    name: str,
    severity: Severity = Severity.DAILY,
    office: OfficeLevel = OfficeLevel.VILLAGE,
    due_at: datetime = MORNING,
) -> Airing:
    notice = Notice(name, severity=severity, office=office)
    return Airing(notice, due_at, due_at + timedelta(hours=1), id=name)


def filled(*airings: Airing) -> AirQueue:
    queue = AirQueue()
    for each in airings:
        queue.put(QueuedAiring(each))
    return queue


def taken(queue: AirQueue, now: datetime = MORNING) -> list[str]:
    order = []
    while (first := queue.first(now, 0.0)) is not None:
        order.append(first.airing.id)
        queue.remove(first.airing.id)
    return order


def test_severity_goes_before_office_before_due_time() -> None:
    late = MORNING + timedelta(minutes=1)
    queue = filled(
        airing("daily later", due_at=late),
        airing("daily"),
        airing("daily of the county", office=OfficeLevel.COUNTY, due_at=late),
        airing("blue", Severity.BLUE),
        airing("red", Severity.RED, due_at=late),
        airing("orange of the province", Severity.ORANGE, OfficeLevel.PROVINCE),
    )
    assert taken(queue) == [
        "red",
        "orange of the province",
        "blue",
        "daily of the county",
        "daily",
        "daily later",
    ]


def test_equals_keep_the_order_in_which_they_came() -> None:
    assert taken(filled(airing("a"), airing("b"), airing("c"))) == ["a", "b", "c"]


def test_one_is_removed_by_name() -> None:
    queue = filled(airing("a"), airing("b"))
    removed = queue.remove("a")
    assert removed is not None and removed.airing.id == "a"
    assert queue.remove("a") is None
    assert [waiting.id for waiting in queue.waiting()] == ["b"]


def test_clear_gives_back_all_that_waited() -> None:
    queue = filled(airing("a"), airing("b"))
    assert [cleared.airing.id for cleared in queue.clear(MORNING)] == ["a", "b"]
    assert queue.first(MORNING, 0.0) is None


def test_what_may_not_start_yet_lets_others_go_before() -> None:
    queue = filled(airing("now"))
    later = MORNING + timedelta(hours=7)
    queue.put(QueuedAiring(airing("after the night", Severity.BLUE, due_at=later), not_before=later))
    assert queue.next_start(MORNING) == later
    assert taken(queue) == ["now"]
    assert taken(queue, later) == ["after the night"]
    assert queue.next_start(later) is None


def test_what_is_late_is_taken_out_at_once() -> None:
    queue = filled(airing("old"), airing("young", due_at=MORNING + timedelta(hours=1)))
    late = queue.take_late(MORNING + timedelta(minutes=61), 61 * 60.0)
    assert [waiting.airing.id for waiting in late] == ["old"]
    assert [waiting.id for waiting in queue.waiting()] == ["young"]


def test_what_is_late_is_never_first() -> None:
    queue = filled(airing("red", Severity.RED), airing("young", due_at=MORNING + timedelta(hours=1)))
    assert taken(queue, MORNING + timedelta(minutes=61)) == ["young"]


def test_a_stepped_clock_takes_what_is_live_along_and_leaves_the_timetable() -> None:
    queue = filled(airing("asked"), replace(airing("planned"), kind=AiringKind.SCHEDULED))
    year = timedelta(days=365)
    moved = queue.follow_clock(MORNING + year + timedelta(seconds=7), 7.0)
    assert [each.id for each in moved] == ["asked"]
    due = {waiting.id: waiting.due_at - MORNING for waiting in queue.waiting()}
    assert due == {"asked": year, "planned": timedelta()}
    assert queue.follow_clock(MORNING + year + timedelta(seconds=9), 9.0) == []


def test_what_is_asked_for_after_a_step_is_not_taken_along_by_it() -> None:
    queue = filled(airing("before"))
    queue.put(QueuedAiring(airing("after", due_at=MORNING - timedelta(hours=8)), due=5.0))
    night = MORNING - timedelta(hours=8) + timedelta(seconds=1)
    queue.follow_clock(night, 6.0)
    assert taken(queue, night) == ["before", "after"]
    assert queue.follow_clock(MORNING, 6.0) == []


def test_a_change_since_it_was_looked_at_does_not_wait() -> None:
    queue = AirQueue()
    changes = queue.changes
    queue.put(QueuedAiring(airing("a")))
    queue.wait(changes, timeout_seconds=60)
    changes = queue.changes
    queue.wake()
    queue.wait(changes, timeout_seconds=60)
    assert taken(queue) == ["a"]


def test_clear_leaves_what_is_wanted_later() -> None:
    queue = filled(airing("now"))
    queue.put(QueuedAiring(airing("later"), not_before=MORNING + timedelta(hours=1)))
    assert [cleared.airing.id for cleared in queue.clear(MORNING)] == ["now"]
    assert [waiting.id for waiting in queue.waiting()] == ["later"]


def test_one_that_rests_lets_others_go_before_and_is_ready_when_its_rest_is_over() -> None:
    queue = AirQueue()
    queue.put(QueuedAiring(airing("red", Severity.RED), rest_seconds=2.0, rests_until=102.0))
    assert queue.first(MORNING, 100.0) is None and queue.rest_seconds(100.0) == 2.0
    queue.put(QueuedAiring(airing("daily")))
    firsts = [queue.first(MORNING, monotonic) for monotonic in (100.0, 102.0)]
    assert [first and first.airing.id for first in firsts] == ["daily", "red"]
    assert queue.rest_seconds(102.0) is None


def test_the_rest_of_a_long_sound_is_worth_it_after_a_cut() -> None:
    """Of one that is half an hour long the lateness of ten minutes is over when it is cut."""
    now = MORNING
    notice = Notice("", pieces=(Piece(PieceKind.AUDIO, "大登殿.mp3"),))
    opera = Airing(notice, now, now + timedelta(minutes=10), AiringKind.SCHEDULED)
    cut = QueuedAiring(opera, 3, 5.0, cut_at=now + timedelta(minutes=30))
    assert not cut.is_late(now + timedelta(minutes=39))
    assert cut.is_late(now + timedelta(minutes=41))
    words = QueuedAiring(Airing(Notice("停水"), now, opera.expires_at), cut_at=cut.cut_at)
    assert words.is_late(now + timedelta(minutes=39))
