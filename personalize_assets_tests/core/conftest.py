"""Settings of property tests: machines are noisy, so a slow example is no failure."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None, max_examples=50)
settings.load_profile("unhurried")
