"""Segmentation of drawn shapes by a fully convolutional net with a skip connection.

    python examples/segment.py [--epochs 12] [--pictures 3000] [--backend numpy]

Run in full: FIGURES.
"""

import argparse

import minitorch_cnn as mt
from minitorch_cnn import data, datasets, nn, optim
from minitorch_cnn.train import fit, metrics

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=12)
parser.add_argument("--pictures", type=int, default=3000)
parser.add_argument("--backend", default="numpy")
options = parser.parse_args()
mt.use_backend(options.backend)
mt.seed(0)


def block(inputs, outputs):
    conv = nn.Conv2d(inputs, outputs, 3, padding=1)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU())


class SmallUNet(nn.Module):
    def __init__(self, classes):
        self.fine = nn.Sequential(block(1, 16), block(16, 16))
        self.half = nn.Sequential(nn.MaxPool2d(2), block(16, 32), block(32, 32))
        self.quarter = nn.Sequential(nn.MaxPool2d(2), block(32, 64), block(64, 64))
        self.up_to_half = nn.ConvTranspose2d(64, 32, 2, stride=2)
        self.joined_half = block(64, 32)
        self.up_to_fine = nn.ConvTranspose2d(32, 16, 2, stride=2)
        self.joined_fine = nn.Sequential(block(32, 16), nn.Conv2d(16, classes, 1))

    def forward(self, x):
        fine = self.fine(x)
        half = self.half(fine)
        up = self.up_to_half(self.quarter(half))
        half = self.joined_half(mt.concat([half, up], axis=1))
        return self.joined_fine(mt.concat([fine, self.up_to_fine(half)], axis=1))


shapes = datasets.synthetic_shapes(options.pictures + 200, seed=1)
train, test = data.random_split(shapes, [options.pictures, 200], seed=0)
flip = data.transforms.RandomHorizontalFlip(moved=(0, 1))
batches = data.DataLoader(train, batch_size=32, shuffle=True, transform=flip)
model = SmallUNet(len(shapes.classes))
optimizer = optim.Adam(model.parameters())
training = fit(
    model,
    batches,
    data.DataLoader(test, batch_size=50),
    optimizer=optimizer,
    epochs=options.epochs,
    metrics=[metrics.MeanIoU(len(shapes.classes))],
    scheduler=optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, options.epochs * len(batches)),
    schedule_every="step",
)
print(f"mean IoU of the test pictures: {training.history[-1]['validation_mean_iou']:.3f}")
