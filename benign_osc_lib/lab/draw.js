// A data set of the paper's model (section 2) and a Gaussian start, as training needs them: in inner
// products (appendix B). Features, labels and noise are drawn as `FeatureNoiseModel` draws them.
import { generator, normals, permutation, uniform } from "./random.js";

/**
 * Draw n points, nWeak of them weak, and 2m filters of standard deviation sigma0 an entry.
 *
 * The noise vectors are numbered: i for the last patch of point i, n + l for the first patch of the
 * l-th weak point; there are K = n + nWeak of them. Filters are numbered j = +1 first: r and m + r.
 * Returns an object with the sizes and
 *   y        Float64Array(n), labels -1 and +1
 *   isWeak   Uint8Array(n)
 *   gram     Float64Array(K K), inner products of the noise vectors
 *   strong   Float64Array(2m), <w, u> of the filters; weak the same with v
 *   noise    Float64Array(2m K), <w, noise vector k>
 *   rest     Float64Array(2m 2m), <P w, P w'>, P taking away the parts along u and v
 *   sigmaP   standard deviation of a noise vector along any direction orthogonal to u and v
 */
export function draw({ m, n, nWeak, uNorm, vNorm, noiseNorm, sigma0, d, seed }) {
  const rng = generator(seed);
  const sigmaP = noiseNorm / Math.sqrt(d);
  const y = Float64Array.from({ length: n }, () => (uniform(rng) < 0.5 ? 1 : -1));
  const isWeak = new Uint8Array(n);
  for (const i of permutation(rng, n).slice(0, nWeak)) isWeak[i] = 1;
  const vectors = Array.from({ length: n + nWeak }, () => normals(rng, d - 2, sigmaP));
  const filters = Array.from({ length: 2 * m }, () => normals(rng, d, sigma0));
  const along = (axis, norm) => Float64Array.from(filters, (w) => w[axis] * norm);
  const others = filters.map((w) => w.subarray(2));
  return {
    m, n, uNorm, vNorm, sigmaP, y, isWeak,
    gram: products(vectors, vectors),
    strong: along(0, uNorm),
    weak: along(1, vNorm),
    noise: products(others, vectors),
    rest: products(others, others),
  };
}

/** The inner products of two lists of vectors, row by row. */
function products(left, right) {
  const found = new Float64Array(left.length * right.length);
  left.forEach((a, i) =>
    right.forEach((b, k) => {
      let sum = 0;
      for (let c = 0; c < a.length; c++) sum += a[c] * b[c];
      found[i * right.length + k] = sum;
    }),
  );
  return found;
}
