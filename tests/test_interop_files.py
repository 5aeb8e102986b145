"""Files for PyTorch: its nets, with weights from them, give what ours give (stored values)."""

import numpy as np
import pytest

import minitorch_cnn as mt
from references import read_by_pytorch


@pytest.mark.parametrize("name", read_by_pytorch.BUILDERS)
def test_pytorch_gives_the_same(name, tmp_path):
    net = read_by_pytorch.net_of_ours(name)
    mt.save(net, tmp_path / "net.safetensors")
    again = read_by_pytorch.BUILDERS[name](mt.nn)
    again.load_state_dict(mt.load(tmp_path / "net.safetensors"))
    with np.load(read_by_pytorch.STORED) as stored:
        expected = stored[name]
    for one in (net, again.eval()):
        with mt.no_grad():
            found = one(mt.tensor(read_by_pytorch.pictures(name))).numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
