"""Pictures to learn from: the digits that ship with the package, published sets, and drawn ones.

Reads and fetches files and hands out ``minitorch_cnn.data`` datasets; no layer, no training.
"""

from minitorch_cnn.datasets.cifar import cifar10, cifar100
from minitorch_cnn.datasets.digits import from_arrays, mnist, mnist_mini, read_mnist_folder
from minitorch_cnn.datasets.download import DownloadError
from minitorch_cnn.datasets.idx_sets import emnist, fashion_mnist, kmnist
from minitorch_cnn.datasets.picture_folder import PictureFolder, folder
from minitorch_cnn.datasets.synthetic import moons, spirals, synthetic_shapes

__all__ = [
    "DownloadError",
    "PictureFolder",
    "cifar10",
    "cifar100",
    "emnist",
    "fashion_mnist",
    "folder",
    "from_arrays",
    "kmnist",
    "mnist",
    "mnist_mini",
    "moons",
    "read_mnist_folder",
    "spirals",
    "synthetic_shapes",
]
