"""Readers of the formats that data comes in; what else they need is imported when it is used.

Template's file: updates replace it. To read another format, write a reader in data.py.
"""
