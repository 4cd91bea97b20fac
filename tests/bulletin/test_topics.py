"""A topic says to whom a message goes and from which box it comes."""

import pytest

from broadcaster.bulletin import mqtt_topics


def test_a_box_hears_its_own_area_and_each_above_it() -> None:
    assert mqtt_topics.bulletins_for("331121104200") == (
        *("cb/1/n/33/+", "cb/1/n/3311/+", "cb/1/n/331121/+"),
        *("cb/1/n/331121104/+", "cb/1/n/331121104200/+"),
    )


def test_a_bulletin_stands_under_its_trimmed_area() -> None:
    assert mqtt_topics.bulletin("331121104000", "id") == "cb/1/n/331121104/id"


@pytest.mark.parametrize(
    "name", [mqtt_topics.receipt("b7", "id"), mqtt_topics.state("b7"), mqtt_topics.sync_request("b7")]
)
def test_what_comes_from_a_box_says_which(name: str) -> None:
    assert mqtt_topics.box_of(name) == "b7"


@pytest.mark.parametrize("name", ["cb/1/h/331121", "x/cb/1/s/b7", "cb/1/s", ""])
def test_other_topics_come_from_no_box(name: str) -> None:
    with pytest.raises(ValueError):
        mqtt_topics.box_of(name)
