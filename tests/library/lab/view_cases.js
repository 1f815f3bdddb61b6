// What test_view.py asks of the laboratory's page; this follows the modules in one file.
{
  // names of their own
  const states = {
    start: startState(),
    far: {
      ...startState(),
      kappa: 0.73,
      nu: 0.11313708498984761,
      strong: 0.0213,
      weak: 0.00172,
      steps: 340,
      noise_norm: 1.25,
      n_weak: 5,
      m: 6,
      scale: 0.0417,
      epochs: 40,
      seed: 79,
      e: -0.31,
      z: 0.41,
      diagram: "noise",
    },
  };
  const runOf = (state) => networkRun(state);
  const path = (state) => orbit(state).f;
  const said = (values, until) => {
    const state = { ...startState(), ...values };
    return describePoint(state, orbit(state), until ?? state.steps);
  };
  const saidOfNetwork = (values) => {
    const state = { ...startState(), ...values };
    return describeNetwork({ ...state, eta: rateOf(state) }, networkFound(runOf(state), state));
  };
  const far = runOf(states.far);
  const short = { ...startState(), epochs: 20 };
  const ends = Object.entries(VIEW_FIELDS).flatMap(([view, fields]) =>
    ["least", "most"].flatMap((end) => {
      const at = (names) => Object.fromEntries(names.map((name) => [name, FIELDS[name][end]]));
      return [...fields.map((name) => at([name])), at(fields)].map((values) =>
        pythonOf(view, { ...short, ...values }),
      );
    }),
  );
  const trained = (values) => {
    const state = { ...short, ...values };
    return { code: pythonOf("network", state), margins: runOf(state).run.margins.slice(-16) };
  };
  const cobwebs = [
    ...[1.6, 1.65, 1.7, 1.8, 2, 2.2].flatMap((kappa) => [0.2, 0.9, 1.5].map((z) => [kappa, z])),
    [1.2, 1 / 3],
  ];
  const answers = {
    roundTrips: Object.fromEntries(
      Object.keys(VIEWS).map((view) => [
        view,
        [states.far, decodeState(encodeState(view, states.far)), VIEW_FIELDS[view]],
      ]),
    ),
    broken: ["", "#", "#lab=nothing", "#lab=toString", "#kappa=1", "#top"].map(decodeState),
    odd: decodeState("#lab=network&kappa=99&nu=-1&m=2.6&seed=&epochs=many&diagram=nu&x=1"),
    presets: PRESETS.map((preset) => [
      preset.name,
      presetValues(preset),
      ["point", "network"].map((view) =>
        presetOf({ ...startState(), ...presetValues(preset) }, view),
      ),
    ]),
    noPreset: presetOf({ ...startState(), kappa: 1.17 }, "network"),
    python: Object.fromEntries(
      Object.keys(VIEWS).map((view) => [view, pythonOf(view, states.far)]),
    ),
    ends,
    anyFilters: Array.from({ length: 20 }, (_, k) => {
      const m = k + 1; // κ as the slider for η sets it, with two digits of η
      const eta = Number(rateOf({ kappa: 0.75, m }).toFixed(2));
      return trained({ m, kappa: Number((eta / rateOf({ kappa: 1, m })).toPrecision(6)) });
    }),
    manyDigits: trained({
      kappa: 0.7123456789,
      nu: 0.1234567891,
      noise_norm: 0.8765432198,
      scale: 0.0512345678,
    }),
    cobwebCode: cobwebs.map(([kappa, z]) => ({
      code: pythonOf("cobweb", { ...startState(), kappa, z }),
      path: cobwebPath(kappa, z),
    })),
    pointRun: pointRun(states.far),
    predicted: predictedWeak(orbit(states.start), 1.2, 0.04),
    cycles: [
      (({ low, high, path }) => ({ low, high, weak: path.weak }))(pointRun(states.start)),
      (({ cycle, y, weak }) => ({
        low: cycle.map((pair) => pair[0]),
        high: cycle.map((pair) => pair[1]),
        weak: weak[y > 0 ? 0 : 1],
      }))(networkRun(states.start)),
    ],
    margins: Array.from(far.run.margins.slice(-16)),
    signals: far.weak.map((values) => values.at(-1)),
    right: far.accuracy,
    cobweb: [0.4, 1.2, 1.7].map((k) => cobwebPath(k, 0.2)),
    cells: ["nu", "rho", "noise"].map((name) => [
      cellOf(name, startState()),
      describeCell(name, cellOf(name, startState())),
    ]),
    words: {
      small: said({ kappa: 0.1 }),
      large: said({}),
      early: said({}, 300),
      lost: said({ kappa: 1.8 }),
      chaos: said({ kappa: 1.5 }, 200),
      before: said({}, 2),
      one: said({}, 1),
      beyond: said({ kappa: 1.59, nu: 0.64 }),
      within: said({ kappa: 1.5, nu: 0.2 }),
      grown: [
        [0, 0.25],
        [0, 0],
        [0.2, 0.2],
        [0.2, 0.2004],
        [0.2, 0.15],
        [0.2, 0.25],
        [0.2, 0.7],
        [0.01, 0.2],
        [1e-8, 0.2],
      ].map(([from, to]) => growthSaid(from, to)),
      nearly: [-0.004, 0.004, -0.01].map((e) => describeStep({ e, kappa: 1.2, nu: 0.04 })),
      fromNothing: saidOfNetwork({
        kappa: 1.59,
        m: 1,
        nu: 0.64,
        scale: 0.0025,
        noise_norm: 0,
        seed: 7,
      }),
      diverged: [0, 1, 15, 16, 17, 32, 33].map((divergedAt) =>
        describeNetwork({ kappa: 2, eta: 2 }, { divergedAt, n: 16 }),
      ),
      up: describeStep({ e: 0.5, kappa: 1.2, nu: 0.04 }),
      down: describeStep({ e: -0.5, kappa: 1.2, nu: 0.04 }),
      nothing: describeStep({ e: 0, kappa: 1.2, nu: 0.04 }),
      turned: describeStep({ e: -0.9, kappa: 1.2, nu: 0.04 }),
      taken: describeTaken([0, 0.1, 0.15]),
    },
    found: networkFound(far, states.far),
    mean: meanAndHalf([0.9, 1, 0.8, 0.95]),
    totals: countTotals([159, 158, 159, 160]),
    five: [
      drawFive(startState(), 10000),
      drawFive(startState(), 10000),
      drawFive(startState(), 10005),
    ],
    ticks: [
      [0, 1],
      [0, 1500],
      [-4.3, -0.8],
      [0.002, 0.0031],
    ].map(([low, high]) => roundTicks(low, high)),
    labels: [0, -0.5, 1500, 0.0001, 1e-7, 0.3 - 0.1].map(tickLabel),
    numbers: [0, 0.5346, -0.02, 0.000371, 1.3e-7, NaN].map((value) => inWords(value)),
  };
  const plain = (key, value) =>
    ArrayBuffer.isView(value)
      ? Array.from(value)
      : typeof value === "number" && !Number.isFinite(value)
        ? String(value)
        : value;
  console.log(JSON.stringify(answers, plain));
}
