"""Looking at a data set before one trains: what is in it, and what is wrong with it.

Template's file: updates replace it.
"""
