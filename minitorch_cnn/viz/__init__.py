"""Pictures of a training: the learning curve and the kernels of the first layer.

Needs matplotlib, which is imported when a picture is drawn. Figures are made without pyplot, so
nothing here opens a window or changes global settings. Takes plain numbers and arrays.
"""

from minitorch_cnn.viz.kernels import kernels
from minitorch_cnn.viz.learning_curve import learning_curve
from minitorch_cnn.viz.png import save_png

__all__ = ["kernels", "learning_curve", "save_png"]
