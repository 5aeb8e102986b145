"""Random numbers that belong to a sample: the same in whatever batch it comes.

What happens to a picture in an epoch then depends on the seed, the epoch and its index in the
dataset alone, not on the order, the size of batches or the number of workers. Imports NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FACTORS = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


class SampleGenerator(np.random.Generator):
    """A generator for a batch, which also draws for each of its samples apart.

    Parameters
    ----------
    seed : int
    epoch : int
    batch : int
        Number of the batch in the epoch; all that ``numpy.random.Generator`` itself has depends on
        these three.
    indices : array of int, shape (N,)
        Where the samples stand in their dataset.

    Notes
    -----
    The numbers of a sample are SplitMix64's, from a key for the epoch. Source: G. Steele, D. Lea,
    C. Flood, "Fast Splittable Pseudorandom Number Generators", 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn.data import SampleGenerator
    >>> one = SampleGenerator(0, 0, 0, np.array([3, 4])).per_sample(2)
    >>> other = SampleGenerator(0, 0, 7, np.array([4])).per_sample(2)
    >>> np.array_equal(one[1], other[0])
    True
    """

    def __init__(self, seed: int, epoch: int, batch: int, indices: Any) -> None:
        own = np.random.SeedSequence(seed, spawn_key=(epoch, batch))
        super().__init__(np.random.PCG64(own))
        of_epoch = np.random.SeedSequence(seed, spawn_key=(epoch, 0, 0))
        key = of_epoch.generate_state(1, np.uint64)
        self._keys = _mixed(key + np.asarray(indices).astype(np.uint64) * _STEP)
        self._drawn = 0

    def per_sample(self, count: int = 1) -> Any:
        """The next ``count`` numbers of each sample, from 0 to below 1: ``(N, count)`` float64."""
        places = np.arange(self._drawn + 1, self._drawn + count + 1, dtype=np.uint64)
        self._drawn += count
        words = _mixed(self._keys[:, None] + places * _STEP)
        return (words >> np.uint64(11)) * 2.0**-53


def per_sample(rng: np.random.Generator, samples: int, count: int) -> Any:
    """``(samples, count)`` numbers from 0 to below 1: each sample's own, where ``rng`` has such."""
    if isinstance(rng, SampleGenerator):
        return rng.per_sample(count)
    return rng.random((samples, count))


def _mixed(words: Any) -> Any:
    words = (words ^ (words >> np.uint64(30))) * _FACTORS[0]
    words = (words ^ (words >> np.uint64(27))) * _FACTORS[1]
    return words ^ (words >> np.uint64(31))
