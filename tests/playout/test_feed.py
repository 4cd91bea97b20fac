"""The buffer between reader and card loses no block, counts each, and fades to silence."""

from array import array

from broadcaster.playout.device.pcm_buffer import Feed


def pcm(*samples: int) -> bytes:
    return array("h", samples).tobytes()


def test_blocks_come_out_in_order_and_are_counted() -> None:
    feed = Feed(block_frames=2)
    feed.add(pcm(1, 2))
    feed.add(pcm(3))
    assert (feed.added, feed.taken, feed.ahead) == (3, 0, 3)
    assert feed.take() == pcm(1, 2)
    assert (feed.taken, feed.ahead) == (2, 1)
    assert feed.take() == pcm(3)


def test_several_blocks_can_be_taken_at_once() -> None:
    feed = Feed(block_frames=1)
    for sample in (1, 2, 3):
        feed.add(pcm(sample))
    assert feed.take(most_blocks=2) == pcm(1, 2)
    assert feed.take(most_blocks=2) == pcm(3)


def test_an_empty_feed_gives_nothing_and_counts_nothing() -> None:
    feed = Feed(block_frames=2)
    assert feed.take() == b""
    assert feed.taken == 0


def test_a_fade_keeps_a_ramp_and_forgets_the_rest() -> None:
    feed = Feed(block_frames=2)
    for _ in range(5):
        feed.add(pcm(800, 800))
    assert feed.take() == pcm(800, 800)
    assert feed.fade(4) is True
    assert feed.take(most_blocks=9) == pcm(800, 600, 400, 200)
    assert (feed.added, feed.taken) == (6, 6)


def test_a_fade_of_less_than_a_ramp_still_ends_in_silence() -> None:
    feed = Feed(block_frames=2)
    feed.add(pcm(900, 900))
    feed.add(pcm(900))
    feed.fade(100)
    assert feed.take(most_blocks=9) == pcm(900, 600, 300)


def test_a_fade_of_nothing_loses_nothing() -> None:
    assert Feed(block_frames=2).fade(4) is False


def test_what_is_forgotten_was_never_added() -> None:
    feed = Feed(block_frames=2)
    feed.add(pcm(1, 2))
    feed.take()
    feed.add(pcm(3, 4))
    feed.clear()
    assert (feed.added, feed.taken, feed.take()) == (2, 2, b"")
