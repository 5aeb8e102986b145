"""Pictures to learn from: the digits that ship with the package, and the full MNIST.

Reads and fetches files and hands out ``minitorch_cnn.data`` datasets; no layer, no training.
"""

from minitorch_cnn.datasets.digits import from_arrays, mnist, mnist_mini, read_mnist_folder
from minitorch_cnn.datasets.download import DownloadError

__all__ = ["DownloadError", "from_arrays", "mnist", "mnist_mini", "read_mnist_folder"]
