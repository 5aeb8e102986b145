"""
From dense to convolution
=========================

**You will be able to** take a layer apart into links and weights, turn a dense layer into a
convolution in two steps, and say what each step saves and what it costs.

In a dense layer every neuron sees the whole picture. In a convolution a small window slides over
it. They look like different things, but the second is the first with two constraints. Here nothing
is claimed about them: tables of links are made from each other, counted, and compared with ``==``.

Two words, after LeCun (1989). *Links* are connections: one product each, which is the work to be
done. *Weights* are free parameters: what is learned, stored and sent. Each link uses one weight,
and several links may use the same.
"""

import matplotlib.pyplot as plt
import numpy as np

import minitorch_cnn as mt
from minitorch_cnn import data, datasets, nn, optim, viz
from minitorch_cnn.nn import Connectivity

# %%
# A picture is a vector
# ---------------------
#
# Our picture has 3 x 3 pixels. A layer of neurons takes a list of numbers, so the rows are laid one
# after the other.

picture = mt.arange(9.0).reshape(3, 3)
vector = picture.reshape(9)
print("the picture:", picture, sep="\n")
print("as a vector:", vector)

# %%
# **Predict:** at which place of the vector is the pixel in row 1, column 2, if we count from 0?

print("row 1, column 2 is at place", int(vector[1 * 3 + 2].item()))

# %%
# The vector no longer says which pixels are neighbours, and a dense layer does not ask. Shuffle the
# pixels, and the columns of its matrix in the same way: nothing changes.

mt.seed(0)


def same(one, other):
    """Whether two tensors hold the same numbers, up to rounding."""
    return np.allclose(one.detach().numpy(), other.detach().numpy(), atol=1e-5)


layer = nn.Dense(9, 16, bias=False)
order = np.random.default_rng(0).permutation(9)
shuffled = nn.Dense(9, 16, bias=False)
shuffled.weight.assign_(layer.weight.detach()[:, order])
print("order of the pixels:", order.tolist())
print("same outputs:", same(layer(vector), shuffled(vector[order])))

# %%
# All that we gain below, we gain by telling the layer that its input is a picture.
#
# The dense layer
# ---------------
#
# Nine pixels and 16 neurons. The table of a layer says which input each output is linked to, and
# which weight each link uses. It holds no weights itself.
#
# **Predict:** how many links are there?

dense = layer.connectivity()
print("dense:", dense)
print("weights of the layer:", layer.weight.size)

# %%
# Every link has a weight of its own, which the figure draws in grey.

dense.plot("net", input_shape=(3, 3), output_shape=(4, 2, 2))

# %%
# Why that does not scale
# -----------------------
#
# Count before you build. Take 90 neurons for the nine pixels, and 50 for those 90; or a picture of
# 32 x 32 pixels, which is a small one, and 500 neurons.

counts = [Connectivity.dense(9, 90).weights, Connectivity.dense(90, 50).weights]
terms = " + ".join(f"{count:,}" for count in counts)
print(f"9 -> 90 -> 50: {terms} = {sum(counts):,} weights")

large = nn.Dense(32 * 32, 500, bias=False).weight
print(f"32 x 32 -> 500: {large.size:,} weights")
print(f"which are {large.nbytes:,} bytes in {large.dtype}")

# %%
# That is one layer. Twice as wide and twice as high a picture takes four times as many.
#
# First constraint: share
# -----------------------
#
# Weights can be saved by using each of them several times. Let four neurons that follow each other
# share all of their weights: neurons 0 to 3 the same nine, neurons 4 to 7 another nine, and so on.
#
# **Predict:** how many weights are left, and how many links?

tied = dense.tie(4)
print("tied:", tied)
saved = dense.weights - tied.weights
print(f"{saved} of {dense.weights} weights are saved, {saved / dense.weights:.0%}")

# %%
# In the matrix, a row for each neuron and a column for each pixel, tied entries have one colour.

tied.plot("matrix")

# %%
# Before you are glad about it: what can such a layer compute?
#
# **Predict:** of its 16 outputs, how many are different?

copies = nn.TiedDense(9, 16, group_size=4, bias=False)
print("its outputs:")
print(copies(vector).detach().reshape(4, 4))
print("rank of the matrix:", tied.rank(), "and without sharing:", dense.rank())

# %%
# Each row above holds the four neurons of a group. They are copies, as they must be: the same
# weights on the same picture give the same sum. We pay for 16 neurons and get 4. The rank says the
# same. It tells how many outputs do not follow from the others, and no choice of weights can make
# it larger than that.
#
# Sharing alone is useless. Neurons that share must look at something different.
#
# Second constraint: look through a window
# ----------------------------------------
#
# Each neuron now sees 2 x 2 pixels, and no more. Such a window has four positions on our picture.
# The four neurons of a group take one each, in the order of reading.

windows = Connectivity.local(1, 4, kernel_size=2, input_size=(3, 3))
for neuron in range(4):
    seen = windows.inputs[windows.outputs == neuron]
    print("neuron", neuron, "sees the pixels", seen.tolist())

# %%
# First without sharing: of the dense layer only these links are left.

local = dense.restrict(windows)
print("local:", local)

# %%
# And both constraints together.
#
# **Predict:** how many weights has the layer that is tied and looks through windows? How many of
# the 144 are saved?

both = tied.restrict(windows)
print("both:", both)
saved = dense.weights - both.weights
print(f"{saved} of {dense.weights} weights are saved, {saved / dense.weights:.2%}")

# %%
# Here is the net, in one colour for each of the 16 weights: four small pictures, seen through one
# kernel each.

both.plot("net", input_shape=(3, 3), output_shape=(4, 2, 2))

# %%
# And its matrix. Each weight occurs four times, once for each neuron of its group.

both.plot("matrix")

# %%
# Here are the four layers side by side. *Reuse* is the number of links for each weight.

tables = {"dense": dense, "tied": tied, "local": local, "both": both}
print("        links  weights  reuse  rank")
for name, table in tables.items():
    counts = f"{table.links:6}{table.weights:9}{table.reuse:7.0f}{table.rank():6}"
    print(f"{name:7}{counts}")

# %%
# Windows save links, and with them work. Sharing saves weights, and no work. And look at the rank:
# sharing alone took it from 9 to 4, but with windows it is 9 again. Sixteen weights tell the layers
# above as much about the picture as 144 did, because now neurons that share see different pixels.
#
# The order does not matter
# -------------------------
#
# Tie first and open windows then, or the other way round? Two tables are equal if they have the
# same links, and the same of them are tied.

print("tie first == windows first:", both == local.tie(4))

# %%
# It is two independent constraints, and both paths around the square lead to the same corner.
#
# What could go wrong
# -------------------
#
# The counts alone prove nothing. Let us tie the wrong neurons: not four that follow each other, but
# every fourth.

wrong = dense.tie(np.arange(16) % 4).restrict(windows)
print("wrong:", wrong)
print("the same table as before:", wrong == both)
print("rank:", wrong.rank())

# %%
# As many links, as many weights, and useless again. Neurons 0, 4, 8 and 12 share their weights and
# have the same window, so they are copies.
#
# The convolution
# ---------------
#
# Now compare what we have made with what everybody calls a convolution: one channel in, four
# channels out, a kernel of 2 x 2.

conv = nn.Conv2d(1, 4, kernel_size=2, bias=False)
of_conv = Connectivity.conv(1, 4, kernel_size=2, input_size=(3, 3))
print("ours == the table of a convolution:", both == of_conv)
print("ours == the table of the layer:", both == conv.connectivity((1, 3, 3)))

# %%
# A group of neurons is a channel, and the weights that it shares are its kernel. The tables are
# equal, so the layers must be. We put the 16 weights of the convolution into a dense layer with
# our table, and compare the outputs, then the gradients of the weights and of the picture.

made = nn.StructuredDense(both, bias=False)
made.weight.assign_(conv.weight.detach().reshape(-1))

pictures = np.random.default_rng(1).normal(size=(5, 1, 3, 3))
x_conv = mt.tensor(pictures, dtype=mt.float32, requires_grad=True)
x_made = mt.tensor(pictures.reshape(5, 9), dtype=mt.float32, requires_grad=True)
y_conv, y_made = conv(x_conv), made(x_made)
mt.sin(y_conv).sum().backward()
mt.sin(y_made).sum().backward()
for what, one, other in (
    ("outputs", y_conv, y_made),
    ("gradient of the weights", conv.weight.grad, made.weight.grad),
    ("gradient of the pictures", x_conv.grad, x_made.grad),
):
    equal = same(one.reshape(-1), other.reshape(-1))
    print(f"{what}: {one.size} numbers, the same: {equal}")

# %%
# The window is a row of the matrix
# ---------------------------------
#
# A kernel small enough for mental arithmetic: 1, 2, 3, 4, on the picture 0 to 8. One channel only.

kernel = mt.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
table = Connectivity.conv(1, 1, kernel_size=2, input_size=(3, 3))
matrix = table.matrix(kernel)
print("the matrix:", matrix.detach(), sep="\n")

# %%
# Four rows, one for each position of the window. The kernel stands in each of them: its two rows
# are three places apart, as the rows of the picture are in the vector. When the window moves on by
# one, so does the row.
#
# **Predict:** the four outputs.

for row in range(4):
    pairs = zip(matrix[row], vector, strict=True)
    links = " + ".join(f"{w:.0f} x {pixel:.0f}" for w, pixel in pairs if w)
    print(f"row {row}: {links} = {matrix[row] @ vector:.0f}")

slid = nn.functional.conv2d(picture.reshape(1, 1, 3, 3), kernel.reshape(1, 1, 2, 2))
print("by conv2d:", slid.reshape(4).tolist())

# %%
# Move the window with the arrow keys, or click on a row of the matrix.

viz.sliding_window(picture, kernel.reshape(2, 2))

# %%
# Mathematicians turn the kernel round before they slide it, and call what we do a correlation. For
# weights that are learned it makes no difference.
#
# The gradient of a tied weight
# -----------------------------
#
# One rule for all: a weight that is used in several places gets the sum of what each place would
# get. To see it, take the matrix as if its entries were free, and let every output count once.

free = matrix.detach()
free.requires_grad = True
(free @ vector).sum().backward()
print("gradient of the matrix:", free.grad, sep="\n")

# %%
# In a dense layer, the gradient of an entry is the pixel that it is multiplied by, so each row is
# the picture. Now add up the entries of each weight, over its four links.

for number in range(table.weights):
    mine = table.numbers == number
    places = zip(table.outputs[mine], table.inputs[mine], strict=True)
    parts = [free.grad[int(row), int(column)].item() for row, column in places]
    terms = " + ".join(f"{part:.0f}" for part in parts)
    print(f"weight {number}: {terms} = {sum(parts):.0f}")

(from_conv,) = mt.grad(slid.sum(), kernel)
(from_matrix,) = mt.grad((matrix @ vector).sum(), kernel)
print("by conv2d:", from_conv.tolist())
print("by the matrix of the table:", from_matrix.tolist())

# %%
# The gradient of the picture goes through the matrix from the other side, column by column: the
# same table, turned over. That table is what is called a transposed convolution.

turned = table.transpose().matrix(kernel.detach())
print("gradient of the picture:", (turned @ mt.ones(4)).reshape(3, 3), sep="\n")
transposed = nn.ConvTranspose2d(1, 1, kernel_size=2).connectivity((1, 2, 2))
print("turned == transposed convolution:", table.transpose() == transposed)

# %%
# Other tables
# ------------
#
# What else is known as a layer for pictures is another table again. Stride leaves out rows of the
# matrix. Padding adds rows, whose windows stick out over the border: there is no pixel, so there is
# no link. Dilation spreads the links of a row. Groups cut the matrix into blocks. Average pooling
# has a single weight, and it is fixed.

layers = {
    "3 x 3": (nn.Conv2d(1, 1, 3), (1, 6, 6)),
    "stride 2": (nn.Conv2d(1, 1, 3, stride=2), (1, 6, 6)),
    "padding 1": (nn.Conv2d(1, 1, 3, padding=1), (1, 6, 6)),
    "dilation 2": (nn.Conv2d(1, 1, 3, dilation=2), (1, 6, 6)),
    "2 to 2 channels": (nn.Conv2d(2, 2, 3), (2, 6, 6)),
    "in 2 groups": (nn.Conv2d(2, 2, 3, groups=2), (2, 6, 6)),
    "transposed": (nn.ConvTranspose2d(1, 1, 3), (1, 4, 4)),
    "average of 2 x 2": (nn.AvgPool2d(2), (1, 6, 6)),
}
print(f"{'':18}{'inputs':>7}{'outputs':>9}{'links':>7}{'weights':>9}{'reuse':>8}")
for name, (layer, shape) in layers.items():
    table = layer.connectivity(shape)
    n_outputs, n_inputs = table.shape
    counts = f"{table.links:7}{table.weights:9}{table.reuse:8.1f}"
    print(f"{name:18}{n_inputs:7}{n_outputs:9}{counts}")

# %%
# The matrix of the one with padding, nine colours:

nn.Conv2d(1, 1, 3, padding=1).connectivity((1, 6, 6)).plot("matrix")

# %%
# There and back
# --------------
#
# A layer can be set free, and tied again. ``as_local`` gives each link a weight of its own,
# ``as_dense`` puts zeros where there was no link; both compute the same as before. ``tie`` and
# ``project`` find the nearest convolution: each weight is the mean over its links.

conv = nn.Conv2d(1, 4, kernel_size=2, bias=False)
free_local, free_dense = conv.as_local((1, 3, 3)), conv.as_dense((1, 3, 3))
for layer in (conv, free_local, free_dense):
    print(f"{type(layer).__name__:18} {layer.weight.size:3} weights")

other = nn.Conv2d(1, 4, kernel_size=2, bias=False)
for back in (free_local.tie(), other.project(free_dense)):
    print("exactly the same kernel:", bool((back.weight == conv.weight).all()))

# %%
# What if it has learned something in between that no convolution can do? Add 4 to a single weight
# of the local layer, and tie it.

change = np.zeros(free_local.weight.shape, np.float32)
change[0, 0, 0, 0, 0, 0] = 4
free_local.weight.assign_(free_local.weight.detach() + mt.tensor(change))
moved = (free_local.tie().weight - conv.weight).detach()[0].reshape(4)
print("the first kernel moved by", [round(step, 2) for step in moved.tolist()])

# %%
# The weight has four links, one of them said 4 more, so the mean says 1 more.
#
# The library computes a convolution with a fast kernel. But what it stands for is this derivation,
# written out: a convolution calls the locally connected product with its kernel at every position,
# and that is a dense product at each. Under ``mt.compositions()`` that text is what runs.

fast = conv(picture.reshape(1, 1, 3, 3))
with mt.compositions():
    derived = conv(picture.reshape(1, 1, 3, 3))
print("kernel and derivation give the same:", same(fast, derived))

# %%
# The ladder of 1989
# ------------------
#
# Who thought of it? Yann LeCun tried these constraints one after the other on five nets that read
# digits of 16 x 16 pixels, in "Generalization and network design strategies", 1989. The nets are
# also in section 11.7 of "The Elements of Statistical Learning" by Hastie, Tibshirani and Friedman.
# We build them from our layers.
#
# Three details. A bias is a link to an input that is always 1. Windows stand two pixels apart, so
# that a map has half as many rows and columns as what it looks at; some stick out over the border,
# where they see a background of -1, as in "Backpropagation applied to handwritten zip code
# recognition" by LeCun and others, 1989. These are links, too, so we add the background to the
# picture. And where a kernel is shared, each neuron still has a bias of its own. That is no
# ``Conv2d``, but a dense layer with the table of one.


def background(window, side):
    """As much background as the windows need, and the side of the picture with it."""
    missing = 2 * (side // 2 - 1) + window - side
    before, after = missing // 2, missing - missing // 2
    return nn.ConstantPad2d((before, after, before, after), -1.0), side + missing


def local_map(in_maps, window, side):
    frame, size = background(window, side)
    layer = nn.LocallyConnected2d(in_maps, 1, size, window, stride=2)
    return frame, layer, nn.Tanh()


def shared_map(in_maps, out_maps, window, side):
    frame, size = background(window, side)
    table = Connectivity.conv(in_maps, out_maps, window, (size, size), stride=2)
    maps = nn.Unflatten(1, (out_maps, side // 2, side // 2))
    return frame, nn.Flatten(), nn.StructuredDense(table), maps, nn.Tanh()


def decide(neurons):
    return nn.Flatten(), nn.Dense(neurons, 10)


def hidden(neurons):
    return nn.Flatten(), nn.Dense(256, neurons), nn.Tanh()


ladder = {
    "Net-1": lambda: [*decide(256)],
    "Net-2": lambda: [*hidden(12), *decide(12)],
    "Net-3": lambda: [*local_map(1, 3, 16), *local_map(1, 5, 8), *decide(16)],
    "Net-4": lambda: [*shared_map(1, 2, 3, 16), *local_map(2, 5, 8), *decide(16)],
    "Net-5": lambda: [*shared_map(1, 2, 3, 16), *shared_map(2, 4, 5, 8), *decide(64)],
}

# %%
# Net-1 is a dense layer, and Net-2 has 12 neurons in between. Net-3 looks through windows, first of
# 3 x 3 at 16 x 16 pixels, then of 5 x 5 at 8 x 8 neurons. Net-4 has two maps in its first layer,
# and each of them shares a kernel. Net-5 shares in both.
#
# **Predict:** which has most links, and which has fewest weights? The summary of a net asks each
# layer for its table, and adds the biases.


weights_of = {}
for name, build in ladder.items():
    total = mt.summary(nn.Sequential(*build()), (1, 16, 16)).total
    weights_of[name] = total.weights
    counts = f"{total.links} links, {total.weights} weights"
    print(f"{name}: {counts}, reuse {total.reuse:.1f}")

# %%
# Up to Net-3 every link has a weight of its own. From there on links grow and weights shrink: Net-5
# does most of the work with the fewest parameters.
#
# Does it pay?
# ------------
#
# LeCun had 320 digits to learn from. We take as many from the digits that come with the package,
# make them 16 x 16, and test on all of the test pictures. Other digits than his, and another way to
# learn: his numbers cannot be compared with ours. One draw of 320 digits may be lucky, so we make
# several, each with new first weights, and show their spread.

EPOCHS, DRAWS = 30, 5


def small(dataset):
    """Pictures of 16 x 16, background -1 and ink 1, and the digits."""
    images, labels = dataset.arrays
    inner = mt.tensor(images[:, :, 2:-2, 2:-2])
    return 2 * nn.functional.adaptive_avg_pool2d(inner, 16).numpy() - 1, labels


def accuracy(net, images, labels):
    """The share of pictures whose digit gets the highest score."""
    with mt.no_grad():
        return (net(mt.tensor(images)).argmax(axis=1).numpy() == labels).mean()


def learn(net, images, labels, seed):
    opt = optim.Adam(net.parameters(), lr=0.01)
    batches = data.TensorDataset(images, labels)
    loader = data.DataLoader(batches, batch_size=64, shuffle=True, seed=seed)
    for _ in range(EPOCHS):
        for x, y in loader:
            loss = nn.functional.cross_entropy(net(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()


(images, labels), test = (small(dataset) for dataset in datasets.mnist_mini())
results = {name: [] for name in ladder}
for seed in range(DRAWS):
    drawn = np.random.default_rng(seed).choice(len(images), 320, replace=False)
    for name, build in ladder.items():
        mt.seed(seed)
        net = nn.Sequential(*build())
        learn(net, images[drawn], labels[drawn], seed)
        learned = accuracy(net, images[drawn], labels[drawn])
        results[name].append((learned, accuracy(net, *test)))

# %%
# Each net learns from the same digits as the others, so we compare them draw by draw: the last
# column is the difference to Net-1 on the test pictures. Behind each ± stands the standard
# deviation over the draws.

results = {name: np.array(of_net) for name, of_net in results.items()}
print(f"mean of {DRAWS} draws of {len(drawn)} digits, tested on {len(test[1])}")
print("       learned        test        test, to Net-1")
for name, of_net in results.items():
    learned, tested = of_net.T
    ahead = tested - results["Net-1"][:, 1]
    print(
        f"{name}{learned.mean():8.1%}",
        f"{tested.mean():8.1%} ± {tested.std(ddof=1):.1%}",
        f"{100 * ahead.mean():+8.1f} ± {100 * ahead.std(ddof=1):.1f} points",
    )

# %%
# Each grey dot is one draw, each bar the mean of all. Below each net stands its number of weights.

figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
for place, of_net in enumerate(results.values()):
    tested = of_net[:, 1]
    axes.plot([place] * DRAWS, tested, "o", color="0.6", alpha=0.7)
    axes.hlines(tested.mean(), place - 0.2, place + 0.2, color="#0072B2", linewidth=3)
ticks = [f"{name}\n{weights}" for name, weights in weights_of.items()]
axes.set_xticks(range(len(ticks)), ticks)
axes.set_ylabel("accuracy on the test pictures")
axes.grid(True, axis="y", color="0.92")
plt.show()

# %%
# What can be read from it, and what not? All five learn their digits nearly by heart. On new ones,
# Net-3 and Net-4 are worse than the dense Net-1: to see less, or to have fewer weights, is no merit
# in itself. Net-5 has the fewest weights and is as good as Net-1, within the spread of the draws.
# These are few digits, and all of them stand in the middle of their pictures. What sharing is good
# for when they do not, this experiment cannot say.
#
# **To try**
#
# - Let the window be as large as the picture, ``Connectivity.conv(1, 4, 3, (3, 3))``. Which table
#   from this page is it equal to, if you change one number there?
# - A kernel that is the same from left to right: what does
#   ``both.tie(weights=np.arange(16) // 2)`` tie, how many weights are left, and what is the rank?
# - Predict links and weights of ``nn.Conv2d(3, 8, 3, padding=1)`` on pictures of 32 x 32, and then
#   ask ``connectivity((3, 32, 32))``. Why are there fewer links than 8 x 32 x 32 x 27?
# - Give Net-5 a ``Conv2d`` in place of each ``StructuredDense``, with one bias for each map. How
#   many weights are left, and does the net become worse?
# - Learn from 3,000 digits in place of 320. Which net gains most?
