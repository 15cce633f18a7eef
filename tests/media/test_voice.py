"""Recordings: Opus alone, measured by what sounds, and packed anew with what a recorder leaves out."""

from __future__ import annotations

import math
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockent.media.inspect import inspect
from stockent.media.models import WAVEFORM_VALUES, Inspection, MediaLimits, MediaRefused
from tests.media.making import CANARY, encoded, picture, recording, tone, video

FORMS = ["webm", "ogg", "mp4"]


def heard(source: Path, limits: MediaLimits | None = None) -> Inspection:
    return inspect(source, voice=True, limits=limits or MediaLimits())


def refusal(source: Path, limits: MediaLimits | None = None) -> str:
    """Why it is refused. Nothing but the source is left."""
    with pytest.raises(MediaRefused) as refused:
        heard(source, limits)
    assert [path.name for path in source.parent.iterdir()] == [source.name]
    return str(refused.value)


def live(path: Path) -> Path:
    """What a browser's recorder makes: a WebM without a duration, an index or lengths, for it cannot go back."""

    class Sink:
        def __init__(self) -> None:
            self.written = bytearray()

        def write(self, data: bytes) -> int:
            self.written += data
            return len(data)

    sink = Sink()
    with (
        av.open(recording(path, "webm", 2.0)) as made,
        av.open(sink, "w", format="webm", options={"live": "1"}) as out,
    ):
        track = out.add_stream_from_template(made.streams.audio[0])
        for packet in made.demux():
            if packet.size:
                packet.stream = track
                out.mux(packet)
    path.write_bytes(sink.written)
    return path


@pytest.mark.parametrize("form", FORMS)
def test_a_recording_is_measured(tmp_path: Path, form: str) -> None:
    inspection = heard(recording(tmp_path / "source", form, 2.5))

    assert (inspection.kind, inspection.media_type) == ("VOICE", f"audio/{form}")
    assert inspection.duration_ms is not None
    assert abs(inspection.duration_ms - 2_500) <= 20
    assert inspection.waveform is not None
    assert len(inspection.waveform) == WAVEFORM_VALUES
    assert max(inspection.waveform) == 100
    assert (inspection.width, inspection.height, inspection.preview) == (None, None, None)


def test_what_a_browser_records_gets_the_duration_that_it_lacks(tmp_path: Path) -> None:
    source = live(tmp_path / "source")
    with av.open(source) as recorded:
        assert recorded.duration is None

    inspection = heard(source)

    assert inspection.duration_ms is not None
    assert abs(inspection.duration_ms - 2_000) <= 20
    assert inspection.cleaned is not None
    with av.open(inspection.cleaned) as packed:
        assert packed.duration is not None
        assert abs(packed.duration / 1_000 - inspection.duration_ms) <= 20
    assert b"\x1c\x53\xbb\x6b" in inspection.cleaned.read_bytes()  # the index: Cues


@pytest.mark.parametrize("form", FORMS)
def test_what_is_kept_sounds_the_same_and_tells_nothing_more(tmp_path: Path, form: str) -> None:
    source = recording(tmp_path / "source", form, 1.0, title=CANARY.decode())
    assert CANARY in source.read_bytes()
    with source.open("ab") as file:
        file.write(b"<script>" + CANARY)

    cleaned = heard(source).cleaned

    assert cleaned is not None
    assert CANARY not in cleaned.read_bytes()
    assert packets(cleaned) == packets(source)


def packets(path: Path) -> list[bytes]:
    with av.open(path) as container:
        return [bytes(packet) for packet in container.demux() if packet.size]


def test_the_waveform_follows_the_sound(tmp_path: Path) -> None:
    def twice_as_loud_later(at_s: float) -> float:
        return tone(at_s) * (0 if at_s < 0.8 else 0.5 if at_s < 1.6 else 1)

    waveform = heard(recording(tmp_path / "source", "ogg", 2.4, sound=twice_as_loud_later)).waveform

    assert waveform is not None
    silent, quiet, loud = waveform[4:18], waveform[25:40], waveform[48:62]
    assert max(silent) < 5
    assert all(35 < value < 65 for value in quiet)
    assert min(loud) > 85


def test_silence_is_a_recording(tmp_path: Path) -> None:
    assert (
        heard(recording(tmp_path / "source", "webm", 1.0, sound=lambda _: 0.0)).waveform
        == [0] * WAVEFORM_VALUES
    )


def test_a_hole_in_a_recording_counts_as_the_silence_that_is_heard(tmp_path: Path) -> None:
    inspection = heard(recording(tmp_path / "source", "webm", 2.0, holes=[(1.0, 2.0)]))

    assert inspection.duration_ms is not None
    assert abs(inspection.duration_ms - 4_000) <= 60
    assert inspection.waveform is not None
    assert max(inspection.waveform[20:44]) == 0
    assert min(inspection.waveform[2:12]) > 50 < min(inspection.waveform[52:62])


def test_stereo_is_taken(tmp_path: Path) -> None:
    assert heard(recording(tmp_path / "source", "webm", 0.5, layout="stereo")).kind == "VOICE"


@pytest.mark.parametrize("form", FORMS)
def test_too_long_a_recording_is_refused_and_a_recorder_that_stops_late_is_not(
    tmp_path: Path, form: str
) -> None:
    source = recording(tmp_path / "source", form, 4.5)

    assert (
        refusal(source, MediaLimits(max_duration_s=2))
        == "expected a recording of at most 2 seconds, got a longer one"
    )
    assert heard(source, MediaLimits(max_duration_s=3)).kind == "VOICE"


def test_the_limit_is_told_in_minutes(tmp_path: Path) -> None:
    source = recording(tmp_path / "source", "webm", 0.5, holes=[(0.2, 700)])

    assert refusal(source) == "expected a recording of at most 10 minutes, got a longer one"


def test_an_empty_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "source").touch()

    assert refusal(tmp_path / "source") == "expected a recording, got an empty file"


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (encoded(picture(), "PNG"), "image/png"),
        (b"hello", "text/plain"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "text/plain"),
    ],
)
def test_what_is_no_container_of_sound_is_refused(tmp_path: Path, content: bytes, got: str) -> None:
    (tmp_path / "source").write_bytes(content)

    assert refusal(tmp_path / "source") == f"expected a recording of Opus in Ogg, WebM or MP4, got {got}"


@pytest.mark.parametrize(
    ("form", "codec", "told"),
    [("mp4", "aac", "aac"), ("ogg", "flac", "flac"), ("webm", "libvorbis", "vorbis"), ("mp4", "mp3", "mp3")],
)
def test_another_codec_is_refused_by_its_name(tmp_path: Path, form: str, codec: str, told: str) -> None:
    if codec not in av.codecs_available:
        codec = {"libvorbis": "vorbis", "mp3": "libmp3lame"}[codec]
    source = tmp_path / "source"
    with av.open(source, "w", format=form) as out:
        track: object = out.add_stream(codec, rate=48_000, layout="stereo")
        assert isinstance(track, av.AudioStream)
        track.codec_context.options = {"strict": "experimental"}
        for number in range(20):
            frame = av.AudioFrame(format=track.codec_context.format.name, layout="stereo", samples=1_024)
            frame.sample_rate, frame.pts = 48_000, number * 1_024
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            out.mux(track.encode(frame))
        out.mux(track.encode(None))

    assert refusal(source) == f"expected a recording of Opus in Ogg, WebM or MP4, got {told}"


@pytest.mark.parametrize("form", ["webm", "mp4"])
def test_a_video_is_refused(tmp_path: Path, form: str) -> None:
    assert refusal(video(tmp_path / "source", form)) == (
        "expected one track of sound and nothing else, got video, audio"
    )


def test_two_tracks_are_refused(tmp_path: Path) -> None:
    assert refusal(recording(tmp_path / "source", "webm", 0.5, streams=2)) == (
        "expected one track of sound and nothing else, got audio, audio"
    )


def test_more_channels_than_two_are_refused(tmp_path: Path) -> None:
    assert refusal(recording(tmp_path / "source", "ogg", 0.5, layout="5.1")) == (
        "expected a recording of at most 2 channels, got 6"
    )


@pytest.mark.parametrize("form", FORMS)
def test_a_head_without_sound_is_refused(tmp_path: Path, form: str) -> None:
    source = recording(tmp_path / "source", form, 1.0)
    source.write_bytes(source.read_bytes()[:160])

    assert refusal(source) in (
        "the recording could not be read",
        "expected a recording, got no sound",
        "expected one track of sound and nothing else, got nothing",
    )


@settings(deadline=None, max_examples=150)
@given(form=st.sampled_from(FORMS), data=st.data())
def test_a_damaged_recording_is_measured_or_refused(
    tmp_path_factory: pytest.TempPathFactory, form: str, data: st.DataObject
) -> None:
    whole = tmp_path_factory.getbasetemp() / f"whole.{form}"
    if not whole.exists():
        recording(whole, form, 0.5)
    content = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, 400) | st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    source = tmp_path_factory.getbasetemp() / "damaged"
    source.write_bytes(content)
    try:
        inspection = heard(source)
    except MediaRefused:
        return
    assert inspection.duration_ms is not None
    assert 0 < inspection.duration_ms <= 602_000
    assert not math.isnan(sum(inspection.waveform or []))
