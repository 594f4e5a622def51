"""Real data that needs no download.

Template's file: updates replace it. To train on your own data, set ``data.source``.
"""
