"""Reusable parts of networks, each written once; depends on torch, einops and jaxtyping only.

Template's file: updates replace it. To change a block, subclass it or copy it into your model.py.

attention.py      Attention: multi-head, grouped key/value heads, masks, cross-attention
causal.py         CausalAttention, KeyValueCache: attention to the past, rotary positions
convolution.py    ConvNormAct, ResidualBlock
drop_path.py      DropPath: skips whole residual branches while training
initialization.py init_transformer: what weights start from
mlp.py            MLP, SwiGLU: the layers of a transformer that see one token
norms.py          RMSNorm
patches.py        PatchEmbedding: an image as a row of tokens
positions.py      SinCosPositions2d: tells tokens where in the image they stand
pyramid.py        FeaturePyramid: maps of several scales
rotary.py         RotaryPositions: tells attention how far apart tokens stand
transformer.py    EncoderBlock, DecoderBlock: pre-norm attention + MLP

Parameter names and what a block computes are a promise: checkpoints outlive updates.
"""
