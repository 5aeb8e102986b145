"""
First
=====

A.
"""

import minitorch_cnn as mt

x = mt.tensor(2.0, requires_grad=True)
x
