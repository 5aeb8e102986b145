from minitorch_backends.testing import BackendConformance
from minitorch_torch import backend


class TestTorch(BackendConformance):
    backend = backend()
