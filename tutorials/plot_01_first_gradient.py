"""
From a number to its gradient
=============================

**You will be able to** compute the gradient of any expression, say what it means, and check it
without trusting anybody.

A net learns by asking one question again and again: if I change this number a little, how does
the result change? The answer is a gradient. This lesson starts with a single number and ends with
a weight that is used in several places at once, which is all that a convolution is about.
"""

import matplotlib.pyplot as plt
import numpy as np

import minitorch_cnn as mt

# %%
# A number that remembers
# -----------------------
#
# A tensor is an array, here with a single number in it. ``requires_grad=True`` asks it to
# remember what is computed from it.

x = mt.tensor(3.0, requires_grad=True)
y = x * x + 2 * x
y

# %%
# The value is 3 * 3 + 2 * 3 = 15. How fast does it grow with x? By the rules of school, the
# derivative of x * x + 2 * x is 2 * x + 2.
#
# **Predict:** what is it at x = 3?
#
# ``backward`` starts at the result and goes back through everything that was computed, down to
# ``x``. The answer is left in ``x.grad``.

y.backward()
print(x.grad)

# %%
# What the 8 means: if x grows by a little, y grows by 8 times as much. We can just try it.

small = 0.001
before, after = 3.0, 3.0 + small
change = (after * after + 2 * after) - (before * before + 2 * before)
print(f"y changed by {change:.6f}, which is {change / small:.3f} times the step")

# %%
# Almost 8, but not quite. The step was small, not infinitely small.
#
# How small should the step be?
# -----------------------------
#
# A quotient such as this one is called a finite difference. It needs nothing but the function
# itself, so it can check any gradient. But which step is best? Let us take a function with a
# harder derivative, and measure the error for many steps: once with a step ahead, and once with
# a step to each side.


def f(x):
    return mt.sin(x) * mt.exp(-x * x)


point = mt.tensor(0.7, dtype=mt.float64, requires_grad=True)
(exact,) = mt.grad(f(point), point)

steps = np.logspace(-13, -1, 49)
ahead, around = [], []
for step in steps:
    right = f(mt.tensor(0.7 + step, dtype=mt.float64)).item()
    here = f(mt.tensor(0.7, dtype=mt.float64)).item()
    left = f(mt.tensor(0.7 - step, dtype=mt.float64)).item()
    ahead.append(abs((right - here) / step - exact.item()))
    around.append(abs((right - left) / (2 * step) - exact.item()))

figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
axes.loglog(steps, ahead, ".-", color="#0072B2", label="a step ahead")
axes.loglog(steps, around, "s-", markersize=4, color="#D55E00", label="a step to each side")
axes.set(xlabel="step", ylabel="error of the finite difference")
axes.grid(True, color="0.9")
axes.legend(frameon=False)
plt.show()

# %%
# Both curves have a valley. On its right the step is too large: the function bends, and the error
# falls with the step, or with its square if we look to both sides. On its left the step is too
# small: two nearly equal numbers are subtracted, and their rounding errors are all that is left.

best = int(np.argmin(around))
print(f"best step {steps[best]:.0e}, error {around[best]:.0e}")
print(f"cube root of the rounding error: {np.finfo(np.float64).eps ** (1 / 3):.0e}")

# %%
# So even the best finite difference is right to some eleven digits only, and it needs two
# evaluations for every input. ``backward`` is exact up to rounding, and needs one pass for all
# inputs together. Finite differences are for checking.
#
# The gradient of every step
# --------------------------
#
# ``backward`` knows the derivative of each single operation, and nothing else. It multiplies them
# along the way: the chain rule. We can watch it by asking the values in between for their
# gradients too.

x = mt.tensor(2.0, requires_grad=True)
inner = 3 * x
outer = inner * inner
for value in (inner, outer):
    value.retain_grad()
outer.backward()
print("outer", outer.item(), "gradient", outer.grad.item())
print("inner", inner.item(), "gradient", inner.grad.item(), "which is 2 * inner")
print("x    ", x.item(), "gradient", x.grad.item(), "which is 3 times as much")

# %%
# Many numbers at once
# --------------------
#
# An array works like a number. The gradient has the shape of the array: one slope for each entry,
# all others held still. ``backward`` starts from a single number, so we add up first.

x = mt.tensor([1.0, 2.0, 3.0], requires_grad=True)
(x * x).sum().backward()
print(x.grad)

# %%
# One number in several places
# ----------------------------
#
# **Predict:** here ``w`` is used three times, with 2, 5 and 7. What is its gradient?

w = mt.tensor(1.0, requires_grad=True)
total = 2 * w + 5 * w + 7 * w
total.backward()
print(w.grad)

# %%
# It is the sum over all the places in which it was used. Each place adds its part.
#
# Keep this sentence, for a convolution is exactly that: a matrix product in which each weight is
# used in many places. Here is a kernel of three weights that slides over six numbers. Written as
# a matrix, each weight stands on a diagonal.

signal = mt.tensor([1.0, -2.0, 3.0, 0.0, 4.0, -1.0])
kernel = mt.tensor([0.5, 1.0, -1.0], requires_grad=True)

slides = mt.nn.functional.conv1d(signal.reshape(1, 1, 6), kernel.reshape(1, 1, 3))
print("convolution ", slides.reshape(4).tolist())

rows = [[0.0] * row + kernel.tolist() + [0.0] * (3 - row) for row in range(4)]
matrix = mt.tensor(rows, requires_grad=True)
print(matrix)
product = matrix @ signal
print("dense matrix", product.tolist())

# %%
# The same four numbers. Now the gradients, of the sum of squares of each. The matrix has one
# gradient for each of its entries, also for those that are 0 and belong to no weight. Adding them
# up along the three diagonals must give the gradient of the kernel.

(slides * slides).sum().backward()
(product * product).sum().backward()
print("kernel       ", kernel.grad.tolist())
entries = matrix.grad.numpy()
print("sum over ties", [float(np.trace(entries[:, place : place + 4])) for place in range(3)])

# %%
# Check anything
# --------------
#
# The comparison with finite differences comes as one function. It picks random directions, does
# everything in float64, and checks the gradient of the gradient as well. It says nothing if all
# is well.

from minitorch_cnn import testing

testing.check_grads(f, point)
weight, signal = mt.randn(3, 2, requires_grad=True), mt.randn(2)
testing.check_grads(lambda w, x: mt.tanh(w @ x), (weight, signal))

# %%
# Learn something
# ---------------
#
# To learn is to walk downhill: compute the gradient of what is wrong, and take a small step
# against it. Here are 40 points near a line. We ask for its slope and its offset, and start from
# nothing.

rng = np.random.default_rng(0)
across = mt.tensor(rng.uniform(-1, 1, 40), dtype=mt.float32)
up = 1.5 * across - 0.5 + mt.tensor(rng.normal(0, 0.1, 40), dtype=mt.float32)

slope = mt.tensor(0.0, requires_grad=True)
offset = mt.tensor(0.0, requires_grad=True)
for step in range(61):
    error = ((slope * across + offset - up) ** 2).mean()
    if step % 15 == 0:
        print(f"{step:2}  error {error:.4f}  slope {slope:+.3f}  offset {offset:+.3f}")
    slope_gradient, offset_gradient = mt.grad(error, (slope, offset))
    slope.assign_(slope.detach() - 0.3 * slope_gradient)
    offset.assign_(offset.detach() - 0.3 * offset_gradient)

# %%
# The points were made with slope 1.5 and offset -0.5, and noise of size 0.1, whose square is
# 0.01: the error cannot fall much below that. Every net in this course learns by this loop; only
# the expression grows.
#
# **To try**
#
# - Take ``mt.abs`` in place of the square in the last loop. What happens to the last digits, and
#   why?
# - In the figure, use float32 in place of float64. Where does the valley move?
# - Change the loop so that the step is 3 in place of 0.3. How do you see that it is too large?
