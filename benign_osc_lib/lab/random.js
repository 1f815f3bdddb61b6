// Seeded random numbers: sfc32 (Doty-Humphrey's "small fast chaotic", 128 bits of state), whose
// state is filled from the seed by splitmix32. The same seed gives the same numbers everywhere, but
// not those of torch.

/** A generator from an integer seed: its state, 32-bit integers a, b, c, and a counter. */
export function generator(seed) {
  let z = seed >>> 0;
  const high = Math.floor(seed / 2 ** 32) >>> 0;
  const splitmix = () => {
    z = (z + 0x9e3779b9) >>> 0;
    let t = z ^ (z >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) | 0;
  };
  const rng = { a: splitmix(), b: splitmix(), c: splitmix() ^ high, counter: 1, spare: null };
  for (let k = 0; k < 12; k++) bits(rng);
  return rng;
}

/** The next 32 bits, a signed integer. */
export function bits(rng) {
  const t = (((rng.a + rng.b) | 0) + rng.counter) | 0;
  rng.counter = (rng.counter + 1) | 0;
  rng.a = rng.b ^ (rng.b >>> 9);
  rng.b = (rng.c + (rng.c << 3)) | 0;
  rng.c = (((rng.c << 21) | (rng.c >>> 11)) + t) | 0;
  return t;
}

/** A uniform number in [0, 1): a multiple of 2^-53. */
export function uniform(rng) {
  const high = bits(rng) >>> 5;
  return (high * 2 ** 26 + (bits(rng) >>> 6)) / 2 ** 53;
}

/** A standard normal number, by Marsaglia's polar method, which makes two at a time. */
export function normal(rng) {
  if (rng.spare !== null) {
    const kept = rng.spare;
    rng.spare = null;
    return kept;
  }
  let x, y, square;
  do {
    x = 2 * uniform(rng) - 1;
    y = 2 * uniform(rng) - 1;
    square = x * x + y * y;
  } while (square >= 1 || square === 0);
  const stretch = Math.sqrt((-2 * Math.log(square)) / square);
  rng.spare = y * stretch;
  return x * stretch;
}

/** Many of them, times a scale, as a Float64Array. */
export function normals(rng, count, scale = 1) {
  const found = new Float64Array(count);
  for (let k = 0; k < count; k++) found[k] = scale * normal(rng);
  return found;
}

/** The numbers 0..n-1 in random order (Fisher and Yates). */
export function permutation(rng, n) {
  const found = Array.from({ length: n }, (_, k) => k);
  for (let k = n - 1; k > 0; k--) {
    const other = Math.floor(uniform(rng) * (k + 1));
    [found[k], found[other]] = [found[other], found[k]];
  }
  return found;
}
