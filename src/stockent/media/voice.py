"""Voice recordings: checked to be Opus and nothing else, decoded to measure them, packed anew without decoding.

Called by `inspect` only. The packing anew leaves metadata and foreign bytes behind, and gives what a browser's recorder
cannot know when it begins: the duration, and an index to seek by.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import av

from .models import WAVEFORM_VALUES, Inspection, MediaLimits, MediaRefused, cleaned_path
from .room import is_no_room
from .waveform import Waveform

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer

#: What is sniffed → FFmpeg's reader, its writer, and the type of sound alone.
_CONTAINERS = {
    **dict.fromkeys(("audio/ogg", "video/ogg"), ("ogg", "ogg", "audio/ogg")),
    **dict.fromkeys(("audio/webm", "video/webm"), ("matroska", "webm", "audio/webm")),
    **dict.fromkeys(("audio/x-matroska", "video/x-matroska"), ("matroska", "webm", "audio/webm")),
    **dict.fromkeys(("audio/mp4", "video/mp4"), ("mp4", "mp4", "audio/mp4")),
}
_OPUS = "opus"
_MAX_CHANNELS = 2
#: Enough for a waveform, and a sixth of the samples.
_MEASURED_RATE = 8_000
#: Recorders' clocks and samples drift apart by less. More is a hole, in which a player is silent.
_HOLE_MS = 200
#: No other decoder is ever opened, whatever the file names.
_OPTIONS = {"codec_whitelist": "opus,libopus", "probesize": "1000000"}
#: A recorder that is told to stop at the limit stops a little after it.
_GRACE_MS = 2_000
_EXPECTED = "expected a recording of Opus in Ogg, WebM or MP4"


def inspect_voice(source: Path, media_type: str, limits: MediaLimits) -> Inspection:
    """Raises `MediaRefused`. Memory does not grow with the duration, but for two bytes each 10 ms."""
    if media_type not in _CONTAINERS:
        raise MediaRefused(f"{_EXPECTED}, got {media_type}")
    reader, writer, told_type = _CONTAINERS[media_type]
    cleaned = cleaned_path(source)
    try:
        duration_ms, waveform = _repacked(source, reader, cleaned, writer, limits)
    except (av.FFmpegError, ValueError) as error:
        if is_no_room(error):
            raise
        raise MediaRefused("the recording could not be read") from error
    return Inspection(
        media_type=told_type, kind="VOICE", duration_ms=duration_ms, waveform=waveform, cleaned=cleaned
    )


def _repacked(
    source: Path, reader: str, cleaned: Path, writer: str, limits: MediaLimits
) -> tuple[int, list[int]]:
    """Its duration and waveform."""
    # File objects, not paths: FFmpeg reads addresses from paths, and opens what a file refers to.
    with (
        source.open("rb") as file,
        cleaned.open("wb") as out_file,
        av.open(file, "r", format=reader, options=_OPTIONS, metadata_errors="replace") as recording,
    ):
        sound = _only_sound(recording)
        with av.open(out_file, "w", format=writer, options={"fflags": "+bitexact"}) as out:
            return _measure(_copied(recording, sound, out), limits)


def _only_sound(recording: InputContainer) -> AudioStream:
    kinds = [stream.type for stream in recording.streams]
    if kinds != ["audio"]:
        raise MediaRefused(
            f"expected one track of sound and nothing else, got {', '.join(kinds) or 'nothing'}"
        )
    sound = recording.streams.audio[0]
    # A stream that nothing here decodes has no codec at all.
    codec = getattr(sound, "codec", None)
    if codec is None or codec.canonical_name != _OPUS:
        raise MediaRefused(
            f"{_EXPECTED}, got {codec.canonical_name if codec else 'a codec that is not known'}"
        )
    if sound.channels > _MAX_CHANNELS:
        raise MediaRefused(f"expected a recording of at most {_MAX_CHANNELS} channels, got {sound.channels}")
    return sound


def _copied(recording: InputContainer, sound: AudioStream, out: OutputContainer) -> Iterator[AudioFrame]:
    """The decoded sound of each packet, which goes to `out` as it is."""
    kept = out.add_stream_from_template(sound)
    kept.metadata.clear()
    for packet in recording.demux(sound):
        yield from packet.decode()
        if packet.size:
            packet.stream = kept
            out.mux(packet)


def _measure(frames: Iterator[AudioFrame], limits: MediaLimits) -> tuple[int, list[int]]:
    """How long it sounds, by its samples and by the holes between them, and its waveform."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=_MEASURED_RATE)
    waveform = Waveform(_MEASURED_RATE)
    first_ms: float | None = None
    end_ms = 0.0
    for frame in frames:
        at_ms = _time_ms(frame)
        if at_ms is not None:
            first_ms = at_ms if first_ms is None else first_ms
            if at_ms - first_ms > end_ms + _HOLE_MS:
                end_ms = at_ms - first_ms
                _check_duration(end_ms, limits)
                waveform.pad_to(int(end_ms))
        end_ms += frame.samples * 1_000 / frame.sample_rate
        _check_duration(end_ms, limits)
        for heard in resampler.resample(frame):
            waveform.add(_samples(heard))
    if not end_ms:
        raise MediaRefused("expected a recording, got no sound")
    return round(end_ms), waveform.values(WAVEFORM_VALUES)


def _time_ms(frame: AudioFrame) -> float | None:
    return None if frame.time is None else frame.time * 1_000


def _samples(frame: AudioFrame) -> array[int]:
    samples = array("h")
    samples.frombytes(bytes(frame.planes[0])[: frame.samples * samples.itemsize])
    return samples


def _check_duration(duration_ms: float, limits: MediaLimits) -> None:
    if duration_ms > limits.max_duration_s * 1_000 + _GRACE_MS:
        raise MediaRefused(
            f"expected a recording of at most {_minutes(limits.max_duration_s)}, got a longer one"
        )


def _minutes(seconds: int) -> str:
    return f"{seconds // 60} minutes" if seconds % 60 == 0 and seconds > 60 else f"{seconds} seconds"
