"""The supervisor, and what a start goes on from. Free of torch.

Template's file: updates replace it.
"""
