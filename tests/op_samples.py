"""All samples: what the suite in ``test_ops.py`` runs."""

import op_samples_arrays
import op_samples_elementwise
import op_samples_functional
import op_samples_operators

SAMPLES = [
    *op_samples_elementwise.SAMPLES,
    *op_samples_arrays.SAMPLES,
    *op_samples_operators.SAMPLES,
    *op_samples_functional.SAMPLES,
]
