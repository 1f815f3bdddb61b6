// "Copy as Python": the lines that repeat with the library what is on the screen.
import { PAPER } from "./presets.js";
import { rateOf } from "./network_run.js";

const asPython = (value) => String(Number(value.toPrecision(6)));

const WRITERS = {
  point: ({ kappa, nu, strong, weak, steps }) => [
    "from benign_osc_lib import one_point, theory",
    "",
    `kappa, nu = ${asPython(kappa)}, ${asPython(nu)}`,
    `run = one_point.orbit(kappa, nu, ${asPython(strong)}, ${asPython(weak)}, steps=${steps})`,
    "print(1 - run.e[-4:])  # the last outputs",
    "print(run.q[-1], theory.terminal_weak_signal(kappa, nu))",
  ],
  potential: ({ e, kappa, nu }) => [
    "from benign_osc_lib import theory",
    "",
    `print(theory.potential_gain(${asPython(e)}, ${asPython(kappa)}, ${asPython(nu)}))`,
  ],
  cobweb: ({ kappa, z }) => [
    "from benign_osc_lib import cubic_map",
    "",
    `z = cubic_map.iterate(${asPython(z)}, ${asPython(kappa)}, steps=120)`,
    "print(z[-4:] ** 2)  # the last outputs; below 0 the sign is lost",
  ],
  network: (state) => [
    "import torch",
    "",
    "from benign_osc_lib import FeatureNoiseModel, metrics, train",
    "from benign_osc_lib.lab.draws import draw",
    "",
    `nu, noise_norm = ${asPython(state.nu)}, ${asPython(state.noise_norm)}`,
    "data, start = draw(",
    `    ${state.seed}, m=${state.m}, n_weak=${state.n_weak}, scale=${asPython(state.scale)},`,
    "    nu=nu, noise_norm=noise_norm,",
    ")",
    `run = train(data, start, ${asPython(rateOf(state))}, epochs=${state.epochs})`,
    "print(run.margins[-1])  # y f at the last visits",
    "print(metrics.learned_signal(run.weak[-1]))  # q of both classes",
    "",
    `model = FeatureNoiseModel(${PAPER.d}, ${asPython(PAPER.uNorm)}, ${asPython(PAPER.uNorm)} * nu**0.5, noise_norm)`,
    `dice = torch.Generator().manual_seed(${state.seed})  # other fresh points than on the page`,
    "fresh = model.sample(200, n_weak=200, generator=dice)",
    "print(metrics.accuracy(run.weights, fresh).weak)",
  ],
};

/** Python that repeats a view's run. */
export function pythonOf(view, state) {
  return `${WRITERS[view === "phase" ? "network" : view](state).join("\n")}\n`;
}
