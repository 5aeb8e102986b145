"""Training loops and the folder in which a run keeps its results.

Uses layers, optimisers, data and files through their public interface only; prints nothing, draws
nothing, and knows nothing of the command line.
"""

from minitorch_cnn.train.checkpoints import Checkpoints
from minitorch_cnn.train.loop import Score, cosine_decay, evaluate, train_one_epoch
from minitorch_cnn.train.run_folder import MODEL, OPTIMIZER, RECORD, Checkpoint, RunFolder

__all__ = [
    "MODEL",
    "OPTIMIZER",
    "RECORD",
    "Checkpoint",
    "Checkpoints",
    "RunFolder",
    "Score",
    "cosine_decay",
    "evaluate",
    "train_one_epoch",
]
