// "Copy as Python": the lines that repeat with the library what is on the screen.
import { PAPER } from "./presets.js";
import { rateOf } from "./network_run.js";

const plain = (value) => String(Number(value.toPrecision(6)));

const WRITERS = {
  point: ({ kappa, nu, strong, weak, steps }) => [
    "from benign_osc_lib import one_point, theory",
    "",
    `kappa, nu = ${plain(kappa)}, ${plain(nu)}`,
    `run = one_point.orbit(kappa, nu, ${plain(strong)}, ${plain(weak)}, steps=${steps})`,
    "print(1 - run.e[-4:])  # the last outputs",
    "print(run.q[-1], theory.terminal_weak_signal(kappa, nu))",
  ],
  potential: ({ e, kappa, nu }) => [
    "from benign_osc_lib import theory",
    "",
    `print(theory.potential_gain(${plain(e)}, ${plain(kappa)}, ${plain(nu)}))`,
  ],
  cobweb: ({ kappa, z }) => [
    "from benign_osc_lib import cubic_map",
    "",
    `z = cubic_map.iterate(${plain(z)}, ${plain(kappa)}, steps=120)`,
    "print(z[-4:] ** 2)  # the last outputs; below 0 the sign is lost",
  ],
  network: (state) => [
    "import torch",
    "",
    "from benign_osc_lib import FeatureNoiseModel, init_weights, metrics, train",
    "",
    `dice = torch.Generator().manual_seed(${state.seed})`,
    "model = FeatureNoiseModel(",
    `    d=${PAPER.d}, u_norm=${plain(PAPER.uNorm)}, v_norm=${plain(PAPER.uNorm * Math.sqrt(state.nu))}, noise_norm=${plain(state.noise_norm)}`,
    ")",
    `data = model.sample(${PAPER.n}, n_weak=${state.n_weak}, generator=dice)`,
    `start = init_weights(${state.m}, ${PAPER.d}, ${plain(state.scale)}, generator=dice)`,
    `run = train(data, start, ${plain(rateOf(state))}, epochs=${state.epochs})`,
    "fresh = model.sample(200, n_weak=200, generator=dice)",
    "print(run.margins[-1])  # y f at the last visits",
    "print(metrics.accuracy(run.weights, fresh))",
  ],
};

/** Python that repeats a view's run. */
export function pythonOf(view, state) {
  return `${WRITERS[view === "phase" ? "network" : view](state).join("\n")}\n`;
}
