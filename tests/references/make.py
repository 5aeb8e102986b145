"""Make the stored reference values. The only file here that needs PyTorch.

Run as a module, in the folder `tests`::

    python -m references.make                  # make all values anew
    python -m references.make conv pool        # ... of these families
    python -m references.make --check          # write nothing: do the stored values come out again?
"""

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from . import store
from .case import Array
from .cases import FAMILIES


class PyTorch:
    """PyTorch as a `Framework`."""

    nn = torch.nn
    functional = torch.nn.functional
    optim = torch.optim
    func = torch.func

    def tensor(self, array: Array, requires_grad: bool = False) -> Any:
        return torch.tensor(array, requires_grad=requires_grad)

    def numpy(self, tensor: Any) -> Array:
        return np.array(tensor.detach().numpy())

    def float64(self, module: Any) -> Any:
        return module.double()

    def concat(self, tensors: Sequence[Any], axis: int) -> Any:
        return torch.cat(list(tensors), axis)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make reference values with PyTorch.")
    parser.add_argument("families", nargs="*", help=f"of: {', '.join(FAMILIES)} (default: all)")
    parser.add_argument("--check", action="store_true", help="compare with what is stored")
    options = parser.parse_args()
    if unknown := set(options.families) - set(FAMILIES):
        parser.error(f"unknown families {sorted(unknown)}; there are {', '.join(FAMILIES)}")
    torch.set_num_threads(1)
    # PyTorch's Muon rounds to bfloat16 half-way; its formula is compared without.
    torch.Tensor.bfloat16 = lambda tensor: tensor.clone()  # type: ignore[method-assign]
    # Max-unpooling has no other algorithm than one that is deterministic on one thread.
    torch.use_deterministic_algorithms(True, warn_only=True)
    for family in options.families or FAMILIES:
        # PyTorch's NAdam keeps a product of momenta in the default dtype.
        torch.set_default_dtype(torch.float64 if family == "optimizer" else torch.float32)
        results = {case.name: case.run(PyTorch()) for case in FAMILIES[family]}
        if options.check:
            stored = store.load(family)
            np.testing.assert_equal(list(stored), list(results))
            for name, quantities in results.items():
                for quantity, array in quantities.items():
                    np.testing.assert_allclose(
                        stored[name][quantity], array, rtol=1e-13, atol=1e-13
                    )
        else:
            store.save(family, results)
        size = store.path_of(family).stat().st_size
        print(f"{family}: {len(results)} cases, {size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
