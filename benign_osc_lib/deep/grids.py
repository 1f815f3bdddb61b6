"""Grids of runs with a name: what the recorded runs of chapter 16 were made with."""

_DIGITS = (
    "--dataset digits --arch resnet-narrow --batch-size 64 --sharpness-points 256 --seeds 0-4 "
)
_FASHION = (
    "--dataset fashion-mnist --arch resnet-narrow --width 4 --batch-size 64 --train-points 1000 "
    "--test-points 2000 --sharpness-points 256 --seeds 0-4 "
)

GRIDS = {
    "digits-cpu": (
        _DIGITS + "--lr 0.01 0.03 0.1 0.3 0.75 --schedule 20:0.01 --epochs 30 --shortcut 0.875 "
        "--sharpness-every 20",
        # The small rate with as much rate times epochs as 0.1 has, 20 · 0.1 + 10 · 0.01 = 2.1.
        _DIGITS + "--lr 0.01 --epochs 210 --shortcut 0.875 --sharpness-every 105",
        # The first epochs, with the curvature after each.
        _DIGITS + "--lr 0.1 0.75 --epochs 5 --shortcut 0.875 --sharpness-every 1 "
        "--sharpness-points 128",
        # The squared loss, as in the paper, whose curvature does not fade where the answer is sure.
        _DIGITS + "--loss square --lr 0.01 0.1 0.75 --schedule 20:0.01 --epochs 30 "
        "--shortcut 0.875 --sharpness-every 20",
        # Two more rates with it, added after the first three had been seen.
        _DIGITS + "--loss square --lr 0.03 0.3 --schedule 20:0.01 --epochs 30 --shortcut 0.875 "
        "--sharpness-every 20",
        # And 0.1 with as much as 0.75 has, 15.1.
        _DIGITS + "--lr 0.1 --epochs 151 --shortcut 0.875 --sharpness-every 151",
        # Without a shortcut.
        _DIGITS + "--lr 0.01 0.1 0.75 --schedule 20:0.01 --epochs 30 --shortcut 0 "
        "--sharpness-every 20",
        _DIGITS + "--lr 0.01 --epochs 210 --shortcut 0",
        # Other shares and strengths; the large rates throughout.
        _DIGITS + "--lr 0.01 0.1 0.75 --schedule 20:0.01 --epochs 30 --shortcut 0.5 0.97",
        _DIGITS + "--lr 0.01 0.1 0.75 --schedule 20:0.01 --epochs 30 --shortcut 0.875 "
        "--shortcut-strength 0.25 4",
        _DIGITS + "--lr 0.1 0.75 --epochs 30 --shortcut 0.875",
    ),
    "fashion-cpu": (
        _FASHION + "--lr 0.01 0.03 0.1 0.3 0.75 --schedule 20:0.01 --epochs 30 --shortcut 0.875 "
        "--sharpness-every 20",
        _FASHION + "--lr 0.01 --epochs 210 --shortcut 0.875",
        _FASHION + "--lr 0.01 0.1 0.75 --schedule 20:0.01 --epochs 30 --shortcut 0",
    ),
    "fashion-gpu-short": (
        # A quarter of an hour on one GPU: a sixth of the images, a quarter of the channels.
        "--dataset fashion-mnist --arch resnet18 --width 16 --train-points 10000 "
        "--lr 0.01 0.03 0.1 0.3 0.75 --schedule 20:0.01 --epochs 30 --shortcut 0.875 --seeds 0-4 "
        "--sharpness-every 20",
    ),
    "fashion-gpu": (
        # The question of the chapter: five first rates, all lowered to 0.01 after 20 epochs of 30.
        "--dataset fashion-mnist --arch resnet18 --lr 0.01 0.03 0.1 0.3 0.75 --schedule 20:0.01 "
        "--epochs 30 --shortcut 0 0.875 --seeds 0-4 --sharpness-every 5",
        # The small rate with as much rate times steps as 0.1 has in 30 epochs (2.1).
        "--dataset fashion-mnist --arch resnet18 --lr 0.01 --epochs 210 --shortcut 0 0.875 "
        "--seeds 0-4 --sharpness-every 30",
        # The large rates throughout: does the oscillation end by itself?
        "--dataset fashion-mnist --arch resnet18 --lr 0.1 0.75 --epochs 30 --shortcut 0 0.875 "
        "--seeds 0-4 --sharpness-every 5",
        # The squared loss, where 0.75 broke the narrow network.
        "--dataset fashion-mnist --arch resnet18 --loss square --lr 0.01 0.03 0.1 0.3 0.75 "
        "--schedule 20:0.01 --epochs 30 --shortcut 0.875 --seeds 0-4 --sharpness-every 5",
        # Other shares and strengths of the shortcut.
        "--dataset fashion-mnist --arch resnet18 --lr 0.01 0.1 0.75 --schedule 20:0.01 "
        "--epochs 30 --shortcut 0.5 0.97 --seeds 0-4 --sharpness-every 10",
        "--dataset fashion-mnist --arch resnet18 --lr 0.01 0.1 0.75 --schedule 20:0.01 "
        "--epochs 30 --shortcut 0.875 --shortcut-strength 0.25 4 --seeds 0-4 --sharpness-every 10",
    ),
    "cifar-gpu": (
        # The paper's Figure 1 as we read it, and its control.
        "--dataset cifar10 --arch resnet18 --lr 0.01 0.1 0.75 --epochs 50 --seeds 0-4 "
        "--sharpness-every 10",
        "--dataset cifar10 --arch resnet18 --lr 0.1 0.75 --schedule 35:0.01 --epochs 50 "
        "--seeds 0-4 --sharpness-every 10",
    ),
}
"""Name -> command lines of ``python -m benign_osc_lib.deep``, without --out, --device, --data."""
