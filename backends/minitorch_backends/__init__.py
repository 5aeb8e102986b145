"""Array backends of minitorch_cnn: raw arrays and kernels, no Tensor.

This package is the bottom of the house. It may import array libraries and nothing of
``minitorch_cnn``. A backend is an object that follows :class:`minitorch_backends.protocol.Backend`
and is announced through the entry-point group ``minitorch_cnn.backends``.
"""
