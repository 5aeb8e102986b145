"""LeNet on handwritten digits, by a loop of one's own.

    python examples/loop.py [--epochs 15] [--pictures 6000] [--backend numpy]

Run in full: 97.60 % of the test digits are recognised, after 13 seconds on two cores.
"""

import argparse

import minitorch_cnn as mt
from minitorch_cnn import data, datasets, models, nn, optim

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=15)
parser.add_argument("--pictures", type=int, default=6000)
parser.add_argument("--backend", default="numpy")
options = parser.parse_args()

mt.use_backend(options.backend)
mt.seed(0)
train, test = datasets.mnist_mini()
train = data.Subset(train, range(min(options.pictures, len(train))))
shift = data.transforms.RandomShift(2)
train_batches = data.DataLoader(train, batch_size=64, shuffle=True, transform=shift)
test_batches = data.DataLoader(test, batch_size=500)

model = models.lenet()
optimizer = optim.Adam(model.parameters(), lr=3e-3)
steps = options.epochs * len(train_batches)
schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)

for epoch in range(options.epochs):
    model.train()
    for x, y in train_batches:
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()

    model.eval()
    with mt.no_grad():
        right = sum((model(x).argmax(axis=1) == y).sum().item() for x, y in test_batches)
    print(f"epoch {epoch + 1}: loss {loss.item():.4f}, test accuracy {right / len(test):.2%}")
