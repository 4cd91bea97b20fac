"""Pages that forms were answered with: the oldest give way."""

from broadcaster.web.base.answered_forms import AnsweredForms


def test_many_answers_push_out_old_ones_and_never_one_that_nobody_was_led_to_yet() -> None:
    answers, seconds = AnsweredForms(most_bytes=1_000), 0.0
    pages = [bytes([number]) * 200_000 for number in range(3)]
    first = answers.keep(pages[0], 200, "", seconds)
    while answers.keep(pages[1], 200, "", seconds):
        seconds += 1
    assert answers.find(first)
    last = answers.keep(pages[2], 400, "1", seconds + 100)
    assert answers.find(first) is None
    found = answers.find(last)
    assert found and found.page == pages[2] and found.status == 400
