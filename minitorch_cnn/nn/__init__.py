"""Layers: objects with parameters, under PyTorch's names, and ``Dense``.

``dense`` -> ``local`` -> ``conv`` is the derivation: all links, the links of a window, one set of
weights for all windows.
"""

from minitorch_cnn.nn import functional, init, utils
from minitorch_cnn.nn.activation import (
    ELU,
    GELU,
    SELU,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
)
from minitorch_cnn.nn.attention import (
    MultiheadAttention,
)
from minitorch_cnn.nn.container import (
    ModuleDict,
    ModuleList,
    ParameterDict,
    ParameterList,
    Sequential,
)
from minitorch_cnn.nn.conv import (
    Conv1d,
    Conv2d,
    Conv3d,
)
from minitorch_cnn.nn.dense import (
    Dense,
    Linear,
)
from minitorch_cnn.nn.dropout import (
    AlphaDropout,
    Dropout,
    Dropout1d,
    Dropout2d,
    Dropout3d,
    FeatureAlphaDropout,
)
from minitorch_cnn.nn.embedding import (
    Embedding,
    EmbeddingBag,
)
from minitorch_cnn.nn.flatten import (
    Flatten,
    Identity,
    Unflatten,
)
from minitorch_cnn.nn.local import (
    LocallyConnected2d,
)
from minitorch_cnn.nn.loss import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from minitorch_cnn.nn.module import (
    Module,
)
from minitorch_cnn.nn.norm import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
)
from minitorch_cnn.nn.parameter import (
    Buffer,
    Parameter,
)
from minitorch_cnn.nn.pool import (
    AvgPool1d,
    AvgPool2d,
    AvgPool3d,
    MaxPool1d,
    MaxPool2d,
    MaxPool3d,
)
from minitorch_cnn.nn.vector import (
    Bilinear,
    CosineSimilarity,
    PairwiseDistance,
)

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "AlphaDropout",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Bilinear",
    "Buffer",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "CosineSimilarity",
    "CrossEntropyLoss",
    "Dense",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "Embedding",
    "EmbeddingBag",
    "FeatureAlphaDropout",
    "Flatten",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "HuberLoss",
    "Identity",
    "KLDivLoss",
    "L1Loss",
    "LeakyReLU",
    "Linear",
    "LocallyConnected2d",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "Mish",
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiheadAttention",
    "NLLLoss",
    "PairwiseDistance",
    "Parameter",
    "ParameterDict",
    "ParameterList",
    "ReLU",
    "ReLU6",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
    "Unflatten",
    "functional",
    "init",
    "utils",
]
