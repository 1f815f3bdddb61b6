"""The rules of SGD whose cost the page compares: the paper's, and each of its relatives."""

from benchmarks.sizes import SIZES
from benign_osc_lib import Rule

RULES = {
    "plain": ("plain, eq. (3)", Rule()),
    "relu": ("ReLU", Rule(activation="relu")),
    "relu3": ("ReLU cubed", Rule(activation="relu3")),
    "quadratic": ("quadratic", Rule(activation="quadratic")),
    "gelu": ("GELU", Rule(activation="gelu")),
    "logistic": ("logistic loss", Rule(loss="logistic")),
    "batch": ("batches of 4", Rule(batch_size=4)),
    "full_batch": ("full batch", Rule(batch_size=SIZES["n"])),
    "momentum": ("momentum", Rule(momentum=0.9)),
    "nesterov": ("Nesterov's", Rule(momentum=0.9, nesterov=True)),
    "weight_decay": ("weight decay", Rule(weight_decay=0.001)),
    "label_noise": ("label noise", Rule(label_noise=0.1)),
    "schedule": ("schedule", Rule(schedule=(1.0, 0.5, 0.25))),
    "second_layer": ("second layer", Rule(second_layer="trained")),
    "sam": ("sharpness-aware", Rule(sam=0.05)),
}
"""Label on the page and Rule, by name. All but the first differ from it in one thing."""

RATE = 0.1
"""The learning rate of all of them: none diverges, and a run that has diverged would cost less."""

PEER = "momentum"
"""The rule that a loop of autograd trains too, for comparison."""
