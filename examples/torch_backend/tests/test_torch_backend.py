from minitorch_torch import backend

from minitorch_backends.testing import BackendConformance


class TestTorch(BackendConformance):
    backend = backend()
