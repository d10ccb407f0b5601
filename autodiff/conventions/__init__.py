"""The same nets in other people's conventions: one small forward each, built on the canonical one.

Each rearranges its arguments, calls the canonical twin and rearranges the output, so that `jax.vjp` of it returns
gradients in the reader's own layout, names and packing.  No derivation is written twice.  The one exception is ONNX,
whose options reach into the cell: onnx.py.  What differs from one to the other is in notes/conventions.md, and how each
was compared with the package itself.

Arguments have the package's names and order, outputs its order; both are flat where a package nests states.
Coursera's exercise is the canonical convention itself: rnn.py and lstm.py are its functions.

Shapes: N examples, T time steps, D or I inputs, H hidden units, V words; rows are examples unless said otherwise.
"""

from .char_rnn import min_char_rnn
from .coursera import coursera_gru_cell_forward, coursera_gru_forward
from .cs231n import (
    cs231n_lstm_forward,
    cs231n_lstm_step_forward,
    cs231n_rnn_forward,
    cs231n_rnn_step_forward,
    cs231n_temporal_affine_forward,
    cs231n_temporal_softmax_loss,
    cs231n_word_embedding_forward,
)
from .cudnn import cudnn_gru, cudnn_lstm, cudnn_rnn
from .dlfs2 import (
    dlfs2_gru,
    dlfs2_lstm,
    dlfs2_rnn,
    dlfs2_time_affine,
    dlfs2_time_embedding,
    dlfs2_time_gru,
    dlfs2_time_lstm,
    dlfs2_time_rnn,
    dlfs2_time_softmax_with_loss,
)
from .flax import flax_linen_gru, flax_linen_lstm, flax_nnx_gru, flax_nnx_lstm, flax_nnx_optimized_lstm
from .keras import keras_gru, keras_lstm
from .onnx import onnx_gru, onnx_lstm, onnx_rnn
from .pytorch import pytorch_gru, pytorch_lstm, pytorch_rnn
from .tf1 import tf1_gru, tf1_lstm

__all__ = [
    "coursera_gru_cell_forward",
    "coursera_gru_forward",
    "cs231n_lstm_forward",
    "cs231n_lstm_step_forward",
    "cs231n_rnn_forward",
    "cs231n_rnn_step_forward",
    "cs231n_temporal_affine_forward",
    "cs231n_temporal_softmax_loss",
    "cs231n_word_embedding_forward",
    "cudnn_gru",
    "cudnn_lstm",
    "cudnn_rnn",
    "dlfs2_gru",
    "dlfs2_lstm",
    "dlfs2_rnn",
    "dlfs2_time_affine",
    "dlfs2_time_embedding",
    "dlfs2_time_gru",
    "dlfs2_time_lstm",
    "dlfs2_time_rnn",
    "dlfs2_time_softmax_with_loss",
    "flax_linen_gru",
    "flax_linen_lstm",
    "flax_nnx_gru",
    "flax_nnx_lstm",
    "flax_nnx_optimized_lstm",
    "keras_gru",
    "keras_lstm",
    "min_char_rnn",
    "onnx_gru",
    "onnx_lstm",
    "onnx_rnn",
    "pytorch_gru",
    "pytorch_lstm",
    "pytorch_rnn",
    "tf1_gru",
    "tf1_lstm",
]
