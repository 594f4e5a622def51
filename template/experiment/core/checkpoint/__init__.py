"""Checkpoints: written, ranked, verified, read, restored.

Template's file: updates replace it.
"""
