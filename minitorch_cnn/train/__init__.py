"""Training loops and the folder in which a run keeps its results.

Uses layers, optimisers, data and files through their public interface only, and knows nothing of
the command line. Only ``progress`` prints, and callbacks draw.
"""

from minitorch_cnn.train import callbacks, metrics
from minitorch_cnn.train.checkpoints import Checkpoints
from minitorch_cnn.train.fit import Training, fit
from minitorch_cnn.train.loop import Score, cosine_decay, evaluate, train_one_epoch
from minitorch_cnn.train.lr_finder import LearningRates, find_learning_rate
from minitorch_cnn.train.run_folder import MODEL, OPTIMIZER, RECORD, Checkpoint, RunFolder

__all__ = [
    "MODEL",
    "OPTIMIZER",
    "RECORD",
    "Checkpoint",
    "Checkpoints",
    "LearningRates",
    "RunFolder",
    "Score",
    "Training",
    "callbacks",
    "cosine_decay",
    "evaluate",
    "find_learning_rate",
    "fit",
    "metrics",
    "train_one_epoch",
]
