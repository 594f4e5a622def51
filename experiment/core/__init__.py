"""The engineering that every experiment shares; nobody needs to read it to do research.

Template's file: updates replace it. It imports nothing: what needs no torch stays without it.
"""
