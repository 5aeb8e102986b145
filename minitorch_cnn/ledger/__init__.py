"""The ledger of a model: what every layer costs, shares and sees.

``run`` watches one run of the model; ``costs`` and ``trace`` (on ``field``) say what a layer costs
and sees; ``table`` holds the numbers and prints them.
"""

from minitorch_cnn.ledger.field import ReceptiveField
from minitorch_cnn.ledger.run import summary
from minitorch_cnn.ledger.table import Summary, SummaryRow, SummaryTotal

__all__ = ["ReceptiveField", "Summary", "SummaryRow", "SummaryTotal", "summary"]
