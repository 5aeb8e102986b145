"""All samples: what the suite in ``test_ops.py`` runs."""

import op_samples_activations
import op_samples_arrays
import op_samples_elementwise
import op_samples_functional
import op_samples_losses
import op_samples_margins
import op_samples_operators
import op_samples_products
import op_samples_windows

SAMPLES = [
    *op_samples_elementwise.SAMPLES,
    *op_samples_arrays.SAMPLES,
    *op_samples_products.SAMPLES,
    *op_samples_operators.SAMPLES,
    *op_samples_activations.SAMPLES,
    *op_samples_functional.SAMPLES,
    *op_samples_windows.SAMPLES,
    *op_samples_losses.SAMPLES,
    *op_samples_margins.SAMPLES,
]
