"""Pictures: the recorded graph, the learning curve of a training, the kernels of the first layer.

Curves and kernels need matplotlib, which is imported when a picture is drawn; figures are made
without pyplot, so nothing here opens a window or changes global settings. The graph is ``mt.draw``
and needs Graphviz for SVG alone.
"""

from minitorch_cnn.viz.graph import GraphDrawing, draw
from minitorch_cnn.viz.kernels import kernels
from minitorch_cnn.viz.learning_curve import learning_curve
from minitorch_cnn.viz.png import save_png

__all__ = ["GraphDrawing", "draw", "kernels", "learning_curve", "save_png"]
