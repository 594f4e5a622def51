"""Looking at a network: what flows through it in one real training step, and what is wrong with it.

Template's file: updates replace it.
"""
