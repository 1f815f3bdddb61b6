// "Copy as Python": the lines that repeat with the library what is on the screen.
// Numbers stand in it with all their digits: at another rate, however near, it is another run.
import { FIELDS } from "./state.js";
import { cobwebPath } from "./cobweb_view.js";
import { rateOf } from "./network_run.js";

const APART = FIELDS.seed.most + 1; // of the seed of the fresh points from that of the run

const WRITERS = {
  point: ({ kappa, nu, strong, weak, steps }) => [
    "from benign_osc_lib import one_point, theory",
    "",
    `kappa, nu = ${kappa}, ${nu}`,
    `run = one_point.orbit(kappa, nu, ${strong}, ${weak}, steps=${steps})`,
    "print(1 - run.e[-4:])  # the last outputs",
    "print(run.q[-1], theory.terminal_weak_signal(kappa, nu))",
  ],
  potential: ({ e, kappa, nu }) => [
    "from benign_osc_lib import theory",
    "",
    `print(theory.potential_gain(${e}, ${kappa}, ${nu}))`,
  ],
  cobweb: ({ kappa, z }) => [
    "from benign_osc_lib import cubic_map",
    "",
    `z = cubic_map.iterate(${z}, ${kappa}, steps=${cobwebPath(kappa, z).length - 1})`,
    "print(z[-4:])  # below 0 the sign is lost, and the network is left at 0",
    "print(z[z >= 0][-4:] ** 2)  # the last outputs",
  ],
  network: (state) => [
    "from benign_osc_lib import metrics, train",
    "from benign_osc_lib.lab.draws import draw",
    "",
    `nu, noise_norm = ${state.nu}, ${state.noise_norm}`,
    "data, start = draw(",
    `    ${state.seed}, m=${state.m}, n_weak=${state.n_weak}, scale=${state.scale},`,
    "    nu=nu, noise_norm=noise_norm,",
    ")",
    `run = train(data, start, ${rateOf(state)}, epochs=${state.epochs})`,
    "print(run.margins[-1])  # y f at the last visits",
    "print(metrics.learned_signal(run.weak[-1]))  # q of both classes",
    "",
    "# Fresh points, from a seed of their own; others than on the page.",
    `fresh, _ = draw(${state.seed + APART}, n=200, n_weak=200, nu=nu, noise_norm=noise_norm)`,
    "print(metrics.accuracy(run.weights, fresh).weak)",
  ],
};

/** Python that repeats a view's run. */
export function pythonOf(view, state) {
  return `${WRITERS[view === "phase" ? "network" : view](state).join("\n")}\n`;
}
