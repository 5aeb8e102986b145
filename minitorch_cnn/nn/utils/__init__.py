"""What is done to the parameters of a net from outside: clipping, flattening, parametrising."""

from minitorch_cnn.nn.utils import parametrizations, parametrize
from minitorch_cnn.nn.utils.clip import clip_grad_norm_, clip_grad_value_, get_total_norm
from minitorch_cnn.nn.utils.flat import parameters_to_vector, vector_to_parameters

__all__ = [
    "clip_grad_norm_",
    "clip_grad_value_",
    "get_total_norm",
    "parameters_to_vector",
    "parametrizations",
    "parametrize",
    "vector_to_parameters",
]
