"""Hypothesis profiles, all without a deadline, because XLA compiles inside a test the first time it meets a shape.

`dev` draws other examples each time; `ci` (where CI is set) always the same ones; `nightly` many.  HYPOTHESIS_PROFILE
names one, and so does pytest's --hypothesis-profile.
"""

import os

from hypothesis import settings

import gradproof

settings.register_profile("dev", deadline=None, max_examples=35)
settings.register_profile("ci", deadline=None, max_examples=35, derandomize=True, print_blob=True)
settings.register_profile("nightly", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))

# a test that wants the search for a repair says so: after every wrong verdict it would take longer than all the rest
gradproof.audit.__kwdefaults__["repair_budget"] = 0.0
gradproof.assert_gradients.__kwdefaults__["repair_budget"] = 0.0
