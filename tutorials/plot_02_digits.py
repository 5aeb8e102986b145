"""
A net that reads digits
=======================

**You will be able to** train a convolutional net, tell how good it is, and look inside.

LeNet read the digits on bank cheques in the nineties. It has two convolutions, which look at a
picture through small windows, and three dense layers, which decide. We train it on 6,000
handwritten digits that come with the package.
"""

import math
import time

import matplotlib.pyplot as plt
import numpy as np

import minitorch_cnn as mt
from minitorch_cnn import data, datasets, nn, optim

# %%
# Look at the data first
# ----------------------
#
# A picture is an array of one channel, 28 rows and 28 columns. 0 is background and 1 is ink. The
# test pictures are set aside: the net never learns from them.

train, test = datasets.mnist_mini()
print(len(train), "pictures to learn from,", len(test), "to test")

figure, grid = plt.subplots(2, 8, figsize=(8, 2.4), layout="constrained")
for index, axes in enumerate(grid.flat):
    picture, digit = train[index]
    axes.imshow(picture[0], cmap="gray_r")
    axes.set_title(str(digit), fontsize=9)
    axes.set_axis_off()
plt.show()

# %%
# The net
# -------
#
# Each line is a layer, and what comes out of one goes into the next. The shapes on the right are
# those of one picture: channels, rows, columns.

mt.seed(0)
model = nn.Sequential(
    nn.Conv2d(1, 6, 5, padding=2),  # 6, 28, 28
    nn.ReLU(),
    nn.MaxPool2d(2),  # 6, 14, 14
    nn.Conv2d(6, 16, 5),  # 16, 10, 10
    nn.ReLU(),
    nn.MaxPool2d(2),  # 16, 5, 5
    nn.Flatten(),  # 400
    nn.Dense(400, 120),
    nn.ReLU(),
    nn.Dense(120, 84),
    nn.ReLU(),
    nn.Dense(84, 10),  # a score for each digit
)

# %%
# Where are the weights?
#
# **Predict:** which layer has most of them, and what share do the two convolutions have?

total = sum(parameter.size for parameter in model.parameters())
for layer in model:
    weights = sum(parameter.size for parameter in layer.parameters())
    if weights:
        print(f"{type(layer).__name__:8} {weights:6,} weights, {weights / total:6.1%}")
print(f"together {total:6,}")

# %%
# The first convolution has 156 weights: six kernels of 5 x 5, and six offsets. Each kernel is
# used at all 784 positions of the picture. A dense layer with the same 4,704 outputs would have

print(f"{nn.Dense(784, 6 * 784).weight.size:,}")

# %%
# weights, without the offsets. That is what it means to tie weights and to keep links local.
#
# Before it has learned anything
# ------------------------------
#
# An untrained net guesses. With ten digits, equally many of each, one guess in ten is right, and
# the loss is near the logarithm of ten.


def accuracy(model, dataset):
    """The share of pictures whose digit gets the highest score."""
    model.eval()
    right = 0
    with mt.no_grad():
        for x, y in data.DataLoader(dataset, batch_size=500):
            right += (model(x).argmax(axis=1) == y).sum().item()
    model.train()
    return right / len(dataset)


print(f"accuracy {accuracy(model, test):.1%}, log(10) = {math.log(10):.3f}")

# %%
# Learning
# --------
#
# The loop is that of the first lesson. The loss is the cross-entropy, which is small when the
# right digit gets a high probability. Adam takes the steps. A batch is 32 pictures; an epoch is
# once through all of them.

EPOCHS = 2

opt = optim.Adam(model.parameters(), lr=3e-3)
loader = data.DataLoader(train, batch_size=32, shuffle=True, seed=0)
losses = []
started = time.perf_counter()
for epoch in range(EPOCHS):
    for x, y in loader:
        loss = nn.functional.cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    print(f"epoch {epoch + 1}: accuracy on the test pictures {accuracy(model, test):.1%}")
seconds = time.perf_counter() - started
print(f"{EPOCHS * len(train) / seconds:,.0f} pictures a second")

# %%
# The loss of a single batch jumps, as every batch holds other pictures. The mean over a window of
# 20 batches shows where it is going.

mean = np.convolve(losses, np.ones(20) / 20, mode="valid")
figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
axes.semilogy(losses, color="0.75", linewidth=1, label="one batch")
axes.semilogy(np.arange(len(mean)) + 19, mean, color="#0072B2", label="mean of 20 batches")
for epoch in range(1, EPOCHS):
    axes.axvline(epoch * len(loader), color="0.6", linestyle=":")
axes.set(xlabel="step (dotted: a new epoch begins)", ylabel="loss")
axes.legend(frameon=False)
axes.grid(True, color="0.92")
plt.show()

# %%
# How good is it really?
# ----------------------
#
# The accuracy was measured on a sample, so it has an error of its own. If p is the accuracy and n
# the number of test pictures, its standard error is the root of p (1 - p) / n. Two nets that
# differ by less than about two of these may well be equally good.

p = accuracy(model, test)
error = math.sqrt(p * (1 - p) / len(test))
print(f"test accuracy {p:.1%}, standard error {error:.1%}")
print(f"on the training pictures {accuracy(model, train):.1%}")

# %%
# A net is better on the pictures that it has learned from. After two epochs the two numbers still
# lie close together; train for longer, and watch them part.
#
# What it gets wrong
# ------------------
#
# Numbers hide the kind of mistake. Here are pictures that the net misread, with its answer.

with mt.no_grad():
    images, labels = test.arrays
    answers = model(mt.tensor(images)).argmax(axis=1).numpy()
wrong = np.flatnonzero(answers != labels)
figure, grid = plt.subplots(2, 8, figsize=(8, 2.6), layout="constrained")
for axes in grid.flat:
    axes.set_axis_off()
for place, index in enumerate(wrong[:16]):
    axes = grid.flat[place]
    axes.imshow(images[index, 0], cmap="gray_r")
    axes.set_title(f"{labels[index]} read as {answers[index]}", fontsize=8)
plt.show()

# %%
# Some of them you might misread yourself.
#
# What the first layer looks for
# ------------------------------
#
# Each of the six kernels is a picture of 5 x 5 weights. Red weights answer to ink, blue ones to its
# absence. Some show an edge: red beside blue answers where ink begins, in one direction.

kernels = model[0].weight.detach().numpy()[:, 0]
limit = np.abs(kernels).max()
figure, grid = plt.subplots(1, 6, figsize=(8, 1.7), layout="constrained")
for number, axes in enumerate(grid):
    image = axes.imshow(kernels[number], cmap="RdBu_r", vmin=-limit, vmax=limit)
    axes.set(xticks=[], yticks=[])
figure.colorbar(image, ax=grid, label="weight")
plt.show()

# %%
# And what they make of a digit: the picture, and six maps, each dark where its kernel found what it
# looks for.

with mt.no_grad():
    maps = model[1](model[0](mt.tensor(images[:1]))).numpy()[0]
figure, grid = plt.subplots(1, 7, figsize=(8, 1.5), layout="constrained")
grid[0].imshow(images[0, 0], cmap="gray_r")
for number, axes in enumerate(grid[1:]):
    axes.imshow(maps[number], cmap="gray_r")
for axes in grid:
    axes.set_axis_off()
plt.show()

# %%
# **To try**
#
# - Train for ten epochs, and compare the two accuracies again. The command ``minitorch-cnn train``
#   trains for longer still, and shifts the pictures at random as well.
# - Replace the first convolution by a locally connected layer, ``nn.LocallyConnected2d(1, 6, 28,
#   5, padding=2)``. How many weights has it, and what becomes of the accuracy?
# - Which two digits are confused most often? Count them with ``labels`` and ``answers``.
