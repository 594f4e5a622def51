"""The form of the configuration: from its dataclasses, and back to words.

Template's file: updates replace it. Free of torch.
"""
