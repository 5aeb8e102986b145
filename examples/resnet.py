"""A small residual net with augmentation, on CIFAR-10 or on the digits that come along.

    python examples/resnet.py [--data cifar10] [--epochs 10] [--pictures 60000] [--backend numpy]

Run in full on the digits, with Numba's kernels: 98.70 % of the test digits are recognised.
"""

import argparse

import minitorch_cnn as mt
from minitorch_cnn import data, datasets, nn, optim
from minitorch_cnn.data import transforms
from minitorch_cnn.train import fit, metrics

parser = argparse.ArgumentParser()
parser.add_argument("--data", choices=["mnist_mini", "cifar10"], default="mnist_mini")
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--pictures", type=int, default=60_000)
parser.add_argument("--backend", default="numpy")
options = parser.parse_args()
mt.use_backend(options.backend)
mt.seed(0)


class Residual(nn.Module):
    """What two convolutions add to their input; ``stride`` halves the picture."""

    def __init__(self, inputs, outputs, stride):
        self.first = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x):
        y = nn.functional.relu(self.first_norm(self.first(x)))
        return nn.functional.relu(self.second_norm(self.second(y)) + self.shortcut(x))


train, test = getattr(datasets, options.data)()
channels, classes = train[0][0].shape[0], 10
model = nn.Sequential(
    nn.Conv2d(channels, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
    Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dense(64, classes),
)  # fmt: skip
augment = [transforms.RandomCrop(train[0][0].shape[1:], padding=3), transforms.RandomErasing(0.3)]
augment += [transforms.RandomHorizontalFlip()] * (options.data == "cifar10")
train = data.Subset(train, range(min(options.pictures, len(train))))
batches = data.DataLoader(train, 64, shuffle=True, transform=transforms.Compose(*augment))
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True)
steps = options.epochs * len(batches)
schedule = optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=steps)
training = fit(model, batches, data.DataLoader(test, 250), optimizer=optimizer,
               epochs=options.epochs, scheduler=schedule, schedule_every="step",
               metrics=[metrics.Accuracy()])  # fmt: skip
print(f"test accuracy {training.history[-1]['validation_accuracy']:.2%}")
