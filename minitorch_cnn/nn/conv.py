"""Convolutional layers: a locally connected layer whose weights are tied over all positions.

The end of the derivation ``dense.py`` -> ``local.py`` -> ``conv.py``. May import those before it,
``functional`` and ``init``.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import numpy as np

from minitorch_cnn.creation import zeros_like
from minitorch_cnn.nn import functional
from minitorch_cnn.nn.dense import Dense, Linked
from minitorch_cnn.nn.local import (
    LocallyConnected1d,
    LocallyConnected2d,
    LocallyConnected3d,
    SlidingWindow,
    bias_everywhere,
    ties,
)
from minitorch_cnn.nn.parameter import Parameter
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.shape import broadcast_to, reshape
from minitorch_cnn.tensor import Tensor

_Self = TypeVar("_Self", bound="_Convolution")


class _Convolution(SlidingWindow):
    """What convolutions of one, two and three dimensions share."""

    tied_over_positions = True
    untied_layer: ClassVar[Any]
    """The locally connected layer with the same links; see :func:`ties`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        rng: np.random.Generator | None = None,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        settings = (kernel_size, stride, padding, dilation, groups, padding_mode)
        self._set_window(in_channels, out_channels, *settings)
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        offsets = (out_channels,) if bias else None
        links = self.links_of_one_output
        self._draw(shape, offsets, links, rng, dtype=dtype, backend=backend)

    def output_bias(self, input_shape: Any = None) -> Tensor | None:
        """The bias of each output, flattened: that of its channel at every position."""
        if self.bias is None:
            return None
        positions = self.output_shape(input_shape)[1:]
        flat: Tensor = reshape(bias_everywhere(self.bias, positions), (-1,))
        return flat

    def as_local(self, input_shape: Any = None, *, dtype: Any = None, backend: Any = None) -> Any:
        """The locally connected layer with the same links and values, free at every position.

        Parameters
        ----------
        input_shape : tuple of int
            ``(in_channels, *sizes)``.
        dtype, backend : optional
            Those of this layer if not given.

        Returns
        -------
        LocallyConnected1d, LocallyConnected2d or LocallyConnected3d
            With this kernel at every position, and this bias.

        Examples
        --------
        >>> import minitorch_cnn as mt
        >>> mt.nn.Conv2d(1, 4, 2, bias=False).as_local((1, 3, 3))
        LocallyConnected2d(1, 4, input_size=(3, 3), kernel_size=(2, 2), stride=(1, 1), bias=False)
        """
        sizes = self._sizes(input_shape)
        shape = self.output_shape(input_shape)
        settings = self._settings() | {"input_size": sizes, "rng": np.random.default_rng(0)}
        local = type(self).untied_layer(**settings)
        everywhere = broadcast_to(self.weight.detach(), (*shape[1:], *self.weight.shape))
        local.weight = Parameter(everywhere)
        if self.bias is not None:
            local.bias = Parameter(bias_everywhere(self.bias.detach(), shape[1:]))
        moved = [where for where in (backend, dtype) if where is not None]
        return local.to(*moved) if moved else local

    def project(self: _Self, layer: Any, input_shape: Any = None) -> _Self:
        """Take the kernel that is nearest to ``layer``: each weight the mean over its links.

        Changes this convolution, whose window says which links are kept and tied, and returns it.
        What ``layer`` has outside the windows is dropped. Of all kernels, this one's matrix has the
        least sum of squared differences from that of ``layer``. A weight without any link on the
        picture stays as it is.

        Parameters
        ----------
        layer : Dense, or any other layer with a table of links
            With as many inputs and outputs as this convolution has on the picture.
        input_shape : tuple of int, optional
            ``(in_channels, *sizes)``. Not needed for layers that know it: locally connected ones,
            and dense ones that :meth:`as_dense` made.

        Raises
        ------
        ValueError, TypeError
            If the sizes do not fit, the shape is not known, or the layer has a bias and this one
            has none.

        Examples
        --------
        >>> import minitorch_cnn as mt
        >>> conv = mt.nn.Conv2d(1, 4, 2)
        >>> dense = conv.as_dense((1, 3, 3))
        >>> other = mt.nn.Conv2d(1, 4, 2).project(dense)
        >>> bool((other.weight == conv.weight).all())
        True
        """
        shape = self._shape_on(layer, input_shape)
        table = self.connectivity(shape)
        if isinstance(layer, Dense):  # its matrix as it is, rather than a table of all its links
            values = table.entries(layer.weight.detach())
        else:
            values = table.values_in(layer.connectivity(shape), layer.theta(shape).detach())
        kernel = reshape(table.mean_over_links(values), self.weight.shape)
        used = reshape(table.links_of_weights(values), self.weight.shape) > 0
        self.weight.assign_(where(used, kernel, self.weight.detach()))
        if self.bias is not None:
            self.bias.assign_(self._mean_bias(layer.output_bias(shape)))
        return self

    def _shape_on(self, layer: Any, input_shape: Any) -> tuple[int, ...]:
        """``(in_channels, *sizes)`` of the pictures on which ``layer`` is compared with this."""
        name = type(self).__name__
        if not isinstance(layer, Linked):
            raise TypeError(
                f"{name}.project: expected a layer with a table of links, such as Dense or "
                f"{self.untied_layer.__name__}, got a {type(layer).__name__}"
            )
        if input_shape is None and hasattr(layer, "input_size"):
            input_shape = (layer.in_channels, *layer.input_size)
        if input_shape is None:
            input_shape = getattr(layer, "input_shape", None)
        if input_shape is None:
            raise ValueError(
                f"{name}.project: this {type(layer).__name__} does not say which pictures it was "
                "made for; pass input_shape=(channels, *sizes)"
            )
        shape = (self.in_channels, *self._sizes(input_shape))
        ours, theirs = self.table_shape(shape), layer.table_shape(shape)
        if theirs != ours:
            raise ValueError(
                f"{name}.project: the layer has {theirs[1]} inputs and {theirs[0]} outputs; this "
                f"convolution has {ours[1]} and {ours[0]} on pictures of {shape}"
            )
        if layer.bias is not None and self.bias is None:
            raise ValueError(
                f"{name}.project: the layer has a bias and this convolution none; make it with "
                "bias=True"
            )
        return shape

    def _mean_bias(self, bias: Tensor | None) -> Tensor:
        """For each channel the mean over the positions of ``bias``; of equal ones exactly."""
        if bias is None:
            zeros: Tensor = zeros_like(self.bias.detach())
            return zeros
        rows = reshape(bias.detach(), (self.out_channels, -1))
        mean: Tensor = rows[:, 0] + (rows - rows[:, :1]).mean(axis=1)
        return mean

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, {super().extra_repr()}"


@ties(LocallyConnected1d)
class Conv1d(_Convolution):
    """Convolution over one spatial dimension; see :class:`Conv2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Conv1d(2, 4, 3)(mt.ones((1, 2, 8))).shape
    (1, 4, 6)
    """

    dims = 1
    function = staticmethod(functional.conv1d)


@ties(LocallyConnected2d)
class Conv2d(_Convolution):
    """One kernel slides over the picture: local links, weights tied over all positions.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int or (vertical, horizontal)
    padding : int, (vertical, horizontal), "valid" or "same"
    groups : int
        Channels are cut into so many groups that do not see each other.
    bias : bool
        Whether every output channel has an offset.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        With what the picture is padded.
    rng, dtype, backend
        As for :class:`Dense`.

    Attributes
    ----------
    weight : Parameter, shape (out_channels, in_channels / groups, *kernel_size)
        At first uniform over ``±1 / sqrt(links of one output)``.
    bias : Parameter, shape (out_channels,), or None

    Raises
    ------
    ValueError
        If groups do not divide the channels, sizes are not positive, or ``"same"`` meets a stride.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Conv2d(1, 4, 2)(mt.ones((1, 1, 3, 3))).shape
    (1, 4, 2, 2)
    """

    dims = 2
    function = staticmethod(functional.conv2d)


@ties(LocallyConnected3d)
class Conv3d(_Convolution):
    """Convolution over three spatial dimensions; see :class:`Conv2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Conv3d(1, 2, 2)(mt.ones((1, 1, 3, 3, 3))).shape
    (1, 2, 2, 2, 2)
    """

    dims = 3
    function = staticmethod(functional.conv3d)
