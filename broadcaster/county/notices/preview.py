"""Previews of the office: the script and the sound of a draft, before it is sent."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from broadcaster.core.errors import VoiceUnavailable
from broadcaster.core.model import Script
from broadcaster.county.notices.draft import Draft
from broadcaster.studio.preview import REMEMBERED, PreviewSound
from broadcaster.studio.studio import VoiceEntry
from broadcaster.studio.studio_contract import PreviewsContract, StudioContract


class OfficePreviews:
    """Any thread. What is made goes by the settings of this machine; a village's may differ."""

    def __init__(self, studio: StudioContract, previews: PreviewsContract, rate_hz: int) -> None:
        self._studio = studio
        self._previews = previews
        self.bytes_a_second = 2 * rate_hz
        self._versions: OrderedDict[str, str] = OrderedDict()

    def warm(self) -> None:
        """Have the voice child ready: somebody is about to write."""
        self._studio.warm()

    def script(self, draft: Draft) -> Script:
        """Its lines, said once; none of a recording. Raises `TextRefused`."""
        if draft.sound:
            return Script(())
        return self._studio.script(replace(draft.as_sent, repeats=1, opening="", closing=""))

    def start(self, draft: Draft) -> str:
        """Have it made as a village will hear it; the token by which it is heard. `BroadcasterError`."""
        try:
            token = self._previews.start(draft.as_sent)
        except VoiceUnavailable:
            if not draft.notice.voice:
                raise
            # A village may have the voice that this machine has not.
            token = self._previews.start(replace(draft.as_sent, voice=None))
        self._versions[token] = draft.version
        # One more than are remembered, for threads that are between the two.
        while len(self._versions) > REMEMBERED + 1:
            self._versions.popitem(last=False)
        return token

    def version_of(self, token: str) -> str:
        """Of the draft that sounds by it; "" for one that is forgotten."""
        return self._versions.get(token, "")

    def seconds(self, token: str) -> float | None:
        """The length of its sound; None while that is not known."""
        return self._previews.seconds(token)

    def hear(self, token: str) -> PreviewSound | None:
        """None for one that is forgotten. Raises `BroadcasterError`."""
        return self._previews.hear(token)

    def rhymes(self, script: Script) -> list[dict[str, Any]]:
        return self._previews.rhymes(script)

    def voices(self) -> Sequence[VoiceEntry]:
        """Those that can speak here."""
        return [voice for voice in self._studio.voices() if voice.ready]
