"""What is kept of an example while a data set is looked at: numbers and a small copy, no pixels.

Template's file: updates replace it.
"""
