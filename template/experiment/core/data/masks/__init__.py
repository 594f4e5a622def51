"""Images with a class for each pixel.

Template's file: updates replace it.
"""
