"""Losses, with PyTorch's names, arguments and reductions.

``regression`` compares numbers, ``probability`` probabilities, ``classification`` scores with one
class. ``margin`` asks for a distance between what belongs together and what does not,
``multiclass`` for one between scores; ``sequence`` compares sequences of unknown alignment.
``reduction`` and ``labels`` are what they share.
"""

from minitorch_cnn.nn.functional.loss.classification import cross_entropy, nll_loss
from minitorch_cnn.nn.functional.loss.margin import (
    cosine_embedding_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from minitorch_cnn.nn.functional.loss.multiclass import (
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    soft_margin_loss,
)
from minitorch_cnn.nn.functional.loss.probability import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    kl_div,
)
from minitorch_cnn.nn.functional.loss.regression import (
    gaussian_nll_loss,
    huber_loss,
    l1_loss,
    mse_loss,
    poisson_nll_loss,
    smooth_l1_loss,
)
from minitorch_cnn.nn.functional.loss.sequence import ctc_loss

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cross_entropy",
    "ctc_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]
