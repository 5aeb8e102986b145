"""All samples: what the suite in ``test_ops.py`` runs."""

import op_samples_activations
import op_samples_arrays
import op_samples_attention
import op_samples_dropout
import op_samples_elementwise
import op_samples_embedding
import op_samples_functional
import op_samples_losses
import op_samples_margins
import op_samples_matrices
import op_samples_norms
import op_samples_operators
import op_samples_pooling
import op_samples_products
import op_samples_resampling
import op_samples_spatial
import op_samples_standard
import op_samples_vector
import op_samples_windows

SAMPLES = [
    *op_samples_elementwise.SAMPLES,
    *op_samples_arrays.SAMPLES,
    *op_samples_products.SAMPLES,
    *op_samples_operators.SAMPLES,
    *op_samples_activations.SAMPLES,
    *op_samples_functional.SAMPLES,
    *op_samples_windows.SAMPLES,
    *op_samples_pooling.SAMPLES,
    *op_samples_norms.SAMPLES,
    *op_samples_resampling.SAMPLES,
    *op_samples_spatial.SAMPLES,
    *op_samples_losses.SAMPLES,
    *op_samples_dropout.SAMPLES,
    *op_samples_embedding.SAMPLES,
    *op_samples_attention.SAMPLES,
    *op_samples_vector.SAMPLES,
    *op_samples_standard.SAMPLES,
    *op_samples_matrices.SAMPLES,
    *op_samples_margins.SAMPLES,
]
