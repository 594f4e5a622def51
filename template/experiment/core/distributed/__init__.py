"""Several processes of one run.

Template's file: updates replace it.
"""
