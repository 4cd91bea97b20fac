"""Finds the inputs of sound cards, by the names that a person calls them."""

from collections.abc import Mapping
from pathlib import Path

from broadcaster.core.errors import DeviceLost
from broadcaster.playout.device.alsa_cards import (
    CARDS_FILE,
    CARDS_FOLDER,
    STOCK_PCMS,
    Card,
    read_cards,
)


def list_inputs(cards_file: Path = CARDS_FILE, folder: Path = CARDS_FOLDER) -> list[Card]:
    """The cards of this machine that take sound in."""
    return [card for card, place in read_cards(cards_file, folder) if any(place.glob("pcmC*c"))]


def input_pcm(name: str, environment: Mapping[str, str], inputs: list[Card] | None = None) -> str:
    """The name in ALSA of an input: a card's by port, id or name; any other is a PCM as it is written.

    Where ALSA_CONFIG_PATH is set somebody has configured ALSA for us. Raises `DeviceLost`.
    """
    if environment.get("ALSA_CONFIG_PATH") or ":" in name or name in STOCK_PCMS:
        return name
    there = list_inputs() if inputs is None else inputs
    for card in there:
        if card.is_called(name):
            return f"plughw:CARD={card.id}"
    known = "、".join(map(str, there)) or "一个也没有"
    raise DeviceLost(f"没有叫 {name} 的声音输入。现有的：{known}")
