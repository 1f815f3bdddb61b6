"""The figure of the page: cost against runs, epochs, m, n, P and d."""

from benchmarks.peers import PEERS
from benchmarks.words import thousands
from benign_osc_lib import plotting as bp

LINES = {
    "autograd": {"color": "0.6", "ls": ":"},
    "batched": {"color": bp.WEAK, "ls": "--", "marker": "o"},
    "jax_full": {"color": bp.NOISE, "ls": "--", "marker": "s"},
    "jax_reduced": {"color": bp.NOISE, "ls": "-", "marker": "s"},
    "reduced": {"color": bp.STRONG, "ls": "-", "marker": "D"},
}
"""The line of each peer: dashed for full weights, solid for reduced."""

AXES = {
    "runs": "runs in a batch",
    "epochs": "epochs",
    "m": "filters a sign, $m$",
    "n": "points, $n$",
    "patches": "patches of a point, $P$",
    "d": "dimension, $d$",
}


def draw(results):
    """A panel for each axis, from benchmarks/results.json."""
    bp.use_style()
    fig, panels = bp.figure(3, 2, height=2.2, sharey=True)
    for ax, (axis, label) in zip(panels.flat, AXES.items(), strict=True):
        curve = results["curves"]["axes"][axis]
        for name, line in LINES.items():
            if name in curve["us"]:
                legend = PEERS[name].label
                ax.loglog(curve["values"], curve["us"][name], ms=3.5, label=legend, **line)
        if "step_us" in curve:
            style = {"color": bp.STRONG, "ls": ":", "label": "the same, a step alone"}
            ax.loglog(curve["values"], curve["step_us"], **style)
        ticks = curve["values"][:: 1 if len(curve["values"]) < 5 else 2]
        ax.set_xticks(ticks, map(thousands, ticks))
        ax.minorticks_off()
        ax.set_xlabel(label)
    for ax in panels[:, 0]:
        ax.set_ylabel("µs per step and run")
    handles, labels = panels.flat[-1].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=2)
    return fig
