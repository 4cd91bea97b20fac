"""Sound files as phones, sites, recorders and players really leave them, made at test time by ffmpeg.

`OddSounds(folder)` encodes two seconds of a tone in every way by one run of it; `make(name)` gives the
path of one, damaged or wrapped by hand as its name says.
"""

import random
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

SECONDS = 2.0
TONE = "aevalsrc=0.25*sin(2*PI*440*t)*(0.6+0.4*sin(2*PI*3*t)):s=44100:d=2"
MP3 = ["-c:a", "libmp3lame", "-b:a", "64k"]
BARE = ["-write_xing", "0", "-id3v2_version", "0"]
# The name and ffmpeg's options for it.
ENCODED: dict[str, list[str]] = {
    "plain.mp3": MP3,
    "bare.mp3": [*MP3, *BARE],
    "vbr without a head.mp3": ["-c:a", "libmp3lame", "-q:a", "4", *BARE],
    "8 kHz.mp3": ["-c:a", "libmp3lame", "-ar", "8000", *BARE],
    "22 kHz.mp3": ["-c:a", "libmp3lame", "-ar", "22050", "-ac", "2", *BARE],
    "layer 2.mp2": ["-c:a", "mp2"],
    "16 bit.wav": [],
    "24 bit.wav": ["-c:a", "pcm_s24le"],
    "float.wav": ["-c:a", "pcm_f32le"],
    "8 bit.wav": ["-c:a", "pcm_u8"],
    "a-law.wav": ["-c:a", "pcm_alaw", "-ar", "8000"],
    "adpcm.wav": ["-c:a", "adpcm_ima_wav"],
    "mp3 inside.wav": MP3,
    "96 kHz.wav": ["-ar", "96000"],
    "5.1.flac": ["-af", "pan=5.1|c0=c0|c1=c0|c2=c0", "-ar", "48000"],
    "5.1.ac3": ["-af", "pan=5.1|c2=c0", "-ar", "48000"],
    "out of phase.wav": ["-af", "pan=stereo|c0=c0|c1=-1*c0"],
    "right alone.wav": ["-af", "pan=stereo|c1=c0"],
    "clipped.wav": ["-af", "volume=20dB"],
    "far too quiet.flac": ["-af", "volume=-40dB", "-c:a", "flac"],
    "offset.wav": ["-af", "dcshift=0.3"],
    "silent.wav": ["-af", "volume=0"],
    "silent and offset.wav": ["-af", "volume=0,dcshift=0.3", "-c:a", "pcm_s16le"],
    "1 ms.wav": ["-t", "0.001"],
    "plain.m4a": ["-c:a", "aac"],
    "index in front.m4a": ["-c:a", "aac", "-movflags", "+faststart"],
    "fragmented.mp4": [
        "-c:a",
        "aac",
        "-movflags",
        "frag_keyframe+empty_moov",
        "-frag_duration",
        "500000",
    ],
    "lossless.m4a": ["-c:a", "alac"],
    "3gp.3gp": ["-c:a", "aac"],
    "adts.aac": ["-c:a", "aac", "-f", "adts"],
    "stream.ts": ["-c:a", "aac", "-f", "mpegts"],
    "plain.opus": ["-c:a", "libopus"],
    "plain.ogg": ["-c:a", "libvorbis", "-ac", "2"],
    "plain.flac": ["-c:a", "flac", "-metadata", "title=春之声"],
    "plain.aiff": ["-c:a", "pcm_s16be"],
    "plain.caf": ["-c:a", "pcm_s16le"],
    "plain.wma": ["-c:a", "wmav2"],
    "plain.au": ["-c:a", "pcm_s16be"],
    "plain.mka": ["-c:a", "pcm_s16le"],
    "plain.avi": MP3,
    "plain.flv": MP3,
}
# A picture of 8 MB, as a cover has it.
COVER = b"image/jpeg\0\3\0" + b"\xff\xd8\xff\xe0" + random.Random(5).randbytes(8_000_000)
CHINESE = "东方红 大合唱"


class OddSounds:
    """Makes each on demand, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", TONE]
        for name, options in ENCODED.items():
            command += [*options, str(folder / name)]
        subprocess.run(command, check=True)

    def make(self, name: str) -> Path:
        path = self._folder / name
        if not path.exists():
            path.write_bytes(MADE[name](self))
        return path

    def bytes_of(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()

    def piped(self, *options: str) -> bytes:
        """ffmpeg's output where it cannot go back to write a length."""
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", TONE, *options, "-"]
        return subprocess.run(command, check=True, capture_output=True).stdout


def noise(count: int) -> bytes:
    return random.Random(count).randbytes(count)


def _in_the_middle(content: bytes, put: bytes, instead_of: int = 0) -> bytes:
    half = len(content) // 2
    return content[:half] + put + content[half + instead_of :]


def _with_lengths(wav: bytes, riff: int, samples: int) -> bytes:
    at = wav.index(b"data") + 4
    return wav[:4] + struct.pack("<I", riff) + wav[8:at] + struct.pack("<I", samples) + wav[at + 4 :]


def id3(*frames: tuple[bytes, bytes], claims: int | None = None) -> bytes:
    """An ID3v2.3 tag; `claims` is a length that is not its own."""
    body = b"".join(name + struct.pack(">IH", len(content), 0) + content for name, content in frames)
    length = len(body) if claims is None else claims
    return b"ID3\3\0\0" + bytes(length >> bits & 127 for bits in (21, 14, 7, 0)) + body


def _ape_tag() -> bytes:
    item = struct.pack("<II", 6, 0) + b"Title\0" + b"ape it"
    footer = struct.pack("<8sIIII8x", b"APETAGEX", 2000, len(item) + 32, 1, 0)
    return item + footer


def _video(codec: list[str]) -> Callable[[OddSounds], bytes]:
    def made(sounds: OddSounds) -> bytes:
        path = sounds._folder / "video.part.mp4"
        picture = ["-f", "lavfi", "-i", "color=size=64x64:duration=2:rate=5"]
        command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", TONE, *picture, *codec, str(path)]
        subprocess.run(command, check=True)
        return path.read_bytes()

    return made


def _amr(sounds: OddSounds) -> bytes:
    """12.2 kbit/s, a frame of 32 bytes each 20 ms."""
    chance = random.Random(1)
    return b"#!AMR\n" + b"".join(b"\x3c" + chance.randbytes(31) for _ in range(100))


def _amr_wide(sounds: OddSounds) -> bytes:
    """23.85 kbit/s, a frame of 61 bytes each 20 ms."""
    chance = random.Random(1)
    return b"#!AMR-WB\n" + b"".join(b"\x44" + chance.randbytes(60) for _ in range(100))


MADE: dict[str, Callable[[OddSounds], bytes]] = {
    "garbage in the middle.mp3": lambda of: _in_the_middle(of.bytes_of("bare.mp3"), noise(3000)),
    "hole in the middle.mp3": lambda of: _in_the_middle(of.bytes_of("bare.mp3"), b"", 3200),
    "zeros in the middle.mp3": lambda of: _in_the_middle(of.bytes_of("bare.mp3"), bytes(3200), 3200),
    "cut off.mp3": lambda of: of.bytes_of("bare.mp3")[:8000],
    "rubbish in front.mp3": lambda of: noise(50_000) + of.bytes_of("bare.mp3"),
    "length 0.wav": lambda of: _with_lengths(of.bytes_of("16 bit.wav"), 0, 0),
    "length unknown.wav": lambda of: _with_lengths(of.bytes_of("16 bit.wav"), 2**32 - 1, 2**32 - 1),
    "cut off.wav": lambda of: of.bytes_of("16 bit.wav")[: 44 + 88_200],
    "cut off.m4a": lambda of: of.bytes_of("index in front.m4a")[:10_000],
    "garbage in the middle.flac": lambda of: _in_the_middle(
        of.bytes_of("plain.flac"), noise(2000), 2000
    ),
    "webm of a browser.webm": lambda of: of.piped("-c:a", "libopus", "-f", "webm"),
    "wav of a pipe.wav": lambda of: of.piped("-f", "wav"),
    "title in gbk.mp3": lambda of: (
        id3((b"TIT2", b"\0" + CHINESE.encode("gbk"))) + of.bytes_of("bare.mp3")
    ),
    "old title in gbk.mp3": lambda of: (
        of.bytes_of("bare.mp3") + b"TAG" + CHINESE.encode("gbk").ljust(125, b"\0")
    ),
    "picture of 8 MB.mp3": lambda of: id3((b"APIC", b"\0" + COVER)) + of.bytes_of("bare.mp3"),
    "two tags.mp3": lambda of: id3((b"TIT2", b"\0a")) * 2 + of.bytes_of("bare.mp3"),
    "tag longer than the file.mp3": lambda of: (
        id3((b"TIT2", b"\0a"), claims=200_000_000) + of.bytes_of("bare.mp3")
    ),
    "ape tag.mp3": lambda of: of.bytes_of("bare.mp3") + _ape_tag(),
    "tag before it.flac": lambda of: id3((b"TIT2", b"\0a")) + of.bytes_of("plain.flac"),
    "glued at another rate.mp3": lambda of: of.bytes_of("bare.mp3") + of.bytes_of("22 kHz.mp3"),
    "chained.ogg": lambda of: of.bytes_of("plain.ogg") * 2,
    "amr.amr": _amr,
    "amr wide.amr": _amr_wide,
    "video.mp4": _video(["-c:a", "aac", "-c:v", "mpeg4"]),
    "video without sound.mp4": _video(["-map", "1:v", "-c:v", "mpeg4"]),
    "never finished.m4a": lambda of: of.bytes_of("plain.m4a").partition(b"moov")[0],
    "empty.mp3": lambda of: b"",
    "page.mp3": lambda of: "<!DOCTYPE html><html><body>请先登录</body></html>".encode() * 50,
    "text.mp3": lambda of: "今天下午三点停水，请大家提前接水。".encode("gbk") * 40,
    "list.mp3": lambda of: b"#EXTM3U\n#EXTINF:1\nfile:///etc/passwd\n",
    "photo.mp3": lambda of: b"\xff\xd8\xff\xe0\0\x10JFIF" + noise(30_000),
    "zip.mp3": lambda of: b"PK\x03\x04" + noise(30_000),
    "score.mid": lambda of: b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk" + bytes(100),
    "random.mp3": lambda of: noise(100_000),
    "locked.ncm": lambda of: b"CTENFDAM\1\0" + noise(50_000),
    "locked.qmcflac": lambda of: noise(50_000),
    "locked.kgm": lambda of: bytes.fromhex("7cd532eb86027f4ba8afa68e0fff9914") + noise(50_000),
    "wechat.silk": lambda of: b"\2#!SILK_V3" + noise(5_000),
    "frames of rubbish.mp3": lambda of: b"".join(b"\xff\xfb\x50\xc4" + bytes(204) for _ in range(2)),
}
for _named in ("“好”'歌'.mp3", "שיר.mp3", "🎵$(reboot);.mp3", "-i.mp3", "a%d:b|c.mp3"):
    MADE[_named] = lambda of: of.bytes_of("plain.mp3")


def gbk_named(folder: Path, sound: Path) -> Path:
    """The same file under a name that is no UTF-8."""
    path = folder / "东方红.mp3".encode("gbk").decode("utf-8", "surrogateescape")
    shutil.copyfile(sound, path)
    return path
