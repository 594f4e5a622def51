"""Reusable parts of networks, each written once; depends on torch, einops and jaxtyping only.

Template's file: updates replace it. To change a block, subclass it or copy it into your model.py.

attention.py    Attention: multi-head, grouped key/value heads, masks, cross-attention
convolution.py  ConvNormAct, ResidualBlock
drop_path.py    DropPath: skips whole residual branches while training
mlp.py          MLP: the two linear layers of a transformer
patches.py      PatchEmbedding: an image as a row of tokens
positions.py    SinCosPositions2d: tells tokens where in the image they stand
transformer.py  EncoderBlock: pre-norm attention + MLP

Parameter names and what a block computes are a promise: checkpoints outlive updates.
"""
