"""The forwards of manual/ once more, in jax.numpy, and their gradients by automatic differentiation."""
