"""Pictures of tables of links, of what layers compute and have learned, of graphs and trainings.

Nets, matrices and the sliding window are text: SVG, with a small script where they answer to keys;
they need no other library. Pictures of arrays and curves need matplotlib, which is imported when
one is drawn; figures are made without pyplot, so nothing here opens a window or changes global
settings. The graph is ``mt.draw`` and needs Graphviz for SVG alone.
"""

from minitorch_cnn.viz.feature_maps import feature_maps
from minitorch_cnn.viz.graph import GraphDrawing, draw
from minitorch_cnn.viz.kernels import kernels
from minitorch_cnn.viz.learning_curve import learning_curve
from minitorch_cnn.viz.net import net_diagram
from minitorch_cnn.viz.plot import plot
from minitorch_cnn.viz.png import save_png
from minitorch_cnn.viz.receptive_field import receptive_field
from minitorch_cnn.viz.skeleton import seen_pixels
from minitorch_cnn.viz.sliding_window import sliding_window
from minitorch_cnn.viz.svg import SVG, HTMLFigure
from minitorch_cnn.viz.weight_matrix import weight_matrix

__all__ = [
    "SVG",
    "GraphDrawing",
    "HTMLFigure",
    "draw",
    "feature_maps",
    "kernels",
    "learning_curve",
    "net_diagram",
    "plot",
    "receptive_field",
    "save_png",
    "seen_pixels",
    "sliding_window",
    "weight_matrix",
]
