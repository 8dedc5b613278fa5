"""Noises made by program, each different: what the default model must not take for music."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.signal

from tagger.features.frames import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Samples = NDArray[np.float64]
    Random = np.random.Generator

EACH = 20
"""Clips of each kind."""
_SECONDS = (30, 30, 30, 12, 6)
_MIXED = 0.25
"""Share of the clips with a second noise beside the first."""


def shaped(random: Random, size: int, gain: Callable[[Samples], Samples]) -> Samples:
    """Draw white noise from `random`, filter it by `gain` of the frequencies in Hz.

    Returns shape (`size`,), of power 1.
    """
    hz = np.maximum(np.fft.rfftfreq(size, 1 / RATE), 1)
    noise = np.fft.irfft(np.fft.rfft(random.standard_normal(size)) * gain(hz), size)
    return _even(noise)


def coloured(random: Random, size: int) -> Samples:
    """Make white, pink or brown noise, or a colour between."""
    slope = random.uniform(-0.5, 1.3)
    return shaped(random, size, lambda hz: hz**-slope)


def band(random: Random, size: int) -> Samples:
    """Make noise in a band of any width."""
    low = 10 ** random.uniform(1.3, 3.5)
    high, order = low * 10 ** random.uniform(0.2, 1.5), random.uniform(1, 4)
    return shaped(
        random, size, lambda hz: 1 / (1 + (low / hz) ** order) / (1 + (hz / high) ** order)
    )


def hiss(random: Random, size: int) -> Samples:
    """Make the hiss of a tape before the song."""
    corner, order = 10 ** random.uniform(2.7, 3.7), random.uniform(1, 3)
    noise = shaped(random, size, lambda hz: 1 / (1 + (corner / hz) ** order))
    return noise * _envelope(random, size, 0.5, random.uniform(0, 3))


def wind(random: Random, size: int) -> Samples:
    """Make low noise in gusts."""
    corner = 10 ** random.uniform(1.8, 2.9)
    low = shaped(random, size, lambda hz: 1 / (1 + (hz / corner) ** 2))
    gusts = _envelope(random, size, random.uniform(0.2, 2), random.uniform(6, 25))
    return low * gusts + 0.1 * band(random, size) * _envelope(random, size, 1, 20)


def sea(random: Random, size: int) -> Samples:
    """Make breaking waves."""
    time, period = np.arange(size) / RATE, random.uniform(5, 12)
    phase = 2 * np.pi * time / period
    swell = 0.5 + 0.5 * np.sin(phase + random.uniform(0, 6) + 0.4 * np.sin(phase / 2.3))
    slope, corner = random.uniform(0.3, 1), random.uniform(2000, 8000)
    noise = shaped(random, size, lambda hz: hz**-slope / (1 + (hz / corner) ** 2))
    return noise * (0.15 + swell ** random.uniform(1, 3))


def rain(random: Random, size: int) -> Samples:
    """Make drops upon steady noise."""
    drop = np.exp(-np.arange(400) / random.uniform(5, 80)) * random.standard_normal(400)
    drops = np.convolve(_impulses(random, size, 10 ** random.uniform(1.5, 3.5)), drop)[:size]
    return coloured(random, size) + 10 ** random.uniform(-1, 1.3) * _even(drops)


def crackle(random: Random, size: int) -> Samples:
    """Make the crackle of an empty groove."""
    tick = np.exp(-np.arange(60) / random.uniform(1, 12)) * random.standard_normal(60)
    ticks = np.convolve(_impulses(random, size, 10 ** random.uniform(0.5, 2)), tick)[:size]
    crackling: Samples = ticks / np.abs(ticks).max() + _ground(random, size, -1.5)
    return crackling


def applause(random: Random, size: int) -> Samples:
    """Make a few or many clapping hands."""
    result, time = np.zeros(size), np.arange(round(0.03 * RATE))
    for _ in range(int(10 ** random.uniform(0.6, 2.3))):
        centre, width = random.uniform(800, 2500), random.uniform(500, 1500)
        clap = shaped(random, 2 * len(time), _peak(centre, width))[: len(time)]
        clap = clap * np.exp(-time / random.uniform(30, 120)) * random.uniform(0.2, 1)
        period = random.uniform(0.18, 0.45)
        at = random.uniform(0, period)
        while at < size / RATE - 0.04:
            first = int(at * RATE)
            result[first : first + len(time)] += clap * random.uniform(0.6, 1)
            at += period * random.uniform(0.85, 1.15)
    return _even(result) + random.uniform(0, 0.3) * band(random, size)


def hum(random: Random, size: int) -> Samples:
    """Make the hum of mains, fans and transformers."""
    time = np.arange(size) / RATE
    pitch = random.choice([50, 60, 100, 120, random.uniform(30, 200)])
    turn, slope = 2 * np.pi * pitch, random.uniform(0.5, 2)
    tones = [
        random.uniform(0.2, 1) * n**-slope * np.sin(turn * n * time + random.uniform(0, 6))
        for n in range(1, random.integers(2, 26))
    ]
    humming: Samples = np.sum(tones, axis=0) + _ground(random, size, -0.5)
    return humming


def tone(random: Random, size: int) -> Samples:
    """Make a sine, a square, a saw, or two sines that beat."""
    cycles = 10 ** random.uniform(1.6, 3.8) * np.arange(size) / RATE
    turn = 2 * np.pi * cycles
    waves = (
        np.sin(turn),
        np.sign(np.sin(turn)),
        2 * (cycles % 1) - 1,
        np.sin(turn) + np.sin(turn * random.uniform(1.1, 2)),
    )
    return waves[random.integers(4)] + _ground(random, size, -1.5)


def sweep(random: Random, size: int) -> Samples:
    """Make a tone that rises, again and again."""
    period = 10 ** random.uniform(-0.3, 1.5)
    hz = 60 * 100 ** (np.arange(size) / RATE / period % 1)
    return np.sin(2 * np.pi * np.cumsum(hz) / RATE) + _ground(random, size, -1.5)


def beeps(random: Random, size: int) -> Samples:
    """Make the signals of devices."""
    time, period = np.arange(size) / RATE, 10 ** random.uniform(-0.9, 0.6)
    count = int(size / RATE / period) + 2 if random.random() < 0.5 else 1
    pitches = 10 ** random.uniform(2, 3.6, count)
    wave = np.sin(2 * np.pi * np.cumsum(pitches[(time / period).astype(int) % count]) / RATE)
    wave = np.sign(wave) if random.random() < 0.4 else wave
    return wave * (time / period % 1 < random.uniform(0.1, 0.8)) + _ground(random, size, -1.5)


def clicks(random: Random, size: int) -> Samples:
    """Make the clicks of clocks, keys and counters."""
    period, spread = 10 ** random.uniform(-1.3, 0.5), random.uniform(0, 0.5)
    count = int(size / RATE / period)
    at = np.cumsum(period * (1 + spread * random.standard_normal(count)))
    result = np.zeros(size)
    result[(at[(at > 0) & (at < size / RATE - 0.01)] * RATE).astype(int)] = 1
    length = int(10 ** random.uniform(0, 2.3))
    rings = np.cos(np.arange(length) * random.uniform(0.1, 2.5))
    sound = random.standard_normal(length) if random.random() < 0.5 else rings
    result = np.convolve(result, sound * np.exp(-np.arange(length) / max(1, length / 4)))[:size]
    clicking: Samples = result / max(np.abs(result).max(), 1e-9)
    return clicking + _ground(random, size, -1.5)


def engine(random: Random, size: int) -> Samples:
    """Make the sound of a motor."""
    bends = np.interp(np.arange(size), np.linspace(0, size, 9), random.standard_normal(9))
    turns = np.cumsum(random.uniform(12, 90) * (1 + 0.1 * bends)) / RATE
    strokes = (turns % 1 - 0.5) + 0.5 * np.sign(np.sin(4 * np.pi * turns))
    body = random.standard_normal(200) * np.exp(-np.arange(200) / 40)
    sound = _even(np.convolve(strokes, body)[:size])
    return sound + random.uniform(0.1, 1) * coloured(random, size)


def chirps(random: Random, size: int) -> Samples:
    """Make the chirps of birds and insects."""
    result = _ground(random, size, -0.7)
    for _ in range(random.integers(20, 150)):
        length = int(random.uniform(0.03, 0.4) * RATE)
        first = random.integers(0, size - length)
        hz = np.linspace(random.uniform(1500, 6000), random.uniform(1500, 6500), length)
        hz = hz + random.uniform(0, 600) * np.sin(np.arange(length) * random.uniform(0, 0.01))
        chirp = np.sin(2 * np.pi * np.cumsum(hz) / RATE) * np.hanning(length)
        result[first : first + length] += chirp * random.uniform(0.2, 1)
    return result


def resonances(random: Random, size: int) -> Samples:
    """Make noise in a few narrow bands: howling, whistling and blowing."""
    time, result = np.arange(size) / RATE, np.zeros(size)
    for _ in range(random.integers(1, 5)):
        centre = 10 ** random.uniform(1.7, 3.7)
        width, order = centre * 10 ** random.uniform(-2, -0.4), 10 ** random.uniform(0.3, 1.5)
        noise = shaped(random, size, _peak(centre, width, order))
        swell = 1 + random.uniform(0, 1) * np.sin(time * random.uniform(0.1, 3))
        depth = random.uniform(0, 15)
        result += random.uniform(0.2, 1) * swell * noise * _envelope(random, size, 1, depth)
    return _even(result) + _ground(random, size, -0.5)


def strokes(random: Random, size: int) -> Samples:
    """Make noise with strokes that come again: trains, printers, pumps and steps."""
    time, period = np.arange(size) / RATE, 10 ** random.uniform(-0.7, 0.4)
    corner, slope = 10 ** random.uniform(1.8, 3.7), random.uniform(1, 3)
    noise = shaped(random, size, lambda hz: hz**-0.3 / (1 + (hz / corner) ** slope))
    height: Samples = np.full(size, random.uniform(0, 0.5))
    for _ in range(random.integers(1, 5)):
        since = (time / period + random.random()) % 1 * period
        height += random.uniform(0.2, 1) * np.exp(-since / 10 ** random.uniform(-2, -0.7))
    return noise * height + _ground(random, size, -0.7)


def glides(random: Random, size: int) -> Samples:
    """Make partials or octaves that glide together: sirens, revs and endless rises."""
    time, result = np.arange(size) / RATE, np.zeros(size)
    points = int(size / RATE * 10 ** random.uniform(-0.7, 0.8)) + 2
    bends = np.interp(time, np.linspace(0, time[-1], points), random.uniform(-1, 1, points))
    height = bends if random.random() < 0.6 else time / random.uniform(2, 15)
    first, slope = 10 ** random.uniform(1.4, 2.7), random.uniform(0.3, 1.5)
    octaves = random.random() < 0.4
    for place in range(9 if octaves else random.integers(1, 30)):
        if octaves:
            above = (place + height) % 9
            hz, strength = 25 * 2**above, np.exp(-(((above - 4.5) / 1.8) ** 2))
        else:
            hz = first * 2**height * (place + 1)
            strength = (hz < RATE / 2) * (place + 1) ** -slope
        result += strength * np.sin(2 * np.pi * np.cumsum(hz) / RATE + random.uniform(0, 6))
    return _even(result) + _ground(random, size, -0.5)


def layers(random: Random, size: int) -> Samples:
    """Make one to three layers, each of noise or partials that move in strength and pitch."""
    result = np.zeros(size)
    for _ in range(random.integers(1, 4)):
        layer = _partials(random, size) if random.random() < 0.5 else band(random, size)
        if random.random() < 0.4:
            length = int(RATE * 10 ** random.uniform(-2, 0))
            tail = random.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
            layer = scipy.signal.fftconvolve(layer, tail)[:size]
        result += random.uniform(0.2, 1) * _even(layer * _swell(random, size))
    return result


def bursts(random: Random, size: int) -> Samples:
    """Make another noise with breaks: loose contacts, radios and tools."""
    other = KINDS[random.integers(KINDS.index(bursts))](random, size)
    changes = np.cumsum(random.exponential(10 ** random.uniform(-1.3, 0.3), size // 200))
    on = np.searchsorted(changes, np.arange(size) / RATE) % 2
    return _even(other) * np.maximum(on, 10 ** random.uniform(-3, -0.5))


KINDS = (
    coloured,
    band,
    hiss,
    wind,
    sea,
    rain,
    crackle,
    applause,
    hum,
    tone,
    sweep,
    beeps,
    clicks,
    engine,
    chirps,
    resonances,
    strokes,
    glides,
    layers,
    bursts,
)


def noises(each: int = EACH) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Make noises, the same in every call: kind and mono samples at RATE."""
    for place, kind in enumerate(KINDS):
        for number in range(each):
            random = np.random.default_rng([number, place])
            size = RATE * int(random.choice(_SECONDS))
            noise = kind(random, size)
            if random.random() < _MIXED:
                other = KINDS[random.integers(len(KINDS))](random, size)
                noise = noise + 10 ** random.uniform(-1, 0.3) * noise.std() * _even(other)
            yield kind.__name__, (0.5 * noise / np.abs(noise).max()).astype(np.float32)


def any_noise(random: Random, size: int) -> Samples:
    """Return a noise of any kind, of power 1."""
    return _even(KINDS[random.integers(len(KINDS))](random, size))


def _even(noise: Samples) -> Samples:
    """Scale to a root mean square of 1."""
    scaled: Samples = noise / max(np.sqrt((noise**2).mean()), 1e-9)
    return scaled


def _peak(centre: float, width: float, order: float = 2) -> Callable[[Samples], Samples]:
    """Return the gain of a resonance: its middle and half width in Hz, its slopes by `order`."""
    return lambda hz: 1 / (1 + np.abs((hz - centre) / width) ** order)


def _ground(random: Random, size: int, most: float) -> Samples:
    """Return soft noise in the background, at most 10 to the power of `most`."""
    return 10 ** random.uniform(-4.5, most) * coloured(random, size)


def _envelope(random: Random, size: int, rate: float, depth: float) -> Samples:
    """Return gains that wander `rate` times a second over `depth` dB."""
    points = max(2, int(size / RATE * rate) + 2)
    heights = np.interp(np.arange(size), np.linspace(0, size, points), random.uniform(0, 1, points))
    gains: Samples = 10 ** (depth * (heights - 1) / 20)
    return gains


def _swell(random: Random, size: int) -> Samples:
    """Return gains that are even, wander, come again, or break off."""
    time, period = np.arange(size) / RATE, 10 ** random.uniform(-1.5, 1)
    phase = (time / period) % 1
    shapes = (
        np.ones(size),
        _envelope(random, size, 10 ** random.uniform(-0.5, 1), random.uniform(6, 40)),
        (0.5 + 0.5 * np.sin(2 * np.pi * phase)) ** random.uniform(0.5, 4),
        np.exp(-phase * period / 10 ** random.uniform(-2, 0)),
        (phase < random.uniform(0.1, 0.9)).astype(float),
    )
    return shapes[random.integers(len(shapes))] + random.uniform(0, 0.2)


def _partials(random: Random, size: int) -> Samples:
    """Return harmonic or other partials on one pitch that wanders."""
    time, result = np.arange(size) / RATE, np.zeros(size)
    points = int(size / RATE * 10 ** random.uniform(-1, 1)) + 2
    bends = np.interp(time, np.linspace(0, time[-1], points), random.standard_normal(points))
    hz = 10 ** random.uniform(1.4, 3.4) * 2 ** (10 ** random.uniform(-3, 0) * bends)
    spread, slope = random.choice([0, random.uniform(0, 0.5)]), random.uniform(0, 2)
    for place in range(1, random.integers(2, 30)):
        ratio = place * (1 + spread * random.standard_normal())
        strength = place**-slope * random.uniform(0.2, 1) * (np.abs(hz * ratio) < RATE / 2)
        result += strength * np.sin(2 * np.pi * np.cumsum(hz * ratio) / RATE)
    return _even(result)


def _impulses(random: Random, size: int, rate: float) -> Samples:
    count = max(1, random.poisson(rate * size / RATE))
    result = np.zeros(size)
    heights = random.standard_normal(count) * random.exponential(1, count)
    result[random.integers(0, size, count)] = heights
    return result
