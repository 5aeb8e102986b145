"""Feeding a net: datasets, the loader that cuts them into shuffled batches, and batch transforms.

Works on the host with NumPy and hands out Tensors; no layer, no training, no file.
"""

from minitorch_cnn.data import transforms
from minitorch_cnn.data.collate import default_collate
from minitorch_cnn.data.dataset import Dataset, Subset, TensorDataset
from minitorch_cnn.data.loader import DataLoader

__all__ = ["DataLoader", "Dataset", "Subset", "TensorDataset", "default_collate", "transforms"]
