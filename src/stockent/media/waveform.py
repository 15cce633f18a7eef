"""The waveform of a recording whose length is not known before its end: peaks of short stretches, merged at last."""

from __future__ import annotations

from array import array

#: A stretch of 10 ms: a recording of less than a second still has more stretches than the waveform has values.
STRETCHES_PER_S = 100
#: Samples are 16-bit. Quieter than -60 dB is silence, and not blown up to full height.
_SILENT_PEAK = 33


class Waveform:
    """Takes samples as they come, and holds two bytes for each stretch of 10 ms."""

    def __init__(self, sample_rate: int) -> None:
        self._stretch = sample_rate // STRETCHES_PER_S
        self._rest: array[int] = array("h")
        self._peaks: array[int] = array("H")

    def add(self, samples: array[int]) -> None:
        """16-bit samples of one channel."""
        self._rest.extend(samples)
        whole = len(self._rest) - len(self._rest) % self._stretch
        for start in range(0, whole, self._stretch):
            self._peaks.append(_peak(self._rest[start : start + self._stretch]))
        del self._rest[:whole]

    def pad_to(self, duration_ms: int) -> None:
        """Silence up to this time, where the recording has nothing."""
        missing = duration_ms * STRETCHES_PER_S // 1_000 - len(self._peaks)
        self._peaks.extend([0] * max(0, missing))

    def values(self, count: int) -> list[int]:
        """`count` values of 0 to 100, the loudest 100, each the mean of its part's peaks."""
        peaks = self._peaks if not self._rest else self._peaks + array("H", [_peak(self._rest)])
        if not peaks:
            return [0] * count
        means = [_mean(peaks, number, count) for number in range(count)]
        loudest = max(means)
        return [0] * count if loudest <= _SILENT_PEAK else [round(100 * mean / loudest) for mean in means]


def _peak(samples: array[int]) -> int:
    return max(*samples, -min(samples))


def _mean(peaks: array[int], number: int, count: int) -> float:
    start = number * len(peaks) // count
    end = max(start + 1, (number + 1) * len(peaks) // count)
    return sum(peaks[start:end]) / (end - start)
