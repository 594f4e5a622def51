"""Data that comes by the page: streamed, checked and unpacked.

Template's file: updates replace it. Free of torch.
"""
