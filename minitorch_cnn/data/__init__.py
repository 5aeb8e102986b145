"""Feeding a net: datasets, the loader that cuts them into shuffled batches, and batch transforms.

Works on the host with NumPy and hands out Tensors; no layer, no training, no file.
"""

from minitorch_cnn.data import transforms
from minitorch_cnn.data.collate import default_collate
from minitorch_cnn.data.dataset import Dataset, Subset, TensorDataset
from minitorch_cnn.data.loader import DataLoader
from minitorch_cnn.data.sample_random import SampleGenerator
from minitorch_cnn.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from minitorch_cnn.data.split import ConcatDataset, random_split

__all__ = [
    "BatchSampler",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "RandomSampler",
    "SampleGenerator",
    "Sampler",
    "SequentialSampler",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "WeightedRandomSampler",
    "default_collate",
    "random_split",
    "transforms",
]
