"""The programs that ``export`` writes as example.py: each begins with one of the two networks.

Template's file: updates replace it. They are read as text; ``..write_example`` says which is taken.
"""
