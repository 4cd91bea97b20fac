"""Finds the output that the station's `sound.device` means on this machine, and writes the ALSA
configuration for it.

A configuration of our own names the card by its id, which stays when numbers change, and keeps PortAudio
from probing the stock list: 19 MB in the sound child instead of 36. Ids of two cards of one make go by
the order in which they were plugged in, so a card is remembered by its port.
"""

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType

from broadcaster.core.clock_trust import StateStore
from broadcaster.core.errors import DeviceLost, StoreUnusable, reason_of
from broadcaster.playout.device.sound_messages import CardOutput, NoOutput, Output, SilentOutput
from broadcaster.system.runtime_folder import in_runtime_folder

logger = logging.getLogger(__name__)

PCM_NAME = "village"
CARDS_FILE = Path("/proc/asound/cards")
CARDS_FOLDER = Path("/sys/class/sound")
STOCK_CONFIG = Path("/usr/share/alsa/alsa.conf")
STOCK_PCMS = ("default", "sysdefault", "pulse", "pipewire", "jack")
NO_CARD = "没有找到声卡：只走流程，不出声。插上声卡就会用上，或用 --output-file 写到文件。"
NO_CARD_HEARD = "没有声卡，没有出声"
KNOWN_CARDS = "sound_cards"

# " 1 [Device         ]: USB-Audio - USB Audio Device"
CARD_LINE = re.compile(
    r"^\s*(?P<number>\d+) \[(?P<id>\S+)\s*\]: (?P<driver>\S+) - (?P<name>.*\S)", re.MULTILINE
)
# The interface of a device that hangs at this port: "1-1.3:1.0".
USB_INTERFACE = re.compile(r"(?P<port>\d+-\d+(?:\.\d+)*):\d+\.\d+")


@dataclass(frozen=True)
class Card:
    """A sound card as the kernel lists it; `port` is the USB port it hangs at, "" for others."""

    id: str
    driver: str
    name: str
    port: str = ""

    def __str__(self) -> str:
        port = f"，插口 {self.port}" if self.port else ""
        return f"{self.id}（{self.name}{port}）"

    @property
    def stable_name(self) -> str:
        """The name that stays the same after every start, whatever else is plugged in."""
        return self.port or self.id

    def is_called(self, name: str) -> bool:
        return name.lower() in (self.port, self.id.lower(), self.name.lower())

    def is_same(self, other: "Card") -> bool:
        """True if a card of the same make is in the same place; its id may differ."""
        return replace(self, id=self.stable_name) == replace(other, id=other.stable_name)


def list_cards(cards_file: Path = CARDS_FILE, folder: Path = CARDS_FOLDER) -> list[Card]:
    """The cards of this machine that can play."""
    return [card for card, place in read_cards(cards_file, folder) if _can_play(place)]


def read_cards(cards_file: Path, folder: Path) -> Iterator[tuple[Card, Path]]:
    """All cards, each with its folder in sysfs; none where the kernel has no sound."""
    if not cards_file.exists():
        return
    for match in CARD_LINE.finditer(cards_file.read_text()):
        place = folder / f"card{match['number']}"
        yield Card(match["id"], match["driver"], match["name"], _port(place)), place


def _can_play(place: Path) -> bool:
    """A microphone is a card too, which takes no sound."""
    return not any(place.glob("pcmC*c")) or any(place.glob("pcmC*p"))


def _port(place: Path) -> str:
    found = USB_INTERFACE.fullmatch((place / "device").resolve().name)
    return found["port"] if found else ""


@dataclass(frozen=True)
class CardEntry:
    """A card that is there, for a person; `wired` is the one that the amplifier is taken to hang at."""

    name: str
    """The name after every start."""
    title: str
    in_use: bool
    wired: bool


@dataclass(frozen=True)
class KnownCards:
    """The card that the amplifier is `wired` to, as far as is known, and the one in use, `held`.

    The first card ever found is taken for the wired one, until a person names another.
    """

    wired: Card
    held: Card
    by_person: bool = False

    @staticmethod
    def read(text: str) -> "KnownCards | None":
        try:
            kept = json.loads(text)
            return KnownCards(Card(**kept["wired"]), Card(**kept["held"]), bool(kept["by_person"]))
        except (ValueError, TypeError, KeyError):
            if text:
                logger.warning("以前接的是哪块声卡读不出来，按现在接的算：%s", text)
            return None


class Forgetful:
    """Knows what it is given, and remembers nothing more."""

    def __init__(self, known: Mapping[str, str] = MappingProxyType({})) -> None:
        self._known = known

    def get(self, key: str) -> str:
        return self._known.get(key, "")

    def put(self, key: str, value: str) -> None:
        pass


class CardChoice:
    """Looks again and again which output a setting means: a card may come late, go, or come back.

    `auto` knows the card of its last start. It leaves it only for one as good or better: sound on the
    board's own socket, where no amplifier hangs, would count as heard. What sounds on a card that nobody
    has said is wired is told, and is not taken as heard. Any thread.
    """

    def __init__(
        self,
        device: str,
        state_folder: Path,
        environment: Mapping[str, str],
        cards: Callable[[], list[Card]] = list_cards,
        memory: StateStore | None = None,
    ) -> None:
        self._state_folder = state_folder
        self._environment = environment
        self._cards = cards
        self._device = device
        self._auto = device == "auto" and "ALSA_CONFIG_PATH" not in environment
        self._memory = memory or Forgetful()
        self._known = self._recall() if self._auto else None
        self._seen: list[Card] | None = None
        self._chosen: tuple[Output, str] = SilentOutput(), ""
        self._lock = threading.Lock()

    def look(self) -> tuple[Output, str]:
        """The output now, and a sentence of warning in Chinese or ""."""
        with self._lock:
            cards = self._cards()
            if cards != self._seen:
                self._chosen = self._choose(cards)
                self._seen = cards
            return self._chosen

    def entries(self) -> tuple[CardEntry, ...]:
        """The cards that could be used now; none is wired where the settings name the output."""
        output, _ = self.look()
        used = output.card if isinstance(output, CardOutput) else ""
        wired = self._known and self._known.wired
        return tuple(
            CardEntry(card.stable_name, str(card), card.id == used, bool(wired and card.is_same(wired)))
            for card in self._cards()
        )

    def use(self, name: str) -> Card:
        """A person says that the amplifier hangs at this card. Raises `DeviceLost`."""
        if not self._auto:
            raise DeviceLost(
                f"声卡写在设置里：sound.device 是 {self._device}。要在这里选，请把它改成 auto 再重启"
            )
        card = _named(name, self._cards())
        with self._lock:
            self._know(KnownCards(card, card, by_person=True))
            self._seen = None
        return card

    def _choose(self, cards: list[Card]) -> tuple[Output, str]:
        wanted = self._pick(cards) if self._auto else cards
        if self._known and not wanted:
            held = self._known.held
            return NoOutput(f"声卡 {held} 不见了，请检查插头；换了声卡，请在“更多”的“声卡”里选"), ""
        try:
            chosen, note = choose_output(self._device, self._state_folder, self._environment, wanted)
        except DeviceLost as error:
            return NoOutput(str(error)), ""
        if not (self._auto and wanted and isinstance(chosen, CardOutput)):
            return chosen, note
        return self._judged(chosen, wanted[0])

    def _pick(self, cards: list[Card]) -> list[Card]:
        """The one to take for `auto`, none if what is there is worse than the one it knows."""
        known = self._known
        if known is None:
            return sorted(cards, key=_rank)[:1]
        wired = [card for card in cards if card.is_same(known.wired)]
        if wired and known.by_person:
            return wired
        worst = min(_rank(known.wired), _rank(known.held))
        good = [card for card in cards if _rank(card) <= worst]

        def order(card: Card) -> tuple[object, ...]:
            return _rank(card), not card.is_same(known.wired), not card.is_same(known.held)

        return sorted(good, key=order)[:1]

    def _judged(self, output: CardOutput, card: Card) -> tuple[Output, str]:
        """The output, and a warning if sound on this card may not be heard."""
        known = self._known or KnownCards(card, card)
        self._know(replace(known, held=card))
        if card.is_same(known.wired):
            return output, ""
        unheard = f"声音走的是声卡 {card}，功放原来接的是 {known.wired}，不知道有没有人听见"
        note = (
            f"现在声音走声卡 {card}，功放原来接的是 {known.wired}。"
            "功放要是接在现在这块上，请在“更多”的“声卡”里点它；不是就插回原来的"
        )
        return replace(output, unheard=unheard), note

    def _know(self, known: KnownCards) -> None:
        if known == self._known:
            return
        self._known = known
        try:
            self._memory.put(KNOWN_CARDS, json.dumps(asdict(known), ensure_ascii=False))
        except StoreUnusable as error:
            logger.warning("接的是声卡 %s，没有记下来，下次启动不认得它：%s", known.wired, error)

    def _recall(self) -> KnownCards | None:
        try:
            return KnownCards.read(self._memory.get(KNOWN_CARDS))
        except StoreUnusable as error:
            logger.warning("以前接的是哪块声卡读不出来，按现在接的算：%s", error)
            return None


def choose_output(
    device: str, state_folder: Path, environment: Mapping[str, str], cards: list[Card]
) -> tuple[Output, str]:
    """The output, and a sentence of warning in Chinese or "".

    Where ALSA_CONFIG_PATH is set somebody has configured ALSA for us: a PCM of theirs is used as it is,
    `village` for `auto`. Raises `DeviceLost` for a card that is not there.
    """
    if device == "silent":
        return SilentOutput(), ""
    if configured := environment.get("ALSA_CONFIG_PATH"):
        return CardOutput(PCM_NAME if device == "auto" else device, Path(configured)), ""
    if ":" in device or device in STOCK_PCMS:
        return _output(f"<{STOCK_CONFIG}>\n", f'"{device}"', state_folder, device), ""
    if device == "auto" and not cards:
        return SilentOutput(NO_CARD_HEARD), NO_CARD
    card = min(cards, key=_rank) if device == "auto" else _named(device, cards)
    output = _output("", f'{{ type hw card "{card.id}" }}', state_folder, card.id)
    return output, "" if device == "auto" else _ambiguity(device, card, cards)


def _ambiguity(device: str, card: Card, cards: list[Card]) -> str:
    """A sentence if a name may mean another card of the same make after the next start, or ""."""
    twins = [one for one in cards if (one.driver, one.name) == (card.driver, card.name)]
    if len(twins) < 2 or device == card.stable_name:
        return ""
    return (
        f"有 {len(twins)} 块一样的声卡（{card.name}），{device} 重启以后可能是另一块。"
        f"请把 sound.device 写成插口，现在用的是 {card.stable_name}"
    )


def _rank(card: Card) -> tuple[bool, bool]:
    """A card somebody plugged in before the board's own, and HDMI, where no amplifier hangs, last."""
    return "hdmi" in card.id.lower(), card.driver != "USB-Audio"


def _named(device: str, cards: list[Card]) -> Card:
    for card in cards:
        if card.is_called(device):
            return card
    there = "、".join(map(str, cards)) or "一块也没有"
    raise DeviceLost(
        f"没有叫 {device} 的声卡。现有的声卡：{there}。"
        "请插好声卡，或者改 config/broadcaster.yaml 里的 sound.device（auto 自动找，silent 不出声）"
    )


def _output(included: str, slave: str, state_folder: Path, name: str) -> CardOutput:
    """`default` is defined too: without one PortAudio 19.6 aborts the process when it starts."""
    village = f"pcm.{PCM_NAME} {{ type plug  slave.pcm {slave} }}\n"
    default = "" if included else f'pcm.default {{ type plug  slave.pcm "{PCM_NAME}" }}\n'

    def write(folder: Path) -> Path:
        config = folder / "asoundrc"
        config.write_text(included + village + default, encoding="utf-8")
        return config

    try:
        return CardOutput(PCM_NAME, in_runtime_folder(state_folder, write), name)
    except OSError as error:
        raise DeviceLost(
            f"声卡设置写不进 {state_folder}（{reason_of(error)}），请检查文件夹的权限"
        ) from error
