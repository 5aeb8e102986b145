"""Cases of training: 50 steps of LeNet, and of a net with the layers that LeNet lacks."""

from typing import Any

from .case import Case, TrainingCase


def lenet(nn: Any) -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


def grouped_net(nn: Any) -> Any:
    """A net in which no parameter is without effect on the loss.

    A bias just before a batch normalisation would be: its gradient is rounding alone, which Adam
    would blow up to full steps that no two programs share.
    """

    class GroupedNet(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.features = nn.Sequential(
                nn.Conv2d(2, 8, 3, stride=2, padding=1, groups=2, bias=False),
                nn.BatchNorm2d(8),
                nn.ReLU(),
                nn.Conv2d(8, 8, 3, padding="same", dilation=2, groups=8),
                nn.Tanh(),
                nn.AvgPool2d(3, stride=2, padding=1),
            )
            self.head = nn.Sequential(
                nn.Flatten(),
                nn.Dropout(p=0.0),
                nn.Linear(72, 16, bias=False),
                nn.BatchNorm1d(16, affine=False, momentum=None),
                nn.ReLU(),
                nn.Linear(16, 10),
            )

        def forward(self, x: Any) -> Any:
            return self.head(self.features(x))

    return GroupedNet()


def cross_entropy(functional: Any, scores: Any, target: Any) -> Any:
    return functional.cross_entropy(scores, target)


def nll_of_log_softmax(functional: Any, scores: Any, target: Any) -> Any:
    return functional.nll_loss(functional.log_softmax(scores, dim=1), target)


LENET = (lenet, cross_entropy, (1, 28, 28))
GROUPED = (grouped_net, nll_of_log_softmax, (2, 11, 12))

CASES: list[Case] = [
    TrainingCase("lenet-SGD", *LENET, "SGD", {"lr": 0.05, "momentum": 0.9}),
    TrainingCase("lenet-Adam", *LENET, "Adam", {"lr": 2e-3}),
    TrainingCase("grouped-net-SGD", *GROUPED, "SGD", {"lr": 0.05, "momentum": 0.9}),
    TrainingCase("grouped-net-Adam", *GROUPED, "Adam", {"lr": 1e-2}),
]
