"""What several tests of the theory need."""

from hypothesis import strategies as st

oscillating = st.floats(1.0, 4.0)


def odd_map(z, kappa):
    return z * (1 + kappa - kappa * z**2)
