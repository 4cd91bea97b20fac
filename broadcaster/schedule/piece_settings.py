"""Schema of sounds in config/timetable.yaml: one of a slot, or the pieces of its column."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from broadcaster.core.piece import Order, Piece, PieceKind
from broadcaster.settings.values import Section

HAN = re.compile(r"[\u3400-\u9fff]")
SOUNDS = (PieceKind.AUDIO, PieceKind.FOLDER, PieceKind.RELAY, PieceKind.INPUT)


def _spoken(text: str) -> str:
    if not HAN.search(text):
        raise ValueError(f"没有汉字，念不出来：{text[:20]}")
    if "\ufffd" in text:
        raise ValueError("有认不出来的字，请另存为 UTF-8 文本再试")
    return text


Text = Annotated[str, AfterValidator(_spoken)]
Source = Annotated[str, Field(min_length=1)]


class SoundFields(Section):
    """The keys by which a sound is written, each kind by its own."""

    audio: Source | None = Field(None, description="one sound of the library, by its name")
    folder: Source | None = Field(None, description="a folder of sounds")
    relay: Source | None = Field(None, description="a stream, by its URL")
    input: Source | None = Field(None, description="an input of the sound card, by its name")
    minutes: float | None = Field(None, description="the sound ends after that")
    order: Literal["in_order", "shuffle", "continue"] = "in_order"
    stand_in: str = Field("", description="the sound that takes its place")

    @property
    def sound(self) -> Piece | None:
        """Its sound, or None. Raises `ValueError` for more than one, and for what goes with none."""
        written = {kind: getattr(self, kind.value) for kind in SOUNDS}
        found = [(kind, source) for kind, source in written.items() if source is not None]
        if len(found) > 1:
            raise ValueError(f"{'、'.join(kind.value for kind, _ in found)} 只能写一种")
        if found:
            return Piece(*found[0], self.minutes, Order(self.order), self.stand_in)
        if self.minutes is not None or self.stand_in or self.order != "in_order":
            raise ValueError("minutes、order、stand_in 要和 audio、folder、relay 或 input 写在一起")
        return None


class PieceSettings(SoundFields):
    """One piece of a column: words, or one sound."""

    text: Text | None = None

    @property
    def piece(self) -> Piece:
        """Raises `ValueError` for what cannot be."""
        sound = self.sound
        if bool(self.text) == bool(sound):
            raise ValueError("每一段写 text、audio、folder、relay、input 里的一种")
        return sound or Piece(PieceKind.TEXT, self.text or "")

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if problem := self.piece.problem:
            raise ValueError(problem.removesuffix("。"))
        return self
